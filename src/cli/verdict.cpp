// SPDX-License-Identifier: MIT
#include "cli/verdict.hpp"

#include <algorithm>

namespace kintrace::cli {

Verdict::Verdict(std::span<const FindingSpec* const> rules) {
  for (const FindingSpec* spec : rules) rules_.push_back(spec->make());
}

void Verdict::event(const Event& event, const World& world) {
  for (const auto& rule : rules_) rule->event(event, world);
}

std::size_t Verdict::count(Severity severity, const World& world) {
  std::size_t found = 0;
  for (const auto& rule : rules_) {
    const auto findings = rule->conclude(world, [](const Who&) { return std::string{}; });
    found += static_cast<std::size_t>(
        std::count_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.severity == severity; }));
  }
  return found;
}

}  // namespace kintrace::cli
