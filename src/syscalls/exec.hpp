// SPDX-License-Identifier: MIT
// The calls that replace a program: execve(2), execveat(2).
#pragma once

#include <string>
#include <vector>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

bool is_exec(const Row& row);
inline bool in_exec(const std::optional<Call>& call) { return call && is_exec(*call->row); }

// What the caller asked for, as it was at the entry: for scripts the script, not its interpreter.
struct ExecRequest {
  Bytes path;                              // empty for a descriptor (AT_EMPTY_PATH), and where it could not be read
  std::optional<std::vector<Bytes>> argv;  // nothing: it could not be read
};
ExecRequest exec_request(const Call& call);

}  // namespace kintrace::syscalls
