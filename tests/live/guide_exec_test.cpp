// SPDX-License-Identifier: MIT
// What the kernel does about execs: see guide_births_test.cpp.
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/same.hpp"

using namespace kintrace::test;
using kintrace::Event;
using kintrace::Execed;
using kintrace::Exited;
using kintrace::Forked;
using std::string;
using std::vector;

TEST_CASE("guide D1, D2: another thread than the leader execs", "[live]") {
  if (!ptrace_allowed()) return;
  for (const vector<string>& mode : vector<vector<string>>{{}, {"gone"}}) {
    const Recorded found = same_fixture("exec_from_thread", mode);
    const vector<Event> execs = only<Execed>(found.events);
    REQUIRE(execs.size() == 2);
    REQUIRE(std::get<Execed>(execs[1].fact).from_tid);
    CHECK(execs[1].tid.value == execs[1].pid.value);
    vector<kintrace::EndedBy> how;
    for (const Event& event : only<Exited>(found.events)) how.push_back(std::get<Exited>(event.fact).by);
    CHECK(std::count(how.begin(), how.end(), kintrace::EndedBy::superseded) == 1);
    CHECK(std::count(how.begin(), how.end(), kintrace::EndedBy::exec) == 1);
    CHECK(how.size() == 3);
  }
}

TEST_CASE("guide D3: the tid that an exec frees is taken at once", "[live]") {
  if (!ptrace_allowed()) return;
  if (::geteuid() != 0) {
    WARN("SKIPPED: only root may choose a tid");
    return;
  }
  const Recorded found = same_fixture("tid_reused_at_once", {"100"});
  // Each of the hundred has its own birth and its own end, though its tid was a thread's a moment before.
  const Lives lives = lives_of(found.events);
  CHECK(words(lives.births) == "fork ×200, thread ×100");
  CHECK(words(lives.ends) == "exit 0 ×1, exit 5 ×100, exit 6 ×100");
  CHECK(lives.execs.at("/bin/sh") == 100);
}

TEST_CASE("guide D4: long arguments, empty ones, and none", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("argv_sizes");
  const vector<Event> execs = only<Execed>(found.events);
  REQUIRE(execs.size() == 5);
  const auto argv = [&](std::size_t which) { return std::get<Execed>(execs.at(which).fact).argv; };
  const vector<string> many = argv(1);
  CHECK(many.size() == 301);
  CHECK(std::count(many.begin(), many.end(), string(2000, 'x')) == 300);
  CHECK(argv(2).at(1) == string(131071, 'x'));
  CHECK(argv(3) == vector<string>{"", "", ""});
  CHECK(argv(4) == vector<string>{});  // as the caller gave it, whatever the kernel makes of it
}

TEST_CASE("guide D1: threads race to exec", "[live]") {
  if (!ptrace_allowed()) return;
  const Recorded found = same_fixture("killed_while_busy", {"execs", "20"});
  CHECK(lives_of(found.events).collected == 160);
}
