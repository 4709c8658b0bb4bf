// SPDX-License-Identifier: MIT
// The program's place on a terminal is the one that it has alone: its ids, its group, what reaches it from the terminal
// and by way of kintrace. And what becomes of the watch when the program, its group or the terminal ends first.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include <chrono>
#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"

#include "support/terminal.hpp"
#include "support/way.hpp"

using namespace kintrace::test;
using std::string;

namespace {

string last_line(const string& path) { return lines_of(read_file(path)).back(); }

// ^C until it has ended the watch: one that comes while kintrace learns that the program has ended is the program's.
std::optional<int> end_watch(Terminal& terminal) {
  const std::size_t before = terminal.all().size();
  // Not again at once: the shell that has just got its terminal back would take it for itself, and say 130.
  constexpr auto patience = std::chrono::milliseconds{300};
  auto again = std::chrono::steady_clock::now();
  terminal.until([&] {
    if (const auto now = std::chrono::steady_clock::now(); now >= again) {
      terminal.type(ctrl_c);
      again = now + patience;
    }
    return terminal.all().find("[prompt ", before) != string::npos;
  });
  return terminal.prompt();
}

}  // namespace

TEST_CASE("terminal: ids and groups", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.type(way.prefix() + fixture("terminal_ids") + "\n");
  const pid_t pid = terminal.pid_value("pid"), parent = terminal.pid_value("parent");
  const pid_t group = terminal.pid_value("group");
  CHECK(terminal.pid_value("foreground") == group);
  CHECK(terminal.pid_value("session") == terminal.shell());
  CHECK(terminal.value("children") == "none");
  CHECK(terminal.prompt() == 3);
  if (way.name == launched) {
    CHECK(group == parent);  // kintrace is what the shell started
    CHECK(parent != terminal.shell());
  } else {
    CHECK(group == pid);
    CHECK(parent == terminal.shell());
  }
}

TEST_CASE("terminal: kintrace itself is not stopped by writing to it", "[live]") {
  if (!ptrace_allowed()) return;
  const string background = GENERATE("", " &");
  INFO("background: " << background);
  Terminal terminal;
  terminal.run("stty tostop");
  terminal.type(KINTRACE " true" + background + "\n");
  CHECK(terminal.shows("exec "));
  CHECK(terminal.shows("exit 0"));
  terminal.type("wait; echo ended $?\n");
  CHECK(terminal.shows("ended 0\n"));
}

TEST_CASE("terminal: a new size", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.type(way.prefix() + perl("$SIG{WINCH} = sub { system \"stty size\"; exit 4 }") + "\n");
  CHECK(terminal.pid_value("pid") > 0);
  terminal.resize(123);
  CHECK(terminal.shows("24 123\n"));
  CHECK(terminal.prompt() == 4);
}

TEST_CASE("terminal: a program that kills its whole group", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.type(way.prefix() + "sh -c 'sleep 100 & kill -KILL 0'\n");
  CHECK(terminal.prompt() == 128 + SIGKILL);
  if (way.name == alone) return;
  CHECK(words(lives_of(recorded(terminal, way)).ends) == "SIGKILL ×2");
  CHECK(last_line(way.recording()).find("\"signal\":\"SIGKILL\"") != string::npos);
}

TEST_CASE("terminal: ^C ends the watch of what outlives the program", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{launched};
  Terminal terminal;
  terminal.type(fmt::format("{} -o {} sh -c 'sleep 100 & echo pid=$!; exit 3'\n", kintrace_command(), way.recording()));
  const pid_t pid = terminal.pid_value("pid");
  REQUIRE(pid > 0);
  CHECK(terminal.shows("still following"));
  CHECK(terminal.until([&] { return status_field(pid, "Name") == "sleep"; }));  // its shell made it ignore ^C
  CHECK(end_watch(terminal) == 3);
  recorded(terminal, way);
  CHECK(last_line(way.recording()).find("\"code\":3,\"why\":\"interrupted\"") != string::npos);
  CHECK((status_field(pid, "TracerPid") == "0") != filtered());  // its calls would fail without a tracer
  CHECK(terminal.until([&] { return state_of(pid) == 'S'; }));
  CHECK(status_field(pid, "Name") == "sleep");
  ::kill(pid, SIGTERM);
  CHECK(terminal.until([&] { return state_of(pid) == ' ' || state_of(pid) == 'Z'; }));
}

