// SPDX-License-Identifier: MIT
#include "views/words.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "text/names.hpp"
#include "text/units.hpp"
#include "views/exit_words.hpp"
#include "views/ipc_words.hpp"
#include "views/signal_words.hpp"
#include "views/sync_words.hpp"

namespace kintrace::views {
namespace {

// A wait shorter than this may be kintrace's own delay.
constexpr Nanoseconds real_wait = 1'000'000;
// About what a stop takes to reach us: a time below it tells nothing of the program.
constexpr Nanoseconds own_delay = 50'000;
constexpr std::size_t most_named = 3;  // of those waited for

using FlagWord = std::pair<std::string_view, std::string_view>;
constexpr std::array<FlagWord, 6> shared_words{{
    {"CLONE_VM", "memory"},
    {"CLONE_FILES", "files"},
    {"CLONE_FS", "fs"},
    {"CLONE_SIGHAND", "signals"},
    {"CLONE_SYSVSEM", "semaphore undo"},
    {"CLONE_IO", "io context"},
}};
constexpr std::array<FlagWord, 8> namespace_words{{
    {"CLONE_NEWPID", "pid"},
    {"CLONE_NEWNS", "mount"},
    {"CLONE_NEWUSER", "user"},
    {"CLONE_NEWNET", "network"},
    {"CLONE_NEWIPC", "ipc"},
    {"CLONE_NEWUTS", "uts"},
    {"CLONE_NEWCGROUP", "cgroup"},
    {"CLONE_NEWTIME", "time"},
}};

template <std::size_t Size>
std::vector<std::string_view> words_for(const std::vector<std::string>& flags,
                                        const std::array<FlagWord, Size>& table) {
  std::vector<std::string_view> words;
  for (const auto& [flag, word] : table) {
    if (std::find(flags.begin(), flags.end(), flag) != flags.end()) words.push_back(word);
  }
  return words;
}

// The same for flags as Set has them: "CLONE_NEWNS, CLONE_NEWUTS".
template <std::size_t Size>
std::string flag_words(std::string_view flags, const std::array<FlagWord, Size>& table) {
  std::vector<std::string> single;
  while (!flags.empty()) {
    const std::size_t comma = std::min(flags.find(", "), flags.size());
    single.emplace_back(flags.substr(0, comma));
    flags.remove_prefix(std::min(comma + 2, flags.size()));
  }
  return fmt::format("{}", fmt::join(words_for(single, table), ", "));
}

bool has(const std::vector<std::string>& flags, std::string_view flag) {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string command_words(const Bytes& path, const std::vector<Bytes>& argv, const text::Limits& limits) {
  std::string out = path.empty() ? "?" : text::shell_word(path, std::max<std::size_t>(limits.word, 256));
  if (argv.empty()) return out;
  if (base_name(argv[0]) != base_name(path)) out += fmt::format(" (as {})", text::shell_word(argv[0], limits.word));
  if (argv.size() > 1) {
    out += ' ';
    out += text::shell_line(std::span{argv}.subspan(1), limits);
  }
  return out;
}

// 1st, 2nd, 3rd, 4th, 11th.
std::string ordinal(std::size_t number) {
  static constexpr std::array<std::string_view, 4> endings{"th", "st", "nd", "rd"};
  const std::size_t last = number % 10;
  return fmt::format("{}{}", number, number / 10 % 10 == 1 || last > 3 ? endings[0] : endings.at(last));
}

class Describe {
 public:
  Describe(const Event& event, const World& world, const Manner& manner, const Before& before)
      : event_(event), world_(world), manner_(manner), naming_(manner.naming), before_(before) {}

  Sentence operator()(const Seen& fact) const {
    switch (fact.how) {
      case SeenHow::launched: return {};  // its exec says it
      case SeenHow::adopted: return {"was here: its birth was not heard of, as its creator was killed", Tone::quiet};
      default: return {"was here already"};
    }
  }

  Sentence operator()(const Forked& fact) const {
    const Task* child = world_.find(fact.child);
    if (child == nullptr) return {};
    if (fact.how == BirthHow::thread) return {thread_birth(fact, *child)};
    std::string out = fmt::format(FMT_COMPILE("{} → {}"), Names<BirthHow>::value.at(static_cast<std::size_t>(fact.how)),
                                  naming_.task(*child, world_));
    if (fact.how == BirthHow::vfork && (manner_.verbose || !after_another_vfork(*child)))
      out += ", borrows the memory until its exec or end";
    if (fact.how == BirthHow::clone) {
      if (const auto shared = sharing_words(fact.flags); !shared.empty()) out += ", shares " + shared;
    }
    out += namespaces(fact);
    if (fact.ppid) out += fmt::format(", whose parent is {}", naming_.process(*fact.ppid, world_));
    if (fact.how == BirthHow::clone) out += exit_signal(fact);
    if (fact.untraced) out += "; CLONE_UNTRACED: not followed";
    return {std::move(out)};
  }

  Sentence operator()(const Execed& fact) const {
    std::string out = "exec " + command_words(fact.path, fact.argv, manner_.limits);
    if (before_.exec_misses != 0) out += fmt::format(" ({} directory of PATH)", ordinal(before_.exec_misses + 1));
    if (!fact.from_tid) return {std::move(out)};
    if (naming_.stable()) return {out + ", as the leader from now on"};
    return {out + fmt::format(", from thread {}, which is {} from now on", fact.from_tid->value, event_.tid.value)};
  }

  Sentence operator()(const ExecFailed& fact) const {
    return {
        fmt::format("exec {} failed: {}", command_words(fact.path, fact.argv, manner_.limits), error_words(fact.err)),
        Tone::quiet};
  }

  Sentence operator()(const Exited& fact) const { return words_of(fact, event_, world_, manner_); }

  Sentence operator()(const Reaped& fact) const {
    const std::string child = naming_.process(fact.child, world_);
    const std::string how = ending_words(fact.code, fact.signal, false);
    if (fact.syscall.empty() && !fact.by_kernel)
      return {fmt::format("has reaped {} ({}), by a call whose end was not seen", child, how), Tone::quiet};
    const Process* dead = world_.find(fact.child);
    if (fact.by_kernel && dead != nullptr && dead->exit && dead->exit->by == EndedBy::namespace_init) {
      return {fmt::format("{} ({}) reaped by the kernel, with its pid namespace", child, how), Tone::quiet};
    }
    if (fact.by_kernel) {
      return {fmt::format("{} ({}) reaped by the kernel (SIGCHLD is ignored, or SA_NOCLDWAIT set)", child, how),
              Tone::quiet};
    }
    std::string out = fmt::format(FMT_COMPILE("{} reaped {} ({})"), fact.syscall, child, how);
    if (naming_.stable()) return {std::move(out)};
    if (const Nanoseconds waited = event_.dur - fact.zombie_ns; waited >= real_wait) {
      out += ", waited " + text::duration(waited);
    } else if (fact.zombie_ns >= own_delay) {
      out += ", a zombie for " + text::duration(fact.zombie_ns);
    }
    return {std::move(out)};
  }

  Sentence operator()(const Reparented& fact) const {
    return {fmt::format("its parent {} has ended: adopted by {}", naming_.process(fact.from, world_),
                        naming_.adopter(fact.to, world_)),
            Tone::plain, before_.told_orphans};
  }

  Sentence operator()(const WaitFailed& fact) const {
    if (!fact.err) return {fmt::format("{} never returned", fact.syscall), Tone::quiet};
    // `while (wait(NULL) > 0)` ends so by design, and shells ask until nobody is left.
    const bool expected = fact.err->value == ECHILD && before_.has_reaped;
    return {fmt::format(FMT_COMPILE("{} failed: {}"), fact.syscall, error_words(*fact.err)), Tone::quiet, expected};
  }

  Sentence operator()(const Stopped& fact) const {
    std::string out = "stopped by " + text::signal_name(fact.signal);
    if (!before_.sender) return {std::move(out)};
    if (*before_.sender == event_.pid) return {out + ", which it sent itself"};
    return {fmt::format("{} from {}", out, naming_.named(*before_.sender, world_))};
  }
  Sentence operator()(const Continued& /*fact*/) const { return {"continued"}; }

  Sentence operator()(const SignalSent& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const SignalDelivered& fact) const { return words_of(fact, event_, world_, manner_, before_); }
  Sentence operator()(const DispositionSet& fact) const { return words_of(fact); }
  Sentence operator()(const MaskSet& fact) const { return words_of(fact); }
  Sentence operator()(const TimerSet& fact) const { return words_of(fact); }

  Sentence operator()(const GroupChanged& fact) const {
    const std::string group = naming_.process(fact.pgid, world_);
    const std::string by = fact.by ? ", put there by " + naming_.named(*fact.by, world_) : "";
    if (fact.sid) return {fmt::format("new session {} ({})", naming_.process(*fact.sid, world_), fact.syscall)};
    if (fact.pgid == event_.pid) return {fmt::format("process group {} is its own now{}", group, by)};
    return {fmt::format("is in process group {} now{}", group, by)};
  }

  Sentence operator()(const Foreground& fact) const {
    return {fmt::format("{}: process group {} is in the foreground",
                        fact.tty.empty() ? "its terminal" : text::shell_word(fact.tty),
                        naming_.process(fact.pgid, world_))};
  }

  Sentence operator()(const Set& fact) const {
    const std::string value = text::shell_word(fact.value, manner_.limits.word);
    const bool off = fact.value.empty() || fact.value == "0" || fact.value == "none";
    if (fact.what == "subreaper") {
      if (off) return {"is a subreaper no longer"};
      return {"is a subreaper now: orphans among its descendants become its children"};
    }
    if (fact.what == "pdeathsig") {
      if (off) return {"wants no signal when its parent ends"};
      return {fmt::format("wants {} when its parent ends", value)};
    }
    if (fact.what == "arch")
      return {fmt::format("makes {} calls: not decoded; births, execs and ends are followed all the same", value),
              Tone::notable};
    if (fact.what == "privileges")
      return {"set-user-ID is ignored: kintrace has not the privilege (run it as root)", Tone::notable};
    if (fact.what == "filter")
      return {"no seccomp filter can be installed here: every call stops, which is slow", Tone::notable};
    if (fact.what == "seccomp") {
      if (fact.value == "strict") return {"seccomp: from now on only read, write, exit and sigreturn"};
      if (fact.value == "strict refused")
        return {
            "seccomp: strict mode is refused, as it is wherever there is a filter already: "
            "kintrace's own, if it did not say --no-seccomp",
            Tone::bad};
      return {"seccomp: a filter of its own from now on; calls that it refuses are told with --no-seccomp only"};
    }
    if (fact.what == "io_uring") return {"uses io_uring: what goes through it is not seen", Tone::notable};
    if (fact.what == "namespace") return {namespace_entered(fact.value)};
    if (fact.what == "unshared") return {"shares no longer: " + flag_words(fact.value, shared_words)};
    const bool detail = fact.what == "name" || fact.what == "cwd";
    return {fmt::format("{} → {}", text::printable(fact.what),
                        off && fact.value != "0" ? "?" : text::printable(fact.value)),
            detail ? Tone::quiet : Tone::plain, detail};
  }

  Sentence operator()(const ObjectMet& /*fact*/) const { return {}; }  // its first descriptor says it
  Sentence operator()(const FdOpened& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const FdDuplicated& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const FdClosed& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const Sent& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const Received& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const Bound& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const Listening& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const Connected& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const Accepted& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const ShutDown& fact) const { return words_of(fact, world_, manner_); }

  Sentence operator()(const Blocked& fact) const {
    if (fact.obj) return words_of(fact, event_, world_, manner_);
    if (naming_.stable()) return {};  // whether others did something meanwhile is chance
    std::string out = fact.syscall + " waits";
    if (fact.waits_for.size() > most_named) {
      const bool wait = fact.syscall.starts_with("wait");
      out += fmt::format(" for any of {} {}", fact.waits_for.size(), wait ? "children" : "tasks");
    } else {
      std::string_view before = " for ";
      for (const Tid tid : fact.waits_for) {
        out += std::exchange(before, " or ");
        out += named(tid);
      }
    }
    return {std::move(out), Tone::quiet};
  }

  Sentence operator()(const Detached& fact) const {
    return {fmt::format("followed no longer ({}): it lives on", text::printable(fact.why))};
  }

  Sentence operator()(const Opened& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const SemChanged& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const ShmAttached& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const ShmDetached& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const Mapped& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const Unmapped& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const ObjectRemoved& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const LockTaken& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const LockReleased& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const LockRefused& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const FutexWaited& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const FutexWoke& fact) const { return words_of(fact, world_, manner_); }
  Sentence operator()(const Waited& fact) const { return words_of(fact, event_, world_, manner_); }
  Sentence operator()(const LeftBehind& fact) const { return words_of(fact, world_, manner_); }

  Sentence operator()(const Failed& fact) const {
    const std::string with = fact.obj ? fmt::format(" {}", naming_.object(fact.obj, world_)) : "";
    return {fmt::format("{}{} failed: {}", fact.syscall, with, error_words(fact.err)), Tone::bad};
  }

 private:
  std::string named(Tid tid) const {
    const Task* task = world_.find(tid);
    if (task == nullptr) return std::to_string(tid.value);
    return fmt::format(FMT_COMPILE("{} {}"), naming_.task(*task, world_), text::printable(task->comm));
  }

  // Threads of one process are mostly made alike: what they share is said of the first.
  std::string thread_birth(const Forked& fact, const Task& child) const {
    std::string out = "thread → ";
    out += naming_.stable() ? naming_.task(child, world_) : naming_.thread(child);
    if (child.flags_as_before && !manner_.verbose) return out;
    if (const auto shared = sharing_words(fact.flags); !shared.empty()) out += ", shares " + shared;
    return out;
  }

  bool after_another_vfork(const Task& child) const { return world_[child.process].elder_how == BirthHow::vfork; }

  std::string namespaces(const Forked& fact) const {
    const auto entered = words_for(fact.flags, namespace_words);
    std::string out;
    if (!entered.empty()) {
      out = fmt::format(", in {} {} namespace{}", entered.size() == 1 ? "a new" : "new", fmt::join(entered, ", "),
                        entered.size() == 1 ? "" : "s");
    }
    if (!fact.ns_pid || (naming_.stable() && fact.ns_pid->value != 1)) return out;
    if (has(fact.flags, "CLONE_NEWPID")) return out + fmt::format(" ({} inside)", fact.ns_pid->value);
    return out + fmt::format(" ({} in its pid namespace)", fact.ns_pid->value);
  }

  // unshare(2) and setns(2) leave the caller in its pid and time namespaces: its children are in the new ones.
  static std::string namespace_entered(const std::string& flags) {
    const std::string names = flag_words(flags, namespace_words);
    if (names.empty()) return "is in another namespace now";
    const bool of_children = names == "pid" || names == "time" || names == "pid, time";
    return of_children ? fmt::format("its children will be in another {} namespace", names)
                       : fmt::format("is in another {} namespace now", names);
  }

  // clone(2), "The child termination signal".
  static std::string exit_signal(const Forked& fact) {
    if (fact.syscall.empty() || fact.lost) return {};  // not known
    if (fact.exit_signal && fact.exit_signal->value == SIGCHLD) return {};
    const std::string end =
        fact.exit_signal ? fmt::format("{} at its end", text::signal_name(*fact.exit_signal)) : "no exit signal";
    return fmt::format("; {}: only a wait with __WALL or __WCLONE finds it", end);
  }

  const Event& event_;
  const World& world_;
  const Manner& manner_;
  const Naming& naming_;
  const Before& before_;
};

}  // namespace

std::string ending_words(const std::optional<int>& code, const std::optional<Signal>& signal, bool core) {
  if (signal)
    return fmt::format(FMT_COMPILE("killed by {}{}"), text::signal_name(*signal), core ? " (core dumped)" : "");
  return code ? fmt::format(FMT_COMPILE("exit {}"), *code) : "ended, how is unknown";
}

std::string error_words(Errno error) {
  return fmt::format(FMT_COMPILE("{} ({})"), text::errno_name(error), text::errno_text(error));
}

std::string sharing_words(std::vector<std::string> flags) {
  // Every thread does, and few know what it is.
  if (has(flags, "CLONE_THREAD")) flags.erase(std::remove(flags.begin(), flags.end(), "CLONE_SYSVSEM"), flags.end());
  return fmt::format("{}", fmt::join(words_for(flags, shared_words), ", "));
}

Sentence describe(const Event& event, const World& world, const Manner& manner, const Before& before) {
  Sentence sentence = std::visit(Describe{event, world, manner, before}, event.fact);
  // A recording may hold anything at all, in fields that a live run fills itself.
  if (!text::is_printable(sentence.words)) sentence.words = text::printable(sentence.words);
  return sentence;
}

Sentence describe_search(const ExecFailed& miss, std::size_t directories, const std::set<Errno>& reasons,
                         const Manner& manner) {
  std::vector<std::string> errors;
  errors.reserve(reasons.size());
  for (const Errno reason : reasons)
    errors.push_back(reasons.size() == 1 ? error_words(reason) : text::errno_name(reason));
  const Bytes name{base_name(miss.path)};
  return {
      text::printable(fmt::format("exec {} failed in {} directories of PATH: {}",
                                  command_words(name, miss.argv, manner.limits), directories, fmt::join(errors, ", "))),
      Tone::quiet};
}

}  // namespace kintrace::views
