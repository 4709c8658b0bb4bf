// SPDX-License-Identifier: MIT
#include "views/narrator.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>
#include <variant>

#include "views/shown.hpp"
#include "views/sync_words.hpp"

namespace kintrace::views {
namespace {

// The program's argv is worth more room than a message's bytes.
constexpr std::size_t word_limit = 256;

Manner manner_of(const ViewOptions& options) {
  const text::Limits cut{options.string_limit.value_or(word_limit), 64};
  const text::Limits whole{options.string_limit.value_or(std::string::npos), std::string::npos};
  const std::size_t usual = options.verbose ? std::string::npos : Manner{Naming{false}, {}}.message_limit;
  return {Naming{options.stable}, options.verbose ? whole : cut, options.verbose, options.string_limit.value_or(usual)};
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// What execvp(3) goes on after.
bool is_miss(const ExecFailed& fact) {
  const int error = fact.err.value;
  return fact.path.starts_with('/') && (error == ENOENT || error == EACCES || error == ENOTDIR);
}

bool is_stop_signal(Signal signal) {
  return signal.value == SIGSTOP || signal.value == SIGTSTP || signal.value == SIGTTIN || signal.value == SIGTTOU;
}

// Detail whatever it says, and there is a lot of it: words that nobody will see need not be found.
bool is_always_detail(const Event& event, const Naming& naming) {
  if (const auto* waited = std::get_if<Waited>(&event.fact)) return is_brief(*waited, event, naming);
  if (const auto* waited = std::get_if<FutexWaited>(&event.fact))
    return waited->err == Errno{EAGAIN} && !waited->joins && !event.unfinished;
  if (const auto* woke = std::get_if<FutexWoke>(&event.fact))
    return !woke->err && woke->woken == 0 && !woke->requeued_to;
  return std::holds_alternative<DispositionSet>(event.fact) || std::holds_alternative<MaskSet>(event.fact);
}

// Its end is not waited for: there is nothing to tell of it.
bool is_close(const Event& event) {
  const auto* released = std::get_if<LockReleased>(&event.fact);
  return std::holds_alternative<FdClosed>(event.fact) || (released != nullptr && released->how != ReleasedHow::unlock);
}

const ExecFailed& miss_of(const Event& event) { return std::get<ExecFailed>(event.fact); }

}  // namespace

Narrator::Narrator(const ViewOptions& options) : options_(options), manner_(manner_of(options)), messages_(manner_) {}

bool Narrator::Search::takes(const Event& event) const {
  const auto* fact = std::get_if<ExecFailed>(&event.fact);
  if (fact == nullptr || !is_miss(*fact)) return false;
  if (misses.empty()) return true;
  // Longer than any PATH, or the same file once more: no search, and not to be kept.
  constexpr std::size_t most = 64;
  const auto again = [&](const Event& miss) { return miss_of(miss).path == fact->path; };
  if (misses.size() >= most || std::any_of(misses.begin(), misses.end(), again)) return false;
  const ExecFailed& last = miss_of(misses.back());
  return base_name(fact->path) == base_name(last.path) && fact->argv == last.argv;
}

bool Narrator::Search::ends_in(const Execed& fact) const {
  if (misses.empty()) return false;
  const ExecFailed& last = miss_of(misses.back());
  return fact.path.starts_with('/') && base_name(fact.path) == base_name(last.path) && fact.argv == last.argv;
}

Narrator::Lines Narrator::event(const Event& event, const World& world) {
  Lines lines;
  messages_.tell_due(event.end(), world, lines.held);
  const Task* task = world.find(event.tid);
  if (task == nullptr) return lines;
  Before before = this->before(event, world);
  remember(event, world);
  if (!options_.verbose) {
    const auto found = searches_.find(task->index.value);
    if (found != searches_.end() && !found->second.takes(event)) {
      const Search search = std::move(found->second);
      searches_.erase(found);
      if (const auto* execed = std::get_if<Execed>(&event.fact); execed != nullptr && search.ends_in(*execed)) {
        before.exec_misses = search.misses.size();
      } else {
        give_up(task->index, search, world, lines.held);
      }
    }
    if (Search{}.takes(event)) {
      Search& search = searches_[task->index.value];
      search.comm = task->comm;
      search.misses.push_back(event);
      return lines;
    }
  }
  const bool may_fold = !options_.verbose && FoldedMessages::may_fold(event);
  if (may_fold && shown(event, options_.choice) && messages_.count(event, *task, world)) return lines;
  lines.own = line_of(event, *task, world, before);
  if (!options_.verbose && lines.own && messages_.take(event, *lines.own, world, lines.held)) lines.own.reset();
  if (std::holds_alternative<Exited>(event.fact)) messages_.tell(task->index, world, lines.held);
  if (lines.own) latest_ = std::max(latest_, lines.own->at);
  return lines;
}

std::vector<Line> Narrator::rest(const World& world) {
  std::vector<Line> lines;
  for (const auto& [task, search] : searches_) give_up(TaskIndex{task}, search, world, lines);
  searches_.clear();
  messages_.tell_all(world, lines);
  if (options_.stable) return lines;  // each task's in its order
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return std::pair{a.at, a.task} < std::pair{b.at, b.task};
  });
  return lines;
}

