// SPDX-License-Identifier: MIT
// How many findings of each severity a run has: what --error-exitcode goes by, whether or not a view shows them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "kintrace/finding.hpp"

namespace kintrace::cli {

class Verdict {
 public:
  explicit Verdict(std::span<const FindingSpec* const> rules);
  void event(const Event& event, const World& world);
  // Once, at the end of the run.
  std::size_t count(Severity severity, const World& world);

 private:
  std::vector<std::unique_ptr<Rule>> rules_;
};

}  // namespace kintrace::cli
