// SPDX-License-Identifier: MIT
// Which events of a run become lines, and in which words: leaves out what was not asked for, and tells the misses of a
// search through PATH with its result. Remembers what later words need. Not here: how lines are set (timeline.cpp).
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/view.hpp"
#include "kintrace/world.hpp"
#include "views/folded_messages.hpp"
#include "views/line.hpp"
#include "views/words.hpp"

namespace kintrace::views {

class Narrator {
 public:
  explicit Narrator(const ViewOptions& options);

  struct Lines {
    std::vector<Line> held;   // of earlier events: told now
    std::optional<Line> own;  // the event's
  };
  // When a held line is told depends on the events alone, so that a recording reads as the live run did.
  Lines event(const Event& event, const World& world);
  // What is still held when the run is over, in order of time.
  std::vector<Line> rest(const World& world);

 private:
  // Failed execs of one name in one directory after another.
  struct Search {
    std::vector<Event> misses;
    Bytes comm;  // of the task that searches
    bool takes(const Event& event) const;
    bool ends_in(const Execed& fact) const;
  };
  struct Delivery {
    Signal signal;
    std::optional<Tgid> from;
  };
  std::optional<Line> line_of(const Event& event, const Task& task, const World& world, const Before& before) const;
  void give_up(TaskIndex task, const Search& search, const World& world, std::vector<Line>& lines) const;
  Before before(const Event& event, const World& world) const;
  void remember(const Event& event, const World& world);

  ViewOptions options_;
  Manner manner_;
  FoldedMessages messages_;
  std::unordered_map<std::uint32_t, Search> searches_;  // by task
  std::unordered_set<std::uint32_t> reapers_;           // living processes that have collected a child
  std::unordered_map<Tgid, Delivery> stop_signals_;     // the last of each living process
  std::unordered_map<Tid, ObjectId> broken_;            // what tasks wrote to in vain, until their SIGPIPE
  Nanoseconds latest_ = 0;                              // the end of any event so far
};

}  // namespace kintrace::views
