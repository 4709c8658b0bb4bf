// SPDX-License-Identifier: MIT
// A command alone and traced: it must be the same to whoever runs it, and kintrace must have seen it to its end.
#pragma once

#include <string>
#include <vector>

#include "support/lives.hpp"
#include "support/run.hpp"

namespace kintrace::test {

// Checks that status, output and errors are the same, and that the recording is complete and keeps what it promises.
// Of no use where ptrace is forbidden: ask ptrace_allowed() first.
Recorded same(const Command& command, const std::vector<std::string>& options = {});

// The same for a fixture and its arguments, which ends with "ok" and 0: a fixture that fails alone is a broken test.
Recorded same_fixture(const std::string& name, const std::vector<std::string>& arguments = {},
                      const std::vector<std::string>& options = {});

}  // namespace kintrace::test
