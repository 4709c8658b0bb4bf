// SPDX-License-Identifier: MIT
// The engine's part that hears of signals, and keeps tracing from making calls fail.
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "os/socket.hpp"
#include "os/syscall_names.hpp"
#include "sources/engine.hpp"
#include "syscalls/repair.hpp"
#include "syscalls/signal.hpp"
#include "text/names.hpp"

namespace kintrace::sources {
namespace {

using syscalls::restart_always, syscalls::restart_block, syscalls::restart_no_hand, syscalls::restart_sys;

std::uint64_t bit(Signal signal) { return std::uint64_t{1} << (static_cast<unsigned>(signal.value) - 1); }

constexpr std::int32_t first_realtime = 32;  // the kernel's; glibc keeps two of them to itself

constexpr std::array ignored_by_default{SIGCHLD, SIGURG, SIGWINCH};

Disposition disposition_of(Signal signal, const Actions& actions) {
  if ((actions.caught & bit(signal)) != 0) return Disposition::handler;
  const bool by_default =
      std::find(ignored_by_default.begin(), ignored_by_default.end(), signal.value) != ignored_by_default.end();
  return (actions.ignored & bit(signal)) != 0 || by_default ? Disposition::ignored : Disposition::default_action;
}

// Alone it would not even have been queued. SIGCONT's default action is its sender's doing: nothing is left for it
// here.
bool does_nothing(const SignalDelivered& fact) {
  return fact.disposition == Disposition::ignored ||
         (fact.signal.value == SIGCONT && fact.disposition == Disposition::default_action);
}

bool is_stop(const SignalDelivered& fact) {
  constexpr std::array stops{SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
  return fact.disposition == Disposition::default_action &&
         std::find(stops.begin(), stops.end(), fact.signal.value) != stops.end();
}

// How a call that a signal with this disposition interrupts comes out. Nothing: it goes on. Not for restart_sys with a
// handler.
std::optional<Errno> failure_of(std::int64_t result, Disposition disposition) {
  if (result == -EINTR) return Errno{EINTR};
  if (disposition != Disposition::handler || result == restart_always) return {};
  return Errno{EINTR};
}

bool may_go_on(std::int64_t result) {
  return result == restart_sys || result == restart_always || result == restart_no_hand || result == restart_block;
}

// What there is to read of a stopped task.
class Reader final : public syscalls::TimeSource {
 public:
  Reader(const os::Stop& stop, const Group& group) : stop_(stop), group_(group) {}
  std::string memory(std::uint64_t address, std::size_t size) const override {
    std::string bytes(size, '\0');
    const auto got = stop_.read(address, std::as_writable_bytes(std::span{bytes}));
    bytes.resize(got ? *got : 0);
    return bytes;
  }
  std::optional<Nanoseconds> socket_timeout(int fd, os::Direction direction) const override {
    return os::socket_timeout(group_.pid, fd, direction);
  }

 private:
  const os::Stop& stop_;
  const Group& group_;
};

}  // namespace

// Whatever we do here, the task gets its signal: nothing else may be passed on, and not to pass it on would lose it.
void Engine::signalled(os::Stop stop, Tracee& task) {
  const Signal signal = stop.status().signal();
  const auto info = stop.signal_info();
  if (!info) return resume(std::move(stop), task, signal);
  if (task.delivering) {
    if (info->si_signo == SIGTRAP && info->si_code == SIGTRAP) return handler_entered(std::move(stop), task);
    settle(task, {});
  }
  // A call of another architecture has a number of that one.
  auto call = task.group->undecoded ? std::nullopt : stop.interrupted_call();
  // A call whose exit did not stop, as nobody but its own task could be woken.
  const bool end_of_stop = signal.value == SIGCONT && std::exchange(task.stopped, false);
  if (call && call->result == -EINTR && filter_ == Filter::works && !end_of_stop)
    call->result = repair(stop, task, *call);
  const bool interrupted = call && (may_go_on(call->result) || call->result == -EINTR);
  if (!interrupted && !asks_for_signals()) return resume(std::move(stop), task, signal);
  SignalDelivered fact;
  fact.signal = signal;
  fact.disposition = disposition_of(signal, actions_of(task, signal));
  const bool depends = interrupted && tell_interrupted(stop, task, *call, fact);
  if (depends) {
    std::ignore = std::move(stop).resume(os::Until::handler, signal);
  } else {
    resume(std::move(stop), task, signal);
  }
  fact.code = text::signal_code_name(signal, info->si_code);
  const Tgid who{info->si_pid};
  if (syscalls::names_a_process(signal, info->si_code)) fact.from = tracees_.seen_from(*task.group, who);
  if (!fact.from && signal.value == SIGCHLD) fact.from = graves_.seen_from(task.group->pid, who);
  if (depends) {
    task.delivering = std::move(fact);
  } else {
    tell_delivered(task, std::move(fact));
  }
}

// Whether the call that its signal interrupted fails stands in the frame that the kernel has made for the handler.
void Engine::handler_entered(os::Stop stop, Tracee& task) {
  const auto result = stop.interrupted_result();
  resume(std::move(stop), task);
  settle(task, result);
}

void Engine::settle(Tracee& task, std::optional<std::int64_t> result) {
  if (!task.delivering) return;
  SignalDelivered fact = std::move(*std::exchange(task.delivering, {}));
  if (!result) fact.interrupts.reset();  // nobody knows
  if (result == -EINTR) fact.err = Errno{EINTR};
  tell_delivered(task, std::move(fact));
}

// What /proc says of this signal; without it (chroot(2), hidepid) what sigaction(2)s said that were observed.
Actions Engine::actions_of(const Tracee& task, Signal signal) const {
  if (signal.value < first_realtime) {
    if (const auto found = proc_.dispositions(task.tid)) return {found->caught, found->ignored, 0};
  }
  if (const auto status = status_of(task.tid)) return {status->caught, status->ignored, 0};
  return task.group->actions.value_or(Actions{});
}

// What becomes of the call that the signal interrupts. True: whether it fails depends on the handler's SA_RESTART,
// which nobody but the kernel knows, and which will be seen when the handler runs.
bool Engine::tell_interrupted(const os::Stop& stop, Tracee& task, const os::InterruptedCall& call,
                              SignalDelivered& fact) {
  const bool resumed = call.nr == SYS_restart_syscall && task.resumes != 0;
  if (!resumed) task.resumes = call.nr;
  fact.interrupts = os::syscall_name(task.resumes);
  if (fact.disposition == Disposition::handler && call.result == restart_sys)
    return task.interrupted || asks_for_signals();
  fact.err = failure_of(call.result, fact.disposition);
  const bool repaired = task.repair && task.repair->to_continue;
  fact.repaired = repaired && does_nothing(fact);
  // Alone, too, it is cut short by a stop.
  if (repaired && is_stop(fact) && stop.set_call_result(-EINTR)) task.repair.reset();
  return false;
}

void Engine::tell_delivered(Tracee& task, SignalDelivered fact) {
  const bool fails = fact.err.has_value();
  if (!pending_.empty()) {
    pending_.erase({task.tid.value, fact.signal});
    pending_.erase({task.group->pid.value, fact.signal});
  }
  if (fails) task.repair.reset();
  const auto& wanted = options_.choice.signals;
  if (asks_for_signals() && (!wanted || wanted->contains(fact.signal))) {
    tell_senders(fact.signal, task, fact.from);
    emit_now(task, std::move(fact));
  }
  if (!fails || !task.interrupted) return;
  syscalls::Call failed = syscalls::taken(task.interrupted);
  failed.result = -EINTR;
  finish(task, failed);
}

// Untraced, an ignored signal would not have come at all, and the call would still wait. With -ERESTARTNOHAND the
// kernel does it again, or gives it its EINTR if a handler is to run (docs/ptrace-notes.md, H7). What the call returns
// now.
std::int64_t Engine::repair(const os::Stop& stop, Tracee& task, const os::InterruptedCall& call) {
  if (!options_.restart_repair) return -EINTR;
  const auto time = syscalls::time_of(call.nr, call.args, Reader{stop, *task.group});
  if (!time) return -EINTR;
  if (!task.repair || task.repair->nr != call.nr || task.repair->args != call.args)
    task.repair = Repair{call.nr, call.args, task.entered_nr == call.nr ? task.entered : now_};
  const bool over = time->limit && now_ - task.repair->since >= *time->limit;
  if (!stop.set_call_result(over ? time->result : restart_no_hand)) return -EINTR;
  if (over) {
    task.repair.reset();
    return time->result;
  }
  task.repair->to_continue = true;
  return restart_no_hand;
}

std::int64_t Engine::repair(const os::Stop& stop, Tracee& task) {
  const auto call = task.group->undecoded ? std::nullopt : stop.interrupted_call();
  return call && call->result == -EINTR ? repair(stop, task, *call) : -EINTR;
}

// A call that was repeated may come to another result than one that was not.
std::int64_t Engine::as_alone(const os::Stop& stop, Tracee& task, std::int64_t result) {
  const std::int64_t alone = syscalls::result_as_alone(std::exchange(task.repair, {})->nr, result);
  if (alone != result) std::ignore = stop.set_call_result(alone);
  return alone;
}

// The target as we number it. In a nested pid namespace a number means someone else; nothing if we do not know whom.
std::optional<std::int32_t> Engine::target_of(const Tracee& sender, const syscalls::Sending& sending) const {
  const Group& group = *sender.group;
  if (!group.ns_pid || sending.target == 0 || sending.target == -1 || sending.outer) return sending.target;
  if (const auto pid = tracees_.seen_from(group, Tgid{std::abs(sending.target)}))
    return sending.target < 0 ? -pid->value : pid->value;
  if (!sending.to_thread) return {};
  for (const Tid tid : group.tasks) {
    const auto status = status_of(tid);
    if (status && status->ns_pid == Tgid{sending.target}) return tid.value;
  }
  return {};
}

// Of those of one number only one waits (signal(7)); the real-time ones are queued.
void Engine::note_fate(SignalSent& sent) {
  if (sent.err || sent.inner || !sent.signal || sent.target <= 0) return;
  const auto target = static_cast<std::int32_t>(sent.target);
  const auto status = status_of(Tid{target});
  if (!status) return;
  const std::uint64_t mask = bit(*sent.signal);
  const bool waits = ((status->pending | status->shared_pending) & status->blocked & mask) != 0;
  const bool first = !waits || pending_.insert({target, *sent.signal}).second;
  if (!waits) pending_.erase({target, *sent.signal});
  if (!waits) return;
  sent.fate = first || sent.signal->value >= first_realtime ? SignalFate::pending : SignalFate::coalesced;
}

// Who sent a signal that has arrived, or has killed, is told before its effect is, though its call may return later.
void Engine::tell_senders(Signal signal, Tracee& receiver, std::optional<Tgid> sender) {
  for (const Tid tid : sending_) {
    Tracee* task = tracees_.find(tid);
    if (task == nullptr || !task->call || task->call->told || (sender && task->group->pid != *sender)) continue;
    const auto sending = syscalls::sending_of(*task->call);
    if (!sending || !sending->certain || sending->signal != signal) continue;
    const auto target = target_of(*task, *sending);
    const bool to_many = target && *target <= 0;
    if (!to_many && target != receiver.tid.value && target != receiver.group->pid.value) continue;
    syscalls::Call call = *task->call;
    call.result = 0;
    call.row->effect(call, *this);
    task->call->told = true;
  }
}

}  // namespace kintrace::sources
