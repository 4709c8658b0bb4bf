// SPDX-License-Identifier: MIT
// A recording shows later what was shown live, byte for byte, and keeps what docs/trace-format.md promises of its
// lines.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "kintrace/error.hpp"
#include "kintrace/view.hpp"
#include "sources/recording.hpp"
#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "views/registry.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

const vector<vector<string>> programs() {
  return {{"/bin/sh", "-c", "ls / | sort | head -1; (exit 3); exec /nonexistent 2>/dev/null"},
          {"/bin/sh", "-c", "sleep 0.05 & exit 3"},
          {"/usr/bin/python3", "-c",
           "import threading, subprocess\nthreading.Thread(target=lambda: subprocess.run('true; kill -9 $$', "
           "shell=True)).start()"},
          {fixture("exec_from_thread")},
          {fixture("exec_from_thread"), "gone"},
          {fixture("exit_group_from_thread")},
          {fixture("leader_exits_first")},
          {fixture("double_fork_daemon")},
          {fixture("double_fork_daemon"), "subreaper"},
          {fixture("clone_zoo")},
          {fixture("auto_reap")},
          {fixture("stop_and_continue")},
          {fixture("wait_interrupted")},
          {fixture("unreaped_children")},
          {fixture("many_threads"), "50"},
          {fixture("fork_many"), "200"}};
}

string read_back(const string& recording, const vector<string>& options) {
  Command command{{KINTRACE, "--read", recording}};
  command.argv.insert(command.argv.end(), options.begin(), options.end());
  const Outcome outcome = run(command);
  INFO(outcome.told());
  CHECK(outcome.code() == 0);
  CHECK(outcome.err.empty());
  return outcome.out;
}

// Reads a recording into the view that writes recordings.
class Copy final : public kintrace::Sink, public kintrace::Writer {
 public:
  void begin(const kintrace::RunHeader& header) override { view_->begin(header); }
  void event(const kintrace::Event& event) override {
    world_.apply(event);
    view_->event(event, world_);
  }
  void settle() override {}
  void end(const kintrace::RunEnd& end) override { end_ = end; }
  void write(std::string_view bytes) override { written += bytes; }
  void conclude() { view_->end(end_, world_); }
  string written;

 private:
  kintrace::World world_;
  std::optional<kintrace::RunEnd> end_;
  std::unique_ptr<kintrace::View> view_ = kintrace::views::find("jsonl")->make(*this, {});
};

}  // namespace

TEST_CASE("recording: shows what the live run showed", "[live]") {
  if (!ptrace_allowed()) return;
  for (const auto& argv : programs()) {
    for (const vector<string>& style :
         vector<vector<string>>{{}, {"--stable"}, {"-tt"}, {"-r"}, {"-s", "3"}, {"--color=always"}}) {
      Scratch scratch;
      vector<string> options{"-qq", "-o", scratch.path("x.jsonl")};
      for (const char* view : {"timeline", "tree", "findings"})
        options.insert(options.end(), {"--view", string(view) + "=" + scratch.path(view)});
      options.insert(options.end(), style.begin(), style.end());
      const Outcome live = run(traced({argv}, options));
      INFO(argv.at(0) << " " << argv.back() << (style.empty() ? "" : style[0]) << "\n" << live.told());
      REQUIRE_FALSE(live.timed_out);
      for (const char* view : {"timeline", "tree", "findings"}) {
        vector<string> again{"--view", view};
        again.insert(again.end(), style.begin(), style.end());
        CHECK(read_back(scratch.path("x.jsonl"), again) == read_file(scratch.path(view)));
      }
      CHECK_FALSE(read_file(scratch.path("tree")).empty());
      if (style.empty())
        CHECK(read_back(scratch.path("x.jsonl"), {"--view", "jsonl"}) == read_file(scratch.path("x.jsonl")));
    }
  }
}

TEST_CASE("recording: --read shows by default what a live run shows by default", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const Outcome live = run(traced({{"perl", "-e", "system 'exit 3; :'; exec '/nonexistent'"}},
                                  {"--view", "timeline,tree,findings", "-o", scratch.path("x.jsonl")}));
  REQUIRE_FALSE(live.timed_out);
  CHECK(lines_of(live.err).size() > 8);
  CHECK(read_back(scratch.path("x.jsonl"), {}) == live.err);
  const Outcome piped = run({.argv = {KINTRACE, "--read", "-"}, .input = read_file(scratch.path("x.jsonl"))});
  CHECK(piped.out == live.err);
}

