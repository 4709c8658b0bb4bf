// SPDX-License-Identifier: MIT
#include "views/lanes.hpp"

#include <algorithm>
#include <utility>

namespace kintrace::views {
namespace {

// Room is made for so many lanes at a time: a line that stands further right than the one before is hard on the eye.
constexpr std::size_t step = 4;
constexpr Lanes::Glyph living = "│", dead = "┊", shared = "┆", sharer = "*", ordinary = "├";

constexpr std::size_t column_of(std::size_t slot) { return 2 * slot; }

constexpr Lanes::Columns blanks{};

}  // namespace

Lanes::Drawing::Drawing(std::size_t columns) : cells_(blanks), size_(columns) {}

Lanes::Lanes(std::size_t most) : most_(std::min(most, limit)), lanes_(most_), reserved_(std::min(step, most_)) {}

std::optional<std::size_t> Lanes::slot_of(TaskIndex task) const {
  for (std::size_t slot = 0; slot < lanes_.size(); ++slot) {
    if (lanes_[slot] && lanes_[slot]->task == task) return slot;
  }
  if (sharing_.contains(task)) return most_;
  return {};
}

void Lanes::open(TaskIndex task) {
  if (holds(task)) return;
  const auto free = std::find(lanes_.begin(), lanes_.end(), std::nullopt);
  widen(static_cast<std::size_t>(free - lanes_.begin()));
  if (free != lanes_.end()) {
    free->emplace(Lane{task});
  } else {
    sharing_.insert(task);
  }
}

void Lanes::widen(std::size_t slot) {
  if (slot >= most_) {
    reserved_ = most_ + 1;
  } else if (slot >= reserved_) {
    reserved_ = std::min(most_, (slot / step + 1) * step);
  }
}

void Lanes::fade(TaskIndex task) {
  for (auto& lane : lanes_) {
    if (lane && lane->task == task) lane->faded = true;
  }
}

void Lanes::close(TaskIndex task) {
  for (auto& lane : lanes_) {
    if (lane && lane->task == task) lane.reset();
  }
  sharing_.erase(task);
}

Lanes::Drawing Lanes::between() const {
  Drawing line(column_of(reserved_));
  for (std::size_t slot = 0; slot < lanes_.size(); ++slot) {
    if (lanes_[slot]) line[column_of(slot)] = {lanes_[slot]->faded ? dead : living, lanes_[slot]->task};
  }
  if (!sharing_.empty()) line[column_of(most_)] = {shared, {}};
  return line;
}

Lanes::Drawing Lanes::mark(TaskIndex task, Glyph glyph) const {
  Drawing line = between();
  if (const auto slot = slot_of(task))
    line[column_of(*slot)] = {*slot == most_ && glyph == ordinary ? sharer : glyph, task};
  return line;
}

// The arm between two slots, both excluded.
void Lanes::reach(Drawing& line, std::size_t from, std::size_t to, TaskIndex owner) const {
  const std::size_t right = column_of(std::max(from, to));
  for (std::size_t column = column_of(std::min(from, to)) + 1; column < right; ++column) {
    line[column] = {line[column].owner || line[column].glyph == shared ? "┼" : "─", owner};
  }
}

Lanes::Drawing Lanes::branch(TaskIndex from, TaskIndex to) const {
  const auto start = slot_of(from), end = slot_of(to);
  if (!start || !end || *start == *end) return mark(end ? to : from, start ? "├" : "●");
  Drawing line = mark(from, *start < *end ? "├" : "┤");
  reach(line, *start, *end, to);
  line[column_of(*end)] = {*end == most_ ? sharer : *start < *end ? "╮" : "╭", to};
  return line;
}

Lanes::Drawing Lanes::join(TaskIndex into, TaskIndex from) const {
  const auto start = slot_of(into), end = slot_of(from);
  if (!end) return mark(into, "├");
  if (!start) return mark(from, "╵");
  if (*start == *end) return mark(into, "├");
  Drawing line = mark(into, *start < *end ? "├" : "┤");
  reach(line, *start, *end, from);
  line[column_of(*end)] = {*end == most_ ? sharer : *start < *end ? "╯" : "╰", from};
  return line;
}

Lanes::Drawing Lanes::arrow(const std::vector<TaskIndex>& from, TaskIndex to) const {
  const auto end = slot_of(to);
  if (!end) return between();
  std::vector<std::pair<std::size_t, TaskIndex>> left, right;
  for (const TaskIndex task : from) {
    const auto start = slot_of(task);
    if (start && *start != *end) (*start < *end ? left : right).emplace_back(*start, task);
  }
  Drawing line = mark(to, ordinary);
  if (left.empty() && right.empty()) return line;
  // From the outermost to the next, so that no arm is crossed by itself.
  const auto draw = [&](auto& sources, Glyph glyph) {
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const auto [start, task] = sources[i];
      reach(line, start, i + 1 < sources.size() ? sources[i + 1].first : *end, task);
      line[column_of(start)] = {start == most_ ? sharer : glyph, task};
    }
  };
  std::sort(left.begin(), left.end());
  std::sort(right.rbegin(), right.rend());
  draw(left, "├");
  draw(right, "┤");
  line[column_of(*end)] = {right.empty() ? "▶" : left.empty() ? "◀" : "◆", to};
  return line;
}

}  // namespace kintrace::views
