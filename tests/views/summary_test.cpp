// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::stable;
using kintrace::test::view_of;

namespace {

ViewOptions wide(int columns) {
  ViewOptions options;
  options.width = columns;
  return options;
}

constexpr std::string_view run = R"(
      0+10 execed path=/bin/sh argv=/bin/sh,-c,x comm=sh
      1000+10 forked child=11 child_pid=11 how=fork
      1500+11 exec_failed path=/no/ls argv=ls syscall=execve err=ENOENT
      1600+11 execed path=/bin/ls argv=ls comm=ls
      2000+10 forked child=12 child_pid=12 how=fork
      2500+12 forked child=13 child_pid=12 how=thread
      2600+10 signal_sent signal=SIGKILL target=12 syscall=kill
      3000+11 exited code=2 group=true utime_ns=1000000 stime_ns=200000 maxrss=2097152
      6000+10 reaped child=11 code=2 syscall=wait4 zombie_ns=3000000
      7000+13/12 exited signal=SIGKILL
      7000+12 exited signal=SIGKILL group=true
      8000+10 exited code=0 group=true utime_ns=2000000 stime_ns=200000 maxrss=1048576)";

}  // namespace

TEST_CASE("summary: a row for each process, the longest-lived first, what is not known a dash") {
  CHECK(view_of("summary", run) ==
        "  wall     cpu    peak  forked  reaped  left  execs  failed  threads  waits  sent  end      program\n"
        "8.0 ms  2.2 ms  1.0 MB       2       1     1      1       0        0      1     1  exit 0   10 sh -c x\n"
        "5.0 ms       -       -       0       0     0      0       0        1      0     0  SIGKILL  12 sh\n"
        "2.0 ms  1.2 ms  2.0 MB       0       0     0      1       1        0      0     0  exit 2   11 ls\n"
        "total: 3 processes, 1 thread, 0 ns, cpu not known, 1 failed exec, 1 child left unreaped\n");
}

TEST_CASE("summary: columns without anything to tell are left out") {
  CHECK(view_of("summary", R"(
      0+10 execed path=/bin/id argv=id comm=id
      8000+10 exited code=0 group=true utime_ns=2000000 stime_ns=200000 maxrss=1048576)") ==
        "  wall     cpu    peak  end     program\n"
        "8.0 ms  2.2 ms  1.0 MB  exit 0  10 id\n"
        "total: 1 process, 0 ns, cpu 2.2 ms\n");
}

TEST_CASE("summary: processes alike are one row with their sums") {
  std::string lines = "0+10 execed path=/bin/sh argv=sh comm=sh\n";
  for (int i = 0; i < 400; ++i) {
    const int pid = 100 + i;
    lines += fmt::format(
        "{1}+10 forked child={0} child_pid={0} how=fork\n"
        "{2}+{0} exited code=0 group=true utime_ns=1000000 stime_ns=0 maxrss={3}\n"
        "{2}+10 reaped child={0} code=0 syscall=wait4 zombie_ns=0\n",
        pid, i * 1000, i * 1000 + 500, 1048576 + i);
  }
  for (int code = 1; code <= 5; ++code)
    lines += fmt::format("400000+10 forked child={0} child_pid={0} how=fork\n400000+{0} exited code={1} group=true\n",
                         600 + code, code);
  lines += "500000+10 exited code=0 group=true\n";
  CHECK(view_of("summary", lines, wide(80)) ==
        "  wall    cpu   peak forked reaped left waits end      program\n"
        "500 ms      -      -    405    400    5   400 exit 0   10 sh\n"
        "200 ms 400 ms 1.0 MB      0      0    0     0 exit 0   ×400 sh\n"
        "     0      -      -      0      0    0     0 exit ≠ 0 ×5 sh\n"
        "×: processes alike, their sums, the largest peak\n"
        "total: 406 processes, 0 ns, cpu not known, 5 children left unreaped\n");
  ViewOptions all;
  all.verbose = true;
  const std::string unfolded = view_of("summary", lines, all);
  CHECK(std::count(unfolded.begin(), unfolded.end(), '\n') == 408);
}

TEST_CASE("summary: with --stable no times, in tree order") {
  CHECK(view_of("summary", run, stable()) ==
        "forked  reaped  left  execs  failed  threads  waits  sent  end      program\n"
        "     2       1     1      1       0        0      1     1  exit 0   p1 sh -c x\n"
        "     0       0     0      1       1        0      0     0  exit 2   p1.1 ls\n"
        "     0       0     0      0       0        1      0     0  SIGKILL  p1.2 sh\n"
        "total: 3 processes, 1 thread, 1 failed exec, 1 child left unreaped\n");
}

