// SPDX-License-Identifier: MIT
#include "os/wait_status.hpp"

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <csignal>

namespace kintrace::os {
namespace {

int event_of(int raw) { return raw >> 16; }

bool stopping(int signal) { return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU; }

}  // namespace

WaitStatus::Kind WaitStatus::kind() const {
  if (WIFEXITED(raw_)) return Kind::exited;
  if (WIFSIGNALED(raw_)) return Kind::killed;
  switch (event_of(raw_)) {
    case 0: return WSTOPSIG(raw_) == (SIGTRAP | 0x80) ? Kind::syscall : Kind::signal;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE: return Kind::forked;
    case PTRACE_EVENT_EXEC: return Kind::execed;
    case PTRACE_EVENT_VFORK_DONE: return Kind::vfork_done;
    case PTRACE_EVENT_EXIT: return Kind::exiting;
    case PTRACE_EVENT_SECCOMP: return Kind::seccomp;
    case PTRACE_EVENT_STOP: return stopping(WSTOPSIG(raw_)) ? Kind::group_stop : Kind::trapped;
    default: return Kind::unknown;
  }
}

bool WaitStatus::forked_as_vfork() const { return event_of(raw_) == PTRACE_EVENT_VFORK; }
bool WaitStatus::forked_as_clone() const { return event_of(raw_) == PTRACE_EVENT_CLONE; }

Signal WaitStatus::signal() const { return Signal{WSTOPSIG(raw_)}; }

Ending WaitStatus::ending() const {
  if (WIFSIGNALED(raw_)) return {{}, Signal{WTERMSIG(raw_)}, WCOREDUMP(raw_) != 0};
  return {WEXITSTATUS(raw_), {}, false};
}

}  // namespace kintrace::os
