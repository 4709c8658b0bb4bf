// SPDX-License-Identifier: MIT
// sysv-leftover, posix-leftover, fifo-left: objects that the run has made were still there when it was over. Proved by
// a look for each of them then. A note, as a program may mean to leave them for the next: the receiver of an exercise
// whose sender this was. What was there before the run is never reported.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "kintrace/finding.hpp"
#include "text/escape.hpp"
#include "text/units.hpp"

namespace kintrace::analysis {
namespace {

constexpr std::size_t most_told = 16;

// What can be left behind: what it is called, what removes it from within a program, and by hand.
struct Kind {
  ObjectKind kind;
  std::string_view one, many, call, command;
};
constexpr std::array kinds{
    Kind{ObjectKind::sysv_sem, "semaphore set", "semaphore sets", "semctl(IPC_RMID)", "ipcrm -s"},
    Kind{ObjectKind::sysv_shm, "segment", "segments", "shmctl(IPC_RMID)", "ipcrm -m"},
    Kind{ObjectKind::sysv_msg, "message queue", "message queues", "msgctl(IPC_RMID)", "ipcrm -q"},
    Kind{ObjectKind::posix_sem, "semaphore", "semaphores", "sem_unlink()", "rm"},
    Kind{ObjectKind::posix_shm, "shared memory object", "shared memory objects", "shm_unlink()", "rm"},
    Kind{ObjectKind::posix_mq, "message queue", "message queues", "mq_unlink()", "rm"},
    Kind{ObjectKind::fifo, "FIFO", "FIFOs", "unlink()", "rm"},
    Kind{ObjectKind::unix_socket, "socket", "sockets", "unlink()", "rm"},
};
const Kind* kind_of(ObjectId obj) {
  const auto* const at =
      std::find_if(kinds.begin(), kinds.end(), [&](const Kind& one) { return one.kind == obj.kind; });
  return at == kinds.end() ? nullptr : at;
}

// "a", "a and b", "a, b and c".
std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out += i + 1 == words.size() ? " and " : ", ";
    out += words[i];
  }
  return out;
}

class LeftBehindRule : public Rule {
 public:
  LeftBehindRule(std::string_view code, std::string_view family, std::set<ObjectKind> takes)
      : code_(code), family_(family), takes_(std::move(takes)) {}

  void event(const Event& event, const World& world) override {
    const auto* fact = std::get_if<LeftBehind>(&event.fact);
    const Kind* kind = fact != nullptr && takes_.contains(fact->obj.kind) ? kind_of(fact->obj) : nullptr;
    if (kind == nullptr) return;
    ++counts_[kind];
    inside_ += fact->inside;
    if (const Process* process = world.find(event.pid)) {
      makers_.insert(process->index);
      if (!first_) first_ = Who{leader_of(process->pid), process->pid, 1, process->descent};
    }
    if (commands_.size() == most_told) return;
    evidence_.push_back(event.seq);
    tasks_.push_back(event.tid);
    const Object* object = world.find(fact->obj);
    constexpr std::string_view queues = "/dev/mqueue";
    if (fact->obj.kind == ObjectKind::posix_mq && !fact->path.starts_with(queues)) {  // mq_overview(7)
      commands_.push_back(fmt::format("mkdir -p {0} && mount -t mqueue none {0} && rm {1}", queues,
                                      text::shell_word(fmt::format("{}{}", queues, fact->path))));
    } else if (!fact->path.empty()) {
      commands_.push_back(fmt::format("{} {}", kind->command, text::shell_word(fact->path)));
    } else if (object != nullptr && object->ipcid) {
      commands_.push_back(fmt::format("{} {}", kind->command, *object->ipcid));
    }
  }

  std::vector<Finding> conclude(const World& /*world*/, const Namer& name) override {
    if (counts_.empty()) return {};
    Finding finding;
    finding.code = code_;
    finding.tasks = tasks_;
    finding.evidence = evidence_;
    finding.commands = commands_;
    std::vector<std::string> what, calls;
    std::size_t number = 0;
    for (const Kind& kind : kinds) {
      const auto count = counts_.find(&kind);
      if (count == counts_.end()) continue;
      number += count->second;
      what.push_back(count->second == 1 ? fmt::format("a {}", kind.one)
                                        : fmt::format("{} {}", text::count(count->second), kind.many));
      if (std::find(calls.begin(), calls.end(), kind.call) == calls.end()) calls.emplace_back(kind.call);
    }
    const std::size_t others = makers_.empty() ? 0 : makers_.size() - 1;
    finding.message = fmt::format(
        "{}{} made {}{} that {} still there{}.", first_ ? name(*first_) : "the program",
        others == 0 ? "" : " and " + text::counted(others, "other process"), listed(what), family_,
        number == 1 ? "is" : "are",
        inside_ > 0 ? ", with " + text::counted(static_cast<std::uint64_t>(inside_), "message") + " inside" : "");
    finding.advice = fmt::format("Remove {} with {}{}", number == 1 ? "it" : "them", listed(calls),
                                 commands_.empty() ? "." : ", or by hand:");
    return {finding};
  }

 private:
  std::string_view code_, family_;
  std::set<ObjectKind> takes_;
  std::map<const Kind*, std::uint64_t> counts_;
  std::set<ProcessIndex> makers_;
  std::optional<Who> first_;
  std::int64_t inside_ = 0;  // messages
  std::vector<Bytes> commands_;
  std::vector<Seq> evidence_;
  std::vector<Tid> tasks_;
};

std::unique_ptr<Rule> make_sysv() {
  return std::make_unique<LeftBehindRule>("sysv-leftover", " (System V)",
                                          std::set{ObjectKind::sysv_sem, ObjectKind::sysv_shm, ObjectKind::sysv_msg});
}
std::unique_ptr<Rule> make_posix() {
  return std::make_unique<LeftBehindRule>("posix-leftover", " (POSIX)",
                                          std::set{ObjectKind::posix_sem, ObjectKind::posix_shm, ObjectKind::posix_mq});
}
std::unique_ptr<Rule> make_paths() {
  return std::make_unique<LeftBehindRule>("fifo-left", "", std::set{ObjectKind::fifo, ObjectKind::unix_socket});
}

}  // namespace

extern const FindingSpec sysv_leftover{"sysv-leftover", "System V objects that the run made were left behind",
                                       make_sysv};
extern const FindingSpec posix_leftover{"posix-leftover", "POSIX objects that the run made were left behind",
                                        make_posix};
extern const FindingSpec fifo_left{"fifo-left", "FIFOs or socket paths that the run made were left behind", make_paths};

}  // namespace kintrace::analysis
