// SPDX-License-Identifier: MIT
#include "sources/graves.hpp"

#include <algorithm>

namespace kintrace::sources {

void Graves::add(const Dead& dead) {
  forget(dead.pid);
  dead_.emplace(dead.pid, dead);
  if (dead.vanished) vanished_.insert(dead.pid);
}

std::optional<Dead> Graves::take(Tgid pid) {
  const auto node = dead_.extract(pid);
  if (node.empty()) return {};
  vanished_.erase(pid);
  return node.mapped();
}

std::optional<Dead> Graves::collected(Tgid parent, Tgid child) {
  const auto found = dead_.find(child);
  if (found == dead_.end() || found->second.parent != parent) return {};
  return take(child);
}

std::optional<Tgid> Graves::seen_from(Tgid parent, Tgid number) const {
  for (const auto& [pid, dead] : dead_) {
    if (dead.parent == parent && dead.ns_pid == number) return pid;
  }
  return {};
}

std::vector<Dead> Graves::reaped_by_kernel(Tgid parent) {
  std::vector<Dead> reaped;
  for (const Tgid pid : vanished_) {
    const Dead& dead = dead_.at(pid);
    if (dead.parent == parent) reaped.push_back(dead);
  }
  for (const Dead& dead : reaped) forget(dead.pid);
  std::sort(reaped.begin(), reaped.end(), [](const Dead& a, const Dead& b) { return a.died < b.died; });
  return reaped;
}

void Graves::move(Tgid pid, Tgid parent) {
  const auto found = dead_.find(pid);
  if (found != dead_.end()) found->second.parent = parent;
}

}  // namespace kintrace::sources
