// SPDX-License-Identifier: MIT
// Lanes at the left of a run's lines, as git log --graph draws branches: who is in which, and what one line of them
// looks like. Pure geometry: what a lane begins and ends for is src/views/graph.hpp's, colours are the caller's.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "kintrace/world.hpp"

namespace kintrace::views {

class Lanes {
 public:
  // One column of a line, and in whose colour.
  struct Cell {
    std::string_view glyph = " ";
    std::optional<TaskIndex> owner = {};
  };
  using Drawing = std::vector<Cell>;

  // At most so many lanes; further tasks share one more column.
  explicit Lanes(std::size_t most);

  void open(TaskIndex task);   // the leftmost lane that is free
  void fade(TaskIndex task);   // dotted from now on: dead, and not reaped yet
  void close(TaskIndex task);  // the lane may be used again; those to its right stay where they are
  bool holds(TaskIndex task) const { return slot_of(task).has_value(); }
  std::vector<TaskIndex> holders() const;  // of the lanes, without those that share the last

  // Lines of the present lanes. All are equally wide, until more lanes are needed than ever before.
  Drawing between() const;  // nothing but the lanes
  Drawing mark(TaskIndex task, std::string_view glyph) const;
  Drawing branch(TaskIndex from, TaskIndex to) const;  // `to` begins at `from`
  Drawing join(TaskIndex into, TaskIndex from) const;  // `from` ends at `into`

 private:
  struct Lane {
    TaskIndex task;
    bool faded = false;
  };
  std::optional<std::size_t> slot_of(TaskIndex task) const;
  void reach(Drawing& line, std::size_t from, std::size_t to, TaskIndex owner) const;
  void widen(std::size_t slot);

  std::size_t most_;
  std::vector<std::optional<Lane>> lanes_;
  std::set<TaskIndex> sharing_;  // the column after the last lane
  std::size_t reserved_;         // lanes that every line has room for
};

}  // namespace kintrace::views
