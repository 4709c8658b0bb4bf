// SPDX-License-Identifier: MIT
// The calls that send a signal.
#pragma once

#include <optional>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

struct Sending {
  std::int32_t target = 0;  // as signal_sent has it
  Signal signal;
};
// Nothing if the call sends no signal.
std::optional<Sending> sending_of(const Call& call);

}  // namespace kintrace::syscalls
