// SPDX-License-Identifier: MIT
// What events mean for the lanes beside a timeline: a birth opens one, a death leaves it dotted until somebody has
// reaped the dead, and closes it at once where nobody will. Drawn from the world as the event left it.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "views/lanes.hpp"

namespace kintrace::views {

class Graph {
 public:
  explicit Graph(std::size_t most_lanes) : lanes_(most_lanes) {}

  // The event's line.
  Lanes::Drawing draw(const Event& event, const World& world);
  // The event has no line: what it ends has ended all the same. A task has no lane before its first line.
  void pass(const Event& event, const World& world);
  // Another line of a task, and one between two lines.
  Lanes::Drawing mark(TaskIndex task) const { return lanes_.mark(task, "├"); }
  Lanes::Drawing between() const { return lanes_.between(); }

 private:
  Lanes::Drawing line_of(const Event& event, const Task& task, const World& world);
  void pass(const Event& event, const Task& task, const World& world);
  void exited(const Task& task, const Exited& fact, const World& world);
  void ended(const Process& process, const Exited& fact, const World& world);
  void await(Tgid parent, TaskIndex dead, const World& world);

  Lanes lanes_;
  std::unordered_map<Tgid, std::unordered_set<std::uint32_t>> zombies_;  // whose lanes are dotted, by who may reap them
};

}  // namespace kintrace::views
