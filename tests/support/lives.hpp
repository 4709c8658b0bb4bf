// SPDX-License-Identifier: MIT
// What two tracers must agree on about the same program: births, execs, ends and waits, counted, without numbers of
// tasks or times. From kintrace's recording, and from the text that strace(1) writes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kintrace/event.hpp"

namespace kintrace::test {

struct Lives {
  std::map<std::string, int> births;        // by kind: fork, vfork, clone, thread
  std::map<std::string, int> execs;         // by path
  std::map<std::string, int> failed_execs;  // by path and error
  std::map<std::string, int> ends;          // of processes, by code or signal
  int thread_ends = 0;         // of threads, whatever their code: one that an exec or exit_group ends has none
  int collected = 0;           // children, by a wait
  int nobody_to_wait_for = 0;  // ECHILD
};

std::string words(const std::map<std::string, int>& counts);
Lives lives_of(const std::vector<Event>& events);
// `log`: of strace -f -q -o FILE -e trace=%process.
Lives lives_in_strace(const std::string& log);

// All of a recording made with -o FILE.jsonl. Throws UserError if it is none.
struct Recorded {
  std::vector<Event> events;
  std::optional<RunEnd> end;  // none: it is cut
};
Recorded recorded(const std::string& path);
std::vector<Event> events_of(const std::string& path);

// Those that tell a fact of this kind.
template <class F>
std::vector<Event> only(const std::vector<Event>& events) {
  std::vector<Event> found;
  for (const Event& event : events) {
    if (std::holds_alternative<F>(event.fact)) found.push_back(event);
  }
  return found;
}

// What docs/trace-format.md promises of lines and these do not keep: every task that is followed has one end, which
// says how (where that is known: not always of a leader that another thread's exec replaces), and nothing follows it
// but what becomes of the dead; a birth comes before every line of the child; no seq comes twice.
std::vector<std::string> broken_promises(const std::vector<Event>& events);

}  // namespace kintrace::test
