// SPDX-License-Identifier: MIT
// Long runs and readers that do not read: the program goes on, memory stays as it is, and no line is lost while there
// is room for a temporary file; where there is none, what is missing is said.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
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

// One event a wait, and a file when that is over.
Command waits(const Scratch& scratch, int times) {
  return {.argv = {"sh", "-c", "\"$1\" \"$2\" && echo done >\"$3\"", "sh", fixture("failing_waits"),
                   std::to_string(times), scratch.path("done")},
          .env = {{"TMPDIR", scratch.path("tmp")}}};
}

// A recording to a command that stops itself before it reads anything. Its pid is then in the file "reader".
string to_stopped_reader(const Scratch& scratch) {
  return "jsonl=|echo $$ >" + scratch.path("reader.new") + "; mv " + scratch.path("reader.new") + " " +
         scratch.path("reader") + "; kill -STOP $$; exec cat >" + scratch.path("copy");
}

template <class Condition>
bool comes(Condition condition) {
  for (int moment = 0; moment < 6000 && !condition(); ++moment) ::usleep(10'000);
  return condition();
}

bool stopped(const Scratch& scratch) {
  const string reader = read_file(scratch.path("reader"));
  return !reader.empty() && status_field(std::stoi(reader), "State").substr(0, 1) == "T";
}

void let_read(const Scratch& scratch) { ::kill(std::stoi(read_file(scratch.path("reader"))), SIGCONT); }

// Of the tracer, which is not the process that was started; in KB. 0: it has ended.
[[maybe_unused]] long peak_memory(const Running& running) {
  for (const pid_t pid : running.processes()) {
    if (pid == running.pid() || status_field(pid, "Name") != "kintrace") continue;
    const string peak = status_field(pid, "VmHWM");
    if (!peak.empty()) return std::stol(peak);
  }
  return 0;
}

// The shell has its own.
std::ptrdiff_t waits_in(const vector<kintrace::Event>& events) {
  return std::count_if(events.begin(), events.end(), [&](const kintrace::Event& event) {
    return event.pid != events[0].pid && std::holds_alternative<kintrace::WaitFailed>(event.fact);
  });
}

// Runs in a mount namespace where the directory tmp is a file system of 64 KB. False: not permitted here; said aloud.
bool confine(Command& command, const Scratch& scratch) {
  const string mount = "mount -t tmpfs -o size=64k none \"$0\" && exec \"$@\"";
  const vector<string> prefix{"unshare", "-m", "sh", "-c", mount, scratch.path("tmp")};
  Command trial{prefix};
  trial.argv.emplace_back("true");
  if (run(trial).code() != 0) {
    WARN("SKIPPED: this user cannot mount a tmpfs in a mount namespace");
    return false;
  }
  command.argv.insert(command.argv.begin(), prefix.begin(), prefix.end());
  return true;
}

struct Place : Scratch {
  Place() { std::filesystem::create_directory(path("tmp")); }
};

}  // namespace

