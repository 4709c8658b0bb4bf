// SPDX-License-Identifier: MIT
// exec-failed: processes ended without the program that they wanted to become. Proved by the last exec of each having
// failed for the program's sake, and its end: a search through PATH fails until it succeeds, and then there is nothing
// to say. A note, as many programs try on purpose. Those that wanted the same program are one finding.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

#include "kintrace/finding.hpp"
#include "text/names.hpp"
#include "text/units.hpp"

namespace kintrace::analysis {
namespace {

constexpr std::array mistakes{ENOENT, EACCES, ENOEXEC, ENOTDIR, E2BIG, ETXTBSY};

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// A child of a fork that is still a copy of its parent, and did not end as the shells do when a program cannot be run.
bool went_on(const Process& process) {
  return process.creator && process.execs == 0 && process.exit->code != 126 && process.exit->code != 127;
}

class ExecFailedRule : public Rule {
 public:
  void event(const Event& event, const World& world) override {
    const Process* process = world.find(event.pid);
    if (process == nullptr) return;
    if (const auto* failed = std::get_if<ExecFailed>(&event.fact)) {
      Attempt& last = last_[process->index];
      const bool next_place =
          base_name(last.failed.path) == base_name(failed->path) && last.failed.path != failed->path;
      last = {event.tid, event.seq, *failed, next_place};
    } else if (std::holds_alternative<Execed>(event.fact)) {
      last_.erase(process->index);
    }
  }

  std::vector<Finding> conclude(const World& world, const Namer& name) override {
    std::map<std::pair<Bytes, int>, std::vector<ProcessIndex>> by_cause;
    for (const auto& [index, attempt] : last_) {
      const int error = attempt.failed.err.value;
      if (!world[index].exit || std::find(mistakes.begin(), mistakes.end(), error) == mistakes.end()) continue;
      by_cause[{attempt.wanted(), error}].push_back(index);
    }
    std::vector<Finding> findings;
    findings.reserve(by_cause.size());
    for (const auto& [cause, processes] : by_cause)
      findings.push_back(finding(cause.first, cause.second, processes, world, name));
    return findings;
  }

 private:
  struct Attempt {
    Tid tid;
    Seq seq;
    ExecFailed failed;
    bool searched = false;  // the same name was tried elsewhere before: a search through PATH, as execvp(3) does
    Bytes wanted() const { return searched ? Bytes{base_name(failed.path)} : failed.path; }
  };

  Finding finding(const Bytes& program, int error, const std::vector<ProcessIndex>& processes, const World& world,
                  const Namer& name) const {
    Finding finding;
    finding.code = "exec-failed";
    finding.tasks.reserve(processes.size());
    finding.evidence.reserve(processes.size());
    bool copies = false;
    for (const ProcessIndex index : processes) {
      const Attempt& attempt = last_.at(index);
      finding.tasks.push_back(attempt.tid);
      finding.evidence.push_back(attempt.seq);
      copies = copies || went_on(world[index]);
    }
    const std::size_t others = processes.size() - 1;
    finding.message = fmt::format("{}{} could not become '{}': {}.", name(finding.tasks[0]),
                                  others == 0 ? "" : " and " + text::counted(others, "other process"), program,
                                  text::errno_text(Errno{error}));
    finding.advice = program.find(' ') != Bytes::npos
                         ? "The name holds a blank: pass the program and its arguments separately."
                         : "Check the name, PATH and the permissions.";
    if (copies) finding.advice += " After a failed exec a child must end at once, with _exit(127).";
    return finding;
  }

  std::map<ProcessIndex, Attempt> last_;
};

std::unique_ptr<Rule> make() { return std::make_unique<ExecFailedRule>(); }

}  // namespace

extern const FindingSpec exec_failed{"exec-failed", "a process could not become the program it named", make};

}  // namespace kintrace::analysis
