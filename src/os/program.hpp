// SPDX-License-Identifier: MIT
// The program that is to be traced, from fork(2) to its own execve(2): it blocks on a socket until it has been seized,
// and starts with everything as kintrace itself found it. Also how a process ends as another did.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

#include "kintrace/error.hpp"
#include "kintrace/event.hpp"
#include "os/fd.hpp"

namespace kintrace::os {

// Forks the program. In the child: allows `tracer` to trace it (PR_SET_PTRACER, Yama), says its pid on `gate`, waits
// for one byte there, restores the signal `mask` and `sigchld`, and becomes `argv` as execvp(3) does. If that fails it
// writes its errno to `gate` and ends with 127 (not found) or 126, as env(1).
Result<pid_t> fork_program(const std::vector<std::string>& argv, const Fd& gate, pid_t tracer,
                           const struct sigaction& sigchld, const sigset_t& mask);

// Why PROGRAM could not be started, in words, with what to do about it.
UserError exec_error(const std::string& program, Errno error);

// Ends this process as `ending` says, by the same signal if it was one, without a second core dump.
[[noreturn]] void end_as(const Ending& ending);

}  // namespace kintrace::os
