// SPDX-License-Identifier: MIT
#include "views/shown.hpp"

#include <algorithm>
#include <array>
#include <variant>

#include "views/sync_words.hpp"

namespace kintrace::views {
namespace {

template <class T>
concept NamesItsCall = requires(const T& fact) {
  { fact.syscall } -> std::convertible_to<std::string_view>;
};
template <class T>
concept HasError = requires(const T& fact) {
  { fact.err } -> std::convertible_to<std::optional<Errno>>;
};

template <class T>
concept IsOfAnObject = requires(const T& fact) {
  { fact.obj } -> std::convertible_to<std::optional<ObjectId>>;
};
template <class T>
std::string_view own_class(const T& fact) {
  if constexpr (IsOfAnObject<T> && T::cls.empty()) {
    if (const std::optional<ObjectId> obj = fact.obj; obj && *obj) return class_of(obj->kind);
  }
  return fact.cls;
}
// The word of a named semaphore is a semaphore.
std::string_view own_class(const FutexWaited& fact) { return fact.obj ? class_of(fact.obj.kind) : fact.cls; }
std::string_view own_class(const FutexWoke& fact) { return fact.obj ? class_of(fact.obj.kind) : fact.cls; }
// What it waits for there is not always what the object is for.
std::string_view own_class(const Blocked& fact) {
  if (waits_for_any(fact.syscall)) return Waited::cls;
  if (!fact.obj || !*fact.obj) return {};
  const bool lock = fact.syscall == "flock" || fact.syscall == "fcntl";
  return fact.obj->kind == ObjectKind::file && lock ? LockTaken::cls : class_of(fact.obj->kind);
}

// Whether `call` is one of these, which a blank is between.
constexpr bool has_word(std::string_view words, std::string_view call) {
  while (!words.empty()) {
    const std::size_t blank = std::min(words.find(' '), words.size());
    if (words.substr(0, blank) == call) return true;
    words.remove_prefix(std::min(blank + 1, words.size()));
  }
  return false;
}

// Facts of a class of their own may be about a call of another.
std::string_view class_or_calls(std::string_view own, std::string_view call) {
  struct Calls {
    std::string_view cls, calls;
  };
  static constexpr std::array classes{
      Calls{"lifecycle", "fork vfork clone clone3 execve wait4 waitid setsid setpgid"},
      Calls{"pipe", "pipe pipe2 dup dup2 dup3 fcntl"},
      Calls{"socket", "socket socketpair"},
      Calls{"sem", "semget semop semtimedop semctl"},
      Calls{"shm", "shmget shmat shmdt shmctl mmap mremap munmap memfd_create"},
      Calls{"msg", "msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify"},
      Calls{"lock", "flock"},
      Calls{"futex", "futex"},
      Calls{"event",
            "eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime pidfd_open epoll_create epoll_create1 "
            "epoll_ctl nanosleep clock_nanosleep pause rt_sigsuspend rt_sigtimedwait"},
  };
  if (!own.empty() || call.empty()) return own;
  if (waits_for_any(call)) return Waited::cls;
  const auto* const found =
      std::find_if(classes.begin(), classes.end(), [&](const Calls& one) { return has_word(one.calls, call); });
  return found != classes.end() ? found->cls : "";
}

// Calls whose facts do not name them.
struct CallOf {
  std::optional<std::string_view> operator()(const Execed&) const { return "execve"; }
  std::optional<std::string_view> operator()(const DispositionSet&) const { return "rt_sigaction"; }
  std::optional<std::string_view> operator()(const MaskSet&) const { return "rt_sigprocmask"; }
  std::optional<std::string_view> operator()(const TimerSet& fact) const {
    if (fact.kind == "alarm") return "alarm";
    return fact.kind == "posix" ? "timer_settime" : "setitimer";
  }
  std::optional<std::string_view> operator()(const Foreground&) const { return "ioctl"; }
  std::optional<std::string_view> operator()(const FdClosed& fact) const {
    return fact.how == ClosedHow::close ? std::optional<std::string_view>{"close"} : std::nullopt;
  }
  std::optional<std::string_view> operator()(const Bound&) const { return "bind"; }
  std::optional<std::string_view> operator()(const Listening&) const { return "listen"; }
  std::optional<std::string_view> operator()(const Connected&) const { return "connect"; }
  std::optional<std::string_view> operator()(const Accepted&) const { return "accept"; }
  std::optional<std::string_view> operator()(const ShutDown&) const { return "shutdown"; }
  std::optional<std::string_view> operator()(const ShmAttached&) const { return "shmat"; }
  std::optional<std::string_view> operator()(const ShmDetached&) const { return "shmdt"; }
  std::optional<std::string_view> operator()(const FutexWaited&) const { return "futex"; }
  std::optional<std::string_view> operator()(const FutexWoke&) const { return "futex"; }
  std::optional<std::string_view> operator()(const SemChanged& fact) const {
    return fact.undone ? std::nullopt : std::optional<std::string_view>{fact.syscall};
  }
  std::optional<std::string_view> operator()(const LockReleased& fact) const {
    if (fact.how == ReleasedHow::exit) return {};
    return fact.syscall.empty() ? std::string_view{"close"} : std::string_view{fact.syscall};
  }
  std::optional<std::string_view> operator()(const Set& fact) const {
    if (fact.what == "arch" || fact.what == "privileges" || fact.what == "filter") return {};
    if (fact.what == "cwd") return "chdir";
    return "prctl";
  }
  template <class T>
  std::optional<std::string_view> operator()(const T& fact) const {
    if constexpr (NamesItsCall<T>) {
      if (!fact.syscall.empty()) return fact.syscall;
    }
    return {};
  }
};

// Calls that bring about the same fact, which does not say which of them it was.
using Alike = std::array<std::string_view, 3>;
constexpr std::array<Alike, 4> alike{{
    {"pipe", "pipe2"},
    {"open", "openat", "openat2"},
    {"accept", "accept4"},
    {"close", "close_range"},
}};

// What a descriptor came from, which is no call's result of its own: its object, or its connection, is that.
std::string_view origin_of(const Fact& fact) {
  const auto* opened = std::get_if<FdOpened>(&fact);
  if (opened == nullptr) return {};
  switch (opened->how) {
    case OpenedHow::pipe: return "pipe";
    case OpenedHow::open: return "open";
    case OpenedHow::socket: return "socket";
    case OpenedHow::socketpair: return "socketpair";
    case OpenedHow::accept: return "accept";
    case OpenedHow::received: return "recvmsg";
    case OpenedHow::pidfd_getfd: return "pidfd_getfd";
    case OpenedHow::inherited: break;
  }
  return {};
}

bool asks_for(const Choice& choice, std::string_view cls, std::string_view call) {
  if (choice.asks_for(cls, call)) return true;
  if (call.empty() || choice.without.contains(call)) return false;
  const auto has_call = [&](const Alike& names) { return std::find(names.begin(), names.end(), call) != names.end(); };
  const auto row = std::find_if(alike.begin(), alike.end(), has_call);
  return row != alike.end() &&
         std::any_of(row->begin(), row->end(), [&](std::string_view name) { return choice.calls.contains(name); });
}

std::optional<Signal> signal_of(const SignalSent& fact) { return fact.signal.value_or(Signal{}); }
std::optional<Signal> signal_of(const SignalDelivered& fact) { return fact.signal; }
std::optional<Signal> signal_of(const DispositionSet& fact) { return fact.signal; }
std::optional<Signal> signal_of(const Waited& fact) { return fact.signal; }
template <class T>
std::optional<Signal> signal_of(const T&) {
  return {};
}

}  // namespace

std::optional<std::string_view> call_of(const Event& event) { return std::visit(CallOf{}, event.fact); }

Outcome outcome_of(const Event& event) {
  if (event.unfinished || std::holds_alternative<Blocked>(event.fact)) return Outcome::unfinished;
  const bool failed = std::visit(
      [](const auto& fact) {
        using T = std::decay_t<decltype(fact)>;
        // A delivery's error is that of the call it interrupted.
        if constexpr (HasError<T> && (NamesItsCall<T> || IsOfAnObject<T>))
          return std::optional<Errno>{fact.err}.has_value();
        return false;
      },
      event.fact);
  return failed ? Outcome::failed : Outcome::successful;
}

bool shown(const Event& event, const Choice& choice) {
  const auto call = call_of(event);
  const std::string_view name = call ? *call : origin_of(event.fact);
  const std::string_view cls =
      std::visit([&](const auto& fact) { return class_or_calls(own_class(fact), name); }, event.fact);
  // Those that are shared are how semaphores and mutexes of several processes wait; private ones were not looked at
  // unless they were asked for.
  const bool asked = asks_for(choice, cls, name) || (cls == "futex" && asks_for(choice, "sem", name));
  if (cls.empty() ? choice.without.contains(name) : !asked) return false;
  const auto signal = std::visit([](const auto& fact) { return signal_of(fact); }, event.fact);
  if (signal && choice.signals && !choice.signals->contains(*signal)) return false;
  return !call || !choice.outcomes || choice.outcomes->contains(outcome_of(event));
}

}  // namespace kintrace::views
