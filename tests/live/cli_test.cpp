// SPDX-License-Identifier: MIT
// The command line as it is run: the exit status for every end, the first words for every slip, and what -D, -E and -u
// make of the program.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

Outcome kintrace_with(const vector<string>& words) {
  Command command{{KINTRACE}};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  return run(command);
}

bool says(const Outcome& outcome, const string& text) { return outcome.err.find(text) != string::npos; }

}  // namespace

TEST_CASE("cli: the exit status", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  CHECK(kintrace_with({"-qq", "sh", "-c", "exit 7"}).code() == 7);
  CHECK(kintrace_with({"-qq", "sh", "-c", "kill -TERM $$"}).signal() == SIGTERM);
  CHECK(kintrace_with({"-qq", "--error-exitcode=9", "sh", "-c", "exit 7"}).code() == 7);  // no error finding
  CHECK(kintrace_with({"--no-such-option", "true"}).code() == 125);
  CHECK(kintrace_with({"-o", "/nonexistent/x", "true"}).code() == 125);
  CHECK(kintrace_with({"-qo", "/dev/full", "sh", "-c", "exit 7"}).code() == 125);
  CHECK(kintrace_with({"-qq", "/"}).code() == 126);
  CHECK(kintrace_with({"-qq", "/nonexistent"}).code() == 127);
  CHECK(kintrace_with({"-p", "1"}).code() == 125);
  CHECK(kintrace_with({"--snapshot"}).code() == 125);
  CHECK(kintrace_with({"-e", "inject=read", "true"}).code() == 125);
  REQUIRE(kintrace_with({"-qo", scratch.path("x.jsonl"), "sh", "-c", "exit 7"}).code() == 7);
  CHECK(kintrace_with({"--read", scratch.path("x.jsonl")}).code() == 0);
  CHECK(kintrace_with({"--read", scratch.path("nothing")}).code() == 125);
}

TEST_CASE("cli: --timeout ends the program, with 124", "[live]") {
  if (!ptrace_allowed()) return;
  CHECK(kintrace_with({"-qq", "--timeout", "0.2", "sleep", "2"}).code() == 124);
}

TEST_CASE("cli: remarks come before the program starts, and -q silences them", "[live]") {
  if (!ptrace_allowed()) return;
  const Outcome told =
      kintrace_with({"-k", "-a", "5", "-e", "signal,uname", "--view", "timeline", "sh", "-c", "echo ran >&2"});
  INFO(told.told());
  const auto lines = lines_of(told.err);
  REQUIRE(lines.size() >= 4);
  CHECK(lines[0].find("kintrace: -k") == 0);
  CHECK(lines[1].find("kintrace: -a") == 0);
  CHECK(lines[2] == "kintrace: kintrace does not show uname: strace -e does");
  CHECK(kintrace_with({"-k", "-a", "5", "-qq", "true"}).err.empty());
}

TEST_CASE("cli: first words", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  write_file(scratch.path("script"), "#!/bin/sh\n", 0644);
  write_file(scratch.path("here"), "#!/bin/sh\n", 0755);
  CHECK(says(kintrace_with({"ls | wc"}), "kintrace sh -c 'ls | wc'"));
  CHECK(says(kintrace_with({scratch.path("script")}), "script that is not executable: chmod +x"));
  CHECK(says(kintrace_with({scratch.directory()}), "it is a directory"));
  CHECK(says(run({.argv = {KINTRACE, "here"}, .directory = scratch.directory()}), "say ./here"));
  CHECK(says(kintrace_with({"-q", "--", KINTRACE, "true"}), "traced already, by kintrace"));
  CHECK(says(run({{"strace", "-qq", "-f", "-o", "/dev/null", KINTRACE, "true"}}), "traced already, by strace"));
}

