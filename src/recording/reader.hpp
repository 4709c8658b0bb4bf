// SPDX-License-Identifier: MIT
// A whole recording, told to a sink up to its last whole line.
#pragma once

#include <string>

#include "kintrace/source.hpp"
#include "recording/lines.hpp"

namespace kintrace::recording {

// Reads `fd` from where it stands. Throws UserError.
Lines::Read from_descriptor(int fd);

// `name` is what an error message calls it. Settles the sink whenever it has to read. Throws UserError for what is no
// recording, with the number of the line.
void tell(const Lines::Read& read, const std::string& name, Sink& sink);

}  // namespace kintrace::recording
