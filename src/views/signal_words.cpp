// SPDX-License-Identifier: MIT
#include "views/signal_words.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>
#include <utility>

#include "text/names.hpp"
#include "views/phrases.hpp"

namespace kintrace::views {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

// si_codes of sigaction(2) that the task has brought about by itself.
constexpr std::array<Row, 24> faults{{
    {"SEGV_MAPERR", "no memory is mapped there"},
    {"SEGV_ACCERR", "the memory there does not allow it"},
    {"SEGV_BNDERR", "outside of the bounds set for it"},
    {"SEGV_PKUERR", "its protection key does not allow it"},
    {"BUS_ADRALN", "the address is not aligned"},
    {"BUS_ADRERR", "no such memory, as behind the end of a mapped file"},
    {"BUS_OBJERR", "the memory's own error"},
    {"BUS_MCEERR_AR", "a memory error of the machine"},
    {"BUS_MCEERR_AO", "a memory error of the machine"},
    {"FPE_INTDIV", "an integer divided by zero"},
    {"FPE_INTOVF", "an integer overflow"},
    {"FPE_FLTDIV", "a division by zero"},
    {"FPE_FLTOVF", "a floating-point overflow"},
    {"FPE_FLTUND", "a floating-point underflow"},
    {"FPE_FLTRES", "an inexact floating-point result"},
    {"FPE_FLTINV", "an invalid floating-point operation"},
    {"ILL_ILLOPC", "no such instruction"},
    {"ILL_ILLOPN", "no such operand"},
    {"ILL_PRVOPC", "an instruction that needs privilege"},
    {"ILL_ILLTRP", "an illegal trap"},
    {"TRAP_BRKPT", "a breakpoint"},
    {"TRAP_TRACE", "a traced instruction"},
    {"SYS_SECCOMP", "seccomp forbids that call"},
    {"SYS_USER_DISPATCH", "a call that user dispatch caught"},
}};

constexpr std::array<Row, 6> children{{
    {"CLD_EXITED", "exited"},
    {"CLD_KILLED", "was killed"},
    {"CLD_DUMPED", "was killed and dumped core"},
    {"CLD_STOPPED", "stopped"},
    {"CLD_CONTINUED", "continued"},
    {"CLD_TRAPPED", "was trapped"},
}};

template <std::size_t Size>
std::string_view looked_up(std::string_view code, const std::array<Row, Size>& table) {
  const auto row = std::find_if(table.begin(), table.end(), [&](const Row& one) { return one.first == code; });
  return row == table.end() ? std::string_view{} : row->second;
}

template <std::size_t Size>
bool is_one_of(Signal signal, const std::array<int, Size>& signals) {
  return std::find(signals.begin(), signals.end(), signal.value) != signals.end();
}

// signal(7), "Standard signals".
std::string_view default_action(Signal signal) {
  static constexpr std::array stops{SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
  static constexpr std::array dumps{SIGABRT, SIGBUS, SIGFPE,  SIGILL,  SIGQUIT,
                                    SIGSEGV, SIGSYS, SIGTRAP, SIGXCPU, SIGXFSZ};
  if (signal.value == SIGCONT) return "default action (continues)";
  if (is_one_of(signal, stops)) return "default action (stops)";
  return is_one_of(signal, dumps) ? "default action (ends, dumps core)" : "default action (ends)";
}

std::string peer(Tgid pid, const Event& event, const World& world, const Naming& naming) {
  return pid == event.pid ? "itself" : naming.named(pid, world);
}

std::string target_words(const SignalSent& fact, const Event& event, const World& world, const Naming& naming) {
  const bool to_thread = fact.syscall == "tkill" || fact.syscall == "tgkill" || fact.syscall == "rt_tgsigqueueinfo";
  const auto number = static_cast<std::int32_t>(fact.target);
  if (fact.syscall == "kill" && number == 0) return "its own process group";
  if (fact.syscall == "kill" && number == -1) return "everyone it may";
  if (fact.inner) {
    const char* what = number < 0 ? "process group " : to_thread ? "thread " : "";
    return fmt::format("{}{} of its pid namespace", what, number < 0 ? -number : number);
  }
  if (number < 0) return "process group " + peer(Tgid{-number}, event, world, naming);
  if (!to_thread) return peer(Tgid{number}, event, world, naming);
  const Task* task = world.find(Tid{number});
  if (Tid{number} == event.tid) return "itself";
  if (task == nullptr) return naming.process(Tgid{number}, world);
  return world[task->process].pid == event.pid ? "its thread " + naming.thread(*task) : naming.task(*task, world);
}

std::string cause_words(const SignalDelivered& fact, const Event& event, const World& world, const Naming& naming,
                        const Before& before) {
  const std::string_view code = fact.code;
  const Signal signal = fact.signal;
  if (const auto what = looked_up(code, children); !what.empty())
    return fmt::format(FMT_COMPILE(": child {} {}"),
                       fact.from ? peer(*fact.from, event, world, naming) : "whose number is not known", what);
  if (!code.starts_with("SI_")) {
    if (const auto fault = looked_up(code, faults); !fault.empty()) return fmt::format(", its own fault: {}", fault);
  }
  if (code == "SI_TIMER") return " from its timer";
  if (code == "SI_KERNEL") {
    static constexpr std::array timers{SIGALRM, SIGVTALRM, SIGPROF};
    static constexpr std::array keys{SIGINT, SIGQUIT, SIGTSTP};
    static constexpr std::array faulty{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    if (is_one_of(signal, timers)) return " from its timer";
    if (is_one_of(signal, keys)) return " from the terminal";
    return is_one_of(signal, faulty) ? ", its own fault" : " from the kernel or terminal";
  }
  // The kernel sends it in the name of the writer.
  if (code == "SI_USER" && signal.value == SIGPIPE && fact.from == event.pid) {
    if (before.broken)
      return fmt::format(" from its write to {}, which nobody can read", naming.object(*before.broken, world));
    return " from itself, as a write that nobody can read sends it";
  }
  if (!fact.from) return "";
  return fact.from->value == 0 ? " from outside of its pid namespace"
                               : " from " + peer(*fact.from, event, world, naming);
}

// What becomes of the call that it interrupted. Of a task that ends nothing goes on; whether a call that goes on was
// interrupted at all is chance; and a wait that fails has a line of its own.
std::string interruption(const SignalDelivered& fact, const Naming& naming) {
  if (naming.stable() && fact.interrupts->starts_with("wait")) return {};
  if (fact.err) return fmt::format(FMT_COMPILE("; {} fails with {}"), *fact.interrupts, text::errno_name(*fact.err));
  if (fact.repaired) return fmt::format("; {} goes on (it would fail only because it is traced)", *fact.interrupts);
  if (naming.stable() || fact.disposition == Disposition::default_action) return {};
  return fmt::format(FMT_COMPILE("; {} goes on"), *fact.interrupts);
}

}  // namespace

Sentence words_of(const SignalSent& fact, const Event& event, const World& world, const Manner& manner) {
  const std::string target = target_words(fact, event, world, manner.naming);
  const std::string_view call = fact.syscall;
  if (!fact.signal) {
    const std::string question = fmt::format("{} asks whether {} is there", call, target);
    if (!fact.err) return {question + ": yes", Tone::quiet};
    if (fact.err->value == ESRCH) return {question + ": no (ESRCH)", Tone::quiet};
    if (fact.err->value == EPERM) return {question + ": yes, but it may not signal it (EPERM)", Tone::quiet};
    return {question + ": " + error_words(*fact.err), Tone::quiet};
  }
  std::string out = fmt::format(FMT_COMPILE("{} {} → {}"), call, text::signal_name(*fact.signal), target);
  if (fact.err) return {out + " failed: " + error_words(*fact.err), Tone::notable};
  // In a handler a signal is blocked, too: whether one comes meanwhile is chance.
  const SignalFate fate = manner.naming.stable() ? SignalFate::arrives : fact.fate;
  if (fate == SignalFate::pending) out += ", which blocks it: pending";
  if (fate == SignalFate::coalesced) out += ": one is pending already, this one is lost";
  Sentence sent{std::move(out)};
  if (fate == SignalFate::coalesced) sent.tone = Tone::notable;
  sent.countless = true;
  return sent;
}

Sentence words_of(const SignalDelivered& fact, const Event& event, const World& world, const Manner& manner,
                  const Before& before) {
  const std::string cause = cause_words(fact, event, world, manner.naming, before);
  const std::string_view effect = fact.disposition == Disposition::handler   ? "handler"
                                  : fact.disposition == Disposition::ignored ? "ignored"
                                                                             : default_action(fact.signal);
  Sentence out{fmt::format(FMT_COMPILE("{}{}{} {}"), text::signal_name(fact.signal), cause,
                           cause.find(':') == std::string::npos ? ':' : ';', effect)};
  if (fact.interrupts) out.words += interruption(fact, manner.naming);
  // When a child's end is heard, before or after the wait that collects it, is chance; the end itself is told.
  const bool chance = manner.naming.stable() && !looked_up(fact.code, children).empty();
  out.countless = true;
  out.detail = chance || (fact.disposition == Disposition::ignored && !fact.repaired);
  if (fact.disposition == Disposition::ignored) out.tone = Tone::quiet;
  return out;
}

Sentence words_of(const DispositionSet& fact) {
  static constexpr std::array<std::string_view, 3> words{"has a handler", "is ignored", "has its default action"};
  std::string out = fmt::format(FMT_COMPILE("{} {} from now on"), text::signal_name(fact.signal),
                                words.at(static_cast<std::size_t>(fact.to)));
  if (!fact.flags.empty()) out += fmt::format(" ({})", fmt::join(fact.flags, ", "));
  return {std::move(out), Tone::quiet, true};
}

Sentence words_of(const MaskSet& fact) {
  constexpr std::size_t most = 60;  // signals there are some 64
  if (fact.blocked.size() > most) return {"blocks all signals", Tone::quiet, true};
  std::vector<std::string> names;
  for (const Signal signal : fact.blocked) names.push_back(text::signal_name(signal));
  return {names.empty() ? "blocks no signal" : fmt::format("blocks {}", fmt::join(names, ", ")), Tone::quiet, true};
}

Sentence words_of(const TimerSet& fact) {
  const std::string kind = fact.kind == "posix" ? "timer (timer_settime)" : fact.kind;
  if (fact.first_ns == 0) return {kind + " disarmed"};
  if (fact.every_ns == 0) return {fmt::format("{} in {}", kind, chosen(fact.first_ns))};
  if (fact.every_ns == fact.first_ns) return {fmt::format("{} every {}", kind, chosen(fact.every_ns))};
  return {fmt::format("{} in {}, then every {}", kind, chosen(fact.first_ns), chosen(fact.every_ns))};
}

}  // namespace kintrace::views