TEST_CASE("summary: it fits the terminal") {
  for (const int width : {80, 100, 200}) {
    const std::string text =
        view_of("summary",
                fmt::format("10 execed path=/bin/sh argv=sh,-c,{0} comm=sh\n10 exited code=0 group=true",
                            std::string(300, 'x')),
                wide(width));
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      CHECK(end - at <= static_cast<std::size_t>(width) + 2);  // … is three bytes
      at = end + 1;
    }
  }
}

TEST_CASE("summary: a recording that was cut, and one that did not look at signals") {
  auto cut = test::read(test::recording_of(run));
  cut.events.resize(6);
  cut.end = std::nullopt;
  const std::string text = view_of("summary", cut);
  CHECK_THAT(text, test::contains("   -    -     -"));
  CHECK_THAT(text, test::contains("the recording is cut off here"));
  auto without = test::read(test::recording_of(run));
  without.header.trace = {"lifecycle"};
  CHECK(view_of("summary", without).find("got") == std::string::npos);
}

TEST_CASE("summary: what went through each object, the most first, is a second table") {
  const std::string_view lines = R"(
      0+10 execed path=/bin/sh argv=sh comm=sh
      0+10 object obj=pipe#1 kind=pipe
      0+10 fd_opened fd=3 obj=pipe#1 end=read how=pipe
      0+10 fd_opened fd=4 obj=pipe#1 end=write how=pipe
      0+10 object obj=fifo#1 kind=fifo path="/tmp/\u001bf"
      0+10 fd_opened fd=5 obj=fifo#1 end=both how=open
      0+10 object obj=pipe#2 kind=pipe
      0+10 fd_opened fd=6 obj=pipe#2 end=read how=pipe
      0+10 forked child=11 child_pid=11 how=fork
      0+11 sent obj=pipe#1 fd=4 bytes=100 syscall=write
      0+10 sent obj=pipe#1 fd=4 bytes=20 syscall=write
      0+10 received obj=pipe#1 fd=3 bytes=120 peeked=true syscall=tee
      0+10 received obj=pipe#1 fd=3 bytes=120 syscall=read
      0+11 received obj=pipe#1 fd=3 eof=true syscall=read
      0+10 sent obj=fifo#1 fd=5 bytes=2048 syscall=write
      0+10 sent obj=fifo#1 fd=5 syscall=write err=EAGAIN
      8000+11 exited code=0 group=true
      8000+10 exited code=0 group=true)";
  CHECK_THAT(view_of("summary", lines),
             test::contains("\n\n"
                            "writes      in  reads    out  writers  readers  object\n"
                            "     1  2.0 kB      0    0 B        1        0  fifo#1 /tmp/\\x1bf\n"
                            "     2   120 B      1  120 B        2        1  pipe#1\n"));
  CHECK_THAT(view_of("summary", lines, stable()),
             test::contains("\n\n"
                            "    in    out  writers  readers  object\n"
                            " 120 B  120 B        2        1  p1.pipe#1\n"
                            "2.0 kB    0 B        1        0  fifo $'/tmp/\\x1bf'\n"));
  ViewOptions all;
  all.verbose = true;
  CHECK_THAT(view_of("summary", lines, all), test::contains("  pipe#2\n"));
}

TEST_CASE("summary: objects alike are one row with their sums") {
  std::string lines = "10 execed path=/bin/sh argv=sh comm=sh\n";
  for (int i = 1; i <= 3000; ++i) {
    lines += fmt::format(
        "10 object obj=pipe#{0} kind=pipe\n"
        "10 fd_opened fd=3 obj=pipe#{0} end=both how=pipe\n"
        "10 sent obj=pipe#{0} fd=3 bytes=10 syscall=write\n"
        "10 received obj=pipe#{0} fd=3 bytes=5 syscall=read\n"
        "10 fd_closed fd=3 obj=pipe#{0} end=both last=true\n",
        i);
  }
  lines +=
      "10 object obj=unix#1 kind=unix\n10 fd_opened fd=3 obj=unix#1 end=both how=socket\n"
      "10 sent obj=unix#1 fd=3 bytes=1 syscall=send\n";
  CHECK_THAT(view_of("summary", lines), test::contains("\n\n"
                                                       "writes     in  reads    out  writers  readers  object\n"
                                                       " 3,000  29 kB  3,000  15 kB    3,000    3,000  ×3,000 pipe\n"
                                                       "     1    1 B      0    0 B        1        0  unix#1\n"
                                                       "×: objects alike, their sums\n"));
}