TEST_CASE("recording: its lines keep what the format promises", "[live]") {
  if (!ptrace_allowed()) return;
  for (const auto& argv : programs()) {
    Scratch scratch;
    const Outcome live = run(traced({argv}, {"-qq", "-o", scratch.path("x.jsonl")}));
    INFO(live.told() << read_file(scratch.path("x.jsonl")));
    CHECK(broken_promises(events_of(scratch.path("x.jsonl"))) == vector<string>{});
    const string end = lines_of(read_file(scratch.path("x.jsonl"))).back();
    CHECK(end.find("{\"ev\":\"end\"") == 0);
    CHECK(end.find("\"lost\":0,") != string::npos);
    CHECK(end.find(live.code() ? "\"code\":" + std::to_string(*live.code()) + "," : "\"signal\":") != string::npos);
  }
}

TEST_CASE("recording: cut at any byte it is read up to its last whole line", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  REQUIRE(run(traced({{fixture("posix_spawn"), "\x1b\xff\\"}}, {"-qq", "-o", scratch.path("x.jsonl")})).code() == 0);
  const string whole = read_file(scratch.path("x.jsonl"));
  const std::size_t header = whole.find('\n') + 1, last = whole.rfind('\n', whole.size() - 2) + 1;
  REQUIRE(header > 100);
  REQUIRE(last > header);
  // Every byte in this process; those around line ends, and some others, by the program that users have.
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const string cut = whole.substr(0, size);
    const string lines = cut.substr(0, cut.rfind('\n') + 1);  // npos + 1 is 0
    write_file(scratch.path("cut.jsonl"), cut);
    INFO("cut to " << size << " of " << whole.size() << " bytes");
    Copy copy;
    const auto source = kintrace::sources::recording(scratch.path("cut.jsonl"));
    if (size < header) {
      CHECK_THROWS_AS(source->run(copy), kintrace::UserError);
    } else {
      CHECK_NOTHROW(source->run(copy));
      copy.conclude();
      CHECK(copy.written == lines);
    }
    const bool at_line_end = cut.size() - lines.size() <= 1 || whole[size] == '\n';
    if (!at_line_end && size % 97 != 0) continue;
    const Outcome read = run({{KINTRACE, "--read", scratch.path("cut.jsonl"), "--view", "jsonl"}});
    CHECK(read.out == (size < header ? "" : lines));
    CHECK(read.code() == (size < header ? 125 : 0));
    CHECK(read.err.empty() == (size >= header));
    if (size < header) continue;
    const Outcome shown = run({{KINTRACE, "--read", scratch.path("cut.jsonl")}});
    CHECK(shown.code() == 0);
    CHECK((shown.out.find("the recording is cut off here") != string::npos) == (size < whole.size()));
  }
}

TEST_CASE("recording: what is wrong with a line is said, with its number", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  REQUIRE(run(traced({{"true"}}, {"-qq", "-o", scratch.path("x.jsonl")})).code() == 0);
  vector<string> lines = lines_of(read_file(scratch.path("x.jsonl")));
  REQUIRE(lines.size() >= 4);
  for (const char* bad : {"{\"ev\":\"execed\",", "not json", "{}",
                          "{\"ev\":\"exited\",\"seq\":3,\"t\":0,\"pid\":\"x\",\"tid\":1}", "\xff"}) {
    string text;
    for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 2 ? string(bad) : lines[i]) + "\n";
    write_file(scratch.path("bad.jsonl"), text);
    const Outcome outcome = run({{KINTRACE, "--read", scratch.path("bad.jsonl")}});
    INFO(bad << "\n" << outcome.told());
    CHECK(outcome.code() == 125);
    CHECK(outcome.err.find("line 3") != string::npos);
  }
  // What a newer kintrace may add is passed over.
  string newer = lines[0] + "\n";
  for (std::size_t i = 1; i < lines.size(); ++i)
    newer += "{\"ev\":\"of_the_future\",\"seq\":99,\"x\":[{}]}\n{\"new\":{\"a\":[1]}," + lines[i].substr(1) + "\n";
  write_file(scratch.path("newer.jsonl"), newer);
  CHECK(read_back(scratch.path("newer.jsonl"), {}) == read_back(scratch.path("x.jsonl"), {}));
}
