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
  found->second.group->tasks.erase(tid);
  tasks_.erase(found);
}

std::vector<Tid> Tracees::all() const {
  std::vector<Tid> tids;
  tids.reserve(tasks_.size());
  for (const auto& [tid, task] : tasks_) tids.push_back(tid);
  return tids;
}

void Tracees::ended(Tgid pid) { groups_.erase(pid); }

Tracee* Tracees::execing(const Group& group) {
  const auto at = std::find_if(group.tasks.begin(), group.tasks.end(), [this](Tid tid) {
    const Tracee* task = find(tid);
    return syscalls::in_exec(task->call);
  });
  return at == group.tasks.end() ? nullptr : find(*at);
}

std::optional<Tgid> Tracees::seen_from(const Group& group, Tgid number) const {
  if (!group.ns_pid) return number;
  const auto same = std::find_if(groups_.begin(), groups_.end(), [&](const auto& other) {
    return other.second->ns_pid == number && other.second->init == group.init;
  });
  return same == groups_.end() ? std::nullopt : std::optional{same->first};
}

bool Tracees::in_wait(const Group& group) {
  return std::any_of(group.tasks.begin(), group.tasks.end(), [this](Tid tid) {
    const Tracee* task = find(tid);
    return task->call && task->call->row->blocks == syscalls::Blocks::on_children;
  });
}

}  // namespace kintrace::sources
