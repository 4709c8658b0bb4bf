// SPDX-License-Identifier: MIT
#include "syscalls/repair.hpp"

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
enum class Given { never, milliseconds, timespec };

struct Repairable {
  long nr;
  Given given = Given::never;
  std::size_t arg = 0;
  std::int64_t timed_out = 0;
};

// Of the socket calls only those with a timeout of the socket's come back with EINTR: the others go on by themselves.
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
    {SYS_io_uring_enter},
    {SYS_recvfrom},
    {SYS_recvmsg},
    {SYS_recvmmsg},
    {SYS_sendto},
    {SYS_sendmsg},
    {SYS_sendmmsg},
    {SYS_accept},
    {SYS_accept4},
    {SYS_connect},
    {SYS_read},
    {SYS_readv},
    {SYS_write},
    {SYS_writev},
};

const Repairable* find(std::uint64_t nr) {
  const auto* const at = std::find_if(std::begin(table), std::end(table),
                                      [&](const Repairable& one) { return std::cmp_equal(one.nr, nr); });
  return at == std::end(table) ? nullptr : at;
}

}  // namespace

bool fails_by_tracing(std::uint64_t nr) { return find(nr) != nullptr; }

std::optional<Timeout> timeout_of(std::uint64_t nr, const std::array<std::uint64_t, 6>& args, const ReadMemory& read) {
  constexpr Nanoseconds second = 1'000'000'000, millisecond = 1'000'000;
  constexpr std::int64_t longest = 4'000'000'000;  // seconds: more than a century
  const Repairable* call = find(nr);
  if (call == nullptr || call->given == Given::never) return {};
  const std::uint64_t value = args.at(call->arg);
  if (call->given == Given::milliseconds) {
    const auto time = static_cast<std::int32_t>(value);
    return time < 0 ? std::nullopt : std::optional{Timeout{time * millisecond, call->timed_out}};
  }
  timespec time{};
  if (value == 0) return {};
  const std::string bytes = read(value, sizeof time);
  if (bytes.size() < sizeof time) return {};
  std::memcpy(&time, bytes.data(), sizeof time);
  return Timeout{std::clamp<std::int64_t>(time.tv_sec, 0, longest) * second + time.tv_nsec, call->timed_out};
}

}  // namespace kintrace::syscalls
