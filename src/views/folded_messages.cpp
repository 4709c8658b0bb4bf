// SPDX-License-Identifier: MIT
#include "views/folded_messages.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <variant>

#include "text/units.hpp"

namespace kintrace::views {
namespace {

constexpr std::uint32_t most_alike = 3;   // of one size, that are shown
constexpr std::uint32_t most_shown = 16;  // of all sizes
// So long may a message be kept back while others are told, and so often it is looked whether one was.
constexpr Nanoseconds longest_kept = 1'000'000'000;
constexpr Nanoseconds between_looks = 100'000'000;
// That a task waits so long is worth a line among any number of messages.
constexpr Nanoseconds long_wait = 100'000'000;

// A message that brought or took something.
std::optional<Traffic> message_in(const Event& event) {
  if (event.unfinished) return {};
  if (const auto* sent = std::get_if<Sent>(&event.fact)) {
    if (sent->err || !sent->fds.empty()) return {};
    return Traffic{.obj = sent->obj, .way = Way::write, .bytes = sent->bytes};
  }
  const auto* received = std::get_if<Received>(&event.fact);
  if (received == nullptr || received->err || received->eof) return {};
  return Traffic{.obj = received->obj, .way = received->peeked ? Way::peek : Way::read, .bytes = received->bytes};
}

}  // namespace

bool FoldedMessages::count(const Event& event, const Task& task, const World& world) {
  const auto message = message_in(event);
  if (!message) return false;
  const auto found = runs_.find(Key{task.index, message->obj, message->way});
  if (found == runs_.end() || found->second.more.messages == 0) return false;
  Run& run = found->second;
  add(run, event, *message, world);
  run.last.comm = task.comm;
  run.last.at = event.end();
  return true;
}

bool FoldedMessages::take(const Event& event, Line& line, const World& world, std::vector<Line>& told) {
  if (const auto* wait = std::get_if<Blocked>(&event.fact); wait != nullptr && wait->obj)
    return take(*wait, event.dur, line, world, told);
  const auto message = message_in(event);
  if (!message) {
    tell(line.task, world, told);
    return false;
  }
  const auto [at, fresh] = runs_.try_emplace(Key{line.task, message->obj, message->way});
  Run& run = at->second;
  if (fresh) {
    run.number = ++runs_made_;
    run.folds = manner_.naming.stable();
  }
  line.message = true;
  if (!run.folds) {
    run.folds = ++run.shown == most_shown || ++run.sizes[message->bytes] == most_alike;
    return false;
  }
  add(run, event, *message, world);
  run.last = std::move(line);
  return true;
}

// Waits between messages that are not told have no line either, unless they are long.
bool FoldedMessages::take(const Blocked& wait, Nanoseconds length, const Line& line, const World& world,
                          std::vector<Line>& told) {
  constexpr std::array ways{Way::write, Way::read, Way::peek};
  const bool among_folded = std::any_of(ways.begin(), ways.end(), [&](Way way) {
    const auto run = runs_.find(Key{line.task, *wait.obj, way});
    return run != runs_.end() && run->second.folds;
  });
  if (among_folded && length < long_wait) return true;
  if (among_folded) tell(line.task, world, told);
  return false;
}

void FoldedMessages::add(Run& run, const Event& event, const Traffic& message, const World& world) const {
  Traffic& more = run.more;
  if (more.messages == 0) {
    more = message;
    more.each = message.bytes;
    run.since = event.end();
  } else {
    more.bytes = text::sum(more.bytes, message.bytes);
    if (more.each != message.bytes) more.each.reset();
  }
  ++more.messages;
  more.longest = std::max(more.longest, event.dur);
  if (manner_.naming.stable()) add_content(more, event, world, manner_);
}

void FoldedMessages::tell_due(Nanoseconds now, const World& world, std::vector<Line>& told) {
  if (manner_.naming.stable() || now - looked_ < between_looks) return;
  looked_ = now;
  Runs due;
  for (auto& [key, run] : runs_) {
    if (run.more.messages == 0 || now - run.since < longest_kept) continue;
    due.emplace(key, run);
    run.more.messages = 0;
  }
  tell(due, world, told);
}

void FoldedMessages::tell(TaskIndex task, const World& world, std::vector<Line>& told) {
  Runs own;
  for (auto run = runs_.lower_bound(Key{task, {}, {}}); run != runs_.end() && std::get<0>(run->first) == task;)
    own.insert(runs_.extract(run++));
  tell(own, world, told);
}

void FoldedMessages::tell_all(const World& world, std::vector<Line>& told) {
  tell(std::exchange(runs_, {}), world, told);
}

void FoldedMessages::tell(const Runs& runs, const World& world, std::vector<Line>& told) const {
  std::vector<const Run*> in_order;
  for (const auto& [key, run] : runs) {
    if (run.more.messages != 0) in_order.push_back(&run);
  }
  std::sort(in_order.begin(), in_order.end(), [](const Run* a, const Run* b) { return a->number < b->number; });
  for (const Run* run : in_order) told.push_back(line_of(*run, world));
}

Line FoldedMessages::line_of(const Run& run, const World& world) const {
  Line line = run.last;
  if (!manner_.naming.stable() && run.more.messages == 1) return line;
  line.spent.reset();
  line.sentence =
      manner_.naming.stable() ? words_of_all(run.more, world, manner_) : words_of_more(run.more, world, manner_);
  return line;
}

}  // namespace kintrace::views
