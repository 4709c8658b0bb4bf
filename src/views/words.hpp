// SPDX-License-Identifier: MIT
// Each fact in words, as the timeline tells it. Printable: nothing that a tracee chose reaches the caller unescaped.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "text/escape.hpp"
#include "views/naming.hpp"

namespace kintrace::views {

// How much the reader should care.
enum class Tone { plain, quiet, notable, bad };

struct Sentence {
  std::string words;  // empty: nothing to say
  Tone tone = Tone::plain;
  bool detail = false;     // told with -v only
  bool countless = false;  // how often it is said in a row is chance
};

// For whom it is told.
struct Manner {
  Naming naming;
  text::Limits limits;
  bool verbose = false;
  std::size_t message_limit = 32;  // at most so many bytes of a message
};

// What earlier events say of this one.
struct Before {
  std::optional<Tgid> sender;      // of the signal that stopped the process
  bool has_reaped = false;         // its process has collected a child
  std::size_t exec_misses = 0;     // the directories of PATH in which this exec's program was not
  bool told_orphans = false;       // its former parent's end has said who adopts it
  std::optional<ObjectId> broken;  // what its task wrote to last in vain, as nobody can read it (SIGPIPE)
};

// `world` is as the event left it.
Sentence describe(const Event& event, const World& world, const Manner& manner, const Before& before = {});

// A search through PATH that found nothing: one of its failures, their number and reasons.
Sentence describe_search(const ExecFailed& miss, std::size_t directories, const std::set<Errno>& reasons,
                         const Manner& manner);

// "exit 0", "killed by SIGSEGV (core dumped)".
std::string ending_words(const std::optional<int>& code, const std::optional<Signal>& signal, bool core);
// "ENOENT (No such file or directory)".
std::string error_words(Errno error);
// What is shared with its creator by a task made with these CLONE_ flags: "memory, files"; empty: nothing.
std::string sharing_words(std::vector<std::string> flags);

}  // namespace kintrace::views
