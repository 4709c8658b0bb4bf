// SPDX-License-Identifier: MIT
// Facts in words, as the timeline shows them.
#include "views/words.hpp"

#include <sstream>

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::view_of;

namespace {

ViewOptions verbose() {
  ViewOptions options;
  options.verbose = true;
  return options;
}

// 10 sh with its children 11 and 12; then `lines`; the words of the last line.
std::string last_words(std::string_view lines, const ViewOptions& options = verbose()) {
  const std::string text = view_of("timeline", R"(
      10 execed path=/bin/sh argv=sh comm=sh
      10 forked child=11 child_pid=11 how=fork
      11 execed path=/bin/ls argv=ls comm=ls
      10 forked child=12 child_pid=12 how=fork
)" + std::string(lines),
                                   options);
  const std::size_t line = text.rfind('\n', text.size() - 2) + 1;
  const std::size_t name = text.find_first_of("sl", line);  // sh or ls, padded to six columns
  return text.substr(name + 8, text.size() - name - 9);
}

}  // namespace

TEST_CASE("words: births by what is shared") {
  CHECK(last_words("10 forked child=13 child_pid=13 how=fork") == "fork → 13");
  CHECK(last_words("10 forked child=13 child_pid=13 how=vfork") ==
        "vfork → 13, borrows the memory until its exec or end");
  CHECK(last_words("10 forked child=13 child_pid=10 how=thread "
                   "flags=CLONE_VM,CLONE_FS,CLONE_FILES,CLONE_SIGHAND,CLONE_THREAD,CLONE_SYSVSEM") ==
        "thread → 13, shares memory, files, fs, signals");
  CHECK(last_words("10 forked child=13 child_pid=13 how=clone flags=CLONE_VM,CLONE_FILES syscall=clone") ==
        "clone → 13, shares memory, files; no exit signal: only a wait with __WALL or __WCLONE finds it");
  CHECK(last_words("10 forked child=13 child_pid=13 how=clone exit_signal=SIGUSR1 syscall=clone") ==
        "clone → 13; SIGUSR1 at its end: only a wait with __WALL or __WCLONE finds it");
  CHECK(last_words("10 forked child=13 child_pid=13 how=clone flags=CLONE_NEWPID exit_signal=SIGCHLD ns_pid=1 "
                   "syscall=clone") == "clone → 13, in a new pid namespace (1 inside)");
  CHECK(last_words("10 forked child=13 child_pid=13 how=clone flags=CLONE_NEWUSER,CLONE_NEWNS") ==
        "clone → 13, in new mount, user namespaces");
  CHECK(last_words("10 forked child=13 child_pid=13 how=fork ns_pid=5") == "fork → 13 (5 in its pid namespace)");
  CHECK(last_words("11 forked child=13 child_pid=13 how=clone ppid=10") == "clone → 13, whose parent is 10");
  CHECK(last_words("10 forked child=13 child_pid=13 how=clone untraced=true") ==
        "clone → 13; CLONE_UNTRACED: not followed");
}

TEST_CASE("words: what a vfork borrows is said of the first in a row") {
  const std::string text = view_of("timeline", R"(
      10 forked child=11 child_pid=11 how=vfork
      10 forked child=12 child_pid=12 how=vfork
      10 forked child=13 child_pid=13 how=fork
      10 forked child=14 child_pid=14 how=vfork)");
  CHECK_THAT(text, test::contains("vfork → 11, borrows"));
  CHECK_THAT(text, test::contains("vfork → 12\n"));
  CHECK_THAT(text, test::contains("vfork → 14, borrows"));
}

TEST_CASE("words: what threads share is said of the first, unless it differs") {
  const std::string_view lines = R"(
      10 forked child=13 child_pid=10 how=thread flags=CLONE_VM,CLONE_FILES
      10 forked child=14 child_pid=10 how=thread flags=CLONE_VM,CLONE_FILES
      10 forked child=15 child_pid=10 how=thread flags=CLONE_VM)";
  const std::string text = view_of("timeline", lines);
  CHECK_THAT(text, test::contains("thread → 13, shares memory, files\n"));
  CHECK_THAT(text, test::contains("thread → 14\n"));
  CHECK_THAT(text, test::contains("thread → 15, shares memory\n"));
  CHECK_THAT(view_of("timeline", lines, verbose()), test::contains("thread → 14, shares memory, files\n"));
}

