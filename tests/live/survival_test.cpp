// SPDX-License-Identifier: MIT
// What goes wrong around kintrace does not hurt the program, and nothing is left stopped or unreaped: readers that
// leave or do not read, full disks, and kill -9 of the tracer and of what it traces.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

// Many events, then something that shows that the program went on to its end.
Command busy(const Scratch& scratch) {
  return {{"sh", "-c", "\"$1\" 300 >/dev/null && for i in 1 2 3 4 5; do (exit 2); done; echo done >\"$2\"; exit 5",
           "sh", fixture("fork_many"), scratch.path("done")}};
}

int ends_of_tasks(const Lives& lives) {
  int ends = lives.thread_ends;
  for (const auto& [how, times] : lives.ends) ends += times;
  return ends;
}

// Also those whose birth was not heard of, as its creator was killed.
int tasks_born(const vector<kintrace::Event>& events) {
  const auto is_birth = [](const kintrace::Event& event) {
    return std::holds_alternative<kintrace::Seen>(event.fact) || std::holds_alternative<kintrace::Forked>(event.fact);
  };
  return static_cast<int>(std::count_if(events.begin(), events.end(), is_birth));
}

}  // namespace

TEST_CASE("survival: a reader that leaves", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  Command command = traced(busy(scratch));
  command.argv.insert(command.argv.begin(), {"bash", "-c", "\"$@\" 2>&1 | head -3; exit ${PIPESTATUS[0]}", "bash"});
  const Outcome outcome = run(command);
  INFO(outcome.told());
  CHECK(outcome.code() == 5);
  CHECK(lines_of(outcome.out).size() == 3);
  CHECK(read_file(scratch.path("done")) == "done\n");
}

