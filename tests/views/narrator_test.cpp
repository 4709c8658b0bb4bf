// SPDX-License-Identifier: MIT
// Searches through PATH, told with their result.
#include "views/narrator.hpp"

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::view_of;

namespace {

constexpr std::string_view misses = R"(
    10 execed path=/bin/env argv=env comm=env
    10 forked child=11 child_pid=11 how=fork
    10 exec_failed path=/a/ls argv=ls,-l syscall=execve err=ENOENT
    10 exec_failed path=/b/ls argv=ls,-l syscall=execve err=EACCES
    11 stopped signal=SIGSTOP
    10 exec_failed path=/c/ls argv=ls,-l syscall=execve err=ENOENT
)";

}  // namespace

TEST_CASE("narrator: a search through PATH is its result") {
  CHECK(view_of("timeline", std::string(misses) + "10 execed path=/d/ls argv=ls,-l comm=ls") ==
        " 0.000000 ●       10 env     exec /bin/env\n"
        " 0.001000 ├─╮     10 env     fork → 11\n"
        " 0.004000 │ ├     11 env     stopped by SIGSTOP\n"
        " 0.006000 ● │     10 ls      exec /d/ls -l (4th directory of PATH)\n");
}

TEST_CASE("narrator: a search that finds nothing is told before what comes next") {
  const std::string_view told =
      " 0.000000 ●       10 env     exec /bin/env\n"
      " 0.001000 ├─╮     10 env     fork → 11\n"
      " 0.004000 │ ├     11 env     stopped by SIGSTOP\n"
      " 0.005000 ├ │     10 env     exec ls -l failed in 3 directories of PATH: ENOENT, EACCES\n";
  CHECK(view_of("timeline", misses) == told);
  CHECK(view_of("timeline", std::string(misses) + "10 exited code=127 group=true") ==
        std::string(told) + " 0.006000 ✖ │     10 env     exit 127; memory released; leaves child 11\n");
  CHECK(view_of("timeline", std::string(misses) + "10 execed path=/d/other argv=other comm=other") ==
        std::string(told) + " 0.006000 ● │     10 other   exec /d/other\n");
}

TEST_CASE("narrator: what a thread searched for in vain is told though it has the leader's number now") {
  CHECK(view_of("timeline", R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=10 how=thread
      11/10 exec_failed path=/a/ls argv=ls syscall=execve err=ENOENT
      11/10 exec_failed path=/b/ls argv=ls syscall=execve err=ENOENT
      10 exited code=0 by=superseded
      10 execed path=/d/other argv=other comm=other from_tid=11)") ==
        " 0.000000 ●       10 x       exec /bin/x\n"
        " 0.001000 ├─╮     10 x       thread → 11\n"
        " 0.004000 ✖ │     10 x       ended: another thread's exec has taken its place\n"
        " 0.003000   ├     10 x       exec ls failed in 2 directories of PATH: ENOENT (No such file or directory)\n"
        " 0.005000   ●     10 other   exec /d/other, from thread 11, which is 10 from now on\n");
}

TEST_CASE("narrator: what is no search is told as it is") {
  const std::string text = view_of("timeline", R"(
      10 execed path=/bin/env argv=env comm=env
      10 exec_failed path=./ls argv=ls syscall=execve err=ENOENT
      10 exec_failed path=/a/ls argv=ls syscall=execve err=ENOEXEC
      10 exec_failed path=/a/x argv=x syscall=execve err=ENOENT
      10 exec_failed path=/a/x argv=x syscall=execve err=ENOENT
      10 exec_failed path=/a/y argv=y syscall=execve err=ENOENT)");
  CHECK_THAT(text, test::contains("exec ./ls failed: ENOENT (No such file or directory)\n"));
  CHECK_THAT(text, test::contains("exec /a/ls failed: ENOEXEC (Exec format error)\n"));
  CHECK_THAT(text,
             test::contains(" 0.003000 ├       10 env     exec /a/x failed: ENOENT (No such file or directory)\n"
                            " 0.004000 ├       10 env     exec /a/x failed: ENOENT (No such file or directory)\n"));
  CHECK_THAT(text, test::contains("exec /a/y failed: ENOENT (No such file or directory)\n"));
}

TEST_CASE("narrator: with -v every miss is told at once") {
  ViewOptions options;
  options.verbose = true;
  const std::string text =
      view_of("timeline", std::string(misses) + "10 execed path=/d/ls argv=ls,-l comm=ls", options);
  CHECK_THAT(text, test::contains("exec /b/ls -l failed: EACCES (Permission denied)\n"));
  CHECK_THAT(text, test::contains("exec /d/ls -l\n"));
}

TEST_CASE("narrator: a wait is told as of its begin, but not before what was told meanwhile") {
  const std::string text = view_of("timeline", R"(
      0+10 execed path=/bin/sh argv=sh comm=sh
      100+10 forked child=11 child_pid=11 how=fork
      150+10 blocked syscall=wait4 waits_for=11 dur=60000
      300+11 stopped signal=SIGSTOP
      290+10 blocked syscall=wait4 waits_for=11 dur=60000)");
  CHECK_THAT(text, test::contains(" 0.000150 ├ │     10 sh      wait4 waits for 11 sh\n"));
  CHECK_THAT(text, test::contains(" 0.000300 ├ │     10 sh      wait4 waits for 11 sh\n"));
}
