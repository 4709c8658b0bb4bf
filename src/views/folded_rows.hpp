// SPDX-License-Identifier: MIT
// Rows below nodes, in the order of their numbers, in whatever order they come: neighbours alike become one as soon as
// both are there, so that as much is kept as will be shown. Knows nothing of what a row says.
#pragma once

#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "views/likeness.hpp"

namespace kintrace::views {

class FoldedRows {
 public:
  static constexpr std::uint32_t fold_from = 4;  // so many alike are shown as the first of them and a number
  static constexpr char separator = '\n';        // between rows: what is printable has none
  using Node = std::uint32_t;
  static constexpr Node none = std::numeric_limits<Node>::max();

  struct Run {
    std::string rows;  // all of them, or the first where it is folded
    std::uint32_t count = 1;
    Node node = none;              // the row's own, below which others stand
    std::optional<Likeness> like;  // nothing: it is like no other
    bool folded() const { return like && count >= fold_from; }
  };
  using Runs = std::map<std::pair<Node, std::uint32_t>, Run>;

  // The `number`th row below `above`. `row` makes it, if it is to be kept.
  template <class MakeRow>
  void add(Node above, std::uint32_t number, std::optional<Likeness> like, Node node, MakeRow row) {
    const auto next = runs_.lower_bound({above, number});
    if (like && next != runs_.begin()) {
      const auto before = std::prev(next);
      if (continues(before, {above, number}, like) && before->second.folded()) {
        ++before->second.count;
        join(before, next);
        return;
      }
    }
    const auto added = runs_.emplace_hint(next, std::pair{above, number}, Run{row(), 1, node, like});
    join(added, next);
    if (added != runs_.begin()) join(std::prev(added), added);
  }
  // Those below a node.
  std::pair<Runs::const_iterator, Runs::const_iterator> below(Node node) const {
    return {runs_.lower_bound({node, 0}), runs_.lower_bound({node + 1, 0})};
  }

 private:
  static bool continues(Runs::const_iterator run, const Runs::key_type& place, const std::optional<Likeness>& like);
  void join(Runs::iterator run, Runs::iterator next);

  Runs runs_;
};

}  // namespace kintrace::views
