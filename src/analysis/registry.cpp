// SPDX-License-Identifier: MIT
#include "analysis/registry.hpp"

#include <array>

namespace kintrace::analysis {

// One in each finding's file.
extern const FindingSpec exec_failed;

std::span<const FindingSpec* const> registry() {
  static constexpr std::array all{&exec_failed};
  return all;
}

}  // namespace kintrace::analysis
