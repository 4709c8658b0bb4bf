// SPDX-License-Identifier: MIT
// What is to be said before the program starts: the remarks on the options, and what the program itself will meet under
// a tracer.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"

namespace kintrace::cli {

std::vector<std::string> first_words(const Options& options);

}  // namespace kintrace::cli
