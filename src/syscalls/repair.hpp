// SPDX-License-Identifier: MIT
// The calls that fail with EINTR for no other reason than that their task is traced: a signal that is ignored would not
// even be queued without a tracer, but wakes them with one (signal(7), "Interruption of system calls"; strace and gdb
// disturb them too). All others go on by themselves.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "kintrace/ids.hpp"

namespace kintrace::syscalls {

// Whether a native call is one of them.
bool fails_by_tracing(std::uint64_t nr);

// A call that goes on begins its timeout anew, as the kernel does not tell how much of it is left. So that signals
// which keep coming do not put it off for ever, it ends as timed out when its time has passed once in all.
struct Timeout {
  Nanoseconds time = 0;
  std::int64_t result = 0;  // of the call when it has timed out
};
// Nothing: it has none, or it is the socket's (SO_RCVTIMEO). `read` gives the bytes at an address of the task.
using ReadMemory = std::function<std::string(std::uint64_t address, std::size_t size)>;
std::optional<Timeout> timeout_of(std::uint64_t nr, const std::array<std::uint64_t, 6>& args, const ReadMemory& read);

}  // namespace kintrace::syscalls
