// SPDX-License-Identifier: MIT
// What each fact means for the world. Every arm is decided here, without a default: a new fact does not compile until
// it is. A recording may have been cut, joined late or edited, so a task that nobody announced is simply made.
#include "kintrace/world.hpp"

#include <algorithm>
#include <csignal>
#include <iterator>

namespace kintrace {

// One event at work on one world.
class Rebuild {
 public:
  Rebuild(World& world, const Event& event) : world_(world), event_(event) {}

  void operator()(const Seen& fact) {
    Process& process = self();
    process.parent = fact.ppid;
    process.comm = fact.comm;
    process.argv = fact.argv;
    process.pgid = fact.pgid;
    process.sid = fact.sid;
    process.exit_signal = Signal{SIGCHLD};
    task().comm = fact.comm;
  }

  void operator()(const Forked& fact) {
    const ProcessIndex creator = process_of(event_.pid);
    const Bytes comm = task().comm;
    if (fact.how == BirthHow::thread) {
      Task& thread = born(fact.child, creator);
      thread.comm = comm;
      thread.how = fact.how;
      thread.flags = fact.flags;
      return;
    }
    const ProcessIndex child = make_process(fact.child_pid, creator);
    Process& process = at(child);
    process.parent = fact.ppid.value_or(event_.pid);
    process.exit_signal = fact.exit_signal;
    process.pgid = at(creator).pgid;
    process.sid = at(creator).sid;
    process.ns_pid = fact.ns_pid;
    process.untraced = fact.untraced;
    if (fact.untraced) --world_.live_processes_;
    if (std::find(fact.flags.begin(), fact.flags.end(), "CLONE_VM") != fact.flags.end())
      use_memory(process, at(creator).memory);
    if (const auto parent = world_.by_pid_.find(process.parent); parent != world_.by_pid_.end())
      at(parent->second).offspring.insert(child);
    process.comm = comm;
    process.path = at(creator).path;
    process.argv = at(creator).argv;
    Task& leader = born(fact.child, child);
    leader.comm = comm;
    leader.how = fact.how;
    leader.flags = fact.flags;
  }

  void operator()(const Execed& fact) {
    if (fact.from_tid) rename(*fact.from_tid);
    Process& process = self();
    process.path = fact.path;
    process.argv = fact.argv;
    process.comm = fact.comm;
    ++process.execs;
    process.exit_signal = Signal{SIGCHLD};  // whatever its clone said (clone(2))
    use_memory(process, new_memory());
    task().comm = fact.comm;
  }

  void operator()(const Exited& fact) {
    Task& ended = task();
    if (!ended.exit) {
      ended.exit = fact;
      ended.life.end = event_.end();
      --at(ended.process).live_tasks;
    }
    Process& process = at(ended.process);
    if (!fact.group || process.exit) return;
    process.exit = fact;
    process.life.end = event_.end();
    process.stopped = false;
    leave_memory(process);
    --world_.live_processes_;
  }

  void operator()(const Reaped& fact) {
    const auto child = world_.by_pid_.find(fact.child);
    if (child == world_.by_pid_.end()) return;
    self().offspring.erase(child->second);
    Process& dead = at(child->second);
    if (!dead.exit && (dead.untraced || !dead.detached.empty())) {  // only its parent's wait tells of its end
      Exited exit;
      exit.code = fact.code;
      exit.signal = fact.signal;
      exit.group = true;
      dead.exit = exit;
      dead.life.end = event_.end();
      leave_memory(dead);
    }
    at(child->second).reaped = Process::Reaping{event_.pid, fact.syscall, event_.end(), fact.zombie_ns, fact.by_kernel};
  }

  void operator()(const Reparented& fact) {
    Process& process = self();
    process.parent = fact.to;
    process.adopters.push_back(fact.to);
    for (const Tgid parent : {fact.from, fact.to}) {
      const auto known = world_.by_pid_.find(parent);
      if (known == world_.by_pid_.end()) continue;
      auto& offspring = at(known->second).offspring;
      parent == fact.to ? void(offspring.insert(process.index)) : void(offspring.erase(process.index));
    }
  }

  void operator()(const Stopped&) { self().stopped = true; }
  void operator()(const Continued&) { self().stopped = false; }

  void operator()(const GroupChanged& fact) {
    self().pgid = fact.pgid;
    if (fact.sid) self().sid = fact.sid;
  }
  void operator()(const Set& fact) {
    if (fact.what == "name") {
      Task& named = task();
      named.comm = fact.value;
      if (named.tid == leader_of(event_.pid)) self().comm = fact.value;
    }
    if (fact.what == "subreaper") self().subreaper = fact.value != "0";
  }
  void operator()(const Detached& fact) {
    Process& process = self();
    if (!process.detached.empty() || process.exit) return;
    process.detached = fact.why;
    --world_.live_processes_;
  }

