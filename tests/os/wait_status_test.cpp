// SPDX-License-Identifier: MIT
#include "os/wait_status.hpp"

#include <sys/ptrace.h>
#include <csignal>

#include "support/catch.hpp"

using namespace kintrace;
using os::WaitStatus;
using Kind = os::WaitStatus::Kind;

namespace {

constexpr int stopped(int signal, int event = 0) { return 0x7F | (signal << 8) | (event << 16); }

}  // namespace

TEST_CASE("wait status: every raw status has one kind") {
  struct Case {
    int raw;
    Kind kind;
  };
  const Case cases[] = {
      {0, Kind::exited},
      {0x300, Kind::exited},
      {SIGKILL, Kind::killed},
      {SIGSEGV | 0x80, Kind::killed},
      {stopped(SIGTRAP | 0x80), Kind::syscall},
      {stopped(SIGTRAP), Kind::signal},
      {stopped(SIGUSR1), Kind::signal},
      {stopped(SIGSTOP), Kind::signal},
      {stopped(SIGTRAP, PTRACE_EVENT_FORK), Kind::forked},
      {stopped(SIGTRAP, PTRACE_EVENT_VFORK), Kind::forked},
      {stopped(SIGTRAP, PTRACE_EVENT_CLONE), Kind::forked},
      {stopped(SIGTRAP, PTRACE_EVENT_EXEC), Kind::execed},
      {stopped(SIGTRAP, PTRACE_EVENT_VFORK_DONE), Kind::vfork_done},
      {stopped(SIGTRAP, PTRACE_EVENT_EXIT), Kind::exiting},
      {stopped(SIGTRAP, PTRACE_EVENT_SECCOMP), Kind::seccomp},
      {stopped(SIGTRAP, PTRACE_EVENT_STOP), Kind::trapped},
      {stopped(SIGSTOP, PTRACE_EVENT_STOP), Kind::group_stop},
      {stopped(SIGTSTP, PTRACE_EVENT_STOP), Kind::group_stop},
      {stopped(SIGTTIN, PTRACE_EVENT_STOP), Kind::group_stop},
      {stopped(SIGTTOU, PTRACE_EVENT_STOP), Kind::group_stop},
      {stopped(SIGTRAP, 99), Kind::unknown},
  };
  for (const Case& one : cases) {
    INFO(std::hex << one.raw);
    CHECK(WaitStatus{one.raw}.kind() == one.kind);
    CHECK(WaitStatus{one.raw}.ended() == (one.kind == Kind::exited || one.kind == Kind::killed));
  }
}

TEST_CASE("wait status: exit codes keep all eight bits, signals their core flag") {
  for (int code = 0; code < 256; ++code) CHECK(WaitStatus{code << 8}.ending().code == code);
  const Ending crash = WaitStatus{SIGSEGV | 0x80}.ending();
  CHECK(crash.signal == Signal{SIGSEGV});
  CHECK(crash.core);
  CHECK_FALSE(crash.code);
  CHECK_FALSE(WaitStatus{SIGKILL}.ending().core);
}
