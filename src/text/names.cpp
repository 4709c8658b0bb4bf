// SPDX-License-Identifier: MIT
#include "text/names.hpp"

#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <cstring>

namespace kintrace::text {
namespace {

// The kernel's real-time signals begin at 32, of which glibc keeps two to itself (signal(7)): kill -l counts from 34.
constexpr int first_realtime = 34;
constexpr int last_signal = 64;
constexpr int last_errno = 4095;  // MAX_ERRNO: a result above -4096 is a failure

struct SignalCode {
  int signal;  // 0: any
  int code;
  std::string_view name;
};

#define KINTRACE_CODE(signal, code) \
  { signal, code, #code }
constexpr SignalCode signal_codes[] = {
    KINTRACE_CODE(0, SI_USER),
    KINTRACE_CODE(0, SI_QUEUE),
    KINTRACE_CODE(0, SI_TIMER),
    KINTRACE_CODE(0, SI_MESGQ),
    KINTRACE_CODE(0, SI_ASYNCIO),
    KINTRACE_CODE(0, SI_SIGIO),
    KINTRACE_CODE(0, SI_TKILL),
    KINTRACE_CODE(0, SI_KERNEL),
    KINTRACE_CODE(0, SI_ASYNCNL),
    KINTRACE_CODE(SIGCHLD, CLD_EXITED),
    KINTRACE_CODE(SIGCHLD, CLD_KILLED),
    KINTRACE_CODE(SIGCHLD, CLD_DUMPED),
    KINTRACE_CODE(SIGCHLD, CLD_TRAPPED),
    KINTRACE_CODE(SIGCHLD, CLD_STOPPED),
    KINTRACE_CODE(SIGCHLD, CLD_CONTINUED),
    KINTRACE_CODE(SIGSEGV, SEGV_MAPERR),
    KINTRACE_CODE(SIGSEGV, SEGV_ACCERR),
    KINTRACE_CODE(SIGSEGV, SEGV_BNDERR),
    KINTRACE_CODE(SIGSEGV, SEGV_PKUERR),
    KINTRACE_CODE(SIGBUS, BUS_ADRALN),
    KINTRACE_CODE(SIGBUS, BUS_ADRERR),
    KINTRACE_CODE(SIGBUS, BUS_OBJERR),
    KINTRACE_CODE(SIGFPE, FPE_INTDIV),
    KINTRACE_CODE(SIGFPE, FPE_INTOVF),
    KINTRACE_CODE(SIGFPE, FPE_FLTDIV),
    KINTRACE_CODE(SIGFPE, FPE_FLTOVF),
    KINTRACE_CODE(SIGFPE, FPE_FLTUND),
    KINTRACE_CODE(SIGFPE, FPE_FLTRES),
    KINTRACE_CODE(SIGFPE, FPE_FLTINV),
    KINTRACE_CODE(SIGFPE, FPE_FLTSUB),
    KINTRACE_CODE(SIGILL, ILL_ILLOPC),
    KINTRACE_CODE(SIGILL, ILL_ILLOPN),
    KINTRACE_CODE(SIGILL, ILL_ILLADR),
    KINTRACE_CODE(SIGILL, ILL_ILLTRP),
    KINTRACE_CODE(SIGILL, ILL_PRVOPC),
    KINTRACE_CODE(SIGTRAP, TRAP_BRKPT),
    KINTRACE_CODE(SIGTRAP, TRAP_TRACE),
    KINTRACE_CODE(SIGPOLL, POLL_IN),
    KINTRACE_CODE(SIGPOLL, POLL_OUT),
    KINTRACE_CODE(SIGPOLL, POLL_MSG),
    KINTRACE_CODE(SIGPOLL, POLL_ERR),
    KINTRACE_CODE(SIGPOLL, POLL_PRI),
    KINTRACE_CODE(SIGPOLL, POLL_HUP),
    {SIGSYS, 1, "SYS_SECCOMP"},
    {SIGSYS, 2, "SYS_USER_DISPATCH"},  // glibc 2.36 does not have the second
};
#undef KINTRACE_CODE

std::optional<int> number_after(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  int value = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) return {};
  return value;
}

}  // namespace

std::string errno_name(Errno error) {
  const char* name = ::strerrorname_np(error.value);
  return name != nullptr ? name : fmt::format("errno {}", error.value);
}

std::optional<Errno> errno_named(std::string_view name) {
  if (const auto number = number_after(name, "errno ")) return Errno{*number};
  for (int i = 1; i <= last_errno; ++i) {
    const char* known = ::strerrorname_np(i);
    if (known != nullptr && name == known) return Errno{i};
  }
  return {};
}

std::string errno_text(Errno error) {
  return ::strerrordesc_np(error.value) != nullptr ? ::strerrordesc_np(error.value) : errno_name(error);
}

std::string signal_name(Signal signal) {
  if (signal.value == first_realtime) return "SIGRTMIN";
  if (signal.value > first_realtime) return fmt::format("SIGRTMIN+{}", signal.value - first_realtime);
  const char* name = ::sigabbrev_np(signal.value);
  return name != nullptr ? std::string{"SIG"} + name : fmt::format("SIG{}", signal.value);
}

std::string signal_code_name(Signal signal, int code) {
  for (const SignalCode& known : signal_codes) {
    if (known.code == code && (known.signal == 0 || known.signal == signal.value)) return std::string{known.name};
  }
  return fmt::format("code {}", code);
}

std::optional<Signal> signal_named(std::string_view name) {
  for (int i = 0; i <= last_signal; ++i) {
    if (signal_name(Signal{i}) == name) return Signal{i};
  }
  return {};
}

}  // namespace kintrace::text
