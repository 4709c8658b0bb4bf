// SPDX-License-Identifier: MIT
// Lines as the kernel writes them, lines as it does not, and the locks that it has indeed.
#include "os/file_locks.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace;
using os::FileLock;

namespace {

std::vector<FileLock> parsed(const std::string& text) {
  const test::Scratch scratch;
  test::write_file(scratch.path("locks"), text);
  return os::file_locks(scratch.path("locks"));
}

FileLock lock(LockKind kind, LockMode mode, std::int32_t holder, std::int64_t first = 0,
              std::optional<std::int64_t> last = {}) {
  FileLock made;
  made.kind = kind;
  made.mode = mode;
  if (holder > 0) made.holder = Tgid{holder};
  made.dev = makedev(8, 1);
  made.inode = 77;
  made.first = first;
  made.last = last;
  return made;
}

std::vector<FileLock> locks_of(const struct stat& file) {
  auto all = os::file_locks();
  all.erase(std::remove_if(all.begin(), all.end(), [&](const FileLock& one) { return one.inode != file.st_ino; }),
            all.end());
  return all;
}

struct flock range(short type, off_t start, off_t length) {
  struct flock made {};
  made.l_type = type;
  made.l_whence = SEEK_SET;
  made.l_start = start;
  made.l_len = length;
  return made;
}

constexpr Tgid us{1};
constexpr auto read_lock = LockMode::read, write_lock = LockMode::write;

}  // namespace

TEST_CASE("file locks: the lines of the kernel") {
  const auto found = parsed(
      "1: POSIX  ADVISORY  WRITE 708 00:1b:12345 0 EOF\n"
      "1: -> POSIX  ADVISORY  READ 709 00:1b:12345 5 14\n"
      "1:  -> OFDLCK ADVISORY  WRITE -1 00:1b:12345 6 15\n"
      "2: OFDLCK ADVISORY  READ -1 08:01:55 0 99\n"
      "3: FLOCK  ADVISORY  WRITE 12 fe:abc:18446744073709551615 0 EOF\n"
      "4: POSIX  MANDATORY READ 13 08:01:56 100 9223372036854775806\n");
  REQUIRE(found.size() == 6);
  FileLock expected;
  expected.kind = LockKind::posix;
  expected.mode = LockMode::write;
  expected.holder = Tgid{708};
  expected.dev = makedev(0, 0x1b);
  expected.inode = 12345;
  CHECK(found[0] == expected);
  expected.mode = LockMode::read;
  expected.holder = Tgid{709};
  expected.first = 5;
  expected.last = 14;
  expected.waits = true;
  CHECK(found[1] == expected);
  CHECK(found[2].waits);
  CHECK(found[2].kind == LockKind::ofd);
  CHECK_FALSE(found[2].holder);
  CHECK(found[3].dev == makedev(8, 1));
  CHECK(found[3].last == 99);
  CHECK_FALSE(found[3].waits);
  CHECK(found[4].kind == LockKind::flock);
  CHECK(found[4].dev == makedev(0xfe, 0xabc));
  CHECK(found[4].inode == ~std::uint64_t{0});
  CHECK_FALSE(found[4].last);
  CHECK(found[5].holder == Tgid{13});
  CHECK(found[5].last == 9223372036854775806);
}

TEST_CASE("file locks: what is passed over") {
  for (const std::string line : {"1: LEASE  ACTIVE    READ 9 08:01:5 0 EOF",
                                 "1: DELEG  BREAKING  WRITE 9 08:01:5 0 EOF",
                                 "1: -> LEASE  BREAKER   WRITE 9 08:01:5 0 EOF",
                                 "1: POSIX  *NOINODE* WRITE 9 <none>:0 0 EOF",
                                 "1: ACCESS ADVISORY  WRITE 9 08:01:5 0 EOF",
                                 "1: POSIX  ADVISORY  UNLCK 9 08:01:5 0 EOF",
                                 "1: UNKNOWN UNKNOWN  READ 9 08:01:5 0 EOF",
                                 "1: POSIX  ADVISORY  WRITE 9 08:01:5 0",
                                 "1: POSIX  ADVISORY  WRITE",
                                 "1: ->",
                                 "1:",
                                 ":",
                                 "",
                                 " ",
                                 "1: POSIX  ADVISORY  WRITE x 08:01:5 0 EOF",
                                 "1: POSIX  ADVISORY  WRITE 9 08:01 0 EOF",
                                 "1: POSIX  ADVISORY  WRITE 9 08:01:5:6 0 EOF",
                                 "1: POSIX  ADVISORY  WRITE 9 0g:01:5 0 EOF",
                                 "1: POSIX  ADVISORY  WRITE 99999999999 08:01:5 0 EOF",
                                 "1: POSIX  ADVISORY  WRITE 9 08:01:5 0 5x",
                                 "1: POSIX  ADVISORY  WRITE 9 08:01:5 9 5",
                                 "1: POSIX  ADVISORY  WRITE 9 08:01:99999999999999999999 0 EOF",
                                 "POSIX  ADVISORY  WRITE 9 08:01:5 0 EOF"}) {
    INFO(line);
    CHECK(parsed(line).empty());
    CHECK(parsed(line + "\n").empty());
    const auto beside = parsed(line + "\n2: POSIX  ADVISORY  READ 10 08:01:5 0 EOF");
    CHECK(beside.size() == 1);
  }
  CHECK(os::file_locks("/nonexistent").empty());
  CHECK(os::file_locks("/").empty());
  CHECK(parsed(std::string("\0\n\xff: \0", 7)).empty());
}

