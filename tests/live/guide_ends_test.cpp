// SPDX-License-Identifier: MIT
// What the kernel does about ends and those who wait for them: see guide_births_test.cpp.
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/same.hpp"

using namespace kintrace::test;
using kintrace::Event;
using kintrace::Exited;
using kintrace::Reaped;
using kintrace::Reparented;
using std::string;
using std::vector;

namespace {

vector<Exited> ends(const Recorded& found) {
  vector<Exited> all;
  for (const Event& event : only<Exited>(found.events)) all.push_back(std::get<Exited>(event.fact));
  return all;
}

}  // namespace

TEST_CASE("guide E1: peak memory is what the kernel says", "[live]") {
  if (!ptrace_allowed()) return;
  // 200 MB and no more, in a child that the shell's own memory does not hide.
  const Recorded found = same({{"perl", "-e", "my $x = 'x' x 200_000_000; exit 0"}});
  const vector<Exited> all = ends(found);
  REQUIRE(all.size() == 1);
  REQUIRE(all[0].maxrss);
  CHECK(*all[0].maxrss > 200'000'000);
  CHECK(*all[0].maxrss < 600'000'000);
}

TEST_CASE("guide E14: peak memory is a process's own: not its children's, nor what it borrowed from its vfork parent",
          "[live]") {
  if (!ptrace_allowed()) return;
  // The shell waits for the large one, which starts a small one with vfork(2), as python's subprocess does.
  const string large =
      "import subprocess\n"
      "x = bytearray(100_000_000)\n"
      "subprocess.run(['/bin/true'], close_fds=False)\n";
  const Recorded found = same({{"sh", "-c", "/usr/bin/python3 -c \"$1\"; :", "sh", large}});
  const vector<Exited> all = ends(found);
  REQUIRE(all.size() == 3);  // true, python3, sh
  for (const Exited& end : all) REQUIRE(end.maxrss);
  CHECK(*all[0].maxrss < 50'000'000);
  CHECK(*all[1].maxrss > 100'000'000);
  CHECK(*all[2].maxrss < 50'000'000);
}

TEST_CASE("guide E2, E3: SIGKILL races with births, execs and ends", "[live]") {
  if (!ptrace_allowed()) return;
  for (const char* how : {"forks", "threads", "execs"}) {
    const Recorded found = same_fixture("killed_while_busy", {how, "15"});
    CHECK(lives_of(found.events).collected == 120);
  }
}

TEST_CASE("guide E4: a process of several threads dumps core", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  Command command{{fixture("aborts_with_threads")}};
  command.directory = scratch.directory();  // where the core would be
  if (run(command).out != "core\nok\n") {
    WARN("SKIPPED: no core can be written here: see core(5)");
    return;
  }
  const Recorded found = same(command);
  int of_abort = 0;
  for (const Exited& end : ends(found)) {
    if (end.signal != kintrace::Signal{SIGABRT}) continue;
    ++of_abort;
    if (end.group) CHECK(end.core);
  }
  CHECK(of_abort == 4);
}

TEST_CASE("guide E5: exit_group from a thread", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("exit_group_from_thread");
  int with_5 = 0, by_another = 0;
  for (const Exited& end : ends(found)) {
    with_5 += end.code == 5;
    by_another += end.by == kintrace::EndedBy::exit_group;
  }
  CHECK(with_5 == 3);
  CHECK(by_another == 2);
}

TEST_CASE("guide E6: the leader ends first", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("leader_exits_first");
  const vector<Event> all = only<Exited>(found.events);
  const auto process = std::find_if(all.begin(), all.end(), [](const Event& event) {
    const auto& end = std::get<Exited>(event.fact);
    return end.group && end.code == 4;  // since Linux 5.17
  });
  REQUIRE(process != all.end());
  const auto alone = std::count_if(all.begin(), all.end(), [&](const Event& event) {
    return event.pid == process->pid && !std::get<Exited>(event.fact).group;
  });
  CHECK(alone == 1);
}

// Nothing is said of how fast, but that a parent is not kept waiting for the end of its child.
TEST_CASE("guide E7: a shell's loop of 2,000 children", "[live]") {
  if (!ptrace_allowed()) return;
  const Command command{
      .argv = {"sh", "-c", "i=0; while [ $i -lt 2000 ]; do (exit 3); r=$?; i=$((i+1)); done; echo $i $r"},
      .limit = std::chrono::seconds{100}};
  const auto seconds_of = [](const Command& what) {
    const auto begin = std::chrono::steady_clock::now();
    const Outcome outcome = run(what);
    CHECK(outcome.code() == 0);
    CHECK(outcome.out == "2000 3\n");
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const double alone = seconds_of(command), with = seconds_of(traced(command, {"-qq"}));
  INFO("alone " << alone << " s, traced " << with << " s");
  CHECK(with / alone < 40);
}

TEST_CASE("guide E8: what the flags of a wait find", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("wait_flags");
  CHECK(lives_of(found.events).collected == 4);
}

TEST_CASE("guide E9: orphans go to a subreaper or to init", "[live]") {
  if (!ptrace_allowed()) return;
  for (const vector<string>& mode : vector<vector<string>>{{}, {"subreaper"}}) {
    const Recorded found = same_fixture("double_fork_daemon", mode);
    const vector<Event> given = only<Reparented>(found.events);
    REQUIRE(given.size() == 1);
    const auto& fact = std::get<Reparented>(given[0].fact);
    const kintrace::Tgid root = found.events.front().pid;
    CHECK((fact.to == root) == !mode.empty());
    CHECK(fact.from != root);
    // It is told at the end of who was its parent, which names the new one too.
    const auto all = only<Exited>(found.events);
    const auto parent =
        std::find_if(all.begin(), all.end(), [&](const Event& event) { return event.pid == fact.from; });
    REQUIRE(parent != all.end());
    CHECK(std::get<Exited>(parent->fact).children_to == fact.to);
  }
}

TEST_CASE("guide E10: the init of a pid namespace ends before its children", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("namespace_init_dies");
  const Lives lives = lives_of(found.events);
  if (lives.births.count("clone") == 0) {
    WARN("SKIPPED: no pid namespace can be made here");
    return;
  }
  CHECK(words(lives.births) == "clone ×1, fork ×3, thread ×2");
  CHECK(words(lives.ends) == "SIGKILL ×3, exit 0 ×1, exit 3 ×1");
  CHECK(lives.thread_ends == 2);
  // The init cannot end before all others have.
  const vector<Event> all = only<Exited>(found.events);
  CHECK(std::get<Exited>(all.at(all.size() - 2).fact).code == 3);
}

TEST_CASE("guide E12: all exit codes", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("all_exit_codes");
  std::multiset<int> ended, collected;
  for (const Exited& end : ends(found)) ended.insert(end.code.value_or(-1));
  for (const Event& event : only<Reaped>(found.events))
    collected.insert(std::get<Reaped>(event.fact).code.value_or(-1));
  for (int code = 0; code < 256; ++code) {
    CHECK(ended.count(code) == (code == 0 ? 2 : 1));  // the fixture's own, too
    CHECK(collected.count(code) == 1);
  }
}
