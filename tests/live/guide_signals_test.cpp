// SPDX-License-Identifier: MIT
// What the kernel does about signals, stops and calls that they interrupt: see guide_births_test.cpp.
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/same.hpp"
#include "text/names.hpp"

using namespace kintrace::test;
using kintrace::Disposition;
using kintrace::Event;
using kintrace::SignalDelivered;
using kintrace::SignalSent;
using std::string;
using std::vector;

namespace {

vector<SignalDelivered> delivered(const Recorded& found, int signal) {
  vector<SignalDelivered> all;
  for (const Event& event : only<SignalDelivered>(found.events)) {
    const auto& fact = std::get<SignalDelivered>(event.fact);
    if (fact.signal == kintrace::Signal{signal}) all.push_back(fact);
  }
  return all;
}

}  // namespace

TEST_CASE("guide G1: siginfo reaches the program whole", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("siginfo_arrives");
  const std::map<int, string> codes{{SIGRTMIN + 3, "SI_QUEUE"}, {SIGCHLD, "CLD_EXITED"}, {SIGUSR1, "SI_USER"},
                                    {SIGUSR2, "SI_TKILL"},      {SIGALRM, "SI_TIMER"},   {SIGSEGV, "SEGV_ACCERR"}};
  for (const auto& [signal, code] : codes) {
    INFO("signal " << signal);
    const auto all = delivered(found, signal);
    REQUIRE(all.size() == 1);
    CHECK(all[0].code == code);
    CHECK(all[0].disposition == Disposition::handler);
    CHECK(all[0].from.has_value() == (signal != SIGALRM && signal != SIGSEGV));
  }
}

TEST_CASE("guide G2: each signal is handled once", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("signals_in_order");
  CHECK(delivered(found, SIGRTMIN + 1).size() == 2000);
}

TEST_CASE("guide G3, G4: all threads stop and go on, and the parent is told", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("threads_stopped");
  CHECK(only<kintrace::Stopped>(found.events).size() == 80);
  CHECK(only<kintrace::Continued>(found.events).size() == 80);
}

TEST_CASE("guide G6: death by each signal that kills", "[live]") {
  if (!ptrace_allowed()) return;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    const vector<int> others{SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGCHLD, SIGURG, SIGWINCH, 32, 33};
    if (std::find(others.begin(), others.end(), signal) != others.end()) continue;
    const Recorded found =
        same({{"sh", "-c", "ulimit -c 0; exec perl -e '$SIG{FPE} = \"DEFAULT\"; kill shift, $$; exit 1' $1", "sh",
               std::to_string(signal)}});
    CHECK(found.end->signal == kintrace::Signal{signal});
  }
}

TEST_CASE("guide G6: death by the two signals that glibc keeps for itself", "[live]") {
  if (!ptrace_allowed()) return;
  same({{"perl", "-e", "kill 32, $$; sleep 9"}});
  same({{"perl", "-e", "kill 33, $$; sleep 9"}});
}

TEST_CASE("guide G6: death by a signal that kintrace was started to ignore or block", "[live]") {
  if (!ptrace_allowed()) return;
  const string die =
      "use POSIX; sigprocmask(SIG_SETMASK, POSIX::SigSet->new); $SIG{$_} = 'DEFAULT' for qw(TERM INT "
      "USR1); kill shift, $$; exit 1";
  for (const string signal : {"TERM", "INT", "USR1"}) {
    for (const string how : {"--ignore-signal=", "--block-signal="}) {
      const Command alone{{"env", how + signal, "perl", "-e", die, signal}};
      const Outcome with = run({{"env", how + signal, KINTRACE, "-qq", "perl", "-e", die, signal}});
      INFO(how << signal << ": " << with.told());
      CHECK(WIFSIGNALED(with.status));
      CHECK(with.status == run(alone).status);
    }
  }
}

TEST_CASE("guide G8: a group that is orphaned while a member is stopped", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("orphaned_group");
  const auto hangup = delivered(found, SIGHUP);
  REQUIRE(hangup.size() == 1);
  CHECK(hangup[0].disposition == Disposition::handler);
  CHECK(hangup[0].code == "SI_KERNEL");
  CHECK(only<kintrace::GroupChanged>(found.events).size() == 1);
}

TEST_CASE("guide H2: 32-bit calls from a 64-bit program", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("int80");
  if (lives_of(found.events).ends.count("exit 9") == 0) {
    WARN("SKIPPED: no calls of 32-bit programs here");
    return;
  }
  int told = 0;
  for (const Event& event : only<kintrace::Set>(found.events))
    told += std::get<kintrace::Set>(event.fact).what == "arch";
  // The probe, the parent, and the child of its 32-bit fork: each makes one itself. Of these the filter lets only the
  // fork stop.
  CHECK(told == (filtered() ? 1 : 3));
}

TEST_CASE("guide H3: results that are none: a signal's return, a trap of seccomp", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("seccomp_traps");
  CHECK(delivered(found, SIGSYS).size() == 3);
}

TEST_CASE("guide H4: stopped and continued in a call that goes on", "[live]") {
  if (!ptrace_allowed()) return;
  for (const char* which : {"0", "1", "2", "3", "4", "5"}) same_fixture("stopped_while_waiting", {which});
}

TEST_CASE("guide H4: a wait that a handler interrupts is one call", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("wait_interrupted");
  const auto failed = only<kintrace::WaitFailed>(found.events);
  REQUIRE(failed.size() == 1);
  CHECK(std::get<kintrace::WaitFailed>(failed[0].fact).err == kintrace::Errno{EINTR});
  CHECK(lives_of(found.events).collected == 1);
  int failing = 0;
  for (const SignalDelivered& fact : delivered(found, SIGUSR1)) {
    CHECK_FALSE(fact.repaired);  // a handler is no business of kintrace's
    failing += fact.interrupts == "wait4" && fact.err == kintrace::Errno{EINTR};
  }
  CHECK(failing == 1);
}
