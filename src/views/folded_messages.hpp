// SPDX-License-Identifier: MIT
// Messages that would be too many lines, and changes of semaphores, locks and waits that would be: of each task, object
// and direction the first are told one by one, all further ones together, as soon as the task does something else. What
// is told when depends on the events alone, so that a recording reads as the live run did. Not here: the words
// (ipc_words.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "views/ipc_words.hpp"
#include "views/line.hpp"

namespace kintrace::views {

class FoldedMessages {
 public:
  // With --stable how many messages and waits there were is chance: then all are told together. How many locks and
  // changes there were is not: they are told one by one.
  explicit FoldedMessages(const Manner& manner) : manner_(manner) {}

  // Whether such an event may be told with others: if not, no other function needs to be asked.
  static bool may_fold(const Event& event);

  // True: it is one more of those that are told together, whatever its words are.
  bool count(const Event& event, const Task& task, const World& world);
  // True: the event's line is told later, with others. What must be told before it, or instead, goes to `told`.
  bool take(const Event& event, Line& line, const World& world, std::vector<Line>& told);
  // What has been kept back for a while, whoever's it is.
  void tell_due(Nanoseconds now, const World& world, std::vector<Line>& told);
  void tell(TaskIndex task, const World& world, std::vector<Line>& told);
  void tell_all(const World& world, std::vector<Line>& told);

 private:
  struct Run {
    std::uint64_t number = 0;                     // in order of their first
    std::uint32_t shown = 0;                      // one by one
    std::map<std::int64_t, std::uint32_t> alike;  // how often each size, or other likeness, among these
    bool folds = false;                           // none is shown any more
    Traffic more;                                 // than those
    Nanoseconds since = 0;                        // the first of more
    Line last;
  };
  using Key = std::tuple<TaskIndex, ObjectId, Way>;
  using Runs = std::map<Key, Run>;

  std::optional<Traffic> message_in(const Event& event) const;
  bool take(const Blocked& wait, Nanoseconds length, const Line& line, const World& world, std::vector<Line>& told);
  void add(Run& run, const Event& event, const Traffic& message, const World& world) const;
  void tell(const Runs& runs, const World& world, std::vector<Line>& told) const;
  Line line_of(const Run& run, const World& world) const;

  Manner manner_;
  Runs runs_;
  std::uint64_t runs_made_ = 0;
  Nanoseconds looked_ = 0;  // for what is due
};

}  // namespace kintrace::views
