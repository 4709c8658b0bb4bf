// SPDX-License-Identifier: MIT
// A traced program behaves as it would alone: same output, same status or death, same inheritance.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/same.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

// What `inherited` says, less the variable by which Running knows its own.
string without_marker(const string& text) {
  string out;
  for (const string& line : lines_of(text)) {
    if (line.find("KINTRACE_TEST_RUN=") == string::npos) out += line + "\n";
  }
  return out;
}

// `set_up` in a shell, and then the program, alone or traced, as the shell's child.
Command in_shell(const string& set_up, const vector<string>& argv) {
  Command command;
  command.argv = {"/bin/sh", "-c", set_up + "\n\"$@\"\nexit $?", "sh"};
  command.argv.insert(command.argv.end(), argv.begin(), argv.end());
  return command;
}

}  // namespace

TEST_CASE("transparency: exit status and death by signal", "[live]") {
  if (!ptrace_allowed()) return;
  for (const char* code : {"0", "1", "3", "125", "255"}) same({{"sh", "-c", string("exit ") + code}});
  for (const char* signal :
       {"HUP", "INT", "QUIT", "ABRT", "KILL", "USR1", "SEGV", "PIPE", "ALRM", "TERM", "XCPU", "34", "64"}) {
    // No core files from tests.
    same({{"bash", "-c", string("ulimit -c 0; kill -") + signal + " $$; exit 1"}});
  }
  same({{"bash", "-c", "ulimit -c 0; trap 'exit 9' TERM; kill $$; exit 1"}});
  same({{"perl", "-e", "if (!fork) { sleep 9 } kill 'TERM', -getpgrp; sleep 9"}});
}

TEST_CASE("transparency: output, input and errors", "[live]") {
  if (!ptrace_allowed()) return;
  string megabyte;
  while (megabyte.size() < 1'000'000) megabyte += "line " + std::to_string(megabyte.size()) + "\n";
  same({.argv = {"cat"}, .input = megabyte});
  same({.argv = {"sh", "-c", "sort -r | head -3; cat /nonexistent; echo $?"}, .input = megabyte});
  same({{"sh", "-c", "yes | head -3"}});
  same({{"bash", "-c", "yes | head -1; echo ${PIPESTATUS[@]}"}});
  same({{"bash", "-c", "cat <(echo a) <(echo b) | tee >(cat >/dev/null) | wc -c"}});
  same({{"sh", "-c", "seq 1 50000 | sort -rn | sed -n 1,3p; echo err >&2; exit 2"}});
  same({{"sh", "-c", "set -m; sh -c 'exit 4' & wait $!; echo $?"}});
  same({{"perl", "-e",
         "$SIG{CHLD} = sub { 1 while waitpid(-1, 1) > 0; $n++ }; for (1..20) { fork || exit; select undef, undef, "
         "undef, 0.001 } "
         "select(undef, undef, undef, 0.01) for 1..50; print wait, ' ', $!+0"}});
  same({{"/usr/bin/python3", "-c",
         "import os, signal\nsignal.signal(signal.SIGALRM, lambda *a: print('alarm'))\n"
         "signal.setitimer(signal.ITIMER_REAL, 0.05)\nos.read(os.pipe()[0], 1) if 0 else signal.pause()"}});
}

TEST_CASE("transparency: fixtures find the world as it is", "[live]") {
  if (!ptrace_allowed()) return;
  for (const char* name : {"fork_exit",
                           "threads",
                           "exec_from_thread",
                           "exit_group_from_thread",
                           "leader_exits_first",
                           "double_fork_daemon",
                           "vfork_exec",
                           "posix_spawn",
                           "clone_zoo",
                           "zombie_then_wait",
                           "auto_reap",
                           "wait_null",
                           "exec_fails",
                           "killed_by_signal",
                           "wait_interrupted",
                           "stop_and_continue",
                           "unreaped_children",
                           "thread_reaps",
                           "own_session",
                           "exec_chain",
                           "many_threads",
                           "fork_many",
                           "forest"}) {
    const Outcome outcome = run(traced({{fixture(name)}}, {"-qq"}));
    INFO(name << ": " << outcome.told());
    CHECK(outcome.code() == 0);
    CHECK(outcome.err.empty());
    CHECK(outcome.out == (string(name) == "forest" ? "ready\nok\n" : "ok\n"));
  }
  for (const auto& argv : vector<vector<string>>{{"exec_from_thread", "gone"},
                                                 {"double_fork_daemon", "subreaper"},
                                                 {"auto_reap", "nocldwait"},
                                                 {"fork_many", "2000"}}) {
    same({{fixture(argv[0]), argv[1]}});
  }
}

TEST_CASE("transparency: what a program inherits", "[live]") {
  if (!ptrace_allowed()) return;
  const string set_up =
      GENERATE(as<string>{}, "", "umask 027; ulimit -n 123; ulimit -S -s 4096; cd /usr/bin; exec 7</dev/null 9>&1",
               "umask 0; exec 3<&0 0<&-", "export A='b c' D=; trap '' HUP USR2");
  // Signals are ignored and blocked by env(1) right before the program, or before kintrace.
  const vector<string> before =
      GENERATE(vector<string>{},
               vector<string>{"env", "--ignore-signal=HUP,USR1,PIPE,INT", "--block-signal=TERM,CHLD,USR2,ALRM,RTMIN"},
               vector<string>{"nice", "-n", "3"});
  vector<string> alone = before, with = before;
  alone.push_back(fixture("inherited"));
  with.insert(with.end(), {KINTRACE, "-qq", fixture("inherited")});
  const Outcome expected = run(in_shell(set_up, alone)), seen = run(in_shell(set_up, with));
  REQUIRE(expected.code() == 0);
  REQUIRE(expected.out.find("rlimit 0 ") != string::npos);
  INFO(seen.told());
  CHECK(without_marker(seen.out) == without_marker(expected.out));
  CHECK(seen.status == expected.status);
  CHECK(seen.err.empty());
}