TEST_CASE("cli: a set-user-ID program loses its privilege, and it is said", "[live]") {
  if (!ptrace_allowed()) return;
  if (::geteuid() != 0) {
    WARN("skipped: only root can make one");
    return;
  }
  Scratch scratch;
  ::chmod(scratch.directory().c_str(), 0755);
  write_file(scratch.path("kintrace"), read_file(KINTRACE), 0755);
  write_file(scratch.path("id"), read_file("/usr/bin/id"), 0755);
  ::chmod(scratch.path("kintrace").c_str(), 0755);
  ::chmod(scratch.path("id").c_str(), 04755);
  const auto as_nobody = [&](const vector<string>& words) {
    Command command{{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", scratch.path("kintrace")}};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    return run(command);
  };
  const Outcome told = as_nobody({"--view", "timeline", scratch.path("id"), "-u"});
  INFO(told.told());
  CHECK(says(told, "is set-user-ID and will run without its privilege"));
  CHECK(told.out == "65534\n");
  CHECK(says(as_nobody({"-u", "root", "id"}), "-u needs root"));
  CHECK_FALSE(says(kintrace_with({scratch.path("id")}), "set-user-ID"));  // root's tracees gain theirs
}

TEST_CASE("cli: -E changes the program's environment alone", "[live]") {
  if (!ptrace_allowed()) return;
  Command command{
      .argv = {KINTRACE, "-qq", "-E", "NEW=a b", "-E", "OLD=new", "-E", "GONE", "-E", "PATH=/nonexistent", "env"},
      .env = {{"OLD", "old"}, {"GONE", "x"}, {"KEPT", "1"}}};
  const Outcome outcome = run(command);
  INFO(outcome.told());
  CHECK(outcome.code() == 0);  // found in kintrace's own PATH, as with strace
  const auto has = [&](const string& line) { return outcome.out.find(line + "\n") != string::npos; };
  CHECK(has("NEW=a b"));
  CHECK(has("OLD=new"));
  CHECK(has("KEPT=1"));
  CHECK(has("PATH=/nonexistent"));
  CHECK(outcome.out.find("GONE=") == string::npos);
}

TEST_CASE("cli: -u runs the program as another user, with that user's groups", "[live]") {
  if (!ptrace_allowed()) return;
  if (::geteuid() != 0) {
    WARN("skipped: only root can");
    return;
  }
  const Outcome as_user = kintrace_with({"-qq", "-u", "nobody", "/usr/bin/id"});
  const Outcome expected = run({{"/usr/sbin/runuser", "-u", "nobody", "--", "/usr/bin/id"}});
  INFO(as_user.told());
  CHECK(as_user.code() == 0);
  CHECK(as_user.out == expected.out);
  const Outcome nobody_of_that_name = kintrace_with({"-u", "no_such_user", "id"});
  CHECK(nobody_of_that_name.code() == 125);
  CHECK(says(nobody_of_that_name, "no user no_such_user"));
}

TEST_CASE("cli: -D makes the program the shell's own child", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  // The shell says its own pid, then becomes nothing else: its child does.
  const string script =
      "echo $$; \"$@\" sh -c 'echo $PPID; cut -d\" \" -f5 /proc/$$/stat; cat /proc/$$/task/$$/children; echo; exit 6'; "
      "echo $?";
  const auto under = [&](const vector<string>& words) {
    Command command{{"sh", "-c", script, "sh"}};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    return run(command);
  };
  for (const char* letter : {"-D", "-DD", "-DDD"}) {
    const Outcome outcome = under({KINTRACE, "-qq", letter, "-o", scratch.path("x.jsonl")});
    const auto lines = lines_of(outcome.out);
    INFO(letter << ": " << outcome.told());
    REQUIRE(lines.size() >= 4);
    CHECK(lines.at(1) == lines.at(0));  // getppid()
    CHECK(lines.back() == "6");         // its status is the shell's child's
    // The recording is complete, when the tracer has ended as well.
    string recording;
    for (int moment = 0; moment < 1000 && recording.find("\"ev\":\"end\"") == string::npos; ++moment) {
      ::usleep(5'000);
      recording = read_file(scratch.path("x.jsonl"));
    }
    CHECK(recording.find("\"ev\":\"end\"") != string::npos);
    CHECK(recording.find("\"code\":6") != string::npos);
  }
}

TEST_CASE("cli: -D leaves the program no child, no signal and none of its times", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<string> program{"perl", "-e",
                               "use POSIX; my $s = POSIX::SigSet->new; POSIX::sigpending($s); my @t = times; "
                               "print wait, ' ', $s->ismember(17), ' ', $t[2] + $t[3], \"\\n\""};
  vector<string> words{"-qq", "-D"};
  words.insert(words.end(), program.begin(), program.end());
  CHECK(kintrace_with(words).out == "-1 0 0\n");
  Command blocked{{"env", "--block-signal=CHLD", KINTRACE}};
  blocked.argv.insert(blocked.argv.end(), words.begin(), words.end());
  CHECK(run(blocked).out == "-1 0 0\n");
}

TEST_CASE("cli: -D tells what failed before the program, and its status says so", "[live]") {
  if (!ptrace_allowed()) return;
  for (int round = 0; round < 10; ++round) {
    CHECK(kintrace_with({"-D", "-o", "/nonexistent/x", "true"}).code() == 125);
    CHECK(kintrace_with({"-D", "-qq", "/nonexistent"}).code() == 127);
    CHECK(kintrace_with({"-D", "-qq", "/"}).code() == 126);
  }
  const Outcome init = run({{"unshare", "--pid", "--fork", "--mount-proc", KINTRACE, "-D", "true"}});
  if (init.err.find("unshare:") == string::npos) CHECK(says(init, "-D cannot be used by process 1"));
}

TEST_CASE("cli: -A adds", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  write_file(scratch.path("x.txt"), "before\n");
  REQUIRE(kintrace_with({"-q", "-A", "-o", scratch.path("x.txt"), "true"}).code() == 0);
  const auto lines = lines_of(read_file(scratch.path("x.txt")));
  CHECK(lines.at(0) == "before");
  CHECK(lines.size() > 2);
  for (int i = 0; i < 2; ++i) REQUIRE(kintrace_with({"-q", "-A", "-o", scratch.path("x.jsonl"), "true"}).code() == 0);
  const Outcome read = kintrace_with({"--read", scratch.path("x.jsonl"), "-c"});
  CHECK(read.code() == 0);
  CHECK(read.out.find("total: 1 process,") != string::npos);
}

TEST_CASE("cli: the header tells what was chosen", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  REQUIRE(kintrace_with({"-q", "-e", "lifecycle,!wait4", "true"}).code() == 125);
  REQUIRE(kintrace_with({"-q", "-e", "lifecycle", "-e", "!wait4", "-o", scratch.path("x.jsonl"), "true"}).code() == 0);
  CHECK(read_file(scratch.path("x.jsonl")).find("\"trace\":[\"lifecycle\",\"!wait4()\"]") != string::npos);
}
