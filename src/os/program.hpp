// SPDX-License-Identifier: MIT
// The program that is to be traced, from fork(2) to its own execve(2): it blocks on a socket until it has been seized,
// and starts with everything as kintrace itself found it, but for what was asked to be otherwise. Also how a process
// ends as another did.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "kintrace/error.hpp"
#include "kintrace/event.hpp"
#include "os/fd.hpp"
#include "os/seccomp.hpp"

namespace kintrace::os {

// A user of this machine, with the groups that initgroups(3) would give.
struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};
// Throws UserError if there is none of that name, or if we may not become another.
User user_named(const std::string& name);

struct Program {
  std::vector<std::string> argv;         // looked up as execvp(3) does, in kintrace's own PATH
  std::vector<std::string> environment;  // changes of ours, in order: VAR=VAL sets, VAR unsets
  std::optional<User> user;              // to run as
  std::optional<SeccompFilter> filter;   // installed if it can be: whether it was, its first stop says
};

// The signal mask and the action on SIGCHLD that kintrace was started with.
struct Inherited {
  sigset_t mask{};
  struct sigaction sigchld {};
};

// Forks the program. In the child: allows `tracer` to trace it (PR_SET_PTRACER, Yama), says its pid on `gate`, waits
// for one byte there, restores what was inherited, and becomes the program. If that fails it writes an errno to `gate`
// (of its exec; negative: of becoming the user) and ends with 127 (not found), 126, as env(1), or 125.
Result<pid_t> fork_program(const Program& program, const Fd& gate, pid_t tracer, const Inherited& inherited);
// The same for the calling process itself.
[[noreturn]] void become_program(const Program& program, const Fd& gate, pid_t tracer, const Inherited& inherited);

// The first file of that name that execvp(3) would try and find there, executable or not. Nothing if there is none.
std::optional<std::string> find_program(const std::string& name);

// Why PROGRAM could not be started, in words, with what to do about it. `error` as fork_program's child writes it.
UserError start_error(const Program& program, int error);

// Ends this process as `ending` says, by the same signal if it was one, without a second core dump.
[[noreturn]] void end_as(const Ending& ending);

}  // namespace kintrace::os