TEST_CASE("transparency: standard descriptors closed, in all combinations", "[live]") {
  if (!ptrace_allowed()) return;
  for (int mask = 0; mask < 8; ++mask) {
    Scratch scratch;
    Command command{{fixture("inherited"), scratch.path("report")}};
    for (int number = 0; number < 3; ++number) {
      if ((mask & (1 << number)) != 0) command.closed.push_back(number);
    }
    const Outcome alone = run(command);
    const string expected = without_marker(read_file(scratch.path("report")));
    // The report has the lowest number that is free: nothing of ours may be written to it.
    const Outcome with = run(traced(command));
    const string seen = without_marker(read_file(scratch.path("report")));
    INFO("closed: " << mask << "\n" << with.told());
    REQUIRE(expected.find("rlimit 0 ") != string::npos);
    // In a session of its own, a program is its leader, and a traced one is kintrace's child in it.
    const string same_but_session = seen.substr(0, seen.find("own group")),
                 expected_but_session = expected.substr(0, expected.find("own group"));
    CHECK(same_but_session == expected_but_session);
    CHECK(with.status == alone.status);
    CHECK(with.out == alone.out);
    CHECK((with.err.find("exit 0") != string::npos) == ((mask & 4) == 0));
  }
}

TEST_CASE("transparency: a caller that ignores SIGCHLD", "[live]") {
  if (!ptrace_allowed()) return;
  Command alone = in_shell("", {fixture("inherited")}), with = in_shell("", {KINTRACE, "-qq", fixture("inherited")});
  for (Command* command : {&alone, &with}) {
    command->argv = {command->argv.begin() + 4, command->argv.end()};
    command->argv.insert(command->argv.begin(), {"env", "--ignore-signal=CHLD"});
  }
  const string expected = without_marker(run(alone).out), seen = without_marker(run(with).out);
  CHECK(expected.find("signal 17 ignored 1") != string::npos);
  CHECK(seen.substr(0, seen.find("own group")) == expected.substr(0, expected.find("own group")));
  same({.argv = {fixture("fork_exit")}, .ignore_sigchld = true});  // its wait fails, alone and traced
  same({.argv = {"sh", "-c", "exit 3"}, .ignore_sigchld = true});
}

TEST_CASE("transparency: what outlives the program is followed to its end", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const Outcome outcome = run(traced({{"sh", "-c", "sleep 0.2 & exit 3"}}, {"-o", scratch.path("x.jsonl")}));
  INFO(outcome.told());
  CHECK(outcome.code() == 3);
  CHECK(outcome.err.find("still following") != string::npos);
  const Lives lives = lives_of(events_of(scratch.path("x.jsonl")));
  CHECK(lives.execs.count("/usr/bin/sleep") + lives.execs.count("/bin/sleep") == 1);
  CHECK(words(lives.ends) == "exit 0 ×1, exit 3 ×1");
}

TEST_CASE("transparency: signals sent to kintrace are the program's", "[live]") {
  if (!ptrace_allowed()) return;
  for (const int signal : {SIGTERM, SIGHUP}) {
    Running trapping(
        traced({.argv = {"perl", "-e",
                         "$| = 1; $SIG{TERM} = $SIG{HUP} = sub { exit 9 }; print \"ready\\n\"; sleep 1 while 1"}},
               {"-qq"}));
    REQUIRE(trapping.wait_for_line("ready"));
    ::kill(trapping.pid(), signal);
    CHECK(trapping.finish().code() == 9);
    Running dying(traced({.argv = {fixture("forest")}, .input = until_told}, {"-qq"}));
    REQUIRE(dying.wait_for_line("ready"));
    const auto parent_of = [](pid_t pid) { return status_field(pid, "PPid"); };
    const auto all = dying.processes();
    const auto program = std::find_if(all.begin(), all.end(), [&](pid_t pid) {
      return parent_of(pid) == std::to_string(dying.pid()) && status_field(pid, "Name") == "forest";
    });
    REQUIRE(program != all.end());
    ::kill(dying.pid(), signal);
    // The others go on until their input ends, and the program itself would end well if that came first.
    for (int moment = 0; moment < 2000 && !parent_of(*program).empty(); ++moment) ::usleep(5'000);
    dying.end_input();
    CHECK(dying.finish().signal() == signal);
  }
}

TEST_CASE("transparency: whoever continues a stopped program, kintrace goes on with it", "[live]") {
  if (!ptrace_allowed()) return;
  for (int round = 0; round < 20; ++round) {
    const auto outcome = Running(traced({.argv = {"sh", "-c",
                                                  "(while ! grep -q 'State:.T\\|State:.t' /proc/$$/status; do :; done; "
                                                  "kill -CONT $$) & kill -STOP $$; exit 6"}},
                                        {"-qq"}))
                             .finish();
    CHECK_FALSE(outcome.timed_out);
    CHECK(outcome.code() == 6);
  }
}

TEST_CASE("transparency: a stopped program is a stopped job", "[live]") {
  if (!ptrace_allowed()) return;
  Running job(traced({.argv = {"sh", "-c", "echo ready; kill -STOP $$; exit 6"}}, {"-qq"}));
  REQUIRE(job.wait_for_line("ready"));
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(job.pid()), &info, WSTOPPED) == 0);
  CHECK(info.si_code == CLD_STOPPED);
  ::kill(-job.pid(), SIGCONT);  // what fg does
  CHECK(job.finish().code() == 6);
}
