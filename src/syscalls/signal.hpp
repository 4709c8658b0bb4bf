// SPDX-License-Identifier: MIT
// The calls that send a signal.
#pragma once

#include <optional>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

struct Sending {
  std::int32_t target = 0;  // as signal_sent has it, but as the caller's pid namespace numbers it
  Signal signal;
  bool to_thread = false;
  bool certain = false;  // once its target has got such a signal from the caller, the call can no longer fail
  bool outer = false;    // the number is kintrace's: a pidfd's, from /proc
};
// Nothing if the call sends no signal.
std::optional<Sending> sending_of(const Call& call);

// Whether siginfo_t says who sent it, or whom it is about: by its si_code (sigaction(2)).
bool names_a_process(Signal signal, int code);

}  // namespace kintrace::syscalls
