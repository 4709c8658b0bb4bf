// SPDX-License-Identifier: MIT
#include "syscalls/repair.hpp"

#include <linux/io_uring.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>
#include <utility>

namespace kintrace::syscalls {
namespace {

// Where the timeout is.
enum class Given { nowhere, extended, milliseconds, timespec, by_receiving, by_sending };

struct Repairable {
  long nr;
  Given given = Given::nowhere;
  std::size_t arg = 0;
  std::int64_t timed_out = 0;
};

// Of the socket calls only those with a limit on the socket come back with EINTR. read(2) and write(2) are among them:
// of anything but a socket they go on by themselves, or must not be repeated.
constexpr Repairable table[] = {
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, Given::milliseconds, 3, 0},
#endif
    {SYS_epoll_pwait, Given::milliseconds, 3, 0},
    {SYS_epoll_pwait2, Given::timespec, 3, 0},
    {SYS_semop},
    {SYS_semtimedop, Given::timespec, 3, -EAGAIN},
    {SYS_rt_sigtimedwait, Given::timespec, 2, -EAGAIN},
    {SYS_io_getevents, Given::timespec, 4, 0},
    {SYS_io_pgetevents, Given::timespec, 4, 0},
    {SYS_io_uring_enter, Given::extended, 3},
    {SYS_recvfrom, Given::by_receiving, 0, -EAGAIN},
    {SYS_recvmsg, Given::by_receiving, 0, -EAGAIN},
    {SYS_recvmmsg, Given::by_receiving, 0, -EAGAIN},
    {SYS_accept, Given::by_receiving, 0, -EAGAIN},
    {SYS_accept4, Given::by_receiving, 0, -EAGAIN},
    {SYS_read, Given::by_receiving, 0, -EAGAIN},
    {SYS_readv, Given::by_receiving, 0, -EAGAIN},
    {SYS_sendto, Given::by_sending, 0, -EAGAIN},
    {SYS_sendmsg, Given::by_sending, 0, -EAGAIN},
    {SYS_sendmmsg, Given::by_sending, 0, -EAGAIN},
    {SYS_connect, Given::by_sending, 0, -EINPROGRESS},
    {SYS_write, Given::by_sending, 0, -EAGAIN},
    {SYS_writev, Given::by_sending, 0, -EAGAIN},
};

// A call that does not wait is not interrupted.
constexpr Only waits[] = {{3, Only::Is::different, 0, 0xffffffff}};
constexpr Only waits_for_events[] = {{3, Only::Is::equal, IORING_ENTER_GETEVENTS, IORING_ENTER_GETEVENTS}};
// SO_RCVTIMEO and SO_SNDTIMEO, with the old structure and the new (asm-generic/socket.h).
constexpr std::array<std::uint64_t, 4> limits{20, 21, 66, 67};
constexpr std::uint64_t low_half = 0xffffffff;
constexpr Only limits_time[] = {{2, Only::Is::equal, limits[0], low_half},
                                {2, Only::Is::equal, limits[1], low_half},
                                {2, Only::Is::equal, limits[2], low_half},
                                {2, Only::Is::equal, limits[3], low_half}};

constexpr Watched disturbed[] = {
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait", Exit::in_threads, waits},
#endif
    {SYS_epoll_pwait, "epoll_pwait", Exit::in_threads, waits},
    {SYS_epoll_pwait2, "epoll_pwait2", Exit::in_threads},
    {SYS_semop, "semop", Exit::in_threads},
    {SYS_semtimedop, "semtimedop", Exit::in_threads},
    {SYS_rt_sigtimedwait, "rt_sigtimedwait", Exit::in_threads},
    {SYS_io_getevents, "io_getevents", Exit::in_threads},
    {SYS_io_pgetevents, "io_pgetevents", Exit::in_threads},
    {SYS_io_uring_enter, "io_uring_enter", Exit::in_threads, waits_for_events},
    {SYS_setsockopt, "setsockopt", Exit::never, limits_time},
};

const Repairable* find(std::uint64_t nr) {
  const auto* const at = std::find_if(std::begin(table), std::end(table),
                                      [&](const Repairable& one) { return std::cmp_equal(one.nr, nr); });
  return at == std::end(table) ? nullptr : at;
}

std::optional<Nanoseconds> in_memory(std::uint64_t address, const TimeSource& source) {
  constexpr Nanoseconds second = 1'000'000'000;
  constexpr std::int64_t longest = 4'000'000'000;  // seconds: more than a century
  timespec time{};
  const std::string bytes = source.memory(address, sizeof time);
  if (bytes.size() < sizeof time) return {};
  std::memcpy(&time, bytes.data(), sizeof time);
  return std::clamp<std::int64_t>(time.tv_sec, 0, longest) * second + std::clamp<std::int64_t>(time.tv_nsec, 0, second);
}

}  // namespace

std::span<const Watched> disturbed_calls() { return disturbed; }

bool limits_a_socket(std::uint64_t nr, const std::array<std::uint64_t, 6>& args) {
  return std::cmp_equal(nr, SYS_setsockopt) && (args[1] & low_half) == SOL_SOCKET &&
         std::find(limits.begin(), limits.end(), args[2] & low_half) != limits.end();
}

bool fails_by_tracing(std::uint64_t nr) { return find(nr) != nullptr; }

std::int64_t result_as_alone(std::uint64_t nr, std::int64_t result) {
  return std::cmp_equal(nr, SYS_connect) && result == -EALREADY ? -EINPROGRESS : result;
}

std::optional<CallTime> time_of(std::uint64_t nr, const std::array<std::uint64_t, 6>& args, const TimeSource& source) {
  const Repairable* call = find(nr);
  if (call == nullptr) return {};
  const std::uint64_t value = args.at(call->arg);
  const auto number = static_cast<std::int32_t>(value);
  const auto limited = [&](std::optional<Nanoseconds> limit) {
    return limit ? std::optional{CallTime{limit, call->timed_out}} : std::nullopt;
  };
  switch (call->given) {
    case Given::nowhere: return CallTime{};
    case Given::extended: return (value & IORING_ENTER_EXT_ARG) == 0 ? std::optional{CallTime{}} : std::nullopt;
    case Given::milliseconds:
      return number < 0 ? CallTime{} : CallTime{Nanoseconds{number} * 1'000'000, call->timed_out};
    case Given::timespec: return value == 0 ? CallTime{} : limited(in_memory(value, source));
    case Given::by_receiving: return limited(source.socket_timeout(number, os::Direction::receive));
    default: return limited(source.socket_timeout(number, os::Direction::send));
  }
}

}  // namespace kintrace::syscalls
