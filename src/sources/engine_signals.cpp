// SPDX-License-Identifier: MIT
// The engine's part that hears of signals, and keeps tracing from making calls fail.
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>

#include "os/syscall_names.hpp"
#include "sources/engine.hpp"
#include "syscalls/repair.hpp"
#include "syscalls/signal.hpp"
#include "text/names.hpp"

namespace kintrace::sources {
namespace {

// What a call is going to return when a signal has come (include/linux/errno.h; never seen by the program).
constexpr std::int64_t restart_sys = -512;      // again, unless a handler without SA_RESTART runs
constexpr std::int64_t restart_always = -513;   // again
constexpr std::int64_t restart_no_hand = -514;  // again, unless a handler runs
constexpr std::int64_t restart_block = -516;    // the rest of it (nanosleep), unless a handler runs

std::uint64_t bit(Signal signal) { return std::uint64_t{1} << (static_cast<unsigned>(signal.value) - 1); }

constexpr std::array ignored_by_default{SIGCHLD, SIGURG, SIGWINCH};

Disposition disposition_of(Signal signal, const os::TaskStatus& status) {
  if ((status.caught & bit(signal)) != 0) return Disposition::handler;
  const bool by_default =
      std::find(ignored_by_default.begin(), ignored_by_default.end(), signal.value) != ignored_by_default.end();
  return (status.ignored & bit(signal)) != 0 || by_default ? Disposition::ignored : Disposition::default_action;
}

// Whether siginfo says who sent it, or whom it is about.
bool names_a_process(Signal signal, const siginfo_t& info) {
  return info.si_code == SI_USER || info.si_code == SI_TKILL || info.si_code == SI_QUEUE ||
         (signal.value == SIGCHLD && info.si_code > 0 && info.si_code != SI_KERNEL);
}

// How a call that a signal with this disposition interrupts comes out. Nothing: it goes on, or that is not known.
std::optional<Errno> failure_of(std::int64_t result, Disposition disposition, std::optional<bool> restarts) {
  if (result == -EINTR) return Errno{EINTR};
  if (disposition != Disposition::handler || result == restart_always) return {};
  if (result == restart_sys && restarts.value_or(true)) return {};
  return Errno{EINTR};
}

bool may_go_on(std::int64_t result) {
  return result == restart_sys || result == restart_always || result == restart_no_hand || result == restart_block;
}

}  // namespace

// Whatever we do here, the task gets its signal: nothing else may be passed on, and not to pass it on would lose it.
void Engine::signalled(os::Stop stop, Tracee& task) {
  const Signal signal = stop.status().signal();
  const auto info = stop.signal_info();
  const auto status = info ? status_of(task.tid) : std::nullopt;
  if (status) {
    SignalDelivered fact;
    fact.signal = signal;
    fact.code = text::signal_code_name(signal, info->si_code);
    const Tgid who{info->si_pid};
    if (names_a_process(signal, *info)) fact.from = tracees_.seen_from(*task.group, who);
    if (!fact.from && signal.value == SIGCHLD) fact.from = graves_.seen_from(task.group->pid, who);
    fact.disposition = disposition_of(signal, *status);
    tell_delivered(stop, task, std::move(fact));
  }
  std::ignore = std::move(stop).resume(os::Until::syscall, signal);
}

void Engine::tell_delivered(const os::Stop& stop, Tracee& task, SignalDelivered fact) {
  const auto call = stop.interrupted_call();
  const bool interrupted = call && (may_go_on(call->result) || call->result == -EINTR);
  std::optional<bool> restarts;
  if (task.group->actions) restarts = (task.group->actions->restarting & bit(fact.signal)) != 0;
  if (interrupted) {
    const bool resumed = call->nr == SYS_restart_syscall && task.resumes != 0;
    if (!resumed) task.resumes = call->nr;
    fact.interrupts = os::syscall_name(task.resumes);
    fact.err = failure_of(call->result, fact.disposition, restarts);
    if (fact.err && fact.disposition == Disposition::ignored && repair(stop, task, *call)) {
      fact.err.reset();
      fact.repaired = true;
    }
  }
  const bool fails = fact.err.has_value();
  const auto& wanted = options_.choice.signals;
  if (options_.choice.asks_for(SignalDelivered::cls, "") && (!wanted || wanted->contains(fact.signal))) {
    tell_senders(fact.signal, task, fact.from);
    emit_now(task, std::move(fact));
  }
  if (!fails || !task.interrupted) return;
  syscalls::Call failed = std::move(*std::exchange(task.interrupted, {}));
  failed.result = -EINTR;
  finish(task, std::move(failed));
}

// Untraced, an ignored signal would not have come at all, and the call would still wait. With -ERESTARTNOHAND the
// kernel does it again, or gives it its EINTR if a handler is to run for another signal (docs/ptrace-notes.md, H7).
// Whether the program will not see an EINTR.
bool Engine::repair(const os::Stop& stop, Tracee& task, const os::InterruptedCall& call) {
  if (!options_.restart_repair || task.group->stopped || !syscalls::fails_by_tracing(call.nr)) return false;
  if (!task.repair || task.repair->nr != call.nr) task.repair = Repair{call.nr, now_};
  const auto timeout = syscalls::timeout_of(call.nr, call.args, [&](std::uint64_t address, std::size_t size) {
    std::string bytes(size, '\0');
    const auto got = stop.read(address, std::as_writable_bytes(std::span{bytes}));
    bytes.resize(got ? *got : 0);
    return bytes;
  });
  const bool over = timeout && now_ - task.repair->since >= timeout->time;
  return stop.set_call_result(over ? timeout->result : restart_no_hand).has_value();
}

// Who sent a signal that has arrived, or has killed, is told before its effect is, though its call may return later.
void Engine::tell_senders(Signal signal, Tracee& receiver, std::optional<Tgid> sender) {
  for (const Tid tid : sending_) {
    Tracee* task = tracees_.find(tid);
    if (task == nullptr || !task->call || task->call->told || (sender && task->group->pid != *sender)) continue;
    const auto sending = syscalls::sending_of(*task->call);
    if (!sending || sending->signal != signal) continue;
    const bool to_many = sending->target <= 0;
    if (!to_many && sending->target != receiver.tid.value && sending->target != receiver.group->pid.value) continue;
    syscalls::Call call = *task->call;
    call.result = 0;
    call.row->effect(call, *this);
    task->call->told = true;
  }
  std::erase_if(sending_, [this](Tid tid) {
    const Tracee* task = tracees_.find(tid);
    return task == nullptr || !task->call || !syscalls::sending_of(*task->call) || task->call->told;
  });
}

}  // namespace kintrace::sources
