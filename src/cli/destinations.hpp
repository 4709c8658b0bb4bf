// SPDX-License-Identifier: MIT
// Which view goes where: what the names of views and files mean, and what the terminal shows when files are written
// too.
#pragma once

#include "cli/option_table.hpp"
#include "cli/options.hpp"

namespace kintrace::cli {

// Fills outputs, terminal_views and writing; or the answer, for --view list. Throws UserError for what is no view, for
// one that is not built yet, for two outputs to one file, and for a recording that would be overwritten.
void decide_destinations(const Raw& raw, Options& options);

}  // namespace kintrace::cli