  // These change nothing: they are told, not remembered.
  void operator()(const SignalSent&) { task(); }
  void operator()(const SignalDelivered&) { task(); }
  void operator()(const DispositionSet&) { task(); }
  void operator()(const MaskSet&) { task(); }
  void operator()(const TimerSet&) { task(); }
  void operator()(const Foreground&) { task(); }
  void operator()(const Blocked&) { task(); }
  void operator()(const ExecFailed&) { task(); }
  void operator()(const WaitFailed&) { task(); }
  void operator()(const Failed&) { task(); }

 private:
  Process& at(ProcessIndex index) { return world_.processes_[index.value]; }
  Process& self() { return at(process_of(event_.pid)); }

  ProcessIndex make_process(Tgid pid, std::optional<ProcessIndex> creator) {
    const ProcessIndex index{static_cast<std::uint32_t>(world_.processes_.size())};
    Process& process = world_.processes_.emplace_back();
    process.index = index;
    process.pid = pid;
    process.creator = creator;
    process.life.begin = event_.end();
    use_memory(process, new_memory());
    auto& siblings = creator ? at(*creator).children : world_.roots_;
    siblings.push_back(index);
    process.ordinal = static_cast<std::uint32_t>(siblings.size());
    world_.by_pid_.insert_or_assign(pid, index);
    ++world_.live_processes_;
    return index;
  }

  MemoryIndex new_memory() {
    world_.memories_.emplace_back();
    return MemoryIndex{static_cast<std::uint32_t>(world_.memories_.size() - 1)};
  }
  void leave_memory(const Process& process) {
    auto& users = world_.memories_[process.memory.value];
    users.erase(std::remove(users.begin(), users.end(), process.index), users.end());
  }
  void use_memory(Process& process, MemoryIndex memory) {
    leave_memory(process);
    process.memory = memory;
    world_.memories_[memory.value].push_back(process.index);
  }

  ProcessIndex process_of(Tgid pid) {
    const auto found = world_.by_pid_.find(pid);
    return found != world_.by_pid_.end() ? found->second : make_process(pid, {});
  }

  Task& born(Tid tid, ProcessIndex in) {
    const TaskIndex index{static_cast<std::uint32_t>(world_.tasks_.size())};
    Task& task = world_.tasks_.emplace_back();
    Process& process = at(in);
    task.index = index;
    task.tid = tid;
    task.process = in;
    process.tasks.push_back(index);
    ++process.live_tasks;
    task.ordinal = static_cast<std::uint32_t>(process.tasks.size());
    task.life.begin = event_.end();
    world_.by_tid_.insert_or_assign(tid, index);
    return task;
  }

  // The event's task.
  Task& task() {
    const auto found = world_.by_tid_.find(event_.tid);
    if (found != world_.by_tid_.end()) return world_.tasks_[found->second.value];
    const ProcessIndex in = process_of(event_.pid);
    Task& made = born(event_.tid, in);
    made.comm = at(in).comm;
    return made;
  }

  // An exec by a thread gave it the leader's tid; the leader's task has ended.
  void rename(Tid former) {
    const auto found = world_.by_tid_.find(former);
    if (found == world_.by_tid_.end()) return;
    const TaskIndex index = found->second;
    world_.by_tid_.erase(found);
    world_.by_tid_.insert_or_assign(event_.tid, index);
    world_.tasks_[index.value].tid = event_.tid;
  }

  World& world_;
  const Event& event_;
};

void World::apply(const Event& event) { std::visit(Rebuild{*this, event}, event.fact); }

const Task* World::find(Tid tid) const {
  const auto found = by_tid_.find(tid);
  return found == by_tid_.end() ? nullptr : &tasks_[found->second.value];
}

std::vector<ProcessIndex> World::sharing_memory(const Process& process) const {
  std::vector<ProcessIndex> others = memories_[process.memory.value];
  others.erase(std::remove(others.begin(), others.end(), process.index), others.end());
  return others;
}

std::vector<ProcessIndex> World::living_children(const Process& process) const {
  std::vector<ProcessIndex> living;
  std::copy_if(process.offspring.begin(), process.offspring.end(), std::back_inserter(living),
               [this](ProcessIndex child) { return !(*this)[child].exit; });
  return living;
}

std::vector<ProcessIndex> World::zombies(const Process& process) const {
  std::vector<ProcessIndex> dead;
  std::copy_if(process.offspring.begin(), process.offspring.end(), std::back_inserter(dead),
               [this](ProcessIndex child) { return (*this)[child].exit.has_value(); });
  return dead;
}

const Process* World::find(Tgid pid) const {
  const auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? nullptr : &processes_[found->second.value];
}

}  // namespace kintrace