TEST_CASE("terminal: a daemon is followed to its end", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{launched};
  const string go = way.scratch.path("go");
  REQUIRE(::mkfifo(go.c_str(), 0600) == 0);
  Terminal terminal;
  terminal.type(fmt::format("{} -o {} sh -c 'setsid sh -c \"(read x <{}; exit 6) &\"; exit 0'\n", kintrace_command(),
                            way.recording(), go));
  CHECK(terminal.shows("still following"));
  const int fd = ::open(go.c_str(), O_RDWR | O_CLOEXEC);
  CHECK(::write(fd, "\n", 1) == 1);
  CHECK(terminal.prompt() == 0);
  ::close(fd);
  const Lives lives = lives_of(recorded(terminal, way));
  CHECK(lives.ends.at("exit 6") == 1);
  CHECK(last_line(way.recording()).find("\"why\":\"done\"") != string::npos);
}

TEST_CASE("terminal: signals sent to a background kintrace", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.type(way.prefix() + perl("$SIG{HUP} = sub { print \"hup\\n\" }; $SIG{TERM} = sub { exit 9 }") +
                " & echo job=$!\n");
  const pid_t job = terminal.pid_value("job");
  REQUIRE(job > 0);
  CHECK(terminal.until([&] { return terminal.all().find("pid=") != string::npos; }));
  ::kill(job, SIGHUP);
  CHECK(terminal.shows("hup\n"));
  ::kill(job, SIGTERM);
  terminal.type("wait %1; echo ended $?\n");
  CHECK(terminal.shows("ended 9\n"));
}

TEST_CASE("terminal: in a script", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  const string shell = GENERATE("sh", "bash");
  INFO(way.name << ", " << shell);
  Terminal terminal;
  const string script = way.scratch.path("script");
  write_file(script, way.prefix() + "sh -c 'echo ready; read x; echo \"got $x\"; exit 4'\necho \"status $?\"\n");
  terminal.type(shell + " " + script + "\n");
  CHECK(terminal.shows("ready\n"));
  const pid_t group = terminal.foreground();
  for (int round = 1; round <= 3; ++round) {
    terminal.type(ctrl_z);
    CHECK(stops_at_prompt(terminal));
    // The shell waits for the script only; fg's SIGCONT would undo the stop of what is on its way there.
    CHECK(has_stopped(terminal, way, group, round));
    CHECK(goes_on_with_fg(terminal));
  }
  terminal.type("hello\n");
  CHECK(terminal.shows("got hello\n"));
  CHECK(terminal.shows("status 4\n"));
  CHECK(terminal.prompt() == 0);
  check_stops(terminal, way, 3);

  write_file(script, way.prefix() + perl("1") + "\necho \"status $?\"\n");
  terminal.type("bash " + script + "\n");
  CHECK(terminal.shows("pid="));
  terminal.type(ctrl_c);
  CHECK(terminal.prompt() == 130);
}

TEST_CASE("terminal: it is closed", "[live]") {
  if (!ptrace_allowed()) return;
  const Way way{GENERATE(alone, launched, aside)};
  INFO(way.name);
  Terminal terminal;
  terminal.type(way.prefix() +
                "sh -c 'nohup sleep 100 >/dev/null 2>&1 & echo child=$!; echo pid=$$; exec sleep 100'\n");
  const pid_t child = terminal.pid_value("child"), pid = terminal.pid_value("pid");
  REQUIRE((child > 0 && pid > 0));
  const auto ended = [](pid_t which) { return state_of(which) == ' ' || state_of(which) == 'Z'; };
  CHECK(terminal.until([&] { return status_field(child, "Name") == "sleep"; }));
  terminal.hang_up();
  CHECK(terminal.until([&] { return ended(terminal.shell()) && ended(pid); }));
  CHECK(terminal.until([&] { return state_of(child) == 'S'; }));
  CHECK(status_field(child, "Name") == "sleep");
  ::kill(child, SIGTERM);
  CHECK(terminal.until([&] { return ended(child); }));
  if (way.name == alone) return;
  CHECK(lives_of(recorded(terminal, way)).ends.at("SIGHUP") == 1);
}
