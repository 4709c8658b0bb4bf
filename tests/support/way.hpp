// SPDX-License-Identifier: MIT
// The ways in which a command line is typed at a terminal: alone, under kintrace, and under kintrace -D. What is
// expected of a job under kintrace is first expected of it alone. And what its recording is asked afterwards.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "kintrace/event.hpp"
#include "support/run.hpp"
#include "support/terminal.hpp"

namespace kintrace::test {

inline const std::string alone = "alone", launched = "launched", aside = "aside";

struct Way {
  std::string name;
  Scratch scratch = {};
  std::string recording() const { return scratch.path("x.jsonl"); }
  std::string prefix() const;  // before a command
};

// Waits for the recording's last line: where the tracer stands aside, the prompt may come first, and
// another run must not yet write to the same file.
std::vector<Event> recorded(Terminal& terminal, const Way& way);

template <class F>
int count_of(const std::vector<Event>& events) {
  const auto is = [](const Event& event) { return std::holds_alternative<F>(event.fact); };
  return static_cast<int>(std::count_if(events.begin(), events.end(), is));
}

// That so many stops, each followed by a continuation, were recorded.
void check_stops(Terminal& terminal, const Way& way, int stops);

char state_of(pid_t pid);  // of proc(5); a blank: there is none
bool stopped(pid_t pid);
bool all_of(const Terminal& terminal, pid_t group, const std::function<bool(pid_t)>& is);
// Waits until all of the group are stopped, the program for the `times`th time: the state of a traced task is "t"
// already when its signal has come, and a SIGCONT would still undo that.
bool has_stopped(Terminal& terminal, const Way& way, pid_t group, int times);

// The shell's $? says that a job is stopped with 128 and the signal: SIGSTOP when kintrace stops with its program.
bool stops_at_prompt(Terminal& terminal);
bool has_job(Terminal& terminal, const std::string& state);
// Types fg and waits until the whole job runs in the foreground: a ^Z before that is undone by fg's own SIGCONT.
bool goes_on_with_fg(Terminal& terminal);

// A command that does `text`, says pid=PID, and then waits for signals.
std::string perl(const std::string& text);

}  // namespace kintrace::test