TEST_CASE("survival: a reader that does not read", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  Command command = busy(scratch);
  command.argv[2] = "\"$1\" 2000 >/dev/null; echo done >\"$2\"; exit 5";  // some 400 KB of timeline: no pipe takes that
  Running running(traced(command));
  for (int moment = 0; moment < 3000 && read_file(scratch.path("done")).empty(); ++moment) ::usleep(10'000);
  CHECK(read_file(scratch.path("done")) == "done\n");  // nothing has been read of its output so far
  const Outcome outcome = running.finish();
  CHECK(outcome.code() == 5);
  CHECK(outcome.err.size() > 65536);
}

TEST_CASE("survival: a full disk", "[live]") {
  if (!ptrace_allowed()) return;
  for (const vector<string>& options : vector<vector<string>>{{"-o", "/dev/full"},
                                                              {"-qq", "-o", "/dev/full"},
                                                              {"--view", "jsonl=/dev/full"},
                                                              {"--view", "tree=/dev/full"}}) {
    Scratch scratch;
    const Outcome outcome = run(traced(busy(scratch), options));
    INFO(outcome.told());
    CHECK(outcome.code() == 125);
    CHECK(outcome.err.find("kintrace: cannot write /dev/full: No space left on device") != string::npos);
    CHECK(read_file(scratch.path("done")) == "done\n");
  }
  Scratch scratch;
  Command command = traced(busy(scratch), {"-o", scratch.path("x.jsonl")});
  command.argv.insert(command.argv.begin(), {"sh", "-c", "exec \"$@\" 2>/dev/full", "sh"});
  CHECK_FALSE(run(command).timed_out);
  CHECK(read_file(scratch.path("done")) == "done\n");
  CHECK(lives_of(events_of(scratch.path("x.jsonl"))).births.at("fork") == 305);
}

TEST_CASE("survival: an output that cannot be made", "[live]") {
  Scratch scratch;
  const Outcome outcome = run(traced(busy(scratch), {"-o", "/nonexistent/x.jsonl"}));
  INFO(outcome.told());
  CHECK(outcome.code() == 125);
  CHECK(outcome.err.find("/nonexistent/x.jsonl") != string::npos);
  CHECK(read_file(scratch.path("done")).empty());  // said before the program ran
}

TEST_CASE("survival: an output that is a command", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  Command command = busy(scratch);
  command.limit = std::chrono::seconds{20};
  const Outcome whole =
      run(traced(command, {"-qq", "-o", "|cat >" + scratch.path("copy"), "-o", scratch.path("timeline.txt")}));
  INFO(whole.told());
  CHECK(whole.code() == 5);
  CHECK(lines_of(read_file(scratch.path("copy"))).size() > 300);
  CHECK(read_file(scratch.path("copy")) == read_file(scratch.path("timeline.txt")));
  std::filesystem::remove(scratch.path("done"));
  const Outcome gone = run(traced(command, {"-qq", "-o", "|exit 0"}));
  INFO(gone.told());
  CHECK(gone.code() == 5);
  CHECK(read_file(scratch.path("done")) == "done\n");
}

TEST_CASE("survival: kill -9 of the tracer leaves the program running", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  Running running(
      traced({.argv = {fixture("forest")}, .input = until_told}, {"-o", scratch.path("x.jsonl"), "--no-seccomp"}));
  REQUIRE(running.wait_for_line("ready"));
  const vector<pid_t> program = tracees(running);
  REQUIRE(program.size() == 7);
  const pid_t thread = std::stoi(status_field(program[0], "TracerPid"));  // the one that traces
  const pid_t tracer = std::stoi(status_field(thread, "Tgid"));
  const auto all = running.processes();
  REQUIRE(std::find(all.begin(), all.end(), tracer) != all.end());  // a process of this run, and no other
  // Births are written as they happen: they are there, or come without anything else happening.
  const auto births = [&] {
    const string text = read_file(scratch.path("x.jsonl"));
    int found = 0;
    for (std::size_t at = 0; (at = text.find("{\"ev\":\"forked\"", at)) != string::npos; ++at) ++found;
    return found;
  };
  for (int moment = 0; moment < 2000 && births() < 9; ++moment) ::usleep(5'000);
  CHECK(births() == 9);
  ::kill(tracer, SIGKILL);
  for (int moment = 0; moment < 200 && !status_field(tracer, "State").empty(); ++moment) ::usleep(5'000);
  for (const pid_t pid : program) {
    INFO("process " << pid);
    CHECK(status_field(pid, "State").substr(0, 1) == "S");
    CHECK(status_field(pid, "TracerPid") == "0");
  }
  running.end_input();
  const Outcome outcome = running.finish();
  INFO(outcome.told());
  CHECK(outcome.out == "ready\nok\n");
  CHECK(outcome.code() == 0);
  CHECK(lines_of(outcome.err).size() == 1);
  CHECK(outcome.err.find("SIGKILL") != string::npos);
  CHECK(left_of(all).empty());
  CHECK(words(lives_of(events_of(scratch.path("x.jsonl"))).births) == "fork ×6, thread ×3");
}

TEST_CASE("survival: kill -9 of any of the processes that are traced", "[live]") {
  if (!ptrace_allowed()) return;
  for (std::size_t victim = 0; victim < 7; ++victim) {
    Scratch scratch;
    Running running(traced({.argv = {fixture("forest")}, .input = until_told}, {"-qq", "-o", scratch.path("x.jsonl")}));
    REQUIRE(running.wait_for_line("ready"));
    const auto all = running.processes();
    const auto program = tracees(running);
    REQUIRE(program.size() == 7);
    const bool root = status_field(program[victim], "PPid") == std::to_string(running.pid());
    ::kill(program[victim], SIGKILL);
    running.end_input();
    const Outcome outcome = running.finish();
    INFO("victim " << victim << ": " << outcome.told());
    CHECK_FALSE(outcome.timed_out);
    if (root) {
      CHECK(outcome.signal() == SIGKILL);
    } else {
      CHECK(outcome.code() == 0);
      CHECK(outcome.out == "ready\nok\n");
    }
    CHECK(left_of(all) == vector<string>{});
    const Lives lives = lives_of(events_of(scratch.path("x.jsonl")));
    CHECK(words(lives.births) == "fork ×6, thread ×3");
    CHECK(words(lives.ends) == "SIGKILL ×1, exit 0 ×6");
    CHECK(ends_of_tasks(lives) == 10);
  }
}

// What the kernel says of a fork or an exec is read after the stop: by then the task may have been killed, and the
// message is that of its end.
TEST_CASE("survival: kill -9 in the midst of births and execs", "[live]") {
  if (!ptrace_allowed()) return;
  const string how = GENERATE("forks", "threads", "execs");
  Scratch scratch;
  const Outcome outcome =
      run(traced({{fixture("killed_while_busy"), how, "100"}}, {"-qq", "-o", scratch.path("x.jsonl")}));
  INFO(how << ": " << outcome.told());
  CHECK(outcome.err.empty());
  CHECK(outcome.out == "ok\n");
  CHECK(outcome.code() == 0);
  const auto events = events_of(scratch.path("x.jsonl"));
  const Lives lives = lives_of(events);
  CHECK(lives.ends.at("SIGKILL") >= 800);
  CHECK(lives.collected == 800);
  CHECK(ends_of_tasks(lives) == tasks_born(events));
}

TEST_CASE("survival: kill -9 at random, while tasks are born, exec and end", "[live]") {
  if (!ptrace_allowed()) return;
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  for (int round = 0; round < 4; ++round) {
    Scratch scratch;
    const string threads = fixture("many_threads"), exec = fixture("exec_from_thread");
    Running running(traced(
        {.argv =
             {"sh", "-c",
              "for i in 1 2 3 4 5 6 7 8; do \"$1\" 20 & \"$2\" & (true | /bin/true) & /bin/true; done; wait; exit 0",
              "sh", threads, exec}},
        {"-qq", "-o", scratch.path("x.jsonl")}));
    std::set<pid_t> seen;
    for (int kills = 0; kills < 40; ++kills) {
      const auto all = running.processes();
      seen.insert(all.begin(), all.end());
      const auto program = tracees(running);
      if (!program.empty()) ::kill(program[random() % program.size()], SIGKILL);
      ::usleep(static_cast<useconds_t>(random() % 3000));
    }
    const Outcome outcome = running.finish();
    INFO("seed " << seed << ", round " << round << ": " << outcome.told());
    CHECK_FALSE(outcome.timed_out);
    CHECK(outcome.err.find("kintrace:") == string::npos);
    CHECK((outcome.code() == 0 || outcome.signal() == SIGKILL));
    CHECK(left_of({seen.begin(), seen.end()}) == vector<string>{});
    // However little was seen of a birth, every task that is known has one end.
    const auto events = events_of(scratch.path("x.jsonl"));
    CHECK(ends_of_tasks(lives_of(events)) == tasks_born(events));
  }
}

TEST_CASE("survival: kill -9 of the tracer ends what its filter has", "[live]") {
  if (!ptrace_allowed() || !filtered()) return;
  Scratch scratch;
  Running running(traced({.argv = {fixture("forest")}, .input = until_told}, {"-o", scratch.path("x.jsonl")}));
  REQUIRE(running.wait_for_line("ready"));
  const vector<pid_t> program = tracees(running);
  const pid_t tracer = std::stoi(status_field(std::stoi(status_field(program.at(0), "TracerPid")), "Tgid"));
  ::kill(tracer, SIGKILL);
  const Outcome outcome = running.finish();
  INFO(outcome.told());
  CHECK_FALSE(outcome.timed_out);
  CHECK(outcome.signal() == SIGKILL);
  CHECK(outcome.err.find("was killed with it") != string::npos);
  CHECK(left_of(program).empty());
}

TEST_CASE("survival: a process whose end nobody reports", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  Running running(
      traced({.argv = {fixture("hidden_thread_execs")}}, {"-qq", "-o", scratch.path("x.jsonl"), "--no-seccomp"}));
  const Outcome outcome = running.finish();
  INFO(outcome.told());
  CHECK_FALSE(outcome.timed_out);
  CHECK(outcome.code() == 0);
  CHECK(outcome.out == "ok\n");
  const string text = read_file(scratch.path("x.jsonl"));
  CHECK(text.find("\"lost\":1,") != string::npos);
  CHECK(text.find("\"ev\":\"end\"") != string::npos);
}
