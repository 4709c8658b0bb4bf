// SPDX-License-Identifier: MIT
// Every finding that is looked for.
#pragma once

#include <span>

#include "kintrace/finding.hpp"

namespace kintrace::analysis {

std::span<const FindingSpec* const> registry();

}  // namespace kintrace::analysis
