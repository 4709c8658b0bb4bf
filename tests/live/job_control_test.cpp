// SPDX-License-Identifier: MIT
// A program under kintrace is a job of an interactive shell as it is alone: keys, stops, foreground and background.
// What is expected of a program under kintrace is first expected of it alone.
#include <signal.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/terminal.hpp"
#include "support/way.hpp"

using namespace kintrace::test;
using std::string;

TEST_CASE("job control: keys that end", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.run("ulimit -c 0");
  for (const auto& [key, status] : {std::pair{ctrl_c, 130}, {ctrl_backslash, 131}}) {
    terminal.type(way.prefix() + "sh -c 'echo ready; exec sleep 100'\n");
    CHECK(terminal.shows("ready\n"));
    terminal.type(key);
    CHECK(terminal.prompt() == status);
    if (way.name != alone) recorded(terminal, way);
  }
  terminal.type(way.prefix() + perl("$SIG{INT} = sub { exit 7 }") + "\n");
  CHECK(terminal.shows("pid="));
  terminal.type(ctrl_c);
  CHECK(terminal.prompt() == 7);
  if (way.name != alone) CHECK(words(lives_of(recorded(terminal, way)).ends) == "exit 7 ×1");
}

TEST_CASE("job control: ^Z, jobs, fg, bg", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.type(way.prefix() + perl("$SIG{USR1} = sub { print \"alive\\n\" }; $SIG{INT} = sub { exit 5 }") + "\n");
  const pid_t pid = terminal.pid_value("pid");
  REQUIRE(pid > 0);
  const pid_t group = ::getpgid(pid);
  CHECK(terminal.foreground() == group);
  const auto is_alive = [&] { return ::kill(pid, SIGUSR1) == 0 && terminal.shows("alive\n"); };
  CHECK(is_alive());

  terminal.type(ctrl_z);
  CHECK(stops_at_prompt(terminal));
  CHECK(terminal.foreground() == terminal.shell());
  CHECK(stopped(pid));
  CHECK(has_job(terminal, "Stopped"));
  terminal.type("fg\n");
  CHECK(is_alive());

  CHECK(terminal.until([&] { return terminal.foreground() == group; }));
  terminal.type(ctrl_z);
  CHECK(stops_at_prompt(terminal));
  terminal.run("bg");
  CHECK(is_alive());
  CHECK(has_job(terminal, "Running"));
  CHECK(terminal.foreground() == terminal.shell());

  terminal.type("fg\n");
  CHECK(terminal.until([&] { return terminal.foreground() == group; }));
  CHECK(is_alive());
  terminal.type(ctrl_c);
  CHECK(terminal.prompt() == 5);
  CHECK(terminal.run("jobs").empty());
  check_stops(terminal, way, 2);
}

TEST_CASE("job control: ^Z and fg at once, again and again", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.type(way.prefix() + perl("$SIG{USR1} = sub { print \"alive\\n\" }") + "\n");
  const pid_t pid = terminal.pid_value("pid");
  REQUIRE(pid > 0);
  const pid_t group = ::getpgid(pid);
  for (int round = 0; round < 20; ++round) {
    INFO("round " << round);
    REQUIRE(terminal.until([&] { return terminal.foreground() == group; }));
    terminal.type(ctrl_z);
    REQUIRE(stops_at_prompt(terminal));
    terminal.type("fg\n");
    REQUIRE(::kill(pid, SIGUSR1) == 0);
    REQUIRE(terminal.shows("alive\n"));
  }
  terminal.type(ctrl_c);
  CHECK(terminal.prompt() == 130);
  check_stops(terminal, way, 20);
}

TEST_CASE("job control: a program that ignores ^Z", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.type(way.prefix() + "sh -c 'trap \"\" TSTP; echo ready; read x; echo \"got $x\"; exit 4'\n");
  CHECK(terminal.shows("ready\n"));
  terminal.type(ctrl_z);
  terminal.type("hello\n");
  CHECK(terminal.shows("got hello\n"));
  CHECK(terminal.prompt() == 4);
  check_stops(terminal, way, 0);
}