TEST_CASE("file locks: what stands in the way") {
  using enum LockKind;
  const auto in_the_way = [](const FileLock& held, const FileLock& wanted) {
    return os::standing_in_the_way(std::vector{held}, wanted, us).has_value();
  };
  for (const LockKind kind : {posix, ofd, flock}) {
    CHECK(in_the_way(lock(kind, write_lock, 9), lock(kind, write_lock, 1)));
    CHECK(in_the_way(lock(kind, write_lock, 9), lock(kind, read_lock, 1)));
    CHECK(in_the_way(lock(kind, read_lock, 9), lock(kind, write_lock, 1)));
    CHECK_FALSE(in_the_way(lock(kind, read_lock, 9), lock(kind, read_lock, 1)));
    CHECK_FALSE(in_the_way(lock(kind, write_lock, 1), lock(kind, write_lock, 1)));
    auto waiter = lock(kind, write_lock, 9);
    waiter.waits = true;
    CHECK_FALSE(in_the_way(waiter, lock(kind, write_lock, 1)));
  }
  CHECK(in_the_way(lock(posix, write_lock, 9), lock(ofd, write_lock, 1)));
  CHECK(in_the_way(lock(ofd, write_lock, 0), lock(posix, write_lock, 1)));
  CHECK(in_the_way(lock(posix, write_lock, 1), lock(ofd, write_lock, 1)));  // one process, two owners
  CHECK_FALSE(in_the_way(lock(flock, write_lock, 9), lock(posix, write_lock, 1)));
  CHECK_FALSE(in_the_way(lock(ofd, write_lock, 0), lock(flock, write_lock, 1)));

  CHECK(in_the_way(lock(posix, write_lock, 9, 10, 19), lock(posix, write_lock, 1, 19, 30)));
  CHECK(in_the_way(lock(posix, write_lock, 9, 10), lock(posix, write_lock, 1, 0, 10)));
  CHECK(in_the_way(lock(posix, write_lock, 9, 10, 19), lock(posix, write_lock, 1)));
  CHECK_FALSE(in_the_way(lock(posix, write_lock, 9, 10, 19), lock(posix, write_lock, 1, 20, 30)));
  CHECK_FALSE(in_the_way(lock(posix, write_lock, 9, 10), lock(posix, write_lock, 1, 0, 9)));

  auto held = lock(posix, write_lock, 9);
  held.inode = 78;
  CHECK_FALSE(in_the_way(held, lock(posix, write_lock, 1)));
  held.inode = 77;
  held.dev = makedev(8, 2);
  CHECK_FALSE(in_the_way(held, lock(posix, write_lock, 1)));
  held.dev = makedev(0, 2);
  CHECK(in_the_way(held, lock(posix, write_lock, 1)));
}

TEST_CASE("file locks: of several, one whose holder is known") {
  const std::vector held{lock(LockKind::ofd, read_lock, 0), lock(LockKind::posix, read_lock, 1),
                         lock(LockKind::posix, read_lock, 9), lock(LockKind::posix, read_lock, 10)};
  CHECK(os::standing_in_the_way(held, lock(LockKind::posix, write_lock, 1), us) == held[2]);
  CHECK(os::standing_in_the_way(std::span{held}.first(2), lock(LockKind::posix, write_lock, 1), us) == held[0]);
  CHECK_FALSE(os::standing_in_the_way({}, lock(LockKind::posix, write_lock, 1), us));
}

TEST_CASE("file locks: real ones, and one who waits") {
  const test::Scratch scratch;
  const auto file = os::open(scratch.path("file"), O_CREAT | O_RDWR, 0600);
  REQUIRE(file);
  struct stat status {};
  REQUIRE(::fstat(file->get(), &status) == 0);
  CHECK(locks_of(status).empty());
  const Tgid self{::getpid()};
  auto write_range = range(F_WRLCK, 10, 5), read_range = range(F_RDLCK, 100, 0);
  REQUIRE(::fcntl(file->get(), F_SETLK, &write_range) == 0);
  REQUIRE(::fcntl(file->get(), F_OFD_SETLK, &read_range) == 0);
  REQUIRE(::flock(file->get(), LOCK_SH) == 0);
  const pid_t waiter = ::fork();
  if (waiter == 0) {
    auto wanted = range(F_WRLCK, 12, 1);
    ::fcntl(file->get(), F_SETLKW, &wanted);
    ::_exit(0);
  }
  auto found = locks_of(status);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (found.size() < 4 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    found = locks_of(status);
  }
  ::kill(waiter, SIGKILL);
  ::waitpid(waiter, nullptr, 0);
  REQUIRE(found.size() == 4);
  const auto of = [&](LockKind kind, LockMode mode, Tgid holder, std::int64_t first, std::optional<std::int64_t> last) {
    auto made = lock(kind, mode, holder.value, first, last);
    made.dev = found[0].dev;
    made.inode = status.st_ino;
    return made;
  };
  const auto has = [&](const FileLock& one) { return std::count(found.begin(), found.end(), one) == 1; };
  CHECK(has(of(LockKind::posix, write_lock, self, 10, 14)));
  CHECK(has(of(LockKind::ofd, read_lock, Tgid{}, 100, {})));
  CHECK(has(of(LockKind::flock, read_lock, self, 0, {})));
  auto waiting = of(LockKind::posix, write_lock, Tgid{waiter}, 12, 12);
  waiting.dev = status.st_dev;
  CHECK(os::standing_in_the_way(found, waiting, Tgid{waiter}) == of(LockKind::posix, write_lock, self, 10, 14));
  waiting.dev = found[0].dev;
  waiting.waits = true;
  CHECK(has(waiting));
}
