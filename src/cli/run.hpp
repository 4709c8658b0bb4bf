// SPDX-License-Identifier: MIT
// From options to an exit status: chooses the source, joins it to the story, runs it.
#pragma once

#include "cli/options.hpp"

namespace kintrace::cli {

// The exit status. For a launched program this returns in the tracer only (sources/launch.hpp). Throws UserError.
int run(const Options& options);

}  // namespace kintrace::cli
