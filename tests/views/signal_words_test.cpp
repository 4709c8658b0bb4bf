// SPDX-License-Identifier: MIT
// Signals in words, as the timeline shows them.
#include "views/signal_words.hpp"

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::view_of;

namespace {

// 10 sh with its child 11 ls and its thread 12; then `line`; its words.
std::string words_of(std::string_view line) {
  ViewOptions options;
  options.verbose = true;
  const std::string text = view_of("timeline", R"(
      10 execed path=/bin/sh argv=sh comm=sh
      10 forked child=11 child_pid=11 how=fork
      11 execed path=/bin/ls argv=ls comm=ls
      10 forked child=12 child_pid=10 how=thread
)" + std::string(line),
                                   options);
  const std::size_t begin = text.rfind('\n', text.size() - 2) + 1;
  const std::size_t name = text.find_first_of("sl", begin);  // sh or ls, padded to six columns
  return text.substr(name + 8, text.size() - name - 9);
}

}  // namespace

TEST_CASE("signal words: who is sent what") {
  CHECK(words_of("10 signal_sent signal=SIGTERM target=11 syscall=kill") == "kill SIGTERM → 11 ls");
  CHECK(words_of("10 signal_sent signal=SIGTERM target=10 syscall=kill") == "kill SIGTERM → itself");
  CHECK(words_of("10 signal_sent signal=SIGTERM target=0 syscall=kill") == "kill SIGTERM → its own process group");
  CHECK(words_of("10 signal_sent signal=SIGTERM target=-1 syscall=kill") == "kill SIGTERM → everyone it may");
  CHECK(words_of("10 signal_sent signal=SIGTERM target=-11 syscall=kill") == "kill SIGTERM → process group 11 ls");
  CHECK(words_of("10 signal_sent signal=SIGABRT target=10 syscall=tgkill") == "tgkill SIGABRT → itself");
  CHECK(words_of("10 signal_sent signal=SIGUSR1 target=12 syscall=tgkill") == "tgkill SIGUSR1 → its thread 12");
  CHECK(words_of("11 signal_sent signal=SIGUSR1 target=12 syscall=tkill") == "tkill SIGUSR1 → 10/12");
  CHECK(words_of("10 signal_sent signal=SIGTERM target=99 syscall=kill err=ESRCH") ==
        "kill SIGTERM → 99 failed: ESRCH (No such process)");
  CHECK(words_of("10 signal_sent signal=SIGUSR1 target=11 syscall=kill fate=pending") ==
        "kill SIGUSR1 → 11 ls, which blocks it: pending");
  CHECK(words_of("10 signal_sent signal=SIGUSR1 target=11 syscall=kill fate=coalesced") ==
        "kill SIGUSR1 → 11 ls: one is pending already, this one is lost");
  CHECK(words_of("10 signal_sent target=11 syscall=kill") == "kill asks whether 11 ls is there: yes");
  CHECK(words_of("10 signal_sent target=99 syscall=kill err=ESRCH") == "kill asks whether 99 is there: no (ESRCH)");
}

TEST_CASE("signal words: from whom, what it does, and to which call") {
  const auto delivered = [](const std::string& fields) { return words_of("11 signal_delivered " + fields); };
  CHECK(delivered("signal=SIGTERM from=10 code=SI_USER disposition=handler interrupts=read err=EINTR") ==
        "SIGTERM from 10 sh: handler; read fails with EINTR");
  CHECK(delivered("signal=SIGTERM from=10 code=SI_USER disposition=handler interrupts=read") ==
        "SIGTERM from 10 sh: handler; read goes on");
  CHECK(delivered("signal=SIGTERM from=10 code=SI_USER disposition=default") ==
        "SIGTERM from 10 sh: default action (ends)");
  CHECK(delivered("signal=SIGTERM from=10 code=SI_USER disposition=default interrupts=read") ==
        "SIGTERM from 10 sh: default action (ends)");
  CHECK(delivered("signal=SIGUSR1 from=11 code=SI_TKILL disposition=ignored") == "SIGUSR1 from itself: ignored");
  CHECK(delivered("signal=SIGCHLD from=12 code=CLD_EXITED disposition=handler") == "SIGCHLD: child 12 exited; handler");
  CHECK(delivered("signal=SIGALRM code=SI_KERNEL disposition=handler") == "SIGALRM from its timer: handler");
  CHECK(delivered("signal=SIGRTMIN+1 code=SI_TIMER disposition=handler") == "SIGRTMIN+1 from its timer: handler");
  CHECK(delivered("signal=SIGINT code=SI_KERNEL disposition=default") ==
        "SIGINT from the terminal: default action (ends)");
  CHECK(delivered("signal=SIGHUP code=SI_KERNEL disposition=handler") == "SIGHUP from the kernel or terminal: handler");
  CHECK(delivered("signal=SIGSEGV code=SEGV_MAPERR disposition=default") ==
        "SIGSEGV, its own fault: no memory is mapped there; default action (ends, dumps core)");
  CHECK(delivered("signal=SIGSTOP from=10 code=SI_USER disposition=default interrupts=epoll_wait repaired=true") ==
        "SIGSTOP from 10 sh: default action (stops); epoll_wait goes on (it would fail only because it is traced)");
}

