// SPDX-License-Identifier: MIT
// What the kernel does about births, one case an item of docs/ptrace-notes.md, whose number it bears. Here as in the
// other guide_*_test.cpp: fixtures check themselves what a program can see, alone and traced; the cases what was told.
#include <algorithm>
#include <csignal>
#include <iterator>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/same.hpp"

using namespace kintrace::test;
using kintrace::BirthHow;
using kintrace::Event;
using kintrace::Execed;
using kintrace::Exited;
using kintrace::Forked;
using kintrace::Reaped;
using kintrace::Seen;
using std::string;
using std::vector;

namespace {

vector<Forked> births(const Recorded& found) {
  vector<Forked> all;
  for (const Event& event : only<Forked>(found.events)) all.push_back(std::get<Forked>(event.fact));
  return all;
}

vector<Event> told_by(const Recorded& found, kintrace::Tid tid) {
  vector<Event> all;
  std::copy_if(found.events.begin(), found.events.end(), std::back_inserter(all),
               [&](const Event& event) { return event.tid == tid; });
  return all;
}

bool has(const Forked& birth, const char* flag) {
  return std::find(birth.flags.begin(), birth.flags.end(), flag) != birth.flags.end();
}

}  // namespace

// That a birth is told before anything of the child is one of the promises that each of these checks.
TEST_CASE("guide C1: children of eight forkers, in order", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("forkers");
  const Lives lives = lives_of(found.events);
  CHECK(words(lives.births) == "fork ×488");
  CHECK(lives.collected == 488);
  CHECK(only<Seen>(found.events).size() == 1);  // none adopted
  for (const Forked& birth : births(found)) CHECK_FALSE(birth.lost);
}

TEST_CASE("guide C1, N6: threads and processes at once", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same({{"sh", "-c", "for i in 1 2 3 4; do \"$1\" 150 & \"$2\" & done; wait", "sh",
                                fixture("many_threads"), fixture("forkers")}});
  const Lives lives = lives_of(found.events);
  CHECK(words(lives.births) == "fork ×1960, thread ×600");
  CHECK(lives.thread_ends == 600);
}

TEST_CASE("guide C2: births whose event is lost", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("killed_while_busy", {"forks", "40"});
  // However a birth came to be known, its task is no thread, and somebody is its parent.
  for (const Forked& birth : births(found)) CHECK(birth.child == kintrace::Tid{birth.child_pid.value});
  for (const Event& event : only<Seen>(found.events)) CHECK(std::get<Seen>(event.fact).ppid.value > 0);
  CHECK(lives_of(found.events).collected == 320);
}

TEST_CASE("guide C3: kinds of clone, and the signal of their end", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<Forked> all = births(same_fixture("exit_signals"));
  REQUIRE(all.size() == 4);
  CHECK(all[0].how == BirthHow::fork);
  CHECK(all[0].exit_signal == kintrace::Signal{SIGCHLD});
  CHECK(all[1].how == BirthHow::clone);
  CHECK(all[1].exit_signal == kintrace::Signal{SIGUSR1});
  CHECK(all[2].how == BirthHow::clone);
  CHECK_FALSE(all[2].exit_signal);
  for (const Forked& birth : all) CHECK(birth.syscall == "clone3");
}

TEST_CASE("guide C3: a thread has no signal of its end", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<Forked> all = births(same_fixture("threads"));
  REQUIRE(all.size() == 3);
  for (const Forked& birth : all) {
    CHECK(birth.how == BirthHow::thread);
    CHECK_FALSE(birth.exit_signal);
  }
}

TEST_CASE("guide C4: a child that escapes is told, works, and is collected", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("clone_untraced", {"untraced"}, {"--no-seccomp"});
  const vector<Forked> all = births(found);
  REQUIRE(all.size() == 1);  // what it starts itself is not followed either
  CHECK(all[0].untraced);
  CHECK(has(all[0], "CLONE_UNTRACED"));
  CHECK(told_by(found, all[0].child).empty());
  const vector<Event> collected = only<Reaped>(found.events);
  REQUIRE(collected.size() == 1);
  CHECK(std::get<Reaped>(collected[0].fact).child == all[0].child_pid);
  CHECK(std::get<Reaped>(collected[0].fact).code == 7);
}

