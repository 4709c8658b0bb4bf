// SPDX-License-Identifier: MIT
// Messages by the thousand are a few lines.
#include "views/folded_messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::stable;
using kintrace::test::view_of;

namespace {

constexpr std::string_view two = R"(
    0+10 execed path=/bin/a argv=a comm=a
    0+10 object obj=pipe#1 kind=pipe
    0+10 fd_opened fd=3 obj=pipe#1 end=read how=pipe
    0+10 fd_opened fd=4 obj=pipe#1 end=write how=pipe
    0+10 forked child=11 child_pid=11 how=fork
)";

std::string wrote(int at, int bytes, std::string_view more = {}) {
  return fmt::format("{}+10 sent obj=pipe#1 fd=4 bytes={} data=x syscall=write {}\n", at, bytes, more);
}
std::string read_by_11(int at, int bytes, std::string_view more = {}) {
  return fmt::format("{}+11 received obj=pipe#1 fd=3 bytes={} from=1:{}:10 syscall=read {}\n", at, bytes, bytes, more);
}

// The lines after those of the beginning.
std::string told(const std::string& lines, const ViewOptions& options = {}) {
  const std::string text = view_of("timeline", std::string(two) + lines, options);
  const std::string_view beginning = "fork → 11\n";
  return "\n" + text.substr(text.find(beginning) + beginning.size());
}

}  // namespace

TEST_CASE("folded messages: both sides of a ping-pong, three lines each and then their numbers") {
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += wrote(2 * i + 1, 64) + read_by_11(2 * i + 2, 64);
  CHECK(told(lines) == R"(
 0.000001 ├ │     10 a       write pipe#1 64 B "x"
 0.000002 ├─▶     11 a       read pipe#1 64 B, from a 10
 0.000003 ├ │     10 a       write pipe#1 64 B "x"
 0.000004 ├─▶     11 a       read pipe#1 64 B, from a 10
 0.000005 ├ │     10 a       write pipe#1 64 B "x"
 0.000006 ├─▶     11 a       read pipe#1 64 B, from a 10
 0.009999 ├ │     10 a       … 4,997 more writes to pipe#1, 64 B each
 0.010000 │ ├     11 a       … 4,997 more reads of pipe#1, 64 B each
)");
}

TEST_CASE("folded messages: they are told before what else their task does, and then shown again") {
  std::string lines;
  for (int i = 1; i <= 6; ++i) lines += wrote(i, 64);
  lines += "7+11 stopped signal=SIGSTOP\n8+10 stopped signal=SIGSTOP\n" + wrote(9, 64);
  CHECK(told(lines) == R"(
 0.000001 ├ │     10 a       write pipe#1 64 B "x"
 0.000002 ├ │     10 a       write pipe#1 64 B "x"
 0.000003 ├ │     10 a       write pipe#1 64 B "x"
 0.000007 │ ├     11 a       stopped by SIGSTOP
 0.000006 ├ │     10 a       … 3 more writes to pipe#1, 64 B each
 0.000008 ├ │     10 a       stopped by SIGSTOP
 0.000009 ├ │     10 a       write pipe#1 64 B "x"
)");
}

TEST_CASE("folded messages: a single one is told as it is") {
  std::string lines;
  for (int i = 1; i <= 4; ++i) lines += wrote(i, 64);
  CHECK_THAT(told(lines), test::contains(" 0.000004 ├ │     10 a       write pipe#1 64 B \"x\"\n"));
}

TEST_CASE("folded messages: of unequal sizes sixteen are shown") {
  std::string lines;
  for (int i = 1; i <= 116; ++i) lines += wrote(i, i);
  const std::string text = told(lines);
  CHECK(std::count(text.begin(), text.end(), '\n') == 18);
  CHECK_THAT(text, test::contains("write pipe#1 16 B \"x\"…\n") || test::contains("write pipe#1 16 B \"x\"\n"));
  CHECK_THAT(text, test::contains("… 100 more writes to pipe#1, 6.5 kB in all\n"));
}

TEST_CASE("folded messages: none of another size is shown among those that are counted") {
  std::string lines;
  for (int i = 1; i <= 9; ++i) lines += wrote(i, 64);
  lines += wrote(10, 7) + wrote(11, 64) + "12+10 stopped signal=SIGSTOP\n";
  CHECK_THAT(told(lines), test::contains(" 0.000003 ├ │     10 a       write pipe#1 64 B \"x\"\n"
                                         " 0.000011 ├ │     10 a       … 8 more writes to pipe#1, 455 B in all\n"
                                         " 0.000012 ├ │     10 a       stopped by SIGSTOP\n"));
}

