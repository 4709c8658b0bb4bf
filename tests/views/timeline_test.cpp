// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::stable;
using kintrace::test::view_of;

namespace {

constexpr std::string_view pipeline = R"(
    0+10 seen how=launched ppid=1 comm=sh argv=sh,-c,ls
    0+10 execed path=/bin/sh argv=sh,-c,ls|wc comm=sh
    100+10 forked child=11 child_pid=11 how=fork
    200+11 execed path=/usr/bin/ls argv=ls comm=ls
    300+11 exited code=0 group=true
    490+10 reaped child=11 code=0 syscall=wait4 zombie_ns=190000
    500+10 exited code=3 group=true)";

}  // namespace

TEST_CASE("timeline: one line an event, with time, task and words") {
  CHECK(view_of("timeline", pipeline) ==
        "   0.000000 10 sh      exec /bin/sh -c 'ls|wc'\n"
        "   0.000100 10 sh      fork → 11\n"
        "   0.000200 11 ls      exec /usr/bin/ls\n"
        "   0.000300 11 ls      exit 0\n"
        "   0.000490 10 sh      wait4 reaped 11 (exit 0) after 190 µs as a zombie\n"
        "   0.000500 10 sh      exit 3\n");
}

TEST_CASE("timeline: with --stable one section a task and nothing that chance decides") {
  CHECK(view_of("timeline", pipeline, stable()) ==
        "p1 sh\n"
        "  exec /bin/sh -c 'ls|wc'\n"
        "  fork → p1.1\n"
        "  wait4 reaped p1.1 (exit 0)\n"
        "  exit 3\n"
        "p1.1 ls\n"
        "  exec /usr/bin/ls\n"
        "  exit 0\n");
}

TEST_CASE("timeline: with --stable equal neighbours fold") {
  CHECK(view_of("timeline", R"(
            10 execed path=/bin/x argv=x comm=x
            10 wait_failed syscall=wait4 err=ECHILD
            10 wait_failed syscall=wait4 err=ECHILD
            10 wait_failed syscall=wait4 err=ECHILD)",
                stable()) ==
        "p1 x\n"
        "  exec /bin/x\n"
        "  wait4 failed: ECHILD (No child processes) (×3)\n");
}

TEST_CASE("timeline: every clock") {
  const auto with = [](Clock clock) {
    ViewOptions options;
    options.clock = clock;
    return view_of("timeline", "0+10 execed path=/bin/x argv=x comm=x\n1500+10 exited code=0 group=true\n", options);
  };
  CHECK_THAT(with(Clock::delta), test::contains("   0.001500 10 x"));
  CHECK_THAT(with(Clock::epoch_us), test::contains("1000000000.001500 10 x"));
  CHECK_THAT(with(Clock::of_day_us), test::contains(":40.001500 10 x"));
  CHECK_THAT(with(Clock::of_day), test::contains(":40 10 x"));
}

TEST_CASE("timeline: threads show their group, columns widen as they must") {
  CHECK(view_of("timeline", R"(
            0+10 execed path=/bin/x argv=x comm=x
            1+10 forked child=11 child_pid=10 how=thread
            2+11/10 exited code=0)") ==
        "   0.000000 10 x       exec /bin/x\n"
        "   0.000001 10 x       thread → 10/11\n"
        "   0.000002 10/11 x       thread ended\n");
}

TEST_CASE("timeline: a wait that really waited says how long") {
  CHECK_THAT(view_of("timeline", R"(
            0+10 execed path=/bin/x argv=x comm=x
            1+10 reaped child=11 code=0 syscall=wait4 zombie_ns=50000 dur=2100000000)"),
             test::contains("wait4 reaped 11 (exit 0), waited 2.1 s"));
}

TEST_CASE("timeline: deaths, failures and odd births in words") {
  const std::string text = view_of("timeline", R"(
      10 execed path=/bin/x argv=login comm=x
      10 forked child=11 child_pid=11 how=clone flags=CLONE_VM,CLONE_FILES,CLONE_NEWPID
      11 forked child=12 child_pid=12 how=clone ppid=10
      11 exited signal=SIGSEGV core=true group=true
      12 reparented from=11 to=1
      10 exec_failed path=nosuch argv=nosuch err=ENOENT syscall=execve
      10 failed syscall=clone err=EAGAIN
      10 wait_failed syscall=waitid unfinished=true
      12 stopped signal=SIGTSTP
      12 continued
      10 reaped child=12 code=1 auto=true)");
  CHECK_THAT(text, test::contains("exec /bin/x (as login)\n"));
  CHECK_THAT(text, test::contains("clone → 11, shares memory, descriptors, in a new pid namespace\n"));
  CHECK_THAT(text, test::contains("clone → 12, whose parent is 10\n"));
  CHECK_THAT(text, test::contains("killed by SIGSEGV (core dumped)\n"));
  CHECK_THAT(text, test::contains("its parent 11 has ended: adopted by init\n"));
  CHECK_THAT(text, test::contains("exec nosuch failed: ENOENT (No such file or directory)\n"));
  CHECK_THAT(text, test::contains("clone failed: EAGAIN (Resource temporarily unavailable)\n"));
  CHECK_THAT(text, test::contains("waitid never returned\n"));
  CHECK_THAT(text, test::contains("stopped by SIGTSTP\n"));
  CHECK_THAT(text, test::contains("continued\n"));
  CHECK_THAT(text, test::contains("12 (exit 1) reaped by the kernel (SIGCHLD is ignored, or SA_NOCLDWAIT set)\n"));
}

TEST_CASE("timeline: no control byte of a tracee reaches the terminal") {
  const std::string run =
      "{\"kintrace\":1,\"version\":\"\\u001b[2J\"}\n"
      "{\"ev\":\"execed\",\"seq\":1,\"t\":0,\"pid\":1,\"tid\":1,\"path\":\"/"
      "\\u001b]0;x\\u0007\",\"argv\":[\"\\u009b31m\",\"a\\nb\\\\xff\"],"
      "\"comm\":\"\\r\\u001b[A\"}\n"
      "{\"ev\":\"failed\",\"seq\":2,\"t\":0,\"pid\":1,\"tid\":1,\"syscall\":\"\\u001b[31m\",\"err\":\"EAGAIN\"}\n";
  for (const char* view : {"timeline", "tree", "findings"}) {
    for (const bool stable : {false, true}) {
      ViewOptions options;
      options.stable = stable;
      for (const char c : view_of(view, test::read(run), options)) {
        CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
      }
    }
  }
}

TEST_CASE("timeline: on a terminal long lines wrap under their own column") {
  ViewOptions options;
  options.width = 60;
  CHECK(view_of("timeline",
                "0+10 execed path=/bin/echo argv=echo,one,two,three,four,five,six,seven,eight,nine,ten comm=echo\n",
                options) ==
        "   0.000000 10 echo    exec /bin/echo one two three four\n"
        "                       five six seven eight nine ten\n");
}
