// SPDX-License-Identifier: MIT
// Which calls tracing makes fail, and how long each would have waited.
#include "syscalls/repair.hpp"

#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "support/catch.hpp"

using namespace kintrace;
using namespace kintrace::syscalls;

namespace {

class Source final : public TimeSource {
 public:
  std::string memory(std::uint64_t address, std::size_t size) const override {
    if (address != 0x1000) return {};  // nothing is mapped there
    std::string bytes(size, '\0');
    std::memcpy(bytes.data(), &time, std::min(size, sizeof time));
    return bytes;
  }
  std::optional<Nanoseconds> socket_timeout(int fd, os::Direction direction) const override {
    if (fd != 5) return {};
    return direction == os::Direction::receive ? 7 : 9;
  }
  timespec time{2, 500};
};

std::optional<CallTime> of(long nr, std::array<std::uint64_t, 6> args) {
  return time_of(static_cast<std::uint64_t>(nr), args, Source{});
}

}  // namespace

TEST_CASE("repair: calls that tracing makes fail, and no others") {
  for (const long nr : {SYS_epoll_pwait, SYS_semop, SYS_semtimedop, SYS_rt_sigtimedwait, SYS_io_getevents, SYS_recvfrom,
                        SYS_accept4, SYS_connect, SYS_read})
    CHECK(fails_by_tracing(static_cast<std::uint64_t>(nr)));
  for (const long nr : {SYS_close, SYS_wait4, SYS_nanosleep, SYS_ppoll, SYS_futex, SYS_openat, SYS_fsync}) {
    CHECK_FALSE(fails_by_tracing(static_cast<std::uint64_t>(nr)));
    CHECK_FALSE(of(nr, {}));
  }
}

TEST_CASE("repair: a timeout in a register") {
  CHECK_FALSE(of(SYS_epoll_pwait, {3, 0, 1, static_cast<std::uint32_t>(-1)})->limit);
  CHECK(of(SYS_epoll_pwait, {3, 0, 1, 250})->limit == 250'000'000);
  CHECK(of(SYS_epoll_pwait, {3, 0, 1, 250})->result == 0);
}

TEST_CASE("repair: a timeout in memory") {
  CHECK_FALSE(of(SYS_semop, {1, 0, 1})->limit);
  CHECK_FALSE(of(SYS_semtimedop, {1, 0, 1, 0})->limit);
  CHECK(of(SYS_semtimedop, {1, 0, 1, 0x1000})->limit == 2'000'000'500);
  CHECK(of(SYS_semtimedop, {1, 0, 1, 0x1000})->result == -EAGAIN);
  CHECK(of(SYS_rt_sigtimedwait, {0, 0, 0x1000})->limit == 2'000'000'500);
  CHECK_FALSE(of(SYS_rt_sigtimedwait, {0, 0, 0x2000}));  // it cannot be read: better an EINTR than no end
}

TEST_CASE("repair: a socket's own limit, and what has none is left alone") {
  CHECK(of(SYS_recvfrom, {5})->limit == 7);
  CHECK(of(SYS_read, {5})->limit == 7);
  CHECK(of(SYS_write, {5})->limit == 9);
  CHECK(of(SYS_connect, {5})->result == -EINPROGRESS);
  CHECK_FALSE(of(SYS_read, {6}));
}
