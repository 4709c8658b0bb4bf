// SPDX-License-Identifier: MIT
#include "support/lives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>
#include <utility>

#include "sources/recording.hpp"
#include "support/run.hpp"
#include "text/names.hpp"

namespace kintrace::test {
namespace {

// What clone(2) has in it when it does no more than fork(2).
const std::set<std::string> of_a_fork{
    "CLONE_CHILD_SETTID", "CLONE_CHILD_CLEARTID", "CLONE_PARENT_SETTID", "CLONE_PIDFD", "SIGCHLD", "0"};

std::string kind_of(const std::string& name, const std::string& arguments) {
  if (name == "fork" || name == "vfork") return name;
  std::smatch found;
  std::set<std::string> flags;
  if (std::regex_search(arguments, found, std::regex("flags=([A-Za-z0-9_|]+)"))) {
    const std::string all = found[1];
    const std::regex one("[^|]+");
    for (std::sregex_iterator at(all.begin(), all.end(), one), end; at != end; ++at) flags.insert(at->str());
  }
  if (std::regex_search(arguments, found, std::regex("exit_signal=(\\w+)"))) flags.insert(found[1]);
  if (flags.count("CLONE_THREAD") != 0) return "thread";
  if (flags.count("CLONE_VFORK") != 0) return "vfork";
  const bool fork =
      flags.count("SIGCHLD") != 0 && std::includes(of_a_fork.begin(), of_a_fork.end(), flags.begin(), flags.end());
  return fork ? "fork" : "clone";
}

// A wait's arguments as strace prints them when it has returned a child, or 0 for waitid.
bool collects(const std::string& name, const std::string& arguments) {
  if (name == "wait4")
    return arguments.find("WIFSTOPPED") == std::string::npos && arguments.find("WIFCONTINUED") == std::string::npos;
  const bool somebody = std::regex_search(arguments, std::regex("si_code=CLD_(EXITED|KILLED|DUMPED)|, NULL, W"));
  return somebody && arguments.find("WNOWAIT") == std::string::npos;
}

class StraceLog {
 public:
  Lives read(const std::string& log) {
    for (const std::string& line : lines_of(log)) {
      std::smatch part;
      if (!std::regex_match(line, part, std::regex("(\\d+) +(.*)"))) continue;
      tell(part[1], part[2]);
    }
    return std::move(lives_);
  }

 private:
  void tell(const std::string& task, std::string text) {
    std::smatch part;
    // First: strace may break off the line of the call that the superseded leader was in, and tell it in the same line.
    static const std::regex superseded(".*\\+\\+\\+ superseded by execve in pid (\\d+) \\+\\+\\+");
    if (std::regex_match(text, part, superseded)) {
      ++lives_.thread_ends;
      threads_.erase(part[1].str());
      replacing_ = std::exchange(begun_[part[1].str()], {});
      begun_.erase(task);
      return;
    }
    static const std::regex unfinished("(.*) <(?:unfinished|pid changed to \\d+) \\.\\.\\.>");
    if (std::regex_match(text, part, unfinished)) {
      begun_[task] = part[1];
      return;
    }
    if (std::regex_match(text, part, std::regex("<\\.\\.\\. \\w+ resumed>(.*)"))) {
      // An exec by another thread is resumed under the leader's number.
      std::string begun = std::exchange(begun_[task], {});
      if (begun.empty()) begun = std::exchange(replacing_, {});
      text = begun + part[1].str();
    }
    if (std::regex_match(text, part, std::regex("\\+\\+\\+ exited with (\\d+) \\+\\+\\+")))
      return ended(task, "exit " + part[1].str());
    if (std::regex_match(text, part, std::regex("\\+\\+\\+ killed by (\\w+).*\\+\\+\\+")))
      return ended(task, part[1].str());
    if (std::regex_match(text, part, std::regex("(\\w+)\\((.*)\\) += (-?\\d+)(?: (E\\w+))?.*"))) {
      called(part[1], part[2], std::stol(part[3]), part[4]);
    }
  }

  void called(const std::string& name, const std::string& arguments, long result, const std::string& error) {
    static const std::set<std::string> waits{"wait4", "waitid"}, births{"fork", "vfork", "clone", "clone3"};
    if (births.count(name) != 0 && result > 0) {
      const std::string kind = kind_of(name, arguments);
      ++lives_.births[kind];
      if (kind == "thread") threads_.insert(std::to_string(result));
    } else if (name == "execve") {
      std::smatch path;
      if (!std::regex_search(arguments, path, std::regex("^\"([^\"]*)\""))) return;
      if (result == 0) ++lives_.execs[path[1]];
      if (result < 0) ++lives_.failed_execs[path[1].str() + " " + error];
    } else if (waits.count(name) != 0) {
      if (error == "ECHILD") ++lives_.nobody_to_wait_for;
      if ((result > 0 || (result == 0 && name == "waitid")) && collects(name, arguments)) ++lives_.collected;
    }
  }

  void ended(const std::string& task, const std::string& how) {
    if (threads_.erase(task) != 0) {
      ++lives_.thread_ends;
    } else {
      ++lives_.ends[how];
    }
  }