TEST_CASE("job control: a program that handles ^Z", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  const string how = GENERATE(as<string>{}, "raise", "group", "stop");
  INFO(way.name << ", " << how);
  Terminal terminal;
  terminal.type(way.prefix() + fixture("handles_tstp") + " " + how + "\n");
  CHECK(terminal.shows("ready\n"));
  for (int round = 0; round < 3; ++round) {
    terminal.type(ctrl_z);
    CHECK(terminal.shows("suspends\n"));
    CHECK(stops_at_prompt(terminal));
    CHECK(has_job(terminal, "Stopped"));
    terminal.type("fg\n");
    CHECK(terminal.shows("goes on\n"));
    terminal.type("k");
    CHECK(terminal.shows("key\n"));
  }
  terminal.type("q");
  CHECK(terminal.prompt() == 5);
  check_stops(terminal, way, 3);
}

TEST_CASE("job control: less and vim", "[live]") {
  if (!ptrace_allowed()) return;
  struct Screen {
    string program, command, quit;
    int status;
  };
  const Way way{GENERATE(alone, launched, aside)};
  write_file(way.scratch.path("text"), "needle\n");
  for (const Screen& screen :
       {Screen{"less", "less ", "q", 0}, Screen{"vim", "vim -u NONE -i NONE -N -n ", ":cq\r", 1}}) {
    if (run({{"sh", "-c", "command -v " + screen.program}}).code() != 0) {
      WARN("SKIPPED: " + screen.program + " is not installed, so it is not tested under ^Z");
      continue;
    }
    INFO(way.name << ", " << screen.program);
    Terminal terminal;
    terminal.type(way.prefix() + screen.command + way.scratch.path("text") + "\n");
    CHECK(terminal.shows("needle"));
    for (int round = 0; round < 2; ++round) {
      terminal.type(ctrl_z);
      CHECK(stops_at_prompt(terminal));
      CHECK(has_job(terminal, "Stopped"));
      terminal.type("fg\n");
      CHECK(terminal.shows("needle"));
    }
    terminal.type(screen.quit);
    CHECK(terminal.prompt() == screen.status);
    check_stops(terminal, way, 2);
  }
}

TEST_CASE("job control: background, reading and writing", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  const bool reads = GENERATE(true, false);
  INFO(way.name << (reads ? " reads" : " writes"));
  Terminal terminal;
  terminal.run("stty tostop");
  terminal.run(way.prefix() + (reads ? "cat &" : "sh -c 'echo written $((40 + 2)); exit 4' &"));
  terminal.type("echo job=$!\n");
  const pid_t job = terminal.pid_value("job");
  REQUIRE(job > 0);
  CHECK(terminal.prompt() == 0);
  CHECK(has_job(terminal, "Stopped"));
  CHECK(stopped(job));
  CHECK(terminal.all().find("written 42") == string::npos);
  terminal.type("fg\n");
  if (reads) {
    CHECK(terminal.until([&] { return terminal.foreground() == job; }));
    terminal.type("hello\n");
    CHECK(terminal.shows("hello\n"));
    terminal.type(ctrl_d);
    CHECK(terminal.prompt() == 0);
  } else {
    CHECK(terminal.shows("written 42\n"));
    CHECK(terminal.prompt() == 4);
  }
  check_stops(terminal, way, 1);
}

TEST_CASE("job control: in a pipeline", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.type(way.prefix() + "sh -c 'echo ready >&2; exec sleep 100' | cat\n");
  CHECK(terminal.shows("ready\n"));
  terminal.type(ctrl_c);
  CHECK(terminal.prompt() == 130);
  CHECK(terminal.run("echo \"${PIPESTATUS[*]}\"") == "130 130\n");
  if (way.name != alone) recorded(terminal, way);
  terminal.type(way.prefix() + "sh -c 'echo ready >&2; read x; echo \"got $x\"; exit 4' | cat\n");
  CHECK(terminal.shows("ready\n"));
  terminal.type(ctrl_z);
  CHECK(stops_at_prompt(terminal));
  CHECK(has_job(terminal, "Stopped"));
  CHECK(goes_on_with_fg(terminal));
  terminal.type("hello\n");
  CHECK(terminal.shows("got hello\n"));
  CHECK(terminal.prompt() == 0);
  check_stops(terminal, way, 1);
}
