// SPDX-License-Identifier: MIT
// --self-check compares the model with /proc while programs run: no difference, ever, and differences when it is lied
// to.
#include <algorithm>
#include <regex>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

struct Summary {
  long comparisons = -1, differences = -1;
};

Summary summary_of(const string& text) {
  std::smatch found;
  const auto number = [](string digits) {
    digits.erase(std::remove(digits.begin(), digits.end(), ','), digits.end());
    return std::stol(digits);
  };
  if (!std::regex_search(text, found, std::regex("self-check: ([0-9,]+) comparisons, ([0-9,]+) differences")))
    return {};
  return {number(found[1]), number(found[2])};
}

}  // namespace

TEST_CASE("self-check: the model agrees with /proc", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<vector<string>> programs{
      {"/bin/sh", "-c", "ls / | sort | head -1; (exit 3) & wait; x=$(true | cat)"},
      {"/bin/sh", "-c", "sleep 0.02 & exit 0"},
      {"/usr/bin/perl", "-e", "for (1..5) { fork // die } 1 while wait > 0; exec 'true'"},
      {"/usr/bin/python3", "-c",
       "import threading as t, subprocess as s\na = [t.Thread(target=lambda: s.run(['true'])) for _ in "
       "range(8)]\n[x.start() for x in a]; [x.join() for x in a]"},
      {"/usr/bin/env", "-i", "/bin/bash", "-c", "(exec -a 'a  name' sleep 0); exec -a '' true"},
      {"/usr/bin/which", "sh"},
      {fixture("threads")},
      {fixture("exec_from_thread")},
      {fixture("exec_from_thread"), "gone"},
      {fixture("exit_group_from_thread")},
      {fixture("leader_exits_first")},
      {fixture("double_fork_daemon")},
      {fixture("double_fork_daemon"), "subreaper"},
      {fixture("vfork_exec")},
      {fixture("posix_spawn")},
      {fixture("clone_zoo")},
      {fixture("auto_reap")},
      {fixture("wait_null")},
      {fixture("exec_fails")},
      {fixture("exec_chain")},
      {fixture("killed_by_signal")},
      {fixture("stop_and_continue")},
      {fixture("unreaped_children")},
      {fixture("many_threads"), "600"},  // 1,200 events: more than the period
      {fixture("fork_many"), "600"},
  };
  for (const auto& argv : programs) {
    const Outcome outcome = run(traced({argv}, {"--self-check", "--view", "tree"}));
    INFO(argv[0] << " " << argv.back() << ": " << outcome.told());
    const Summary summary = summary_of(outcome.err);
    CHECK(summary.comparisons > 0);
    CHECK(summary.differences == 0);
    CHECK(outcome.code() == 0);
  }
}

TEST_CASE("self-check: it finds what is missing from the model", "[live]") {
  if (!ptrace_allowed()) return;
  struct Case {
    string without;
    vector<string> argv;
  };
  for (const auto& [without, argv] : vector<Case>{{"execve", {"/bin/sh", "-c", "exec /bin/true"}},
                                                  {"execve", {"/bin/sh", "-c", "/bin/true; /bin/false; exit 0"}},
                                                  {"execve", {fixture("vfork_exec")}},
                                                  {"setsid", {"setsid", "-w", "true"}}}) {
    const Outcome outcome = run(traced({argv}, {"--self-check", "--self-check-without", without, "--view", "tree"}));
    INFO(argv[0] << ": " << outcome.told());
    const Summary summary = summary_of(outcome.err);
    CHECK(summary.differences > 0);
    CHECK(summary.comparisons > summary.differences);
    CHECK(outcome.code() == 125);
    const Outcome right = run(traced({argv}, {"--self-check", "--view", "tree"}));
    CHECK(summary_of(right.err).differences == 0);
    CHECK(right.code() == 0);
  }
}

TEST_CASE("self-check: the program's own status is returned when all is well", "[live]") {
  if (!ptrace_allowed()) return;
  CHECK(run(traced({{"sh", "-c", "exit 7"}}, {"--self-check"})).code() == 7);
  CHECK(run(traced({{"sh", "-c", "kill -9 $$"}}, {"--self-check"})).signal() == 9);
}
