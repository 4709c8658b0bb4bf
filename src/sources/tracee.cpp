// SPDX-License-Identifier: MIT
#include "sources/tracee.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kintrace/error.hpp"
#include "syscalls/exec.hpp"

namespace kintrace::sources {

Tracee* Tracees::find(Tid tid) {
  const auto found = tasks_.find(tid);
  return found == tasks_.end() ? nullptr : &found->second;
}

Group* Tracees::find(Tgid pid) {
  const auto found = groups_.find(pid);
  return found == groups_.end() ? nullptr : found->second.get();
}

Tracee& Tracees::born(Tid tid, Tgid pid, Tgid parent) {
  auto& group = groups_[pid];
  if (!group) {
    group = std::make_unique<Group>();
    group->pid = pid;
    group->parent = parent;
    if (Group* theirs = find(parent)) {
      theirs->children.insert(pid);
      theirs->forks = true;
    }
  }
  group->tasks.insert(tid);
  group->threads = group->threads || group->tasks.size() > 1;
  const auto [at, fresh] = tasks_.try_emplace(tid);
  KINTRACE_CHECK(fresh, fmt::format("task {} was born twice", tid.value));
  at->second.tid = tid;
  at->second.group = group.get();
  return at->second;
}

void Tracees::take_leadership(Tid former, Tgid pid) {
  auto node = tasks_.extract(former);
  KINTRACE_CHECK(!node.empty(), fmt::format("task {} replaced its leader but is not known", former.value));
  Group& group = *node.mapped().group;
  for (auto* tasks : {&group.in_exec, &group.in_wait}) tasks->erase(former);
  group.tasks.erase(former);
  group.tasks.insert(leader_of(pid));
  node.key() = leader_of(pid);
  node.mapped().tid = leader_of(pid);
  if (node.mapped().call) node.mapped().call->tid = leader_of(pid);
  const auto placed = tasks_.insert(std::move(node));
  KINTRACE_CHECK(placed.inserted, fmt::format("the leader {} is still there", pid.value));
}

void Tracees::ended(Tid tid) {
  const auto found = tasks_.find(tid);
  KINTRACE_CHECK(found != tasks_.end(), fmt::format("task {} ended twice", tid.value));
  Group& group = *found->second.group;
  group.tasks.erase(tid);
  group.in_exec.erase(tid);
  group.in_wait.erase(tid);
  if (found->second.exiting) --group.exiting;
  tasks_.erase(found);
}

std::vector<Tid> Tracees::all() const {
  std::vector<Tid> tids;
  tids.reserve(tasks_.size());
  for (const auto& [tid, task] : tasks_) tids.push_back(tid);
  return tids;
}

void Tracees::ended(Tgid pid) { groups_.erase(pid); }

Tracee* Tracees::execing(Group& group) {
  std::erase_if(group.in_exec, [this](Tid tid) {
    const Tracee* task = find(tid);
    return task == nullptr || !syscalls::in_exec(task->call);
  });
  return group.in_exec.empty() ? nullptr : find(*group.in_exec.begin());
}

std::optional<Tgid> Tracees::seen_from(const Group& group, Tgid number) const {
  if (!group.ns_pid) return number;
  const auto same = std::find_if(groups_.begin(), groups_.end(), [&](const auto& other) {
    return other.second->ns_pid == number && other.second->init == group.init;
  });
  return same == groups_.end() ? std::nullopt : std::optional{same->first};
}

bool Tracees::in_wait(Group& group) {
  std::erase_if(group.in_wait, [this](Tid tid) {
    const Tracee* task = find(tid);
    return task == nullptr || !task->call || task->call->row->blocks != syscalls::Blocks::on_children;
  });
  return !group.in_wait.empty();
}

}  // namespace kintrace::sources
