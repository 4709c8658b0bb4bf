// SPDX-License-Identifier: MIT
// What becomes of a program when its watch ends before it does: with the filter a silent tracer stays, which nobody
// notices; when that is killed, all that it traces goes with it; without the filter the program goes on untraced.
// docs/ptrace-notes.md, I1, I3 and J.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/way.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

// Its root ends with 3 when `ready` is said. The rest waits for standard input to end, and then does what tracing might
// disturb; what it says is in the file $1.
Command root_and_rest(const string& says) {
  const string rest =
      "cat <&3 >/dev/null; "
      "for i in 1 2 3; do (exit $i); echo $?; " +
      fixture("fork_exit") + "; done; " + fixture("blocked_in_epoll") + " ignored; " + fixture("blocked_in_semop") +
      " ignored; " + fixture("blocked_in_socket") + " long; " + fixture("storm") + " threads 5; " + fixture("storm") +
      " stops 5; " + fixture("storm") + " execs 3; " + fixture("storm") + " vforks 5; " + fixture("own_filter") +
      " 0x7ff00007; " + fixture("clone_untraced") + "; " +
      "trap 'echo got it' USR1; kill -USR1 $(exec sh -c 'echo $PPID'); echo a | cat | tr a b; "
      "setsid -f sh -c 'echo daemon; kill -TERM $$'; echo end";
  return {.argv = {"sh", "-c", "exec 3<&0; (" + rest + ") >\"$1\" 2>&1 & echo ready; exit 3", "sh", says},
          .input = until_told};
}

pid_t tracer_of(const Running& running) {
  const auto program = tracees(running);
  if (program.empty()) return 0;
  const string tracer = status_field(program.front(), "TracerPid");
  return tracer.empty() || tracer == "0" ? 0 : std::stoi(status_field(std::stoi(tracer), "Tgid"));
}

bool has_ended(pid_t pid) {
  const char state = state_of(pid);
  return state == 'Z' || state == ' ';
}

bool in_time(const std::function<bool()>& done) {
  for (int moment = 0; moment < 4000; ++moment) {
    if (done()) return true;
    ::usleep(5'000);
  }
  return false;
}

// Asks for the end of the watch until the face has ended: for as long as the root lives, that is not for kintrace.
bool stop_watching(const Running& running) {
  return in_time([&] {
    if (has_ended(running.pid())) return true;
    ::kill(running.pid(), SIGINT);
    return false;
  });
}

vector<string> said_by_rest(const string& path) {
  // The daemon says its word when it likes.
  vector<string> lines = lines_of(read_file(path));
  std::sort(lines.begin(), lines.end());
  return lines;
}

bool finished(const string& path) {
  const string text = read_file(path);
  return text.find("end\n") != string::npos && text.find("daemon\n") != string::npos;
}

vector<string> said_alone() {
  Scratch scratch;
  Running running(root_and_rest(scratch.path("rest")));
  running.wait_for_line("ready");
  running.end_input();
  in_time([&] { return finished(scratch.path("rest")); });
  return said_by_rest(scratch.path("rest"));
}

}  // namespace

TEST_CASE("pass-through: what goes on does so as it would alone", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<string> expected = said_alone();
  REQUIRE(expected.size() > 15);
  Scratch scratch;
  const string recording = scratch.path("x.jsonl"), rest = scratch.path("rest");
  Running running(traced(root_and_rest(rest), {"-qq", "-o", recording}));
  REQUIRE(running.wait_for_line("ready"));
  REQUIRE(stop_watching(running));
  const Recorded told = recorded(recording);
  REQUIRE(told.end);
  CHECK(told.end->why == "interrupted");
  CHECK(told.end->code == 3);
  const pid_t tracer = tracer_of(running);
  CHECK((tracer != 0) == filtered());
  // Nobody can ask it to end any more, and it has nothing of ours open.
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    if (tracer != 0) ::kill(tracer, signal);
  }
  const string size = read_file(recording);
  running.end_input();
  CHECK(in_time([&] { return finished(rest); }));
  CHECK(said_by_rest(rest) == expected);
  CHECK(in_time([&] { return tracer == 0 || has_ended(tracer); }));
  CHECK(read_file(recording) == size);
  const Outcome outcome = running.finish();
  INFO(outcome.told());
  CHECK(outcome.code() == 3);
  CHECK(outcome.err.empty());
}

TEST_CASE("pass-through: whoever reads our output sees its end", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const string rest = scratch.path("rest"), copy = scratch.path("copy");
  Running running(traced(root_and_rest(rest), {"-o", "|cat > " + copy}));
  REQUIRE(running.wait_for_line("ready"));
  REQUIRE(stop_watching(running));
  // Our cat has ended, as the face waits for it; and no output of this run is open but the program's own.
  CHECK(read_file(copy).find("exit 3") != string::npos);
  const auto left = running.processes();
  CHECK(std::none_of(left.begin(), left.end(), [&](pid_t pid) {
    return status_field(pid, "Name") == "cat" && !has_ended(pid) && ::getpgid(pid) == ::getpgid(running.pid()) &&
           status_field(pid, "TracerPid") == "0" && filtered();
  }));
  running.end_input();
  CHECK(in_time([&] { return finished(rest); }));
}

