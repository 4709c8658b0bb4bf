// SPDX-License-Identifier: MIT
// Who may be killed, and who is meant: SIGKILL at random moments, the end of kintrace's own processes, ^C.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

TEST_CASE("killed: SIGKILL at random, as tests/soak/kill does it for long", "[live]") {
  if (!ptrace_allowed()) return;
  const Outcome outcome = run({.argv = {"python3", string(SOURCE_DIR) + "/tests/soak/kill", "--kills", "100", "--build",
                                        string(FIXTURES) + "/.."},
                               .limit = std::chrono::seconds{110}});
  INFO(outcome.told());
  CHECK(outcome.code() == 0);
}

TEST_CASE("killed: kill -9 of the process that the shell knows", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  Running running(traced({.argv = {fixture("forest")}, .input = until_told}, {"-qq", "-o", scratch.path("x.jsonl")}));
  REQUIRE(running.wait_for_line("ready"));
  const auto all = running.processes();
  ::kill(running.pid(), SIGKILL);
  running.end_input();
  const Outcome outcome = running.finish();  // when the others have closed its outputs
  INFO(outcome.told());
  CHECK(outcome.signal() == SIGKILL);
  CHECK(outcome.out == "ready\nok\n");
  CHECK(left_of(all) == vector<string>{});
  const Recorded found = recorded(scratch.path("x.jsonl"));
  REQUIRE(found.end);
  CHECK(found.end->code == 0);
  CHECK(broken_promises(found.events) == vector<string>{});
}

TEST_CASE("killed: ^C is the program's while it lives", "[live]") {
  if (!ptrace_allowed()) return;
  const string handles = "$| = 1; $SIG{INT} = sub { exit 9 }; print \"ready\\n\"; sleep 1 while 1";
  Running handling(traced({{"perl", "-e", handles}}, {"-qq"}));
  REQUIRE(handling.wait_for_line("ready"));
  ::kill(-handling.pid(), SIGINT);  // the terminal sends it to all of the group
  CHECK(handling.finish().code() == 9);
  Scratch scratch;
  Running dying(traced({.argv = {fixture("forest")}, .input = until_told}, {"-qq", "-o", scratch.path("x.jsonl")}));
  REQUIRE(dying.wait_for_line("ready"));
  ::kill(-dying.pid(), SIGINT);
  CHECK(dying.finish().signal() == SIGINT);
  CHECK(words(lives_of(events_of(scratch.path("x.jsonl"))).ends) == "SIGINT ×7");
}

TEST_CASE("killed: ^C ends the watch when the program has ended", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const Command command{.argv = {"sh", "-c", "exec 3<&0; cat <&3 >/dev/null 2>&1 & echo ready; exit 3"},
                        .input = until_told};
  Running running(traced(command, {"-qq", "-o", scratch.path("x.jsonl")}));
  REQUIRE(running.wait_for_line("ready"));
  // As long as kintrace has not seen the end of the shell, ^C is not for it: again and again, then.
  for (int moment = 0; moment < 3000 && status_field(running.pid(), "State").substr(0, 1) != "Z"; ++moment) {
    ::kill(running.pid(), SIGINT);
    ::usleep(5'000);
  }
  const Recorded found = recorded(scratch.path("x.jsonl"));
  REQUIRE(found.end);
  CHECK(found.end->why == "interrupted");
  const auto left = running.processes();
  const bool lives = std::any_of(left.begin(), left.end(), [](pid_t pid) {
    return status_field(pid, "Name") == "cat" && (status_field(pid, "TracerPid") == "0") != filtered();
  });
  CHECK(lives);
  running.end_input();
  CHECK(running.finish().code() == 3);
}
