// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::stable;
using kintrace::test::view_of;

TEST_CASE("tree: processes, their fate and figures") {
  CHECK(view_of("tree", R"(
      0+10 execed path=/bin/sh argv=/bin/sh,-c,x comm=sh
      1000+10 forked child=11 child_pid=11 how=fork
      1500+11 execed path=/bin/ls argv=ls comm=ls
      2000+10 forked child=12 child_pid=12 how=fork
      3000+11 exited code=2 group=true utime_ns=1000000 stime_ns=200000 maxrss=2097152
      6000+10 reaped child=11 code=2 syscall=wait4 zombie_ns=3000000
      7000+12 exited signal=SIGKILL group=true
      8000+10 exited code=0 group=true)") ==
        "10 sh -c x         exit 0, 8.0 ms\n"
        "├─ 11 ls           exit 2, 2.0 ms, cpu 1.2 ms, peak 2.0 MB, reaped by 10 after 3.0 ms\n"
        "└─ 12 sh (forked)  killed by SIGKILL, 5.0 ms, never reaped by 10\n");
}

TEST_CASE("tree: with --stable no figures") {
  CHECK(view_of("tree", R"(
      10 execed path=/bin/sh argv=sh comm=sh
      10 forked child=11 child_pid=11 how=fork
      11 forked child=12 child_pid=12 how=fork
      11 exited code=0 group=true utime_ns=1000000 stime_ns=200000 maxrss=2097152
      12 reparented from=11 to=1
      10 reaped child=11 code=0 syscall=wait4 zombie_ns=3000000
      12 exited code=0 group=true
      10 exited code=0 group=true)",
                stable()) ==
        "p1 sh                     exit 0\n"
        "└─ p1.1 sh (forked)       exit 0, reaped by p1\n"
        "   └─ p1.1.1 sh (forked)  exit 0, adopted by an outsider\n");
}

TEST_CASE("tree: neighbours alike fold, threads and processes") {
  std::string lines = "10 execed path=/bin/sh argv=sh comm=sh\n";
  for (int i = 0; i < 1500; ++i) {
    const int tid = 100 + i;
    lines += fmt::format("10 forked child={0} child_pid=10 how=thread\n{0}/10 exited code=0\n", tid);
  }
  for (int i = 0; i < 10; ++i) {
    const int pid = 2000 + i;
    lines += fmt::format("10 forked child={0} child_pid={0} how=fork\n{0} exited code={1} group=true\n", pid,
                         i == 9 ? 1 : 0);
  }
  CHECK(view_of("tree", lines + "10 exited code=0 group=true\n", stable()) ==
        "p1 sh                              exit 0\n"
        "│  · thread t2 sh                  exit 0\n"
        "│  · … 1,499 more threads like it  exit 0\n"
        "├─ p1.1 sh (forked)                exit 0, never reaped by p1\n"
        "├─ … 8 more like it                exit 0\n"
        "└─ p1.10 sh (forked)               exit 1, never reaped by p1\n");
}

TEST_CASE("tree: a chain of a thousand forks stays readable") {
  std::string lines = "10 execed path=/bin/sh argv=sh comm=sh\n";
  for (int pid = 11; pid < 1011; ++pid)
    lines += fmt::format("{} forked child={} child_pid={} how=fork\n", pid - 1, pid, pid);
  const std::string text = view_of("tree", lines);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1001);
  CHECK(text.size() < 200'000);
  CHECK_THAT(text, test::contains("⋮ 1000 deep 1010 sh (forked)"));
}

TEST_CASE("tree: what a recording does not tell is not claimed") {
  test::Run run = test::read(test::recording_of("10 execed path=/bin/sh argv=sh comm=sh\n"));
  CHECK_THAT(view_of("tree", run), test::contains("its end was not seen"));
  run.end->why = "interrupted";
  CHECK_THAT(view_of("tree", run), test::contains("still running"));
  run.end.reset();  // cut: it may have ended since
  CHECK_THAT(view_of("tree", run), test::contains("its end was not seen"));
}

TEST_CASE("tree: what tasks share, and what they are to each other") {
  CHECK(view_of("tree", R"(
      10 execed path=/bin/x argv=x comm=x
      10 set what=subreaper value=1
      10 forked child=20 child_pid=10 how=thread flags=CLONE_VM,CLONE_FILES,CLONE_THREAD,CLONE_SYSVSEM
      10 forked child=21 child_pid=10 how=thread flags=CLONE_VM,CLONE_FILES,CLONE_THREAD,CLONE_SYSVSEM
      10 forked child=11 child_pid=11 how=clone flags=CLONE_VM,CLONE_FS
      10 forked child=12 child_pid=12 how=clone flags=CLONE_NEWPID ns_pid=1
      10 forked child=13 child_pid=13 how=clone untraced=true
      10 forked child=14 child_pid=14 how=fork
      14 detached why=-b_execve
      10 forked child=15 child_pid=15 how=clone flags=CLONE_VM
      15 execed path=/bin/y argv=y comm=y
      11 exited code=0 group=true
      10 reaped child=13 code=0 syscall=wait4)",
                stable()) ==
        "p1 x                its end was not seen, subreaper\n"
        "│  · thread t2 x    its end was not seen, shares memory, files\n"
        "│  · thread t3 x    its end was not seen\n"
        "├─ p1.1 x (forked)  exit 0, shares memory, fs with p1, never reaped by p1\n"
        "├─ p1.2 x (forked)  its end was not seen, 1 in its pid namespace\n"
        "├─ p1.3 x (forked)  not followed (CLONE_UNTRACED), reaped by p1\n"
        "├─ p1.4 x (forked)  followed until its exec (-b_execve)\n"
        "└─ p1.5 y           its end was not seen\n");
}

TEST_CASE("tree: with -v nothing folds, and groups and sessions are told") {
  std::string lines = "10 seen how=launched ppid=1 comm=sh argv=sh pgid=10 sid=9\n";
  for (int pid = 11; pid < 17; ++pid) lines += fmt::format("10 forked child={0} child_pid={0} how=fork\n", pid);
  ViewOptions options;
  options.verbose = true;
  const std::string text = view_of("tree", lines + "11 group_changed pgid=11 syscall=setpgid\n", options);
  CHECK(std::count(text.begin(), text.end(), '\n') == 7);
  CHECK_THAT(text, test::contains("11 sh (forked)  its end was not seen, group 11, session 9\n"));
  CHECK_THAT(text, test::contains("16 sh (forked)  its end was not seen, group 10, session 9\n"));
}

TEST_CASE("tree: on a narrow terminal what is usual does not take a line of its own") {
  ViewOptions options;
  options.width = 60;
  CHECK(view_of("tree", R"(
      0+10 execed path=/bin/sh argv=sh comm=sh
      1000+10 forked child=11 child_pid=11 how=fork
      1000+10 forked child=12 child_pid=12 how=fork
      3000+11 exited code=0 group=true utime_ns=1000000 stime_ns=200000 maxrss=2097152
      3000+12 exited code=0 group=true
      3000+10 reaped child=11 code=0 syscall=wait4
      3000+10 reaped child=12 code=0 syscall=wait4
      8000+10 exited code=0 group=true)",
                options) ==
        "10 sh              exit 0, 8.0 ms\n"
        "├─ 11 sh (forked)  exit 0, 2.0 ms, cpu 1.2 ms, peak 2.0 MB\n"
        "└─ 12 sh (forked)  exit 0, 2.0 ms, reaped by 10\n");
}
