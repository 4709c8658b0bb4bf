// SPDX-License-Identifier: MIT
// A recording made with -o FILE.jsonl, as a source: docs/trace-format.md. Reads up to the last whole line; what it does
// not know (a newer version's fields and facts) it passes over.
#pragma once

#include <memory>
#include <string>

#include "kintrace/source.hpp"

namespace kintrace::sources {

// `path` may be - for standard input. Throws UserError if it cannot be opened or is not a recording.
std::unique_ptr<Source> recording(const std::string& path);

}  // namespace kintrace::sources