TEST_CASE("folded messages: how long one of them waited is told, and a long wait has its line") {
  std::string lines;
  for (int i = 1; i <= 3; ++i) lines += read_by_11(i, 64);
  lines += "4+11 blocked syscall=read obj=pipe#1 waits_for=10 dur=2000000\n";
  lines += read_by_11(5, 64, "dur=2100000") + read_by_11(6, 64);
  CHECK_THAT(told(lines), test::contains("… 2 more reads of pipe#1, 64 B each, waited up to 2.1 ms\n"));
  CHECK(told(lines).find("waits for") == std::string::npos);
  lines += "7+11 blocked syscall=read obj=pipe#1 waits_for=10 dur=200000000\n";
  CHECK_THAT(told(lines), test::contains("… 2 more reads of pipe#1, 64 B each, waited up to 2.1 ms\n"
                                         " 0.000007 │ ├     11 a       read waits for data or EOF on pipe#1"));
}

TEST_CASE("folded messages: while others are told, none is kept back for long") {
  std::string lines;
  for (int i = 1; i <= 10; ++i) lines += wrote(i, 64);
  lines += "900000+11 stopped signal=SIGSTOP\n1200000+11 continued\n";
  CHECK_THAT(told(lines), test::contains(" 0.900000 │ ├     11 a       stopped by SIGSTOP\n"
                                         " 0.000010 ├ │     10 a       … 7 more writes to pipe#1, 64 B each\n"
                                         " 1.200000 │ ├     11 a       continued\n"));
}

TEST_CASE("folded messages: each object and direction by itself, in the order of their first") {
  std::string lines;
  for (int i = 0; i < 10; ++i) {
    lines += fmt::format("{}+11 received obj=pipe#2 fd=5 bytes=8 syscall=read\n", 2 * i + 1);
    lines += fmt::format("{}+11 sent obj=pipe#1 fd=4 bytes=8 syscall=write\n", 2 * i + 2);
  }
  lines += "90+11 exited code=0 group=true\n";
  CHECK_THAT(told(lines), test::contains("… 7 more reads of pipe#2, 8 B each\n"
                                         " 0.000020 │ ├     11 a       … 7 more writes to pipe#1, 8 B each\n"
                                         " 0.000090 │ ✖     11 a       exit 0"));
}

TEST_CASE("folded messages: changes of a semaphore, of each kind three lines") {
  std::string lines;
  for (int i = 0; i < 500; ++i) {
    lines += fmt::format("{}+10 sem_changed obj=sysv_sem#1 index=0 delta=-1 value=0 syscall=semop\n", 2 * i + 1);
    lines += fmt::format("{}+10 sem_changed obj=sysv_sem#1 index=0 delta=1 value=1 syscall=semop\n", 2 * i + 2);
  }
  CHECK(told(lines) == R"(
 0.000001 ├ │     10 a       semop sysv_sem#1[0] -1 → 0
 0.000002 ├ │     10 a       semop sysv_sem#1[0] +1 → 1
 0.000003 ├ │     10 a       semop sysv_sem#1[0] -1 → 0
 0.000004 ├ │     10 a       semop sysv_sem#1[0] +1 → 1
 0.000005 ├ │     10 a       semop sysv_sem#1[0] -1 → 0
 0.001000 ├ │     10 a       … 995 more changes of sysv_sem#1
)");
  lines += "1001+10 sem_changed obj=sysv_sem#1 index=0 delta=1 value=1 undone=true\n";
  CHECK_THAT(told(lines), test::contains("SEM_UNDO: sysv_sem#1[0] +1 → 1\n"));
}

TEST_CASE("folded messages: locks, and waits") {
  std::string lines;
  for (int i = 1; i <= 50; ++i) {
    lines += fmt::format("{}+10 lock_taken obj=file#1 kind=flock mode=write fd=3 syscall=flock\n", 10 * i + 1);
    lines += fmt::format("{}+10 lock_released obj=file#1 kind=flock how=unlock fd=3 syscall=flock\n", 10 * i + 2);
    lines += fmt::format("{}+10 futex_woke obj=futex#1 woken=1\n", 10 * i + 3);
    lines += fmt::format("{}+10 blocked syscall=futex obj=futex#1 waits_for= dur=2000000\n", 10 * i + 4);
    lines += fmt::format("{}+10 futex_waited obj=futex#1 dur=2100000\n", 10 * i + 4);
    lines += fmt::format("{}+10 blocked syscall=poll waits_for= dur=2000000\n", 10 * i + 5);
    lines += fmt::format("{}+10 waited syscall=poll objs= ready= result=1 dur=2200000\n", 10 * i + 5);
  }
  const std::string text = told(lines);
  CHECK_THAT(text, test::contains("… 47 more locks of file#1\n"));
  CHECK_THAT(text, test::contains("… 47 more unlocks of file#1\n"));
  CHECK_THAT(text, test::contains("… 47 more wakes of futex#1\n"));
  CHECK_THAT(text, test::contains("… 47 more waits at futex#1, up to 2.1 ms\n"));
  CHECK_THAT(text, test::contains("… 47 more waits by poll, up to 2.2 ms\n"));
  // Three of each of seven, and what the others came to.
  CHECK(std::count(text.begin(), text.end(), '\n') == 1 + 3 * 7 + 5);
}