TEST_CASE("backlog: a reader that is stopped stops nobody, and misses nothing", "[live]") {
  if (!ptrace_allowed()) return;
  const Place place;
  Running running(traced(waits(place, 40'000), {"-qq", "--view", to_stopped_reader(place)}));
  REQUIRE(comes([&] { return read_file(place.path("done")) == "done\n"; }));
  REQUIRE(comes([&] { return stopped(place); }));
  CHECK(read_file(place.path("copy")).empty());
  CHECK(std::filesystem::is_empty(place.path("tmp")));  // what is there has no name
  let_read(place);
  const Outcome outcome = running.finish();
  INFO(outcome.told());
  CHECK(outcome.code() == 0);
  CHECK(outcome.err.empty());
  const Recorded copy = recorded(place.path("copy"));
  CHECK(waits_in(copy.events) == 40'000);
  CHECK(broken_promises(copy.events) == vector<string>{});
  REQUIRE(copy.end);
  CHECK(copy.end->lost == 0);
  CHECK(copy.end->events == static_cast<std::int64_t>(copy.events.size()));
}

TEST_CASE("backlog: memory does not grow with the run, nor with what a reader does not take", "[live]") {
  if (!ptrace_allowed()) return;
#ifdef __SANITIZE_ADDRESS__
  WARN("SKIPPED: the address sanitizer keeps what was freed");
#else
  const bool stalled = GENERATE(false, true);
  const auto peak_of = [&](int times) {
    const Place place;
    vector<string> options{"-qq"};
    if (stalled) {
      options.insert(options.end(), {"--view", to_stopped_reader(place)});
    } else {
      for (const char* view : {"timeline", "jsonl", "tree", "summary"})
        options.insert(options.end(), {"--view", string(view) + "=" + place.path(view)});
    }
    Running running(traced(waits(place, times), options));
    long peak = 0;
    if (stalled) {
      CHECK(comes([&] { return read_file(place.path("done")) == "done\n" && stopped(place); }));
      peak = peak_memory(running);
      let_read(place);
    } else {
      for (long now = 0; (now = peak_memory(running)) != 0 || peak == 0; peak = std::max(peak, now)) ::usleep(1'000);
    }
    const Outcome outcome = running.finish();
    INFO(outcome.told());
    CHECK(outcome.code() == 0);
    CHECK(waits_in(events_of(place.path(stalled ? "copy" : "jsonl"))) == times);
    return peak;
  };
  const long few = peak_of(30'000), many = peak_of(300'000);
  INFO("peak of the tracer: " << few << " KB, with ten times the events " << many << " KB");
  CHECK(few > 0);
  CHECK(many < 3 * few);  // the queue may be full in the one and not in the other
#endif
}

TEST_CASE("backlog: events that find no room are counted", "[live]") {
  if (!ptrace_allowed()) return;
  const Place place;
  Command command = traced(waits(place, 40'000), {"-qq", "--view", to_stopped_reader(place)});
  if (!confine(command, place)) return;
  Running running(command);
  REQUIRE(comes([&] { return read_file(place.path("done")) == "done\n" && stopped(place); }));
  let_read(place);
  const Outcome outcome = running.finish();
  INFO(outcome.told());
  CHECK(outcome.code() == 125);
  CHECK(outcome.err.find(" events were lost: ") != string::npos);
  CHECK(outcome.err.find(place.path("tmp") + " could not be written: No space left on device") != string::npos);
  const Recorded copy = recorded(place.path("copy"));
  REQUIRE(copy.end);
  CHECK(copy.end->lost > 0);
  CHECK(copy.end->lost_why);
  CHECK(copy.end->events == static_cast<std::int64_t>(copy.events.size()));
  CHECK(copy.end->events + copy.end->lost >= 40'000);
}

TEST_CASE("backlog: a view that cannot be given the run is missing, and all others are there", "[live]") {
  if (!ptrace_allowed()) return;
  const Place place;
  Command command = traced(waits(place, 20'000), {"--view", "tree=" + place.path("tree"), "--view", "summary,findings",
                                                  "-o", place.path("timeline.txt")});
  if (!confine(command, place)) return;
  const Outcome outcome = run(command);
  INFO(outcome.told());
  CHECK(outcome.code() == 125);
  CHECK(outcome.err ==
        "kintrace: the tree and the summary are missing: a temporary file in " + place.path("tmp") +
            " could not be written: No space left on device\n"
            "          TMPDIR may name a directory with more room; with -o FILE.jsonl no temporary file is needed\n");
  CHECK(read_file(place.path("done")) == "done\n");
  CHECK(read_file(place.path("tree")).empty());
  CHECK(read_file(place.path("timeline.txt")).find("exit 0") != string::npos);
  // From the recording nothing is missing.
  command.argv.insert(std::find(command.argv.begin(), command.argv.end(), "--view"), {"-o", place.path("x.jsonl")});
  const Outcome recording = run(command);
  INFO(recording.told());
  CHECK(recording.code() == 0);
  CHECK(read_file(place.path("tree")).find("exit 0") != string::npos);
}

TEST_CASE("backlog: views of the whole run are the same however it was kept for them", "[live]") {
  if (!ptrace_allowed()) return;
  for (const char* children : {"3", "1500"}) {  // in memory; in a temporary file
    const Place place;
    const Outcome outcome =
        run(traced({{fixture("fork_many"), children}},
                   {"-qq", "--view", "jsonl=|cat >" + place.path("copy"), "--view", "tree=" + place.path("tree"),
                    "--view", "summary=" + place.path("summary"), "--view", "findings=" + place.path("findings")}));
    INFO(outcome.told());
    CHECK(outcome.code() == 0);
    CHECK_FALSE(read_file(place.path("tree")).empty());
    for (const char* view : {"tree", "summary", "findings"}) {
      const Outcome read = run({{KINTRACE, "--read", place.path("copy"), "--view", view}});
      CHECK(read.out == read_file(place.path(view)));
    }
  }
}

TEST_CASE("backlog: what the program does to the recording that is read back", "[live]") {
  if (!ptrace_allowed()) return;
  const Place place;
  const string file = place.path("x.jsonl");
  const auto run_sh = [&](const string& script, const vector<string>& more = {}) {
    vector<string> options{"-o", file, "--view", "tree"};
    options.insert(options.end(), more.begin(), more.end());
    return run(traced({{"sh", "-c", script, "sh", file}}, options));
  };
  const Outcome moved = run_sh("mv \"$1\" \"$1.old\"; echo mine >\"$1\"");
  INFO(moved.told());
  CHECK(moved.code() == 0);
  CHECK(moved.err.find("exit 0") != string::npos);
  CHECK(read_file(file) == "mine\n");
  const Outcome cut = run_sh("sleep 0.1; : >\"$1\"");
  INFO(cut.told());
  CHECK(cut.code() == 125);
  CHECK(cut.err.find("kintrace: the tree is missing: ") != string::npos);
  // Added to an older one, it is not read back from there.
  write_file(file, "{\"kintrace\":1,\"version\":\"0\"}\n{\"ev\":\"nonsense\"\n");
  const Outcome added = run_sh("exit 3", {"-A"});
  INFO(added.told());
  CHECK(added.code() == 3);
  CHECK(added.err.find("exit 3") != string::npos);
}
