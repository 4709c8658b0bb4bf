// SPDX-License-Identifier: MIT
#include "os/socket.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "os/fd.hpp"

namespace kintrace::os {

std::optional<Nanoseconds> socket_timeout(Tgid pid, int fd, Direction direction) {
  const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid.value, 0))};
  if (!process) return {};
  const Fd socket{static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), fd, 0))};
  if (!socket) return {};
  timeval time{};
  socklen_t size = sizeof time;
  const int option = direction == Direction::receive ? SO_RCVTIMEO : SO_SNDTIMEO;
  if (::getsockopt(socket.get(), SOL_SOCKET, option, &time, &size) != 0) return {};
  const Nanoseconds limit = Nanoseconds{time.tv_sec} * 1'000'000'000 + Nanoseconds{time.tv_usec} * 1'000;
  return limit > 0 ? std::optional{limit} : std::nullopt;
}

}  // namespace kintrace::os
