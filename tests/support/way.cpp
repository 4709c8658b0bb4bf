// SPDX-License-Identifier: MIT
#include "support/way.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/lives.hpp"

namespace kintrace::test {

std::string Way::prefix() const {
  if (name == alone) return "";
  return fmt::format("{}{} -qq -o {} ", kintrace_command(), name == aside ? " -D" : "", recording());
}

std::vector<Event> recorded(Terminal& terminal, const Way& way) {
  CHECK(terminal.until([&] {
    const std::string text = read_file(way.recording());
    return text.find("\n{\"ev\":\"end\"") != std::string::npos && text.back() == '\n';
  }));
  return events_of(way.recording());
}

void check_stops(Terminal& terminal, const Way& way, int stops) {
  if (way.name == alone) return;
  const auto events = recorded(terminal, way);
  CHECK(count_of<Stopped>(events) == stops);
  CHECK(count_of<Continued>(events) == stops);
}

char state_of(pid_t pid) { return (status_field(pid, "State") + " ")[0]; }
bool stopped(pid_t pid) { return state_of(pid) == 'T' || state_of(pid) == 't'; }

bool has_stopped(Terminal& terminal, const Way& way, pid_t group, int times) {
  return terminal.until([&] {
    if (way.name == alone) return all_of(terminal, group, stopped);
    int seen = 0;
    for (const std::string& line : lines_of(read_file(way.recording()))) {
      if (line.find("{\"ev\":\"stopped\"") == 0) ++seen;
    }
    return seen == times && all_of(terminal, group, stopped);
  });
}

bool all_of(const Terminal& terminal, pid_t group, const std::function<bool(pid_t)>& is) {
  const auto all = terminal.processes();
  return std::all_of(all.begin(), all.end(), [&](pid_t pid) { return ::getpgid(pid) != group || is(pid); });
}

bool stops_at_prompt(Terminal& terminal) { return terminal.prompt().value_or(0) > 128; }
bool has_job(Terminal& terminal, const std::string& state) {
  return terminal.until([&] { return terminal.run("jobs").find(state) != std::string::npos; });
}

bool goes_on_with_fg(Terminal& terminal) {
  terminal.type("fg\n");
  return terminal.until([&] {
    const pid_t group = terminal.foreground();
    return group != terminal.shell() && all_of(terminal, group, [](pid_t pid) { return !stopped(pid); });
  });
}

std::string perl(const std::string& text) {
  return "perl -e '$| = 1; " + text + "; print \"pid=$$\\n\"; sleep 1 while 1'";
}

}  // namespace kintrace::test