TEST_CASE("signal words: numbers of another pid namespace are not taken for ours") {
  CHECK(words_of("10 forked child=13 child_pid=13 how=fork ns_pid=5\n"
                 "13 signal_sent signal=SIGTERM target=11 inner=true syscall=kill") ==
        "kill SIGTERM → 11 of its pid namespace");
}

TEST_CASE("signal words: what is mostly noise is detail") {
  for (const char* line : {"10 signal_delivered signal=SIGCHLD from=11 code=CLD_EXITED disposition=ignored",
                           "10 signal_delivered signal=SIGURG code=SI_KERNEL disposition=ignored",
                           "10 disposition signal=SIGINT to=handler flags=SA_RESTART", "10 mask blocked=SIGINT"}) {
    CHECK(view_of("timeline", line).empty());
  }
  CHECK(words_of("10 disposition signal=SIGINT to=handler flags=SA_RESTART") ==
        "SIGINT has a handler from now on (SA_RESTART)");
  CHECK(words_of("10 disposition signal=SIGPIPE to=ignored flags=") == "SIGPIPE is ignored from now on");
  CHECK(words_of("10 mask blocked=SIGINT,SIGTERM") == "blocks SIGINT, SIGTERM");
  CHECK(words_of("10 mask blocked=") == "blocks no signal");
}

TEST_CASE("signal words: with --stable not when a child's end is heard") {
  CHECK(view_of("timeline", "10 signal_delivered signal=SIGCHLD from=11 code=CLD_EXITED disposition=handler",
                test::stable())
            .empty());
}

TEST_CASE("signal words: timers") {
  CHECK(words_of("10 timer kind=alarm first_ns=2000000000 every_ns=0") == "alarm in 2 s");
  CHECK(words_of("10 timer kind=ITIMER_REAL first_ns=10000000 every_ns=10000000") == "ITIMER_REAL every 10 ms");
  CHECK(words_of("10 timer kind=ITIMER_REAL first_ns=1500000000 every_ns=10000000") ==
        "ITIMER_REAL in 1.5 s, then every 10 ms");
  CHECK(words_of("10 timer kind=alarm first_ns=0 every_ns=0") == "alarm disarmed");
}

TEST_CASE("signal words: who stopped it") {
  const std::string_view lines = R"(
      10 execed path=/bin/sh argv=sh comm=sh
      10 forked child=11 child_pid=11 how=fork
      11 signal_delivered signal=SIGSTOP from=10 code=SI_USER disposition=default
      11 stopped signal=SIGSTOP
      11 continued
      11 stopped signal=SIGTSTP
      11 signal_delivered signal=SIGTSTP from=11 code=SI_TKILL disposition=default
      11 stopped signal=SIGTSTP)";
  const std::string text = view_of("timeline", lines);
  CHECK_THAT(text, test::contains("stopped by SIGSTOP from 10 sh\n"));
  CHECK_THAT(text, test::contains("stopped by SIGTSTP\n"));
  CHECK_THAT(text, test::contains("stopped by SIGTSTP, which it sent itself\n"));
}
