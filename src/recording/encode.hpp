// SPDX-License-Identifier: MIT
// A header, an event or an end as its line of a recording (docs/trace-format.md), from the fields that event.hpp lists.
#pragma once

#include <string>

#include "kintrace/event.hpp"

namespace kintrace::recording {

// Each appends one line with its newline.
void append_line(std::string& out, const RunHeader& header);
void append_line(std::string& out, const Event& event);
void append_line(std::string& out, const RunEnd& end);

}  // namespace kintrace::recording
