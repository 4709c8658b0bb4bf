// SPDX-License-Identifier: MIT
// exec-failed: processes ended without the program that they wanted to become. Proved by the last exec of each having
// failed for the program's sake, and its end: a search through PATH fails until it succeeds, and then there is nothing
// to say. A note, as many programs try on purpose. Those that wanted the same program are one finding.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <map>
#include <utility>

#include "kintrace/finding.hpp"
#include "text/names.hpp"
#include "text/units.hpp"

namespace kintrace::analysis {
namespace {

constexpr std::size_t most_told = 16;
constexpr std::array mistakes{ENOENT, EACCES, ENOEXEC, ENOTDIR, E2BIG, ETXTBSY};

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// A child of a fork that is still a copy of its parent, and did not end as the shells do when a program cannot be run.
bool went_on(const Process& process) {
  return process.creator && process.execs == 0 && process.exit->code != 126 && process.exit->code != 127;
}

class ExecFailedRule : public Rule {
 public:
  void event(const Event& event, const World& world) override {
    if (const Process* process = world.find(event.pid)) {
      if (const auto* failed = std::get_if<ExecFailed>(&event.fact)) {
        Attempt& last = last_[process->index];
        const bool next_place = base_name(last.path) == base_name(failed->path) && last.path != failed->path;
        last = {event.tid, event.seq, failed->path, failed->err, next_place};
      } else if (std::holds_alternative<Execed>(event.fact)) {
        last_.erase(process->index);
      }
    }
    for (const ProcessIndex process : world.leaving()) {
      const auto last = last_.find(process);
      if (last == last_.end()) continue;
      judge(world[process], last->second, world);
      last_.erase(last);
    }
  }

  std::vector<Finding> conclude(const World& world, const Namer& name) override {
    for (const auto& [process, attempt] : last_) judge(world[process], attempt, world);
    last_.clear();
    std::vector<Finding> findings;
    findings.reserve(causes_.size());
    for (const auto& [key, cause] : causes_) findings.push_back(finding(key.first, key.second, cause, name));
    return findings;
  }

 private:
  struct Attempt {
    Tid tid;
    Seq seq;
    Bytes path;
    Errno err;
    bool searched = false;  // the same name was tried elsewhere before: a search through PATH, as execvp(3) does
    Bytes wanted() const { return searched ? Bytes{base_name(path)} : path; }
  };
  // All who ended for the same reason, in order of birth; the first of them by name.
  struct Cause {
    struct Victim {
      Who who;
      Seq evidence;
    };
    std::map<ProcessIndex, Victim> first;
    std::size_t number = 0;
    bool copies = false;
  };

  void judge(const Process& process, const Attempt& attempt, const World& world) {
    const int error = attempt.err.value;
    if (!process.exit || std::find(mistakes.begin(), mistakes.end(), error) == mistakes.end()) return;
    Cause& cause = causes_[{attempt.wanted(), error}];
    const Task* task = world.find(attempt.tid);
    const Who who = task != nullptr && task->process == process.index
                        ? world.who(*task)
                        : Who{leader_of(process.pid), process.pid, 1, process.descent};
    cause.first.emplace(process.index, Cause::Victim{who, attempt.seq});
    if (cause.first.size() > most_told) cause.first.erase(std::prev(cause.first.end()));
    ++cause.number;
    cause.copies = cause.copies || went_on(process);
  }

  static Finding finding(const Bytes& program, int error, const Cause& cause, const Namer& name) {
    Finding finding;
    finding.code = "exec-failed";
    for (const auto& [process, victim] : cause.first) {
      finding.tasks.push_back(victim.who.tid);
      finding.evidence.push_back(victim.evidence);
    }
    const std::size_t others = cause.number - 1;
    finding.message = fmt::format("{}{} could not become '{}': {}.", name(cause.first.begin()->second.who),
                                  others == 0 ? "" : " and " + text::counted(others, "other process"), program,
                                  text::errno_text(Errno{error}));
    finding.advice = program.find(' ') != Bytes::npos
                         ? "The name holds a blank: pass the program and its arguments separately."
                         : "Check the name, PATH and the permissions.";
    if (cause.copies) finding.advice += " After a failed exec a child must end at once, with _exit(127).";
    return finding;
  }

  std::map<ProcessIndex, Attempt> last_;  // of those who may still succeed
  std::map<std::pair<Bytes, int>, Cause> causes_;
};

std::unique_ptr<Rule> make() { return std::make_unique<ExecFailedRule>(); }

}  // namespace

extern const FindingSpec exec_failed{"exec-failed", "a process could not become the program it named", make};

}  // namespace kintrace::analysis