TEST_CASE("pass-through: the tracer is asked while the root lives", "[live]") {
  if (!ptrace_allowed()) return;
  for (const char* place : {"--color=never", "-D"}) {
    INFO(place);
    Scratch scratch;
    const string recording = scratch.path("x.jsonl");
    const Command command{.argv = {"sh", "-c", "echo ready; cat; (exit 4); echo $?; /bin/echo more; exit 5"},
                          .input = until_told};
    Running running(traced(command, {"-qq", place, "-o", recording}));
    REQUIRE(running.wait_for_line("ready"));
    const pid_t tracer = tracer_of(running);
    REQUIRE(tracer != 0);
    ::kill(tracer, SIGTERM);
    CHECK(in_time([&] { return read_file(recording).find("\n{\"ev\":\"end\"") != string::npos; }));
    CHECK(in_time([&] { return (tracer_of(running) == tracer) == filtered(); }));
    running.end_input();
    const Outcome outcome = running.finish();
    INFO(outcome.told());
    CHECK(outcome.out == "ready\n4\nmore\n");
    CHECK(outcome.code() == 5);
    CHECK(recorded(recording).end->why == "interrupted");
  }
}

TEST_CASE("pass-through: an output that cannot be written", "[live]") {
  if (!ptrace_allowed() || ::access("/dev/full", W_OK) != 0) return;
  Scratch scratch;
  const string rest = scratch.path("rest");
  Running running(traced(root_and_rest(rest), {"-qq", "--view", "timeline=/dev/full"}));
  REQUIRE(running.wait_for_line("ready"));
  REQUIRE(stop_watching(running));
  running.end_input();
  CHECK(in_time([&] { return finished(rest); }));
  const Outcome outcome = running.finish();
  INFO(outcome.told());
  CHECK(outcome.code() == 125);
  CHECK(outcome.err.find("No space left") != string::npos);
}

TEST_CASE("pass-through: a tracer that dies takes what it filters along, and nothing else", "[live]") {
  if (!ptrace_allowed()) return;
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
#ifdef __SANITIZE_ADDRESS__
  const vector<int> deaths{SIGKILL, SIGABRT};  // the sanitizer answers the other itself
#else
  const vector<int> deaths{SIGKILL, SIGKILL, SIGKILL, SIGSEGV, SIGABRT};
#endif
  for (int round = 0; round < 20; ++round) {
    const int death = deaths.at(static_cast<std::size_t>(round) % deaths.size());
    const string storm = fixture("storm");
    const string rounds = round % 2 == 0 ? "40" : "4";
    Running running(traced({.argv = {"sh", "-c",
                                     storm + " forks " + rounds + " & " + storm + " threads " + rounds + " & " + storm +
                                         " vforks " + rounds + " & echo ready; wait; exit 3"}},
                           {"-qq"}));
    INFO("seed " << seed << ", round " << round << ", " << death);
    if (round % 4 != 0) REQUIRE(running.wait_for_line("ready"));
    ::usleep(static_cast<useconds_t>(random() % 20'000));
    const auto before = running.processes();
    const pid_t tracer = tracer_of(running);
    if (tracer != 0) ::kill(tracer, death);
    const Outcome outcome = running.finish();
    INFO(outcome.told());
    CHECK_FALSE(outcome.timed_out);
    // It may have come to its end before.
    const bool killed = outcome.err.find("the tracer was ended by SIG") != string::npos;
    CHECK((outcome.code() == 3 || (filtered() && outcome.signal() == SIGKILL && killed)));
    if (killed) CHECK(outcome.err.find(filtered() ? "killed with it" : "went on untraced") != string::npos);
    CHECK(left_of(before) == vector<string>{});
    CHECK(left_of(running.processes()) == vector<string>{});
  }
}

TEST_CASE("pass-through: a tracer that dies before the program starts", "[live]") {
  if (!ptrace_allowed()) return;
  for (int round = 0; round < 20; ++round) {
    // The leak sanitizer's helper, killed, would leave the tracer stopped.
    Running running(
        traced({.argv = {"sh", "-c", "echo started"}, .env = {{"ASAN_OPTIONS", "detect_leaks=0"}}}, {"-qq"}));
    // The first other process of this run is the tracer, or the program if that is quicker.
    pid_t victim = 0;
    in_time([&] {
      const auto all = running.processes();
      for (const pid_t pid : all) victim = pid != running.pid() ? pid : victim;
      return victim != 0 || has_ended(running.pid());
    });
    if (victim != 0) ::kill(victim, SIGKILL);
    const Outcome outcome = running.finish();
    INFO("round " << round << ": " << outcome.told());
    CHECK_FALSE(outcome.timed_out);
    CHECK((outcome.signal() == SIGKILL || outcome.code() == 125 || outcome.code() == 0));
    CHECK((outcome.out.empty() || outcome.out == "started\n"));
    CHECK(left_of(running.processes()) == vector<string>{});
  }
}
