// SPDX-License-Identifier: MIT
// Lanes at the left of a run's lines, as git log --graph draws branches: who is in which, and what one line of them
// looks like. Pure geometry: what a lane begins and ends for is src/views/graph.hpp's, colours are the caller's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "kintrace/world.hpp"

namespace kintrace::views {

class Lanes {
 public:
  static constexpr std::size_t limit = 12;  // more cannot be told apart

  // One character of UTF-8, in place: there are many of them on each line.
  struct Glyph {
    constexpr Glyph(const char* utf8) {  // NOLINT(google-explicit-constructor): a literal is a glyph
      for (; *utf8 != '\0'; ++utf8) bytes.at(size++) = *utf8;
    }
    constexpr operator std::string_view() const { return {bytes.data(), size}; }  // NOLINT(google-explicit-constructor)
    friend constexpr bool operator==(const Glyph&, const Glyph&) = default;
    std::array<char, 3> bytes{};
    std::uint8_t size = 0;
  };
  // One column of a line, and in whose colour.
  struct Cell {
    Glyph glyph = " ";
    std::optional<TaskIndex> owner = {};
  };
  using Columns = std::array<Cell, 2 * (limit + 1)>;  // a lane and the blank, or the arm of a branch, before the next
  // A line of them.
  class Drawing {
   public:
    explicit Drawing(std::size_t columns);  // nothing but blanks
    std::size_t size() const { return size_; }
    const Cell* begin() const { return cells_.data(); }
    const Cell* end() const { return cells_.data() + size_; }
    Cell& operator[](std::size_t column) { return cells_.at(column); }

   private:
    Columns cells_;
    std::size_t size_;
  };

  // At most so many lanes, and no more than `limit`; further tasks share one more column.
  explicit Lanes(std::size_t most);

  void open(TaskIndex task);   // the leftmost lane that is free
  void fade(TaskIndex task);   // dotted from now on: dead, and not reaped yet
  void close(TaskIndex task);  // the lane may be used again; those to its right stay where they are
  // Those of `which`; not for those that share the last.
  template <class Predicate>
  void close_if(Predicate which) {
    for (auto& lane : lanes_) {
      if (lane && which(lane->task)) lane.reset();
    }
  }
  bool holds(TaskIndex task) const { return slot_of(task).has_value(); }

  // Lines of the present lanes. All are equally wide, until more lanes are needed than ever before.
  Drawing between() const;  // nothing but the lanes
  Drawing mark(TaskIndex task, Glyph glyph) const;
  Drawing branch(TaskIndex from, TaskIndex to) const;                     // `to` begins at `from`
  Drawing join(TaskIndex into, TaskIndex from) const;                     // `from` ends at `into`
  Drawing arrow(const std::vector<TaskIndex>& from, TaskIndex to) const;  // something came from each of these

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
  std::unordered_set<TaskIndex> sharing_;  // the column after the last lane
  std::size_t reserved_;                   // lanes that every line has room for
};

}  // namespace kintrace::views
