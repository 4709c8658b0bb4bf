// SPDX-License-Identifier: MIT
#include "views/naming.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "text/escape.hpp"

namespace kintrace::views {

std::string Naming::process(const Process& process, const World& world) const {
  if (!stable_) return std::to_string(process.pid.value);
  std::vector<std::string> path{std::to_string(process.ordinal)};
  for (auto up = process.creator; up; up = world[*up].creator) path.push_back(std::to_string(world[*up].ordinal));
  std::reverse(path.begin(), path.end());
  return fmt::format("p{}", fmt::join(path, "."));
}

std::string Naming::task(const Task& task, const World& world) const {
  const Process& process = world[task.process];
  const std::string group = this->process(process, world);
  if (stable_) return task.ordinal == 1 ? group : fmt::format("{}/t{}", group, task.ordinal);
  return task.tid == leader_of(process.pid) ? group : fmt::format(FMT_COMPILE("{}/{}"), group, task.tid.value);
}

std::string Naming::process(Tgid pid, const World& world) const {
  if (const Process* process = world.find(pid)) return this->process(*process, world);
  return stable_ ? "an outsider" : std::to_string(pid.value);
}

std::string Naming::thread(const Task& task) const {
  return stable_ ? fmt::format("t{}", task.ordinal) : std::to_string(task.tid.value);
}

std::string Naming::named(Tgid pid, const World& world) const {
  const Process* process = world.find(pid);
  if (process == nullptr || stable_ || process->comm.empty()) return this->process(pid, world);
  return fmt::format(FMT_COMPILE("{} {}"), pid.value, text::printable(process->comm));
}

std::string Naming::adopter(Tgid pid, const World& world) const {
  if (stable_) return process(pid, world);
  if (pid == Tgid{1}) return "init";
  const Process* process = world.find(pid);
  if (process == nullptr) return std::to_string(pid.value);
  return (process->ns_pid == Tgid{1} ? "init " : "subreaper ") + named(pid, world);  // of a pid namespace
}

}  // namespace kintrace::views
