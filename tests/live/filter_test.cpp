// SPDX-License-Identifier: MIT
// Programs with seccomp filters of their own, of both widths, and where kintrace's own filter is not allowed: alone,
// with kintrace's filter, and without. docs/ptrace-notes.md, I.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/same.hpp"

using namespace kintrace::test;
using kintrace::Set;
using std::string;
using std::vector;

namespace {

void same_with_and_without(const string& name, const vector<string>& arguments = {}) {
  same_fixture(name, arguments, {"-v"});
  same_fixture(name, arguments, {"--no-seccomp"});
}

bool skipped(const char* why) {
  WARN("SKIPPED: " << why);
  return true;
}

// What was said of seccomp, in the order of the events.
vector<string> said(const string& recording, const string& what) {
  vector<string> values;
  for (const kintrace::Event& event : only<Set>(events_of(recording))) {
    const auto& fact = std::get<Set>(event.fact);
    if (fact.what == what) values.push_back(fact.value);
  }
  return values;
}

// The stops that a run costs.
long stops_of(const vector<string>& argv) {
  Scratch scratch;
  Command command{argv};
  command.env = {{"KINTRACE_DEBUG_STOPS", scratch.path("stops")}};
  CHECK(run(traced(command, {"-qq", "-o", scratch.path("x.jsonl")})).code() == 0);
  const string text = read_file(scratch.path("stops"));
  REQUIRE(text.compare(0, 6, "stops ") == 0);
  return std::stol(text.substr(6));
}

// How many stops each round costs.
double cost_of_one(const string& name) {
  return static_cast<double>(stops_of({fixture(name), "250"}) - stops_of({fixture(name), "50"})) / 200;
}

}  // namespace

// ERRNO (EXDEV), TRAP, LOG, and TRACE, which fails with ENOSYS, with a message of its own or none.
TEST_CASE("filter: a program's own filter answers as it does alone", "[live]") {
  if (!ptrace_allowed()) return;
  for (const char* answer : {"0x00050012", "0x00030000", "0x7ffc0000", "0x7ff00000", "0x7ff00007"})
    same_with_and_without("own_filter", {answer});
  same_with_and_without("own_filter_kills");
}

// The kernel cannot tell one from the other (docs/ptrace-notes.md, I5): such a call is done.
TEST_CASE("filter: a program's own filter with kintrace's mark", "[live]") {
  if (!ptrace_allowed() || !filtered()) return;
  const Command command{{fixture("own_filter"), "0x7ff06b74"}};
  CHECK(run(command).out.find("kill: ENOSYS\n") != string::npos);
  CHECK(run(traced(command, {"-qq"})).out.find("exec: well\nok\n") != string::npos);
  CHECK(run(traced(command, {"-qq", "--no-seccomp"})).out.find("kill: ENOSYS\n") != string::npos);
}

TEST_CASE("filter: a program's own filter for all its threads, and one with a supervisor", "[live]") {
  if (!ptrace_allowed()) return;
  for (int round = 0; round < 5; ++round) same_with_and_without("own_filter_for_all_threads");
  for (const char* call : {"kill", "getsid"}) same_with_and_without("own_filter_asks", {call});
}

TEST_CASE("filter: as many filters of its own as the kernel takes", "[live]") {
  if (!ptrace_allowed()) return;
  same_with_and_without("own_filter", {"many"});
}

TEST_CASE("filter: calls of 32 bits and of 64", "[live]") {
  if (!ptrace_allowed()) return;
  const string wide = fixture("both_widths"), narrow = fixture("both_widths_32");
  same_with_and_without("both_widths");
  same_with_and_without("int80");
  if (::access(narrow.c_str(), X_OK) != 0 && skipped("no compiler for 32-bit programs (gcc-multilib)")) return;
  if (run({{narrow}}).code() != 0 && skipped("32-bit programs do not run here")) return;
  same_with_and_without("both_widths_32");
  same_with_and_without("both_widths", {narrow, wide});
  same_with_and_without("both_widths_32", {wide, narrow});
}

TEST_CASE("filter: what strict mode meets is said", "[live]") {
  if (!ptrace_allowed() || !filtered()) return;
  Scratch scratch;
  const Command command{{"python3", "-c", "import ctypes; print(ctypes.CDLL(None).prctl(22, 1, 0, 0, 0))"}};
  const Outcome with = run(traced(command, {"-o", scratch.path("x.jsonl")}));
  if (with.code() == 127 && skipped("python3 is not installed")) return;
  CHECK(with.out == "-1\n");
  CHECK(said(scratch.path("x.jsonl"), "seccomp") == vector<string>{"strict refused"});
  CHECK(run(traced(command, {"-q"})).err.find("--no-seccomp") != string::npos);
}