TEST_CASE("folded messages: waits by several calls are told without one") {
  std::string lines;
  for (int i = 1; i <= 9; ++i)
    lines += fmt::format("{}+10 waited syscall={} objs= ready= timeout_ns=2000000 result=0 dur=2000000\n", i,
                         i % 2 == 0 ? "poll" : "nanosleep");
  CHECK_THAT(told(lines), test::contains("… 6 more waits, up to 2.0 ms\n"));
}

TEST_CASE("folded messages: with -v none are") {
  ViewOptions options;
  options.verbose = true;
  std::string lines;
  for (int i = 1; i <= 50; ++i) lines += wrote(i, 64);
  const std::string text = told(lines, options);
  CHECK(std::count(text.begin(), text.end(), '\n') == 51);
}

TEST_CASE("folded messages: a message that was not asked for is not counted") {
  ViewOptions options;
  options.choice.classes = {"lifecycle"};
  options.choice.calls = {"write"};
  std::string lines;
  for (int i = 1; i <= 9; ++i)
    lines += wrote(2 * i, 64) + fmt::format("{}+10 sent obj=pipe#1 fd=4 bytes=1 syscall=writev\n", 2 * i + 1);
  CHECK_THAT(told(lines, options), test::contains("… 6 more writes to pipe#1, 64 B each\n"));
}

TEST_CASE("folded messages: with --stable it shows neither into how many the bytes were split nor in which order") {
  const std::string once = wrote(1, 120) + read_by_11(2, 120);
  const std::string split = wrote(1, 120) + read_by_11(2, 20) + read_by_11(3, 100);
  const std::string text = view_of("timeline", std::string(two) + once, stable());
  CHECK_THAT(text, test::contains("  read 120 B of p1.pipe#1, from p1\n"));
  CHECK(text == view_of("timeline", std::string(two) + split, stable()));
  const auto of_two = [](std::string_view from) {
    return view_of(
        "timeline",
        fmt::format("{}11 received obj=pipe#1 fd=3 bytes=9 from={} order_unknown=true syscall=read", two, from),
        stable());
  };
  CHECK_THAT(of_two("1:4:10,2:5:11"), test::contains("  read 9 B of p1.pipe#1, from p1 and p1.1\n"));
  CHECK(of_two("1:4:10,2:5:11") == of_two("2:3:11,1:6:10"));
}

TEST_CASE("folded messages: with --stable locks, changes and messages of queues are told one by one, waits are not") {
  const auto text = [](int waits) {
    std::string lines = "10 object obj=pipe#1 kind=pipe\n10 object obj=pipe#2 kind=pipe\n";
    for (int i = 0; i < 4; ++i) lines += "10 sem_changed obj=sysv_sem#1 index=0 delta=-1 value=0 syscall=semop\n";
    for (int i = 0; i < 2; ++i) lines += "10 sent obj=posix_mq#1 fd=3 bytes=1 data=x priority=1 syscall=mq_timedsend\n";
    for (int i = 0; i < waits; ++i) {
      lines += "10 waited syscall=poll objs=pipe#1,pipe#2 ready=pipe#1 result=1 dur=2000000\n";
      lines += "10 received obj=pipe#1 fd=3 bytes=4 data=abcd syscall=read\n";
      lines += "10 waited syscall=poll objs=pipe#1,pipe#2 ready=pipe#2 result=1 dur=2000000\n";
      lines += "10 futex_waited obj=futex#1 dur=2000000\n";
    }
    return view_of("timeline", lines, stable());
  };
  CHECK(text(1) == R"(p1 ?
  semop p1.sysv_sem#1[0] -1 (×4)
  mq_timedsend p1.posix_mq#1 1 B "x", priority 1 (×2)
  poll: p1.pipe#1 and p1.pipe#2 ready
  read 4 B of p1.pipe#1 "abcd"
  futex p1.futex#1 waited
)");
  CHECK_THAT(text(9), test::contains("  poll: p1.pipe#1 and p1.pipe#2 ready\n  read 36 B of p1.pipe#1"));
}

TEST_CASE("folded messages: with --stable the first bytes are the same, however they were split") {
  const std::string text = view_of("timeline",
                                   R"(10 sent obj=pipe#1 fd=4 bytes=3 data=abc syscall=write
                                      10 sent obj=pipe#1 fd=4 bytes=40 data=defghijklmnopqrstuvwxyzABCDEFGHI cut=true
                                      10 sent obj=pipe#1 fd=4 bytes=3 data=xyz syscall=write)",
                                   stable());
  CHECK(text == "p1 ?\n  write 46 B to p1.pipe#1 \"abcdefghijklmnopqrstuvwxyzABCDEF\"…\n");
}

TEST_CASE("folded messages: sums of hostile numbers are none") {
  std::string lines;
  for (int i = 1; i <= 2000; ++i)
    lines += fmt::format("{}+10 sent obj=pipe#1 fd=4 bytes={} syscall=write\n", i, (std::int64_t{1} << 53) - 1 - i);
  CHECK_THAT(told(lines), test::contains("more writes to pipe#1, 8192 PB in all"));
}
