// SPDX-License-Identifier: MIT
// Where a process stands in the tree of who created whom: the how-manieth child of the how-manieth child … of a root.
// Outlives the creators it tells of, shares what it has in common with its relatives, and stays small for a daemon that
// goes on in its child again and again, as equal steps are counted. Not a name: what it looks like is the views'.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <vector>

namespace kintrace {

class Descent {
 public:
  // So many times in a row the `ordinal`th child.
  struct Step {
    std::uint32_t ordinal = 0;
    std::uint32_t times = 0;
  };

  Descent() = default;  // above the roots
  Descent child(std::uint32_t ordinal) const;
  Descent creator() const;
  std::vector<Step> steps() const;  // from the root down
  // The order of a tree's lines: whoever created others before them, elder children before younger ones.
  friend std::strong_ordering operator<=>(const Descent& a, const Descent& b);
  friend bool operator==(const Descent& a, const Descent& b) { return (a <=> b) == 0; }

 private:
  struct Node {
    Step step;
    std::shared_ptr<Node> above;
    Node(Step last, std::shared_ptr<Node> up) : step(last), above(std::move(up)) {}
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node();
  };
  std::shared_ptr<Node> last_;
};

}  // namespace kintrace
