// SPDX-License-Identifier: MIT
// The calls that fail with EINTR for no other reason than that their task is traced: a signal that is ignored would not
// even be queued without a tracer, but wakes them with one (signal(7), "Interruption of system calls"; strace and gdb
// disturb them too). All others go on by themselves.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kintrace/ids.hpp"
#include "os/socket.hpp"
#include "syscalls/watch.hpp"

namespace kintrace::syscalls {

// What a call is going to return when a signal has come (include/linux/errno.h; never seen by the program).
constexpr std::int64_t restart_sys = -512;      // again, unless a handler without SA_RESTART runs
constexpr std::int64_t restart_always = -513;   // again
constexpr std::int64_t restart_no_hand = -514;  // again, unless a handler runs
constexpr std::int64_t restart_block = -516;    // the rest of it (nanosleep), unless a handler runs

// Whether a native call may be one of them.
bool fails_by_tracing(std::uint64_t nr);

// Those that must be seen to be repaired. Of the socket calls, which are everywhere, that is so only in a process that
// has limited the time of a socket, so it is seen when it does.
std::span<const Watched> disturbed_calls();
bool limits_a_socket(std::uint64_t nr, const std::array<std::uint64_t, 6>& args);

// A call that goes on begins its timeout anew, as the kernel does not tell how much of it is left. So that signals
// which keep coming do not put it off for ever, it ends as timed out when its time has passed once in all.
struct CallTime {
  std::optional<Nanoseconds> limit;  // nothing: it waits for as long as it takes
  std::int64_t result = 0;           // of the call when it has timed out
};

// Where a timeout is looked up: the task's memory, or its socket.
class TimeSource {
 public:
  virtual std::string memory(std::uint64_t address, std::size_t size) const = 0;
  virtual std::optional<Nanoseconds> socket_timeout(int fd, os::Direction direction) const = 0;

 protected:
  ~TimeSource() = default;
};

// Nothing: the call is none of them, or its time is not known.
std::optional<CallTime> time_of(std::uint64_t nr, const std::array<std::uint64_t, 6>& args, const TimeSource& source);

// What a call that was repeated would have returned if it had not been: connect(2), done again while it goes on, tells
// a timeout otherwise.
std::int64_t result_as_alone(std::uint64_t nr, std::int64_t result);

}  // namespace kintrace::syscalls