  Lives lives_;
  std::map<std::string, std::string> begun_;  // by task: a call that has not returned
  std::string replacing_;                     // the exec of a thread that has taken its leader's place
  std::set<std::string> threads_;             // alive, by number
};

class Collect final : public Sink {
 public:
  void begin(const RunHeader& /*header*/) override {}
  void event(const Event& event) override { found.events.push_back(event); }
  void settle() override {}
  void end(const RunEnd& end) override { found.end = end; }
  Recorded found;
};

// A tid names the task most recently born under it.
class Promises {
 public:
  void hold(const Event& event) {
    at_ = fmt::format("line {}, seq {}, task {}: ", ++line_, event.seq.value, event.tid.value);
    expect(seqs_.insert(event.seq.value).second, "its seq came before");
    expect(event.t >= 0 && event.dur >= 0, "negative time");
    if (std::holds_alternative<Seen>(event.fact)) tasks_[event.tid] = State::alive;
    if (const auto* execed = std::get_if<Execed>(&event.fact); execed != nullptr && execed->from_tid) {
      expect(tasks_.count(*execed->from_tid) != 0 && tasks_[*execed->from_tid] == State::alive, "it was not alive");
      expect(tasks_.count(event.tid) != 0 && tasks_[event.tid] == State::ended,
             "the leader that it replaces has no end");
      tasks_.erase(*execed->from_tid);
      tasks_[event.tid] = State::alive;
    }
    const bool afterlife = std::holds_alternative<Reaped>(event.fact) ||
                           std::holds_alternative<Reparented>(event.fact) ||
                           std::holds_alternative<LeftBehind>(event.fact);
    const auto task = tasks_.find(event.tid);
    expect(task != tasks_.end(), "its birth was not told");
    if (task != tasks_.end()) expect(task->second == State::alive || afterlife, "it has ended before");
    if (const auto* born = std::get_if<Forked>(&event.fact)) {
      expect(tasks_.count(born->child) == 0 || tasks_[born->child] != State::alive, "its child was alive before");
      tasks_[born->child] = born->untraced ? State::not_followed : State::alive;
    } else if (const auto* exited = std::get_if<Exited>(&event.fact)) {
      const bool told = exited->code.has_value() != exited->signal.has_value(),
                 unknown = exited->by == EndedBy::superseded && !exited->code && !exited->signal;
      expect(told || unknown, "it does not say how it ended");
      tasks_[event.tid] = State::ended;
    } else if (std::holds_alternative<Detached>(event.fact)) {
      tasks_[event.tid] = State::not_followed;
    }
  }
  std::vector<std::string> conclude() {
    for (const auto& [tid, state] : tasks_) {
      at_ = fmt::format("task {}: ", tid.value);
      expect(state != State::alive, "it has no end");
    }
    return std::move(broken_);
  }

 private:
  enum class State { alive, ended, not_followed };
  void expect(bool kept, const char* otherwise) {
    if (!kept) broken_.push_back(at_ + otherwise);
  }

  std::set<std::uint64_t> seqs_;
  std::map<Tid, State> tasks_;
  std::vector<std::string> broken_;
  std::string at_;
  int line_ = 1;  // the header's
};

}  // namespace

Lives lives_of(const std::vector<Event>& events) {
  Lives lives;
  for (const Event& event : events) {
    if (const auto* born = std::get_if<Forked>(&event.fact)) {
      ++lives.births[std::string(Names<BirthHow>::value.at(static_cast<std::size_t>(born->how)))];
    } else if (const auto* execed = std::get_if<Execed>(&event.fact)) {
      ++lives.execs[execed->path];
    } else if (const auto* failed = std::get_if<ExecFailed>(&event.fact)) {
      ++lives.failed_execs[failed->path + " " + text::errno_name(failed->err)];
    } else if (const auto* exited = std::get_if<Exited>(&event.fact)) {
      const std::string how =
          exited->signal ? text::signal_name(*exited->signal) : "exit " + std::to_string(exited->code.value_or(-1));
      exited->group ? ++lives.ends[how] : ++lives.thread_ends;
    } else if (const auto* reaped = std::get_if<Reaped>(&event.fact)) {
      if (!reaped->by_kernel) ++lives.collected;
    } else if (const auto* waited = std::get_if<WaitFailed>(&event.fact)) {
      if (waited->err == Errno{ECHILD}) ++lives.nobody_to_wait_for;
    }
  }
  return lives;
}

std::string words(const std::map<std::string, int>& counts) {
  std::string out;
  for (const auto& [what, times] : counts) out += fmt::format("{}{} ×{}", out.empty() ? "" : ", ", what, times);
  return out;
}

Lives lives_in_strace(const std::string& log) { return StraceLog{}.read(log); }

Recorded recorded(const std::string& path) {
  Collect collect;
  sources::recording(path)->run(collect);
  return std::move(collect.found);
}

std::vector<Event> events_of(const std::string& path) { return recorded(path).events; }

std::vector<std::string> broken_promises(const std::vector<Event>& events) {
  Promises promises;
  for (const Event& event : events) promises.hold(event);
  return promises.conclude();
}

}  // namespace kintrace::test
