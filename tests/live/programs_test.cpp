// SPDX-License-Identifier: MIT
// Which program is run, and what is said if none can be: as env(1) finds it. And names and arguments of any bytes at
// all.
#include <filesystem>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "text/escape.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

// Nothing that moves a cursor or cannot be shown: no control bytes, C0, DEL or C1, and all of it UTF-8.
bool fit_for_a_terminal(const string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = kintrace::text::utf8_sequence(std::string_view{text}.substr(at));
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 0 || (byte < 0x20 && byte != '\n') || byte == 0x7f) return false;
    if (byte == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0) return false;
    at += length;
  }
  return true;
}

string every_byte() {
  string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  return all;
}

vector<kintrace::Bytes> last_argv(const string& recording) {
  vector<kintrace::Bytes> argv;
  for (const kintrace::Event& event : events_of(recording)) {
    if (const auto* execed = std::get_if<kintrace::Execed>(&event.fact)) argv = execed->argv;
  }
  return argv;
}

}  // namespace

TEST_CASE("programs: found, or not, as env(1) does", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  namespace fs = std::filesystem;
  const auto at = [&](const string& name) { return scratch.path(name); };
  fs::create_directories(at("first"));
  fs::create_directories(at("second"));
  fs::create_directories(at("directory"));
  write_file(at("not_executable"), "#!/bin/sh\nexit 1\n", 0644);
  write_file(at("first/program"), "#!/bin/sh\nexit 1\n", 0644);
  write_file(at("first/only_here"), "#!/bin/sh\nexit 1\n", 0644);
  write_file(at("second/program"), "#!/bin/sh\nexit 7\n", 0755);
  write_file(at("no_interpreter"), "#!/nonexistent/sh\n", 0755);
  write_file(at("no_shebang"), "echo \"$0\" \"$1\"; exit 4\n", 0755);
  write_file(at("empty"), "", 0755);
  write_file(at("here"), "#!/bin/sh\nexit 5\n", 0755);
  fs::create_symlink("loop", at("loop"));
  struct Case {
    vector<string> argv;
    std::optional<string> path = "/usr/bin:/bin";
    int status;
  };
  const string two = at("first") + ":" + at("second") + ":/usr/bin:/bin";
  const vector<Case> cases{
      {.argv = {"no_such_program_here"}, .status = 127},
      {.argv = {"/nonexistent/program"}, .status = 127},
      {.argv = {"./no_such_file"}, .status = 127},
      {.argv = {""}, .status = 127},
      {.argv = {at("no_interpreter")}, .status = 127},
      {.argv = {at("directory")}, .status = 126},
      {.argv = {"/"}, .status = 126},
      {.argv = {at("not_executable")}, .status = 126},
      {.argv = {at("here") + "/below"}, .status = 126},
      {.argv = {at("loop")}, .status = 126},
      {.argv = {"/" + string(300, 'x')}, .status = 126},
      {.argv = {"only_here"}, .path = two, .status = 126},
      {.argv = {"program"}, .path = two, .status = 7},
      {.argv = {at("no_shebang"), "argument"}, .status = 4},
      {.argv = {at("empty")}, .status = 0},
      {.argv = {"here"}, .path = ":/usr/bin:/bin", .status = 5},
      {.argv = {"here"}, .path = "/nonexistent::/usr/bin", .status = 5},
      {.argv = {"here"}, .path = "/usr/bin:/bin:", .status = 5},
      {.argv = {"here"}, .path = "/usr/bin:/bin", .status = 127},
      {.argv = {"sh", "-c", "exit 8"}, .path = std::nullopt, .status = 8},
  };
  for (const Case& one : cases) {
    Command command{
        .argv = {"/usr/bin/env", "--"}, .env = {{"PATH", one.path}, {"LC_ALL", "C"}}, .directory = scratch.directory()};
    Command with = command;
    command.argv.insert(command.argv.end(), one.argv.begin(), one.argv.end());
    with.argv = {KINTRACE, "--view", "timeline", "--"};
    with.argv.insert(with.argv.end(), one.argv.begin(), one.argv.end());
    const Outcome by_env = run(command), seen = run(with);
    INFO("program: '" << one.argv[0] << "' in PATH " << one.path.value_or("(unset)") << "\n" << seen.told());
    CHECK(by_env.code() == one.status);  // else the test is wrong
    CHECK(seen.code() == one.status);
    CHECK(seen.out == by_env.out);
    if (one.status < 126) continue;
    // One message of ours, with the program's name, and nothing else.
    CHECK(seen.err.compare(0, 10, "kintrace: ") == 0);
    CHECK(seen.err.find(one.argv[0].substr(0, 200)) != string::npos);
    CHECK(seen.err.find("exec ") == string::npos);
    CHECK(lines_of(seen.err).size() <= 2);
  }
}

