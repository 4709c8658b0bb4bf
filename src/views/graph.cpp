// SPDX-License-Identifier: MIT
#include "views/graph.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

namespace kintrace::views {
namespace {

// Whether the end of a zombie child of this one will be told.
bool reaps(const Process* parent) {
  return parent != nullptr && !parent->exit && !parent->untraced && parent->detached.empty();
}

// The task that stands for a process: its leader, whichever that is after an exec.
const Task* first_of(Tgid process, const World& world) { return world.find(leader_of(process)); }

std::vector<TaskIndex> senders(const Received& fact, const World& world) {
  constexpr std::size_t most = Lanes::limit;  // more arrows than lanes there are not
  std::vector<TaskIndex> tasks;
  for (const Part& part : fact.from) {
    const Task* sender = world.find(part.tid);
    if (sender == nullptr || std::find(tasks.begin(), tasks.end(), sender->index) != tasks.end()) continue;
    tasks.push_back(sender->index);
    if (tasks.size() == most) break;
  }
  return tasks;
}

// Who connected this socket, where there is only one who can have: a process with one task.
std::vector<TaskIndex> connectors(ObjectId socket, const World& world) {
  const auto holders = world.holders(socket, End::both);
  if (holders.size() != 1 || world[holders.front()].live_tasks != 1) return {};
  const Task* only = first_of(world[holders.front()].pid, world);
  return only == nullptr ? std::vector<TaskIndex>{} : std::vector<TaskIndex>{only->index};
}

}  // namespace

Lanes::Drawing Graph::draw(const Event& event, const World& world) {
  const Task* task = world.find(event.tid);
  if (task == nullptr) return between();
  const Lanes::Drawing line = line_of(event, *task, world);
  pass(event, *task, world);
  return line;
}

Lanes::Drawing Graph::line_of(const Event& event, const Task& task, const World& world) {
  const TaskIndex self = task.index;
  // The dead have no more lines of their own, but a wait's end may be told late.
  if (!task.exit || std::holds_alternative<Exited>(event.fact)) lanes_.open(self);
  if (const auto* forked = std::get_if<Forked>(&event.fact)) {
    const Task* child = world.find(forked->child);
    if (child == nullptr || forked->untraced) return mark(self);
    lanes_.open(child->index);
    return lanes_.branch(self, child->index);
  }
  if (const auto* reaped = std::get_if<Reaped>(&event.fact)) {
    const Task* child = first_of(Tgid{reaped->child}, world);
    return child == nullptr ? mark(self) : lanes_.join(self, child->index);
  }
  if (const auto* received = std::get_if<Received>(&event.fact); received != nullptr && !received->from.empty())
    return lanes_.arrow(senders(*received, world), self);
  if (const auto* accepted = std::get_if<Accepted>(&event.fact); accepted != nullptr && accepted->peer)
    return lanes_.arrow(connectors(*accepted->peer, world), self);
  if (std::holds_alternative<Exited>(event.fact)) return lanes_.mark(self, "✖");
  if (std::holds_alternative<Execed>(event.fact) || std::holds_alternative<Seen>(event.fact))
    return lanes_.mark(self, "●");
  if (std::holds_alternative<Detached>(event.fact)) return lanes_.mark(self, "○");
  return mark(self);
}

void Graph::pass(const Event& event, const World& world) {
  if (const Task* task = world.find(event.tid)) pass(event, *task, world);
}

void Graph::pass(const Event& event, const Task& task, const World& world) {
  if (const auto* fact = std::get_if<Exited>(&event.fact)) {
    exited(task, *fact, world);
  } else if (const auto* reaped = std::get_if<Reaped>(&event.fact)) {
    if (const Task* child = first_of(reaped->child, world)) {
      lanes_.close(child->index);
      if (const auto own = zombies_.find(event.pid); own != zombies_.end()) own->second.erase(child->index.value);
    }
  } else if (const auto* execed = std::get_if<Execed>(&event.fact); execed != nullptr && execed->from_tid) {
    // A leader that had ended before left its lane dotted: its place is taken.
    lanes_.close_if(
        [&](TaskIndex holder) { return world[holder].process == task.process && world[holder].exit.has_value(); });
  } else if (std::holds_alternative<Detached>(event.fact)) {
    lanes_.close_if([&](TaskIndex holder) { return world[holder].process == task.process; });
  }
}

void Graph::exited(const Task& task, const Exited& fact, const World& world) {
  const Process& process = world[task.process];
  const bool leads = task.tid == leader_of(process.pid) && fact.by != EndedBy::superseded;
  // A leader that ends before its threads is a zombie until the process is one.
  if (leads && !process.exit && process.live_tasks > 0) return lanes_.fade(task.index);
  if (!leads || !fact.group) lanes_.close(task.index);
  if (fact.group) ended(process, fact, world);
}

void Graph::ended(const Process& process, const Exited& fact, const World& world) {
  if (const Task* first = first_of(process.pid, world)) await(process.parent, first->index, world);
  lanes_.close_if([&](TaskIndex holder) {
    return world[holder].process == process.index && world[holder].tid != leader_of(process.pid);
  });
  // Its own zombies go where its living children go.
  const auto own = zombies_.find(process.pid);
  if (own == zombies_.end()) return;
  const auto orphans = std::exchange(own->second, {});
  zombies_.erase(own);
  for (const std::uint32_t orphan : orphans) await(fact.children_to.value_or(Tgid{}), TaskIndex{orphan}, world);
}

void Graph::await(Tgid parent, TaskIndex dead, const World& world) {
  if (!reaps(world.find(parent))) return lanes_.close(dead);
  lanes_.fade(dead);
  zombies_[parent].insert(dead.value);
}

}  // namespace kintrace::views
