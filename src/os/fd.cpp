// SPDX-License-Identifier: MIT
#include "os/fd.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace kintrace::os {

void Fd::reset() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Result<Fd> open(const std::string& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return Failure::last();
  return Fd{fd};
}

Result<Fd> duplicate(int number) {
  const int fd = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
  if (fd < 0) return Failure::last();
  return Fd{fd};
}

Result<std::string> read_all(int fd, std::size_t most) {
  std::string out;
  std::array<char, 16384> part{};
  while (out.size() < most) {
    const ssize_t got = ::read(fd, part.data(), std::min(part.size(), most - out.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure::last();
    if (got == 0) break;
    out.append(part.data(), static_cast<std::size_t>(got));
  }
  return out;
}

Result<std::string> read_record(int fd) {
  std::string out;
  std::array<char, 16384> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): read(2) fills it
  for (;;) {
    const ssize_t got = ::pread(fd, part.data(), part.size(), static_cast<off_t>(out.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure::last();
    out.append(part.data(), static_cast<std::size_t>(got));
    if (static_cast<std::size_t>(got) < part.size()) return out;
  }
}

Result<SocketPair> socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return Failure::last();
  return SocketPair{Fd{ends[0]}, Fd{ends[1]}};
}

void occupy_standard_fds() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR | O_CLOEXEC) < 0) std::abort();
  }
}

void close_inherited(bool keep_stdout) {
  std::vector<int> inherited;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const std::string name = entry.path().filename();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    const int flags = fd > 2 ? ::fcntl(fd, F_GETFD) : -1;
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) inherited.push_back(fd);
  }
  for (const int fd : inherited) ::close(fd);
  const auto null = open("/dev/null", O_RDWR);
  if (!null) return;
  ::dup2(null->get(), 0);
  if (!keep_stdout) ::dup2(null->get(), 1);
}

}  // namespace kintrace::os