TEST_CASE("programs: no output file is harmed by an option that is wrong", "[live]") {
  Scratch scratch;
  write_file(scratch.path("kept"), "as it was\n");
  for (const vector<string>& options :
       vector<vector<string>>{{"--no-such-option"}, {"--view", "no_such_view"}, {"--color=perhaps"}, {"-s", "x"}}) {
    vector<string> all{"-o", scratch.path("kept")};
    all.insert(all.end(), options.begin(), options.end());
    const Outcome outcome = run(traced({{"touch", scratch.path("ran")}}, all));
    INFO(options[0] << ": " << outcome.told());
    CHECK(outcome.code() == 125);
    CHECK(read_file(scratch.path("kept")) == "as it was\n");
    CHECK_FALSE(std::filesystem::exists(scratch.path("ran")));
  }
}

TEST_CASE("programs: arguments of any bytes come back from the recording", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<string> argv{"/usr/bin/printf",
                            "%s|",
                            every_byte(),
                            "",
                            "\xff\xfe\xc3(\xed\xa0\x80",
                            "\\x41\\",
                            string(120 * 1024, 'x'),
                            "\x1b[31mred\x1b[0m\a",
                            "a\nb\r\tc",
                            "grün ☂",
                            "\xe2\x80\xae",
                            "{\"ev\":\"exited\"}\n"};
  Scratch scratch;
  const Outcome alone = run({argv});
  const Outcome with = run(traced({argv}, {"-o", scratch.path("x.jsonl"), "--view", "timeline,tree,findings"}));
  CHECK(with.out == alone.out);
  CHECK(with.code() == 0);
  CHECK(last_argv(scratch.path("x.jsonl")) == argv);
  CHECK(fit_for_a_terminal(with.err));
  CHECK(with.err.find("red") != string::npos);
  for (const string& line : lines_of(read_file(scratch.path("x.jsonl")))) CHECK(fit_for_a_terminal(line));
}

TEST_CASE("programs: names of any bytes reach the terminal escaped", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const string name =
      "\x1b[31m\n\xff\a"
      "evil";
  std::filesystem::copy_file("/bin/true", scratch.path(name));
  const Outcome ran = run(traced({{scratch.path(name), name}}));
  INFO(ran.told());
  CHECK(ran.code() == 0);
  CHECK(fit_for_a_terminal(ran.err));
  CHECK(ran.err.find("evil") != string::npos);

  const Outcome missing = run(traced({{name}}));
  CHECK(missing.code() == 127);
  CHECK(fit_for_a_terminal(missing.err));
  CHECK(missing.err.find("evil") != string::npos);

  // A failed exec and its finding; a process that names itself.
  const string perl =
      "my $n = shift; $0 = $n; my $p = fork; if (!$p) { exec {\"/nonexistent/$n\"} $n; exit 3 } waitpid $p, 0;";
  const Outcome failed = run(traced({{"perl", "-e", perl, name}}));
  INFO(failed.told());
  CHECK(failed.code() == 0);
  CHECK(failed.err.find("ENOENT") != string::npos);
  CHECK(fit_for_a_terminal(failed.err));

  const Outcome wrong = run(traced({{"true"}}, {"--view", name}));
  CHECK(wrong.code() == 125);
  CHECK(fit_for_a_terminal(wrong.err));
  const Outcome unreadable = run({{KINTRACE, "--read", scratch.path(name + "missing")}});
  CHECK(unreadable.code() == 125);
  CHECK(fit_for_a_terminal(unreadable.err));
}

TEST_CASE("programs: IPC calls with pointers, counts and names to mislead a tracer", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const Outcome alone = run({{fixture("hostile_ipc")}});
  CHECK(alone.out.find("ok ") == 0);
  const Outcome seen = run(traced({{fixture("hostile_ipc")}}, {"-v", "-e", "all", "-o", scratch.path("run.jsonl"),
                                                               "--view", "timeline=" + scratch.path("run.txt")}));
  INFO(seen.told());
  CHECK(seen.code() == 0);
  CHECK(seen.out == alone.out);
  const string timeline = read_file(scratch.path("run.txt"));
  CHECK(fit_for_a_terminal(seen.err));
  CHECK(fit_for_a_terminal(timeline));
  CHECK(timeline.find("<script>") != string::npos);
  const auto events = events_of(scratch.path("run.jsonl"));
  CHECK(events.size() > 100);
  for (const string& line : lines_of(read_file(scratch.path("run.jsonl")))) CHECK(fit_for_a_terminal(line));
}
