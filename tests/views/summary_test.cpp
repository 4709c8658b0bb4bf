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