TEST_CASE("guide C4: a thread that escapes", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("clone_untraced", {"thread"}, {"--no-seccomp"});
  const vector<Forked> all = births(found);
  REQUIRE(all.size() == 1);
  CHECK(all[0].untraced);
  CHECK(all[0].how == BirthHow::thread);
  CHECK(only<Exited>(found.events).size() == 1);
}

TEST_CASE("guide C5: a child that is traced, and of whose birth no event tells", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("clone_untraced", {"ptrace"}, {"--no-seccomp"});
  const vector<Forked> all = births(found);
  REQUIRE(all.size() == 2);
  CHECK(all[0].lost);
  CHECK_FALSE(all[0].untraced);
  CHECK(all[0].child_pid.value == all[0].child.value);
  const Lives lives = lives_of(found.events);
  CHECK(words(lives.execs) == "/bin/sh ×1, " + fixture("clone_untraced") + " ×1");
  CHECK(words(lives.ends) == "exit 0 ×1, exit 3 ×1, exit 7 ×1");
  CHECK(lives.collected == 2);
}

TEST_CASE("guide C5: an escaped child whose parent is its creator's", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("clone_untraced", {"parent"}, {"--no-seccomp"});
  const vector<Forked> all = births(found);
  REQUIRE(all.size() == 2);
  CHECK(all[1].untraced);
  REQUIRE(all[1].ppid);
  CHECK(all[1].ppid->value == found.events.front().pid.value);
  CHECK(lives_of(found.events).collected == 2);
}

TEST_CASE("guide C4: with the filter nobody escapes, as the calls of who did would fail", "[live]") {
  if (!ptrace_allowed() || !filtered()) return;
  for (const char* how : {"untraced", "ptrace", "parent"}) {
    INFO(how);
    const Recorded found = same_fixture("clone_untraced", {how});
    const vector<Forked> all = births(found);
    const bool has_between = std::string{how} == "parent";
    REQUIRE(all.size() == (has_between ? 3 : 2));  // and the subshell of its shell
    for (const Forked& birth : all) CHECK_FALSE((birth.untraced || birth.lost));
    CHECK(has(all[has_between ? 1 : 0], "CLONE_UNTRACED"));
    const Lives lives = lives_of(found.events);
    CHECK(lives.ends.at("exit 7") == 1);
    CHECK(lives.collected == static_cast<int>(all.size()));
  }
  const Recorded thread = same_fixture("clone_untraced", {"thread"});
  REQUIRE(births(thread).size() == 1);
  CHECK_FALSE(births(thread)[0].untraced);
  CHECK(only<Exited>(thread.events).size() == 2);
}

TEST_CASE("guide C8: a vfork's child runs long while others go on", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("vfork_waits_long");
  const Lives lives = lives_of(found.events);
  CHECK(words(lives.births) == "fork ×30, thread ×1, vfork ×1");
  CHECK(words(lives.ends) == "SIGTERM ×30, exit 0 ×1, exit 7 ×1");
  CHECK(only<kintrace::Stopped>(found.events).size() == 30);
  CHECK(only<kintrace::Continued>(found.events).size() == 30);
}

TEST_CASE("guide C9: what a child shares with its creator", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<Forked> all = births(same_fixture("clone_zoo"));
  REQUIRE(all.size() == 4);
  CHECK(all[0].flags.empty());
  CHECK(has(all[1], "CLONE_VM"));
  CHECK(has(all[1], "CLONE_FILES"));
  CHECK_FALSE(has(all[1], "CLONE_FS"));
  CHECK(has(all[3], "CLONE_PARENT"));
  CHECK(all[3].ppid.has_value());
  const vector<Forked> threads = births(same_fixture("many_threads", {"3"}));
  REQUIRE(threads.size() == 3);
  for (const char* flag : {"CLONE_VM", "CLONE_FS", "CLONE_FILES", "CLONE_SIGHAND", "CLONE_THREAD", "CLONE_SYSVSEM"})
    CHECK(has(threads[0], flag));
}

TEST_CASE("guide C10: all that clone3 can write", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<Forked> all = births(same_fixture("clone3_options"));
  REQUIRE(all.size() == 1);
  for (const char* flag : {"CLONE_PIDFD", "CLONE_PARENT_SETTID", "CLONE_CHILD_SETTID", "CLONE_CHILD_CLEARTID"})
    CHECK(has(all[0], flag));
  CHECK(all[0].how == BirthHow::fork);
}
