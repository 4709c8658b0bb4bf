// SPDX-License-Identifier: MIT
#include "views/folded_messages.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "text/units.hpp"
#include "views/sync_words.hpp"

namespace kintrace::views {
namespace {

constexpr std::uint32_t most_alike = 3;   // of one size, that are shown
constexpr std::uint32_t most_shown = 16;  // of all sizes
// So long may a message be kept back while others are told, and so often it is looked whether one was.
constexpr Nanoseconds longest_kept = 1'000'000'000;
constexpr Nanoseconds between_looks = 100'000'000;
// That a task waits so long is worth a line among any number of messages.
constexpr Nanoseconds long_wait = 100'000'000;

// A task may wait at any number of futexes: so many are remembered.
constexpr std::size_t most_runs = 4096;

// What of its kind it is like: a size, or which semaphore was changed by how much.
std::int64_t likeness(const Event& event) {
  constexpr int half = 32;
  if (const auto* sent = std::get_if<Sent>(&event.fact)) return sent->bytes;
  if (const auto* received = std::get_if<Received>(&event.fact)) return received->bytes;
  if (const auto* changed = std::get_if<SemChanged>(&event.fact)) {
    const auto index = static_cast<std::uint64_t>(static_cast<std::uint32_t>(changed->index));
    return static_cast<std::int64_t>(index << half ^ static_cast<std::uint64_t>(changed->delta.value_or(0)));
  }
  return 0;
}

// The bytes of a queue's messages are not joined by chance, as those of a stream are.
bool is_queue(ObjectId id) { return class_of(id.kind) == "msg"; }

}  // namespace

bool FoldedMessages::may_fold(const Event& event) {
  return std::visit(
      [](const auto& fact) {
        using T = std::decay_t<decltype(fact)>;
        return std::is_same_v<T, Sent> || std::is_same_v<T, Received> || std::is_same_v<T, SemChanged> ||
               std::is_same_v<T, LockTaken> || std::is_same_v<T, LockReleased> || std::is_same_v<T, FutexWaited> ||
               std::is_same_v<T, FutexWoke> || std::is_same_v<T, Waited>;
      },
      event.fact);
}

// One that is like many others: a message that brought or took something, a change, a lock or a wait that came about.
std::optional<Traffic> FoldedMessages::message_in(const Event& event) const {
  if (event.unfinished) return {};
  const bool stable = manner_.naming.stable();
  if (const auto* sent = std::get_if<Sent>(&event.fact)) {
    if (sent->err || !sent->fds.empty() || (stable && is_queue(sent->obj))) return {};
    return Traffic{.obj = sent->obj, .way = Way::write, .bytes = sent->bytes};
  }
  if (const auto* received = std::get_if<Received>(&event.fact)) {
    if (received->err || received->eof || (stable && is_queue(received->obj))) return {};
    return Traffic{.obj = received->obj, .way = received->peeked ? Way::peek : Way::read, .bytes = received->bytes};
  }
  if (const auto* woken = std::get_if<FutexWaited>(&event.fact)) {
    if (woken->err || woken->joins) return {};
    return Traffic{.obj = woken->obj, .way = Way::wait};
  }
  if (const auto* woke = std::get_if<FutexWoke>(&event.fact)) {
    if (woke->err || (woke->woken == 0 && !woke->requeued_to)) return {};
    return Traffic{.obj = woke->obj, .way = Way::wake};
  }
  if (const auto* waited = std::get_if<Waited>(&event.fact)) {
    if (waited->err || waited->signal || is_brief(*waited, event, manner_.naming)) return {};
    if (stable && !waits_for_any(waited->syscall)) return {};
    return Traffic{.way = Way::wait_for_any};
  }
  if (stable) return {};
  if (const auto* changed = std::get_if<SemChanged>(&event.fact)) {
    if (changed->err || changed->undone) return {};
    return Traffic{.obj = changed->obj, .way = Way::change};
  }
  if (const auto* taken = std::get_if<LockTaken>(&event.fact)) return Traffic{.obj = taken->obj, .way = Way::lock};
  if (const auto* released = std::get_if<LockReleased>(&event.fact)) {
    if (released->how == ReleasedHow::exit) return {};
    return Traffic{.obj = released->obj, .way = Way::unlock};
  }
  return {};
}

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
  if (const auto* wait = std::get_if<Blocked>(&event.fact);
      wait != nullptr && (wait->obj || waits_for_any(wait->syscall) || sleeps(wait->syscall)))
    return take(*wait, event.dur, line, world, told);
  const auto message = message_in(event);
  if (!message) {
    tell(line.task, world, told);
    return false;
  }
  if (runs_.size() >= most_runs && !manner_.naming.stable()) tell_all(world, told);
  const auto [at, fresh] = runs_.try_emplace(Key{line.task, message->obj, message->way});
  Run& run = at->second;
  if (fresh) {
    run.number = ++runs_made_;
    run.folds = manner_.naming.stable();
  }
  line.message = true;
  if (!run.folds) {
    run.folds = ++run.shown == most_shown || ++run.alike[likeness(event)] == most_alike;
    return false;
  }
  add(run, event, *message, world);
  run.last = std::move(line);
  return true;
}

// Waits between messages that are not told have no line either, unless they are long.
bool FoldedMessages::take(const Blocked& wait, Nanoseconds length, const Line& line, const World& world,
                          std::vector<Line>& told) {
  constexpr std::array ways{Way::write, Way::read, Way::peek, Way::change, Way::lock, Way::wait};
  const auto folds = [&](ObjectId obj, Way way) {
    const auto run = runs_.find(Key{line.task, obj, way});
    return run != runs_.end() && run->second.folds;
  };
  const bool for_any = waits_for_any(wait.syscall) || sleeps(wait.syscall);
  const bool among_folded = for_any
                                ? folds({}, Way::wait_for_any)
                                : std::any_of(ways.begin(), ways.end(), [&](Way way) { return folds(*wait.obj, way); });
  if (among_folded && length < long_wait) return true;
  if (among_folded) tell(line.task, world, told);
  return false;
}

void FoldedMessages::add(Run& run, const Event& event, const Traffic& message, const World& world) const {
  Traffic& more = run.more;
  if (more.messages == 0) {
    more = message;
    more.each = message.bytes;
    if (const auto* waited = std::get_if<Waited>(&event.fact)) more.call = waited->syscall;
    run.since = event.end();
  } else {
    if (const auto* waited = std::get_if<Waited>(&event.fact); waited != nullptr && waited->syscall != more.call)
      more.call.clear();
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
  const bool stable = manner_.naming.stable();
  if (!stable && run.more.messages == 1) return line;
  // Each of them says the same then.
  if (stable && (run.more.way == Way::wait || run.more.way == Way::wake)) return line;
  line.spent.reset();
  line.sentence = stable ? words_of_all(run.more, world, manner_) : words_of_more(run.more, world, manner_);
  return line;
}

}  // namespace kintrace::views
