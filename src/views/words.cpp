// SPDX-License-Identifier: MIT
#include "views/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include "text/names.hpp"
#include "text/units.hpp"

namespace kintrace::views {
namespace {

// A wait shorter than this may be kintrace's own delay.
constexpr Nanoseconds real_wait = 1'000'000;
// About what a stop takes to reach us: a time below it tells nothing of the program.
constexpr Nanoseconds own_delay = 50'000;

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> shared_words{{
    {"CLONE_VM", "memory"},
    {"CLONE_FILES", "descriptors"},
    {"CLONE_FS", "fs"},
    {"CLONE_SIGHAND", "signal handlers"},
    {"CLONE_SYSVSEM", "semaphore undo"},
    {"CLONE_IO", "io context"},
}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> namespace_words{{
    {"CLONE_NEWPID", "pid"},
    {"CLONE_NEWNS", "mount"},
    {"CLONE_NEWUSER", "user"},
    {"CLONE_NEWNET", "network"},
    {"CLONE_NEWIPC", "ipc"},
    {"CLONE_NEWUTS", "uts"},
    {"CLONE_NEWCGROUP", "cgroup"},
}};

template <std::size_t Size>
std::string words_for(const std::vector<std::string>& flags,
                      const std::array<std::pair<std::string_view, std::string_view>, Size>& table) {
  std::vector<std::string_view> words;
  for (const auto& [flag, word] : table) {
    if (std::find(flags.begin(), flags.end(), flag) != flags.end()) words.push_back(word);
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string clone_words(const std::vector<std::string>& flags) {
  std::string out;
  if (const auto shared = words_for(flags, shared_words); !shared.empty()) out += fmt::format(", shares {}", shared);
  if (const auto entered = words_for(flags, namespace_words); !entered.empty()) {
    out += fmt::format(", in a new {} namespace", entered);
  }
  return out;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string command_words(const Bytes& path, const std::vector<Bytes>& argv, const text::Limits& limits) {
  std::string out = path.empty() ? "?" : text::shell_word(path, std::max<std::size_t>(limits.word, 256));
  if (argv.empty()) return out;
  if (base_name(argv[0]) != base_name(path)) out += fmt::format(" (as {})", text::shell_word(argv[0], limits.word));
  if (argv.size() > 1) out += " " + text::shell_line({argv.begin() + 1, argv.end()}, limits);
  return out;
}

std::string error_words(Errno error) {
  return fmt::format("{} ({})", text::errno_name(error), text::errno_text(error));
}

class Describe {
 public:
  Describe(const Event& event, const World& world, const Naming& naming, const text::Limits& limits)
      : event_(event), world_(world), naming_(naming), limits_(limits) {}

  Sentence operator()(const Seen& fact) const {
    switch (fact.how) {
      case SeenHow::launched: return {};  // its exec says it
      case SeenHow::adopted: return {"was here: its birth was not heard of, as its creator was killed", Tone::quiet};
      default: return {"was here already"};
    }
  }

  Sentence operator()(const Forked& fact) const {
    const Task* child = world_.find(fact.child);
    const std::string name = child != nullptr ? naming_.task(*child, world_) : "?";
    std::string out = fmt::format("{} → {}", Names<BirthHow>::value.at(static_cast<std::size_t>(fact.how)), name);
    if (fact.how == BirthHow::clone) out += clone_words(fact.flags);
    if (fact.ppid) out += fmt::format(", whose parent is {}", naming_.process(*fact.ppid, world_));
    return {out};
  }

  Sentence operator()(const Execed& fact) const {
    std::string out = "exec " + command_words(fact.path, fact.argv, limits_);
    if (!fact.from_tid) return {out};
    if (naming_.stable()) return {out + ", as the leader from now on"};
    return {out + fmt::format(", from thread {}, which is {} from now on", fact.from_tid->value, event_.tid.value)};
  }

  Sentence operator()(const ExecFailed& fact) const {
    return {fmt::format("exec {} failed: {}", command_words(fact.path, fact.argv, limits_), error_words(fact.err)),
            Tone::quiet};
  }

  Sentence operator()(const Exited& fact) const {
    const std::string how = ending_words(fact.code, fact.signal, fact.core);
    if (fact.by == EndedBy::superseded) return {"ended: another thread's exec has taken its place", Tone::quiet};
    if (fact.by == EndedBy::exec) return {"ended by another thread's exec", Tone::quiet};
    if (!fact.group) {
      const bool alone = fact.by != EndedBy::exit_group;
      const bool plain = !fact.signal && fact.code.value_or(0) == 0;
      return {std::string{"thread ended"} + (!alone ? ", with its process" : plain ? "" : ": " + how), Tone::quiet};
    }
    return {how, fact.signal ? Tone::bad : fact.code.value_or(0) != 0 ? Tone::notable : Tone::plain};
  }

  Sentence operator()(const Reaped& fact) const {
    const std::string child = naming_.process(fact.child, world_);
    const std::string how = ending_words(fact.code, fact.signal, false);
    if (fact.syscall.empty() && !fact.by_kernel) {
      return {fmt::format("has reaped {} ({}), by a call whose end was not seen", child, how), Tone::quiet};
    }
    if (fact.by_kernel) {
      return {fmt::format("{} ({}) reaped by the kernel (SIGCHLD is ignored, or SA_NOCLDWAIT set)", child, how),
              Tone::quiet};
    }
    std::string out = fmt::format("{} reaped {} ({})", fact.syscall, child, how);
    if (naming_.stable()) return {out};
    const Nanoseconds waited = event_.dur - fact.zombie_ns;
    if (waited >= real_wait) return {out + fmt::format(", waited {}", text::duration(waited))};
    if (fact.zombie_ns < own_delay) return {out};
    return {out + fmt::format(" after {} as a zombie", text::duration(fact.zombie_ns))};
  }

  Sentence operator()(const Reparented& fact) const {
    return {fmt::format("its parent {} has ended: adopted by {}", naming_.process(fact.from, world_),
                        naming_.adopter(fact.to, world_))};
  }

  Sentence operator()(const WaitFailed& fact) const {
    if (!fact.err) return {fmt::format("{} never returned", fact.syscall), Tone::quiet};
    return {fmt::format("{} failed: {}", fact.syscall, error_words(*fact.err)), Tone::quiet};
  }

  Sentence operator()(const Stopped& fact) const {
    return {fmt::format("stopped by {}", text::signal_name(fact.signal))};
  }
  Sentence operator()(const Continued& /*fact*/) const { return {"continued"}; }
  Sentence operator()(const SignalSent& fact) const {
    std::string out =
        fmt::format("{} {} → {}", fact.syscall, fact.signal ? text::signal_name(*fact.signal) : "0", fact.target);
    if (fact.err) out += " failed: " + error_words(*fact.err);
    return {out};
  }
  Sentence operator()(const SignalDelivered& fact) const {
    Sentence out{fmt::format("{}: {}", text::signal_name(fact.signal),
                             Names<Disposition>::value.at(static_cast<std::size_t>(fact.disposition)))};
    if (fact.interrupts)
      out.words += fmt::format("; {} {}", *fact.interrupts, fact.err ? "fails with EINTR" : "goes on");
    out.detail = fact.disposition == Disposition::ignored && !fact.repaired;
    return out;
  }
  Sentence operator()(const DispositionSet& fact) const {
    return {fmt::format("{} → {}", text::signal_name(fact.signal),
                        Names<Disposition>::value.at(static_cast<std::size_t>(fact.to))),
            Tone::quiet, true};
  }
  Sentence operator()(const MaskSet& fact) const {
    std::vector<std::string> names;
    for (const Signal signal : fact.blocked) names.push_back(text::signal_name(signal));
    return {fmt::format("blocks {}", names.empty() ? "no signal" : fmt::format("{}", fmt::join(names, ", "))),
            Tone::quiet, true};
  }
  Sentence operator()(const TimerSet& fact) const {
    if (fact.first_ns == 0) return {fact.kind + " disarmed"};
    return {fmt::format("{} in {}{}", fact.kind, text::duration(fact.first_ns),
                        fact.every_ns == 0 ? "" : ", then every " + text::duration(fact.every_ns))};
  }
  Sentence operator()(const GroupChanged& fact) const {
    const std::string group = naming_.process(fact.pgid, world_);
    if (fact.sid) return {fmt::format("new session {}", group)};
    return {fmt::format("is in process group {}", group)};
  }
  Sentence operator()(const Foreground& fact) const {
    return {fmt::format("{}: foreground group {}", text::shell_word(fact.tty), naming_.process(fact.pgid, world_))};
  }
  Sentence operator()(const Set& fact) const {
    return {fmt::format("{}: {}", text::printable(fact.what), text::shell_word(fact.value)), Tone::quiet, true};
  }
  Sentence operator()(const Blocked& fact) const {
    std::vector<std::string> names;
    for (const Tid tid : fact.waits_for) names.push_back(std::to_string(tid.value));
    if (naming_.stable()) return {};
    return {
        fmt::format("{} waits for {}", fact.syscall, names.empty() ? "?" : fmt::format("{}", fmt::join(names, ", "))),
        Tone::quiet};
  }
  Sentence operator()(const Detached& fact) const { return {"followed no longer: " + text::printable(fact.why)}; }
  Sentence operator()(const Failed& fact) const {
    return {fmt::format("{} failed: {}", fact.syscall, error_words(fact.err)), Tone::bad};
  }

 private:
  const Event& event_;
  const World& world_;
  const Naming& naming_;
  const text::Limits& limits_;
};

}  // namespace

std::string ending_words(const std::optional<int>& code, const std::optional<Signal>& signal, bool core) {
  if (signal) return fmt::format("killed by {}{}", text::signal_name(*signal), core ? " (core dumped)" : "");
  return code ? fmt::format("exit {}", *code) : "ended, how is unknown";
}

Sentence describe(const Event& event, const World& world, const Naming& naming, const text::Limits& limits) {
  Sentence sentence = std::visit(Describe{event, world, naming, limits}, event.fact);
  // A recording may hold anything at all, in fields that a live run fills itself.
  sentence.words = text::printable(sentence.words);
  return sentence;
}

}  // namespace kintrace::views