TEST_CASE("filter: no_new_privs only where the kernel demands it", "[live]") {
  if (!ptrace_allowed() || !filtered()) return;
  const Command command{{"sed", "-n", "s/NoNewPrivs:[^0-9]*//p", "/proc/self/status"}};
  CHECK(run(command).out == "0\n");
  const bool root = ::geteuid() == 0;
  CHECK(run(traced(command, {"-qq"})).out.at(0) == (root ? '0' : '1'));
  CHECK(run(traced(command, {"-qq", "--no-seccomp"})).out == "0\n");
  if (!root && skipped("only root may become someone else")) return;
  CHECK(run(traced(command, {"-qq", "-u", "nobody"})).out == "0\n");
  Scratch scratch;
  ::chmod(scratch.directory().c_str(), 0755);
  std::filesystem::copy_file(KINTRACE, scratch.path("kintrace"));
  Command unprivileged{
      {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", scratch.path("kintrace"), "-qq"}};
  unprivileged.argv.insert(unprivileged.argv.end(), command.argv.begin(), command.argv.end());
  unprivileged.directory = scratch.directory();
  CHECK(run(unprivileged).out == "1\n");
}

TEST_CASE("filter: a set-user-ID program, and one with capabilities, under root", "[live]") {
  if (!ptrace_allowed()) return;
  if (::geteuid() != 0 && skipped("needs root")) return;
  Scratch scratch;
  ::chmod(scratch.directory().c_str(), 0755);
  std::filesystem::copy_file(fixture("who_am_i"), scratch.path("raised"));
  ::chmod(scratch.path("raised").c_str(), 04755);
  for (const vector<string>& options : vector<vector<string>>{{"-qq"}, {"-qq", "--no-seccomp"}}) {
    vector<string> with_user = options;
    with_user.insert(with_user.end(), {"-u", "nobody"});
    const Outcome with = run(traced({.argv = {scratch.path("raised")}, .directory = "/"}, with_user));
    INFO(with.told());
    CHECK(with.out == "real 65534 effective 0 saved 0\nok\n");
  }
  const string sed = scratch.path("sed");
  std::filesystem::copy_file("/bin/sed", sed);
  if (run({{"setcap", "cap_net_raw+ep", sed}}).code() != 0 && skipped("no setcap")) return;
  const Command command{{"setpriv", "--reuid=65534", "--clear-groups", sed, "-n", "/CapEff/p", "/proc/self/status"}};
  CHECK(run(command).out == "CapEff:\t0000000000002000\n");
  same(command);
  same(command, {"--no-seccomp"});
}

TEST_CASE("filter: where no filter can be installed every call is traced", "[live]") {
  if (!ptrace_allowed() || !filtered()) return;
  for (const int error : {EPERM, ENOSYS, EACCES}) {
    Scratch scratch;
    const string recording = scratch.path("x.jsonl");
    vector<string> argv{fixture("refuses_filters"), std::to_string(error)};
    const Command inner = traced({{"sh", "-c", "(exit 3); echo $?; echo ready; read x; echo $x"}}, {"-o", recording});
    argv.insert(argv.end(), inner.argv.begin(), inner.argv.end());
    const Command command{.argv = argv, .input = until_told};
    {
      Running running(command);
      REQUIRE(running.wait_for_line("ready"));
      running.end_input();
      const Outcome outcome = running.finish();
      INFO(outcome.told());
      CHECK(outcome.out == "3\nready\n\n");
      CHECK(outcome.code() == 0);
      CHECK(said(recording, "filter") == vector<string>{"refused"});
      CHECK(broken_promises(events_of(recording)).empty());
    }
    // And the program survives the tracer.
    Running running(command);
    REQUIRE(running.wait_for_line("ready"));
    const auto program = tracees(running);
    REQUIRE_FALSE(program.empty());
    ::kill(std::stoi(status_field(std::stoi(status_field(program[0], "TracerPid")), "Tgid")), SIGKILL);
    running.end_input();
    const Outcome outcome = running.finish();
    INFO(outcome.told());
    CHECK(outcome.out == "3\nready\n\n");
    CHECK(outcome.code() == 0);
    CHECK(outcome.err.find("went on untraced") != string::npos);
  }
}

TEST_CASE("filter: children stop for what the filter names, from birth", "[live]") {
  if (!ptrace_allowed() || !filtered()) return;
  // clone, its event, the child's first stop, its end; wait4 in and out, and in again after SIGCHLD.
  CHECK(cost_of_one("fork_many") < 8.5);
  CHECK(cost_of_one("many_threads") <= 4.1);
  const auto reads = [](const char* count) {
    return stops_of({"sh", "-c", "(dd if=/dev/zero of=/dev/null bs=1 status=none count=$1) & wait", "sh", count});
  };
  // What leads to no object is looked at once, and stops at its entry.
  CHECK(std::abs(reads("5000") - reads("1") - 2 * 4999) <= 2);
}
