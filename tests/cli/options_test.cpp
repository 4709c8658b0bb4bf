// SPDX-License-Identifier: MIT
// Command lines as people type them.
#include "cli/options.hpp"

#include <set>
#include <vector>

#include "kintrace/error.hpp"
#include "support/catch.hpp"

using namespace kintrace;
using namespace kintrace::cli;

namespace {

Options parsed(std::vector<const char*> words) {
  words.insert(words.begin(), "kintrace");
  return parse(static_cast<int>(words.size()), words.data());
}

std::string refusal(std::vector<const char*> words) {
  try {
    parsed(std::move(words));
  } catch (const UserError& error) {
    return error.what();
  }
  return {};
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("options: they stop at the first operand") {
  CHECK(parsed({"ls"}).program == Words{"ls"});
  CHECK(parsed({"ls", "-l", "-o", "x", "--stable"}).program == Words{"ls", "-l", "-o", "x", "--stable"});
  CHECK_FALSE(parsed({"ls", "--stable"}).stable);
  CHECK(parsed({"-o", "x", "ls", "-l"}).program == Words{"ls", "-l"});
  CHECK(parsed({"-ox", "ls"}).outputs.at(0).target == "x");
  CHECK(parsed({"-qqo", "x", "ls"}).quiet == 2);
  CHECK(parsed({"--", "ls"}).program == Words{"ls"});
  CHECK(parsed({"--", "-x"}).program == Words{"-x"});
  CHECK(parsed({"--", "--", "x"}).program == Words{"--", "x"});
  CHECK(parsed({"-q", "--", "ls", "--", "x"}).program == Words{"ls", "--", "x"});
  CHECK(parsed({"{}", "''", "[a,b]", ""}).program == Words{"{}", "''", "[a,b]", ""});
  CHECK(parsed({"[a,b]"}).program == Words{"[a,b]"});
  CHECK(parsed({"timeline", "--view"}).program == Words{"timeline", "--view"});
}

TEST_CASE("options: what was typed is kept for the recording, without the program") {
  CHECK(parsed({"-q", "-o", "x", "--", "ls", "-q"}).given == Words{"-q", "-o", "x"});
  CHECK(parsed({"ls"}).given.empty());
}

TEST_CASE("options: values") {
  CHECK(parsed({"-s0", "ls"}).string_limit == 0);
  CHECK(parsed({"-s", "100", "ls"}).string_limit == 100);
  CHECK_FALSE(parsed({"ls"}).string_limit);
  CHECK(parsed({"-t", "ls"}).clock == Clock::of_day);
  CHECK(parsed({"-tt", "ls"}).clock == Clock::of_day_us);
  CHECK(parsed({"-t", "-t", "-t", "ls"}).clock == Clock::epoch_us);
  CHECK(parsed({"-r", "ls"}).clock == Clock::delta);
  CHECK(parsed({"--color=always", "ls"}).color == ColorWhen::always);
  CHECK(parsed({"--color", "never", "ls"}).color == ColorWhen::never);
  CHECK(parsed({"--read", "x.jsonl"}).read == "x.jsonl");
}

TEST_CASE("options: the name of a file picks its view") {
  const auto view = [](const char* target) { return parsed({"-o", target, "ls"}).outputs.at(0).views.at(0); };
  CHECK(view("run.jsonl") == "jsonl");
  CHECK(view("run.txt") == "timeline");
  CHECK(view("run.log") == "timeline");
  CHECK(view("run") == "timeline");
  CHECK(view("run.jsonl.bak") == "timeline");
  CHECK(view("-") == "timeline");
  CHECK(view("|less x.jsonl") == "timeline");
  const Options both = parsed({"--view", "tree=t", "-o", "x.jsonl", "ls"});
  REQUIRE(both.outputs.size() == 2);
  CHECK(both.outputs[1].views == Words{"tree"});
}

TEST_CASE("options: what the terminal shows") {
  CHECK(parsed({"ls"}).terminal_views == Words{"timeline", "tree", "findings"});
  CHECK(parsed({"-q", "ls"}).terminal_views == Words{"timeline"});
  CHECK(parsed({"-qq", "ls"}).terminal_views.empty());
  CHECK(parsed({"-o", "x", "ls"}).terminal_views == Words{"findings"});
  CHECK(parsed({"-q", "-o", "x", "ls"}).terminal_views.empty());
  CHECK(parsed({"--view", "tree", "ls"}).terminal_views == Words{"tree"});
  CHECK(parsed({"--view", "tree,timeline", "-o", "x", "ls"}).terminal_views == Words{"tree", "timeline"});
  CHECK(parsed({"--view", "tree=t", "ls"}).terminal_views == Words{"findings"});
}

TEST_CASE("options: -c and -C") {
  CHECK(parsed({"-c", "ls"}).terminal_views == Words{"summary"});
  CHECK(parsed({"-C", "ls"}).terminal_views == Words{"timeline", "tree", "findings", "summary"});
  CHECK(parsed({"-Cq", "ls"}).terminal_views == Words{"timeline", "summary"});
  CHECK(parsed({"-c", "--view", "tree", "ls"}).terminal_views == Words{"tree", "summary"});
  const Options only = parsed({"-c", "-o", "x", "ls"}), too = parsed({"-C", "-o", "x", "-o", "y.jsonl", "ls"});
  CHECK(only.outputs.at(0).views == Words{"summary"});
  CHECK(only.terminal_views == Words{"findings"});
  CHECK(too.outputs.at(0).views == Words{"timeline", "summary"});
  CHECK(too.outputs.at(1).views == Words{"jsonl"});
  CHECK(parsed({"-c", "-o", "y.jsonl", "ls"}).terminal_views == Words{"summary"});
}

TEST_CASE("options: what is observed") {
  const Options options = parsed({"-v", "-e", "signal,wait4", "--signal=HUP", "-Z", "ls"});
  CHECK(options.choice.classes == Choice::Words{"signal"});
  CHECK(options.choice.calls == Choice::Words{"wait4"});
  CHECK(options.choice.signals == std::set<Signal>{Signal{1}});
  CHECK(options.choice.outcomes == std::set<Outcome>{Outcome::failed});
  CHECK(options.choice.detail);
  CHECK(options.verbose);
  CHECK(options.trace == Words{"signal", "wait4()"});
  CHECK(parsed({"ls"}).trace ==
        Words{"lifecycle", "signal", "pipe", "fifo", "sem", "shm", "msg", "socket", "lock", "event"});
  CHECK(parsed({"--trace=!signal,ipc", "ls"}).trace == Words{"lifecycle"});
  const Options last = parsed({"-z", "-Z", "ls"});
  CHECK(last.choice.outcomes == std::set<Outcome>{Outcome::failed});
  CHECK(last.remarks == Words{"of several -z, -Z and -e status=, the last holds"});
}

TEST_CASE("options: the program, and how it is run") {
  const Options options = parsed({"-E", "A=b c", "-E", "HOME", "-u", "nobody", "-b", "execve", "--kill-on-exit",
                                  "--no-restart-repair", "--timeout", "0.5", "--error-exitcode=9", "ls"});
  CHECK(options.environment == Words{"A=b c", "HOME"});
  CHECK(options.user == "nobody");
  CHECK(options.detach_on_exec);
  CHECK(options.kill_on_exit);
  CHECK_FALSE(options.restart_repair);
  CHECK(options.timeout == 500'000'000);
  CHECK(options.error_exitcode == 9);
  CHECK(options.place == TracerPlace::under_face);
  CHECK(parsed({"-D", "ls"}).place == TracerPlace::own_group);
  CHECK(parsed({"-DD", "ls"}).place == TracerPlace::own_group);
  CHECK(parsed({"-DDD", "ls"}).place == TracerPlace::own_session);
  CHECK(parsed({"--daemonize=session", "ls"}).place == TracerPlace::own_session);
  CHECK(parsed({"--daemonize", "ls"}).program == Words{"ls"});
  CHECK(parsed({"-AT", "-o", "x", "ls"}).writing == Writing::append);
  CHECK(parsed({"-T", "ls"}).call_times);
  CHECK(parsed({"-p", "1,2", "-p", "3 4"}).attach == std::vector<pid_t>{1, 2, 3, 4});
}

TEST_CASE("options: strace's long names") {
  CHECK(parsed({"--output=x", "--output-append-mode", "ls"}).writing == Writing::append);
  CHECK(parsed({"--summary-only", "ls"}).terminal_views == Words{"summary"});
  CHECK(parsed({"--absolute-timestamps", "ls"}).clock == Clock::of_day);
  CHECK(parsed({"--absolute-timestamps=us", "ls"}).clock == Clock::of_day_us);
  CHECK(parsed({"--timestamps=format:unix,precision:us", "ls"}).clock == Clock::epoch_us);
  CHECK(parsed({"--relative-timestamps=us", "ls"}).clock == Clock::delta);
  CHECK(parsed({"--relative-timestamps", "ls"}).program == Words{"ls"});
  CHECK(parsed({"--quiet=attach,exit", "ls"}).quiet == 2);
  CHECK(parsed({"--quiet", "ls"}).quiet == 1);
  CHECK(parsed({"--string-limi=3", "ls"}).string_limit == 3);  // a beginning that is no other's
  CHECK_THAT(refusal({"--sta", "ls"}), test::contains("several options"));
}

TEST_CASE("options: what is always so is taken without a word") {
  const Options options = parsed({"-f", "-yyY", "-F", "--follow-forks", "--seccomp-bpf", "--always-show-pid",
                                  "--no-seccomp", "--decode-fds=all", "--decode-pids=comm", "ls"});
  CHECK(options.remarks.empty());
  CHECK(options.program == Words{"ls"});
  CHECK(parsed({"-ff", "ls"}).remarks.empty());
  CHECK(parsed({"-ff", "-o", "x", "ls"}).remarks.size() == 1);
}

TEST_CASE("options: one line for what is not built yet, and for what a recording does not care about") {
  CHECK_THAT(parsed({"-k", "ls"}).remarks.at(0), test::contains("-k"));
  CHECK_THAT(parsed({"--hang-after", "2", "ls"}).remarks.at(0), test::contains("--hang-after"));
  CHECK(parsed({"-x", "-xx", "ls"}).remarks.size() == 1);
  CHECK_THAT(parsed({"-A", "ls"}).remarks.at(0), test::contains("-A"));
  CHECK_THAT(parsed({"--read", "x", "-u", "nobody", "--kill-on-exit"}).remarks.at(0),
             test::contains("-u, --kill-on-exit"));
}

TEST_CASE("options: a view that is not built yet does not become text") {
  for (const char* target :
       {"x.pftrace", "x.json", "x.trace.json", "x.otlp.json", "x.findings.json", "x.html", "x.dot", "x.mmd"}) {
    INFO(target);
    CHECK_THAT(refusal({"-o", target, "ls"}), test::contains("is not built yet"));
  }
  CHECK_THAT(refusal({"-o", "x.otlp.json", "ls"}), test::contains("otlp"));
  CHECK_THAT(refusal({"--view", "perfetto", "ls"}), test::contains("perfetto is not built yet"));
  CHECK_THAT(refusal({"--view", "hang", "ls"}), test::contains("not built yet"));
}

TEST_CASE("options: answers") {
  CHECK_FALSE(parsed({"-h"}).answer.empty());
  CHECK_FALSE(parsed({"--help"}).answer.empty());
  CHECK_FALSE(parsed({"-V"}).answer.empty());
  CHECK_THAT(parsed({"--view", "list"}).answer, test::contains("timeline"));
}

TEST_CASE("options: slips are refused with what is wrong") {
  CHECK_THAT(refusal({}), test::contains("what shall be run"));
  CHECK_THAT(refusal({"--"}), test::contains("what shall be run"));
  CHECK_THAT(refusal({"-Q", "ls"}), test::contains("no option -Q"));
  CHECK_THAT(refusal({"--nosuch"}), test::contains("no option --nosuch"));
  CHECK_THAT(refusal({"-s", "many", "ls"}), test::contains("many"));
  CHECK_THAT(refusal({"-s", "-1", "ls"}), test::contains("-1"));
  CHECK_FALSE(refusal({"-o"}).empty());
  CHECK_THAT(refusal({"-tttt", "ls"}), test::contains("tttt"));
  CHECK_FALSE(refusal({"-t", "-r", "ls"}).empty());
  CHECK_THAT(refusal({"--color=blue", "ls"}), test::contains("--color"));
  CHECK_THAT(refusal({"--view", "tre", "ls"}), test::contains("no view named tre"));
  CHECK_THAT(refusal({"-o", "x", "-o", "x", "ls"}), test::contains("two outputs to one file"));
  CHECK_THAT(refusal({"--read", "x", "ls"}), test::contains("exclude each other"));
  CHECK_THAT(refusal({""}), test::contains("empty"));
  CHECK_FALSE(refusal({"-o", "", "ls"}).empty());
  CHECK_THAT(refusal({"--view=", "ls"}), test::contains("--view needs a name"));
  CHECK_THAT(refusal({"--view", "tree,", "ls"}), test::contains("--view needs a name"));
  CHECK_THAT(refusal({"-o", "x", "-o", "./x", "ls"}), test::contains("two outputs to one file"));
  CHECK_THAT(refusal({"-o", "-", "-o", "-", "ls"}), test::contains("two outputs"));
  CHECK_THAT(refusal({"--read", "x.jsonl", "-o", "./x.jsonl"}), test::contains("overwritten"));
  CHECK_THAT(refusal({"-c", "-C", "ls"}), test::contains("exclude each other"));
  CHECK_THAT(refusal({"-b", "fork", "ls"}), test::contains("execve only"));
  CHECK_THAT(refusal({"-E", "", "ls"}), test::contains("variable"));
  CHECK_THAT(refusal({"-E", "=x", "ls"}), test::contains("variable"));
  CHECK_THAT(refusal({"-DDDD", "ls"}), test::contains("-DDDD"));
  CHECK_THAT(refusal({"-D", "--error-exitcode=3", "ls"}), test::contains("exclude each other"));
  CHECK_THAT(refusal({"--error-exitcode=0", "ls"}), test::contains("from 1 to 255"));
  for (const char* time : {"0", "-1", "x", "", "1e3", "nan", "5s"}) {
    INFO(time);
    CHECK_THAT(refusal({"--timeout", time, "ls"}), test::contains("time in seconds"));
  }
  for (const char* pid : {"", "x", "0", "1,x", ","}) CHECK_FALSE(refusal({"-p", pid}).empty());
  CHECK_THAT(refusal({"--snapshot"}), test::contains("not built yet"));
  CHECK_THAT(refusal({"-p", "1", "--no-descendants"}), test::contains("not built yet"));
  CHECK_THAT(refusal({"-e", "inject=read:error=EIO", "ls"}), test::contains("inject"));
  CHECK_THAT(refusal({"--stable=1", "ls"}), test::contains("takes no operand"));
}

TEST_CASE("options: a slip is told with the nearest name") {
  const auto hint = [](std::vector<const char*> words) {
    try {
      parsed(std::move(words));
    } catch (const UserError& error) {
      return error.hint();
    }
    return std::string{};
  };
  CHECK(hint({"--outptu", "x", "ls"}) == "did you mean --output?");
  CHECK(hint({"--colour", "x", "ls"}) == "did you mean --color?");
  CHECK(hint({"-Q", "ls"}) == "did you mean -q?");
  CHECK(hint({"-W", "ls"}) == "did you mean -w?");
  CHECK(hint({"-4", "ls"}) == "kintrace -h lists them");
  CHECK(hint({"--view", "tre", "ls"}) == "did you mean tree?");
  CHECK_THAT(hint({"--zzzzzz", "ls"}), test::contains("kintrace -h"));
}