TEST_CASE("words: a death as the kernel does it") {
  CHECK(last_words("11 exited code=0 group=true") == "exit 0; memory released; SIGCHLD → 10");
  CHECK(last_words("10 exited signal=SIGSEGV core=true group=true") ==
        "killed by SIGSEGV (core dumped); memory released; leaves children 11, 12");
  CHECK(last_words("10 exited code=1 group=true children_to=1") == "exit 1; memory released; children 11, 12 → init");
  CHECK(last_words("12 exited code=0 group=true\n10 exited code=1 group=true children_to=1") ==
        "exit 1; memory released; child 11 → init; zombie 12 → init");
  CHECK(last_words("12 exited code=0 group=true\n11 exited code=0 group=true\n10 exited code=1 group=true") ==
        "exit 1; memory released; zombies 11, 12 never reaped");
  CHECK(last_words("11 forked child=13 child_pid=13 how=fork\n11 exited code=0 group=true children_to=10") ==
        "exit 0; memory released; child 13 → subreaper 10 sh; SIGCHLD → 10");
  CHECK(last_words("11 forked child=13 child_pid=13 how=clone flags=CLONE_VM exit_signal=SIGUSR1\n"
                   "11 exited code=0 group=true children_to=99") ==
        "exit 0; memory still shared with 13; child 13 → 99; SIGCHLD → 10");
  std::string many;
  for (const char* pid : {"13", "14", "15"})
    many += std::string("10 forked child=") + pid + " child_pid=" + pid + " how=fork\n";
  CHECK(last_words(many + "10 exited code=0 group=true children_to=1") == "exit 0; memory released; 5 children → init");
}

TEST_CASE("words: the end of a namespace's init ends all in it") {
  CHECK(last_words("11 exited signal=SIGKILL by=namespace_init group=true") ==
        "killed by SIGKILL, as the init of its pid namespace ended; memory released; SIGCHLD → 10");
}

TEST_CASE("words: threads end, and the first of them before the others") {
  const std::string threads =
      "11 forked child=13 child_pid=11 how=thread\n11 forked child=14 child_pid=11 how=thread\n";
  const std::string text = view_of("timeline", threads + "11 exited code=0\n13/11 exited code=0\n", verbose());
  CHECK_THAT(text, test::contains("the first thread has ended; 2 threads live on\n"));
  CHECK_THAT(text, test::contains("thread ended\n"));
  CHECK_THAT(view_of("timeline", threads + "11 exited code=0\n", test::stable()),
             test::contains("the first thread has ended; others live on\n"));
}

TEST_CASE("words: reaping and waiting") {
  CHECK(last_words("10 reaped child=11 code=0 syscall=wait4 zombie_ns=50000 dur=2100000000") ==
        "wait4 reaped 11 (exit 0), waited 2.1 s");
  CHECK(last_words("10 reaped child=11 code=1 auto=true") ==
        "11 (exit 1) reaped by the kernel (SIGCHLD is ignored, or SA_NOCLDWAIT set)");
  CHECK(last_words("10 wait_failed syscall=waitid unfinished=true") == "waitid never returned");
  CHECK(last_words("10 blocked syscall=wait4 waits_for=11,12") == "wait4 waits for 11 ls or 12 sh");
  CHECK(last_words("10 blocked syscall=wait4 waits_for=11,12,13,14") == "wait4 waits for any of 4 children");
  CHECK(last_words("10 blocked syscall=pause waits_for=") == "pause waits");
  CHECK(view_of("timeline", "10 blocked syscall=wait4 waits_for=11", test::stable()).empty());
}

