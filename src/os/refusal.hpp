// SPDX-License-Identifier: MIT
// Why the kernel would not let us trace: it says EPERM for everything, and the reason must be looked for.
#pragma once

#include <string>

#include "kintrace/error.hpp"

namespace kintrace::os {

// The likeliest reason why `program`, our own child, could not be seized: another tracer, Yama, a seccomp filter, a
// security module. Reads below `proc`, so that a test can be a directory of files.
UserError ptrace_refused(Errno error, Tid program, const std::string& proc = "/proc");

}  // namespace kintrace::os
