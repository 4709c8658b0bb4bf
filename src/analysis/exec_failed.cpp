// SPDX-License-Identifier: MIT
// exec-failed: a process ended without the program that it wanted to become. Proved by its last exec having failed: a
// search through PATH fails until it succeeds, and then there is nothing to say. A note, as many programs try on
// purpose.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "kintrace/finding.hpp"
#include "text/names.hpp"

namespace kintrace::analysis {
namespace {

constexpr std::array mistakes{ENOENT, EACCES, ENOEXEC, ENOTDIR, E2BIG, ETXTBSY};

class ExecFailedRule : public Rule {
 public:
  void event(const Event& event, const World& world) override {
    const Process* process = world.find(event.pid);
    if (process == nullptr) return;
    if (const auto* failed = std::get_if<ExecFailed>(&event.fact)) {
      last_[process->index] = {event.tid, event.seq, *failed};
    } else if (std::holds_alternative<Execed>(event.fact)) {
      last_.erase(process->index);
    }
  }

  std::vector<Finding> conclude(const World& /*world*/, const Namer& name) override {
    std::vector<Finding> findings;
    for (const auto& [process, attempt] : last_) {
      const auto& [tid, seq, failed] = attempt;
      if (std::find(mistakes.begin(), mistakes.end(), failed.err.value) == mistakes.end()) continue;
      // Of a search through PATH the last place tried says little; what was looked for is the name.
      const bool searched =
          failed.err.value == ENOENT && !failed.argv.empty() && failed.argv[0].find('/') == Bytes::npos;
      const Bytes& wanted = searched ? failed.argv[0] : failed.path;
      Finding finding;
      finding.code = "exec-failed";
      finding.message = fmt::format("{} could not become '{}': {}.", name(tid), wanted, text::errno_text(failed.err));
      finding.advice =
          wanted.find(' ') != Bytes::npos
              ? "The name holds a blank: pass the program and its arguments separately."
              : "Check the name, PATH and the permissions; after a failed exec the child must call _exit(127).";
      finding.tasks = {tid};
      finding.evidence = {seq};
      findings.push_back(std::move(finding));
    }
    return findings;
  }

 private:
  struct Attempt {
    Tid tid;
    Seq seq;
    ExecFailed failed;
  };
  std::map<ProcessIndex, Attempt> last_;
};

std::unique_ptr<Rule> make() { return std::make_unique<ExecFailedRule>(); }

}  // namespace

extern const FindingSpec exec_failed{"exec-failed", "a process could not become the program it named", make};

}  // namespace kintrace::analysis
