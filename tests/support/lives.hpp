// SPDX-License-Identifier: MIT
// What two tracers must agree on about the same program: births, execs, ends and waits, counted, without numbers of
// tasks or times. From kintrace's recording, and from the text that strace(1) writes.
#pragma once

#include <map>
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
std::vector<Event> events_of(const std::string& path);

}  // namespace kintrace::test
