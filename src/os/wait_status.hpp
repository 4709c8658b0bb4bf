// SPDX-License-Identifier: MIT
// What a status from wait(2) says of a tracee, classified as ptrace(2) tells to: one answer, no order to get wrong
// later.
#pragma once

#include <optional>

#include "kintrace/event.hpp"
#include "kintrace/ids.hpp"

namespace kintrace::os {

class WaitStatus {
 public:
  enum class Kind {
    exited,      // exit(2), exit_group(2); no more stops
    killed,      // by a signal; no more stops
    syscall,     // syscall-entry-stop or syscall-exit-stop
    signal,      // signal-delivery-stop: the signal has yet to be delivered
    forked,      // PTRACE_EVENT_FORK, _VFORK, _CLONE: the message is the child
    execed,      // PTRACE_EVENT_EXEC: the message is the former tid
    vfork_done,  // PTRACE_EVENT_VFORK_DONE
    exiting,     // PTRACE_EVENT_EXIT: the message is the status to come
    seccomp,     // PTRACE_EVENT_SECCOMP: the message is the filter's data
    group_stop,  // PTRACE_EVENT_STOP with a stopping signal
    trapped,     // PTRACE_EVENT_STOP otherwise: a new child, PTRACE_INTERRUPT, or the end of a group-stop
    unknown,     // an event of a newer kernel
  };
  constexpr explicit WaitStatus(int raw) : raw_(raw) {}
  constexpr int raw() const { return raw_; }
  Kind kind() const;
  bool ended() const { return kind() == Kind::exited || kind() == Kind::killed; }
  bool forked_as_vfork() const;
  bool forked_as_clone() const;
  Signal signal() const;  // of a signal-delivery-stop or a group-stop
  Ending ending() const;  // of exited and killed, and of PTRACE_EVENT_EXIT's message

 private:
  int raw_;
};

}  // namespace kintrace::os