void Narrator::give_up(TaskIndex task, const Search& search, const World& world, std::vector<Line>& lines) const {
  std::set<Bytes> paths;
  std::set<Errno> reasons;
  for (const Event& miss : search.misses) {
    paths.insert(miss_of(miss).path);
    reasons.insert(miss_of(miss).err);
  }
  for (const Event& miss : search.misses) {
    std::optional<Line> line = line_of(miss, world[task], world, {});
    if (!line) continue;
    line->comm = search.comm;
    if (paths.size() > 1) {
      line->at = search.misses.back().end();
      line->sentence = describe_search(miss_of(miss), search.misses.size(), reasons, manner_);
      line->spent.reset();
    }
    lines.push_back(std::move(*line));
    if (paths.size() > 1) return;
  }
}

std::optional<Line> Narrator::line_of(const Event& event, const Task& task, const World& world,
                                      const Before& before) const {
  // Whoever asks for failures alone wants them all.
  const auto& outcomes = options_.choice.outcomes;
  const bool asked = outcomes && !outcomes->contains(Outcome::successful) && outcome_of(event) == Outcome::failed;
  const bool told = options_.verbose || asked || !is_always_detail(event, manner_.naming);
  if (!told || !shown(event, options_.choice)) return {};
  // A wait that has been found to last is told as of its begin, but not before what was told meanwhile.
  const bool waits = std::holds_alternative<Blocked>(event.fact);
  const Nanoseconds at = waits ? std::clamp(latest_, event.t, event.end()) : event.end();
  Line line{task.index, task.comm, at, describe(event, world, manner_, before)};
  if (line.sentence.words.empty()) return {};
  if (line.sentence.detail && !options_.verbose && !asked) return {};
  const bool returned = !event.unfinished && !waits && !is_close(event) && call_of(event);
  if (options_.call_times && !manner_.naming.stable() && returned) line.spent = event.dur;
  return line;
}

Before Narrator::before(const Event& event, const World& world) const {
  Before before;
  if (std::holds_alternative<WaitFailed>(event.fact)) {
    const Process* process = world.find(event.pid);
    before.has_reaped = process != nullptr && reapers_.contains(process->index.value);
  }
  if (const auto* stopped = std::get_if<Stopped>(&event.fact)) {
    const auto last = stop_signals_.find(event.pid);
    if (last != stop_signals_.end() && last->second.signal == stopped->signal) before.sender = last->second.from;
  }
  if (const auto* delivered = std::get_if<SignalDelivered>(&event.fact);
      delivered != nullptr && delivered->signal.value == SIGPIPE) {
    if (const auto last = broken_.find(event.tid); last != broken_.end()) before.broken = last->second;
  }
  if (const auto* reparented = std::get_if<Reparented>(&event.fact); reparented != nullptr && !options_.stable) {
    const Process* parent = world.find(reparented->from);
    before.told_orphans = parent != nullptr && parent->exit && parent->exit->children_to;
  }
  return before;
}

void Narrator::remember(const Event& event, const World& world) {
  if (const auto* sent = std::get_if<Sent>(&event.fact)) {
    if (sent->err && sent->err->value == EPIPE) broken_[event.tid] = sent->obj;
    return;
  }
  const auto* reaped = std::get_if<Reaped>(&event.fact);
  const auto* signal = std::get_if<SignalDelivered>(&event.fact);
  const auto* exited = std::get_if<Exited>(&event.fact);
  const bool takes_pipe = signal != nullptr && signal->signal.value == SIGPIPE;
  if (exited != nullptr || takes_pipe) broken_.erase(event.tid);
  const bool collects = reaped != nullptr && !reaped->by_kernel;
  const bool may_stop = signal != nullptr && is_stop_signal(signal->signal);
  const bool ends = exited != nullptr && exited->group;
  if (!collects && !may_stop && !ends) return;
  const Process* process = world.find(event.pid);
  if (process == nullptr) return;
  if (collects) reapers_.insert(process->index.value);
  if (may_stop) stop_signals_[event.pid] = {signal->signal, process->ns_pid ? std::nullopt : signal->from};
  if (ends) {
    reapers_.erase(process->index.value);
    stop_signals_.erase(event.pid);
  }
}

}  // namespace kintrace::views
