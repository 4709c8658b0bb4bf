// SPDX-License-Identifier: MIT
#include "kintrace/descent.hpp"

#include <algorithm>
#include <utility>

namespace kintrace {

// Line by line: a long line of ancestors would overflow the stack, each of them ending the one above.
Descent::Node::~Node() {
  while (above && above.use_count() == 1) above = std::exchange(above->above, nullptr);
}

Descent Descent::child(std::uint32_t ordinal) const {
  Descent child;
  if (last_ && last_->step.ordinal == ordinal) {
    child.last_ = std::make_shared<Node>(Step{ordinal, last_->step.times + 1}, last_->above);
  } else {
    child.last_ = std::make_shared<Node>(Step{ordinal, 1}, last_);
  }
  return child;
}

Descent Descent::creator() const {
  Descent creator;
  if (!last_) return creator;
  if (last_->step.times == 1) {
    creator.last_ = last_->above;
  } else {
    creator.last_ = std::make_shared<Node>(Step{last_->step.ordinal, last_->step.times - 1}, last_->above);
  }
  return creator;
}

std::vector<Descent::Step> Descent::steps() const {
  std::vector<Step> steps;
  for (const Node* node = last_.get(); node != nullptr; node = node->above.get()) steps.push_back(node->step);
  std::reverse(steps.begin(), steps.end());
  return steps;
}

std::strong_ordering operator<=>(const Descent& a, const Descent& b) {
  if (a.last_ == b.last_) return std::strong_ordering::equal;
  if (a.last_ && b.last_ && a.last_->above == b.last_->above) {  // siblings, and most that are ever compared
    const auto by_ordinal = a.last_->step.ordinal <=> b.last_->step.ordinal;
    return by_ordinal != 0 ? by_ordinal : a.last_->step.times <=> b.last_->step.times;
  }
  auto left = a.steps(), right = b.steps();
  std::size_t i = 0, j = 0;
  while (i < left.size() && j < right.size()) {
    if (left[i].ordinal != right[j].ordinal) return left[i].ordinal <=> right[j].ordinal;
    const std::uint32_t common = std::min(left[i].times, right[j].times);
    if ((left[i].times -= common) == 0) ++i;
    if ((right[j].times -= common) == 0) ++j;
  }
  return (i < left.size()) <=> (j < right.size());
}

}  // namespace kintrace