TEST_CASE("words: the ECHILD that ends a loop of waits is detail") {
  const std::string_view lines = R"(
      10 forked child=11 child_pid=11 how=fork
      10 reaped child=11 code=0 syscall=wait4
      10 wait_failed syscall=wait4 err=ECHILD)";
  CHECK(view_of("timeline", lines).find("ECHILD") == std::string::npos);
  CHECK_THAT(view_of("timeline", lines, verbose()), test::contains("wait4 failed: ECHILD (No child processes)\n"));
  CHECK_THAT(view_of("timeline", "10 wait_failed syscall=wait4 err=ECHILD"), test::contains("wait4 failed: ECHILD"));
  ViewOptions failed;
  failed.choice.outcomes = {Outcome::failed};
  CHECK_THAT(view_of("timeline", lines, failed), test::contains("wait4 failed: ECHILD"));
}

TEST_CASE("words: adoption is told by the dead parent's line or by the orphan's own") {
  const std::string orphan = "11 forked child=13 child_pid=13 how=fork\n";
  CHECK(last_words(orphan + "11 exited code=0 group=true\n13 reparented from=11 to=1", {}) ==
        "its parent 11 has ended: adopted by init");
  CHECK(last_words(orphan + "11 exited code=0 group=true children_to=1\n13 reparented from=11 to=1", {}) ==
        "exit 0; memory released; child 13 → init; SIGCHLD → 10");
  CHECK_THAT(view_of("timeline",
                     "10 forked child=11 child_pid=11 how=fork\n10 exited code=0 group=true children_to=1\n"
                     "11 reparented from=10 to=1\n",
                     test::stable()),
             test::contains("its parent p1 has ended: adopted by an outsider\n"));
  CHECK(last_words(orphan + "11 exited code=0 group=true children_to=1\n13 reparented from=11 to=1\n"
                            "13 exited code=0 group=true") == "exit 0; memory released; SIGCHLD → init");
}

TEST_CASE("words: groups, sessions, terminals, attributes") {
  CHECK(last_words("11 group_changed pgid=11 sid=11 syscall=setsid") == "new session 11 (setsid)");
  CHECK(last_words("11 group_changed pgid=11 syscall=setpgid") == "process group 11 is its own now");
  CHECK(last_words("11 group_changed pgid=10 by=10 syscall=setpgid") ==
        "is in process group 10 now, put there by 10 sh");
  CHECK(last_words("10 foreground pgid=11 tty=/dev/pts/3") == "/dev/pts/3: process group 11 is in the foreground");
  CHECK(last_words("10 set what=subreaper value=1") ==
        "is a subreaper now: orphans among its descendants become its children");
  CHECK(last_words("10 set what=pdeathsig value=SIGKILL") == "wants SIGKILL when its parent ends");
  CHECK(last_words("10 set what=arch value=i386") ==
        "makes i386 calls: not decoded; births, execs and ends are followed all the same");
  CHECK(last_words("10 set what=privileges value=root") ==
        "set-user-ID is ignored: kintrace has not the privilege (run it as root)");
  CHECK(last_words("10 set what=cwd value=/tmp") == "cwd → /tmp");
  CHECK(last_words("10 set what=uid value=1000") == "uid → 1000");
  CHECK(last_words("10 set what=namespace value=CLONE_NEWNS") == "is in another mount namespace now");
  CHECK(last_words("10 set what=namespace value=CLONE_NEWPID") == "its children will be in another pid namespace");
  CHECK(last_words("10 set what=unshared value=CLONE_FILES") == "shares no longer: files");
  CHECK(last_words("11 detached why=-b") == "followed no longer (-b): it lives on");
  CHECK(view_of("timeline", "10 set what=cwd value=/tmp\n10 set what=name value=x\n").empty());
}

TEST_CASE("words: failures and odd execs") {
  CHECK(last_words("10 failed syscall=clone err=EAGAIN") == "clone failed: EAGAIN (Resource temporarily unavailable)");
  CHECK(last_words("10 exec_failed path=nosuch argv=nosuch err=ENOENT syscall=execve") ==
        "exec nosuch failed: ENOENT (No such file or directory)");
  CHECK(last_words("11 execed path=/bin/x argv=login comm=ls") == "exec /bin/x (as login)");
}
