// SPDX-License-Identifier: MIT
// The calls that send signals and decide what they do: kill(2), tkill(2), rt_sigqueueinfo(2), pidfd_send_signal(2),
// sigaction(2), sigprocmask(2). What becomes of a signal is told by its signal-delivery-stop.
#include "syscalls/signal.hpp"

#include <sys/syscall.h>

#include <charconv>
#include <csignal>

namespace kintrace::syscalls {
namespace {

// rt_sigaction(2) and rt_sigprocmask(2) are glibc's sigaction(3) and sigprocmask(3), but with structures of their own.
struct KernelSigaction {
  std::uint64_t handler;
  std::uint64_t flags;
};
constexpr int last_signal = 64;

constexpr std::pair<std::uint64_t, std::string_view> flag_names[] = {
    {SA_NOCLDSTOP, "SA_NOCLDSTOP"}, {SA_NOCLDWAIT, "SA_NOCLDWAIT"}, {SA_SIGINFO, "SA_SIGINFO"},
    {SA_ONSTACK, "SA_ONSTACK"},     {SA_RESTART, "SA_RESTART"},     {SA_NODEFER, "SA_NODEFER"},
    {SA_RESETHAND, "SA_RESETHAND"}};

void sent(const Call& call, Keeper& keeper) {
  const auto sending = sending_of(call);
  if (!sending || call.told) return;
  SignalSent fact;
  if (sending->signal) fact.signal = sending->signal;
  fact.target = sending->target;
  fact.syscall = call.row->name;
  if (call.failed()) fact.err = call.error();
  keeper.tell(call, std::move(fact));
}

void action_set(const Call& call, Keeper& keeper) {
  const auto action = call.structure<KernelSigaction>(1);
  const Signal signal{call.integer(0)};
  // That is all it fails for (sigaction(2)), so that its entry tells enough.
  const bool valid = signal.value >= 1 && signal.value <= last_signal && signal.value != SIGKILL &&
                     signal.value != SIGSTOP && call.args[3] == sizeof(std::uint64_t);
  if (!valid || !action) return;
  DispositionSet fact;
  fact.signal = signal;
  const auto is = [&](__sighandler_t special) { return action->handler == reinterpret_cast<std::uintptr_t>(special); };
  fact.to = is(SIG_DFL) ? Disposition::default_action : is(SIG_IGN) ? Disposition::ignored : Disposition::handler;
  for (const auto& [flag, name] : flag_names) {
    if ((action->flags & flag) != 0) fact.flags.emplace_back(name);
  }
  if (keeper.action_set(call, {signal, fact.to, (action->flags & SA_RESTART) != 0})) keeper.tell(call, std::move(fact));
}

void mask_set(const Call& call, Keeper& keeper) {
  const auto set = call.structure<std::uint64_t>(1);
  if (!call.result || call.failed() || !set) return;
  const auto before = call.structure<std::uint64_t>(2);
  std::uint64_t mask = *set;
  if (call.integer(0) != SIG_SETMASK) {
    if (!before) return;  // it adds to, or takes from, what we do not know
    mask = call.integer(0) == SIG_BLOCK ? *before | *set : *before & ~*set;
  }
  MaskSet fact;
  for (int i = 1; i <= last_signal; ++i) {
    if ((mask >> (static_cast<unsigned>(i) - 1) & 1) != 0) fact.blocked.push_back(Signal{i});
  }
  keeper.tell(call, std::move(fact));
}

constexpr Only a_new_action[] = {{1, Only::Is::different, 0}};

constexpr Row rows[] = {
    {SYS_kill, "kill", Class::signal, Exit::always, {{{"pid", Arg::number}, {"sig", Arg::number}}}, sent},
    {SYS_tkill, "tkill", Class::signal, Exit::always, {{{"tid", Arg::number}, {"sig", Arg::number}}}, sent},
    {SYS_tgkill,
     "tgkill",
     Class::signal,
     Exit::always,
     {{{"tgid", Arg::number}, {"tid", Arg::number}, {"sig", Arg::number}}},
     sent},
    {SYS_rt_sigqueueinfo,
     "rt_sigqueueinfo",
     Class::signal,
     Exit::always,
     {{{"pid", Arg::number}, {"sig", Arg::number}, {"info", Arg::address}}},
     sent},
    {SYS_rt_tgsigqueueinfo,
     "rt_tgsigqueueinfo",
     Class::signal,
     Exit::always,
     {{{"tgid", Arg::number}, {"tid", Arg::number}, {"sig", Arg::number}, {"info", Arg::address}}},
     sent},
    {SYS_pidfd_send_signal,
     "pidfd_send_signal",
     Class::signal,
     Exit::always,
     {{{"pidfd", Arg::in_pidfd}, {"sig", Arg::number}, {"info", Arg::address}, {"flags", Arg::number}}},
     sent},
    // Frequent: posix_spawn(3) sets all 64 of its child.
    {SYS_rt_sigaction,
     "rt_sigaction",
     Class::signal,
     Exit::never,
     {{{"signum", Arg::number}, {"act", Arg::in_memory, sizeof(KernelSigaction)}, {"oldact", Arg::address}}},
     action_set,
     Blocks::no,
     Observed::asked,
     a_new_action},
    {SYS_rt_sigprocmask,
     "rt_sigprocmask",
     Class::signal,
     Exit::always,
     {{{"how", Arg::number},
       {"set", Arg::in_memory, sizeof(std::uint64_t)},
       {"oldset", Arg::out_memory, sizeof(std::uint64_t)}}},
     mask_set,
     Blocks::no,
     Observed::asked,
     a_new_action},
};

}  // namespace

extern const std::span<const Row> signal_rows{rows};

bool names_a_process(Signal signal, int code) {
  return code == SI_USER || code == SI_TKILL || code == SI_QUEUE ||
         (signal.value == SIGCHLD && code > 0 && code != SI_KERNEL);
}

std::optional<Sending> sending_of(const Call& call) {
  constexpr std::int32_t first_realtime = 32;  // these are queued, and the queue may be full
  const auto sending = [&](std::size_t target, std::size_t signal) {
    Sending one;
    one.target = call.integer(target);
    one.signal = Signal{call.integer(signal)};
    one.certain = one.signal.value < first_realtime;
    return one;
  };
  Sending one;
  switch (call.row->nr) {
    case SYS_kill: return sending(0, 1);
    case SYS_tkill: one = sending(0, 1); break;
    case SYS_tgkill: one = sending(1, 2); break;
    case SYS_rt_sigqueueinfo:
      one = sending(0, 1);
      one.certain = false;  // its siginfo may not be readable, or not be permitted
      return one;
    case SYS_rt_tgsigqueueinfo:
      one = sending(1, 2);
      one.certain = false;
      break;
    case SYS_pidfd_send_signal: {
      one = sending(0, 1);
      const Bytes pid = call.text(0);
      one.target = 0;
      std::from_chars(pid.data(), pid.data() + pid.size(), one.target);
      one.certain = one.certain && call.args[2] == 0;
      one.outer = true;
      return one;
    }
    default: return {};
  }
  one.to_thread = true;
  return one;
}

}  // namespace kintrace::syscalls
