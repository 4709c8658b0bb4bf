// SPDX-License-Identifier: MIT
// The engine's part that follows each task into and out of its calls.
#include <linux/audit.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "os/seccomp.hpp"
#include "sources/capture.hpp"
#include "sources/engine.hpp"
#include "syscalls/clone.hpp"
#include "syscalls/exec.hpp"
#include "syscalls/registry.hpp"
#include "syscalls/repair.hpp"
#include "syscalls/signal.hpp"
#include "syscalls/watch.hpp"

namespace kintrace::sources {
namespace {

using os::native_arch;
#if defined(__x86_64__)
constexpr std::uint64_t x32_bit = __X32_SYSCALL_BIT;
#else
constexpr std::uint64_t x32_bit = 0;
#endif

const char* other_arch(std::uint32_t arch) {
  switch (arch) {
    case AUDIT_ARCH_I386: return "i386";
    case AUDIT_ARCH_ARM: return "arm";
    default: return "unknown";
  }
}

// What the kernel returns to itself when it is going to repeat the call after a signal (include/linux/errno.h).
bool will_restart(std::int64_t result) { return result == -512 || result == -513 || result == -514 || result == -516; }

// The same for one that tracing makes fail, which we may have it repeat.
bool goes_on(std::int64_t result) { return will_restart(result) || result == -EINTR; }

}  // namespace

// The kernel says which of entry and exit this is: counting would go wrong at restarts and execs.
void Engine::syscall(os::Stop stop, Tracee& task) {
  const auto info = stop.syscall();
  if (info && info->op == os::SyscallInfo::Op::exit) return leave(std::move(stop), task, info->result);
  if (!info || info->op != os::SyscallInfo::Op::entry) return resume(std::move(stop), task);
  called(task, *info);
  if (filter_ == Filter::works) return resume(std::move(stop), task);  // what concerns us has a stop of its own
  enter(std::move(stop), task, *info);
}

// The stop of a call that a filter asks a tracer about: ours, or one of the program's own.
void Engine::filtered(os::Stop stop, Tracee& task) {
  const auto info = stop.syscall();
  if (!info || info->op != os::SyscallInfo::Op::seccomp) return resume(std::move(stop), task);
  const bool ours = info->mark == os::filter_mark;
  if (!ours) std::ignore = os::refuse_call(stop);  // without a tracer it fails (seccomp(2))
  if (ours) filter_ = Filter::works;
  if (!task.group->every_call) called(task, *info);
  enter(std::move(stop), task, *info);
}

// A call begins, whichever: does it continue one that was repaired?
void Engine::called(Tracee& task, const os::SyscallInfo& info) const {
  auto& repair = task.repair;
  const bool continues = repair && repair->to_continue && repair->nr == info.nr && repair->args == info.args;
  if (repair) repair->to_continue = false;
  if (continues) return;
  repair.reset();
  task.stopped = false;
  task.entered = now_;
  task.entered_nr = info.nr;
}

void Engine::enter(os::Stop stop, Tracee& task, const os::SyscallInfo& info) {
  task.call.reset();
  task.watched = false;
  if (info.arch != native_arch || (info.nr & x32_bit) != 0) {
    resume(std::move(stop), task);
    if (!std::exchange(task.group->undecoded, true))
      emit_now(task, Set{"arch", info.arch != native_arch ? other_arch(info.arch) : "x32"});
    return;
  }
  // What nobody but its own task can be woken for is repaired where the signal stops it.
  task.watched = options_.restart_repair && task.group->tasks.size() > 1 && syscalls::fails_by_tracing(info.nr);
  if (options_.restart_repair && syscalls::limits_a_socket(info.nr, info.args)) watch_every_call(task);
  auto& before = task.interrupted;
  const syscalls::Row* row = syscalls::find(info.nr);
  if (before && (info.nr == SYS_restart_syscall || (row == before->row && info.args == before->args))) {
    task.call = syscalls::taken(before);
    begin_join(task);
    resume(std::move(stop), task);
    return begun(task);
  }
  if (row == nullptr || !observes(*row) || (!row->concerns(info.args) && !observes_all(*row)))
    return resume(std::move(stop), task);
  syscalls::Call& call = task.call.emplace();
  call.row = row;
  call.begin = call.end = now_;
  call.tid = task.tid;
  call.args = info.args;
  if (!find_objects(stop, task, call)) {
    task.call.reset();
    return resume(std::move(stop), task);
  }
  if (!syscalls::is_instant(*row)) call.seq = next_seq();
  if (row->exit != syscalls::Exit::on_name) capture_in(stop, proc_, call, options_.data);  // by then it has been
  if (row->cls == syscalls::Class::lock || row->nr == SYS_fcntl) note_holder(task, call);
  if (row->nr == SYS_mq_open) look_for_queue(call);
  if (row->exit == syscalls::Exit::never) {
    syscalls::Call over = syscalls::taken(task.call);
    resume(std::move(stop), task);
    return finish(task, over);
  }
  if (row->has(syscalls::Arg::in_message)) take_along(task, call);
  keep_traced(stop, call);
  begin_join(task);
  resume(std::move(stop), task);
  begin_transfer(call);
  note_gives(call);
  if (Object* set = semaphores_of(call)) ++set->inside;
  begun(task);
}

// Its call goes on, until a stop says otherwise.
void Engine::begun(Tracee& task) {
  const syscalls::Call& call = *task.call;
  if (call.row->blocks == syscalls::Blocks::on_children) task.group->in_wait.insert(task.tid);
  if (syscalls::is_exec(*call.row)) task.group->in_exec.insert(task.tid);
  if (may_wait(call) && !std::exchange(task.may_be_waiting, true)) waiting_.push_back(task.tid);
  if (syscalls::sending_of(call)) sending_.push_back(task.tid);
}

// The filter would make every call of a child without a tracer fail: so with it there is none. Only the registers are
// changed, and they are given back to both; the structure of clone3(2) is the program's memory, so that its call
// becomes a clone(2).
void Engine::keep_traced(const os::Stop& stop, syscalls::Call& call) const {
  if (filter_ != Filter::works) return;
  const auto traced = syscalls::traced_clone(call);
  if (traced) call.changed = static_cast<bool>(stop.set_call(traced->nr, traced->args));
}

// A call of any kind may be disturbed from now on, and of its own kinds there are too many to filter them for all.
void Engine::watch_every_call(const Tracee& task) {
  if (filter_ != Filter::works || std::exchange(task.group->every_call, true)) return;
  for (const Tid tid : task.group->tasks) {
    if (tid != task.tid) std::ignore = tracer_.interrupt(tid);
  }
}

void Engine::leave(os::Stop stop, Tracee& task, std::int64_t result) {
  task.watched = false;
  if (task.repair && !goes_on(result)) result = as_alone(stop, task, result);
  // A thread may have been woken for a signal that another one takes: so here, not at the signal. The kernel looks at
  // the result only on its way to a signal or trap, and there may be no signal left for this task: so it is given a
  // trap.
  if (result == -EINTR) {
    result = repair(stop, task);
    if (result == syscalls::restart_no_hand) std::ignore = tracer_.interrupt(task.tid);
  }
  if (!task.call) return resume(std::move(stop), task);
  syscalls::Call call = syscalls::taken(task.call);
  if (call.changed) std::ignore = stop.set_call(static_cast<std::uint64_t>(call.row->nr), call.args);
  const bool undone = std::cmp_equal(result, call.row->nr) && trapped_by_seccomp(task.tid);
  const bool again = will_restart(result) ||
                     (result == -EINTR && syscalls::fails_by_tracing(static_cast<std::uint64_t>(call.row->nr)));
  if (!undone && !again) capture_out(stop, call, result, wanted_of(call));
  resume(std::move(stop), task);
  if (undone) {
    if (Object* set = semaphores_of(call)) --set->inside;
    return take_back(call);
  }
  if (again) {
    task.interrupted = std::move(call);
    return;
  }
  call.result = result;
  if (call.failed()) take_back(call);
  finish(task, call);
}

// A call that a filter of the program's own answers with SIGSYS (SECCOMP_RET_TRAP) seems to return its own number. Our
// filter is not heard then, so that such a call has no stop (seccomp(2)).
bool Engine::trapped_by_seccomp(Tid tid) const {
  if (filter_ == Filter::works) return false;
  const auto status = status_of(tid);
  return status && (status->pending >> (SIGSYS - 1) & 1) != 0;
}

void Engine::finish(Tracee& task, syscalls::Call& call) {
  std::erase(sending_, task.tid);
  if (Object* set = semaphores_of(call)) --set->inside;
  call.end = now_;
  call.tid = task.tid;
  const bool was_wait = call.row->blocks == syscalls::Blocks::on_children;
  // A wait that failed collected nobody: who vanished during it was reaped by the kernel, and that is why it failed.
  if (was_wait && call.failed()) tell_reaped_by_kernel(*task.group);
  if (was_wait && call.cut) tell_reaped_unseen(*task.group, task.tid);
  if (call.row->name != options_.without_row) call.row->effect(call, *this);
  if (was_wait) tell_reaped_by_kernel(*task.group);
}

void Engine::tell(const syscalls::Call& call, Fact fact) {
  const Tracee& task = *tracees_.find(call.tid);
  if (auto* sent = std::get_if<SignalSent>(&fact)) {
    if (const auto target = target_of(task, *syscalls::sending_of(call))) {
      sent->target = *target;
    } else {
      sent->inner = true;
    }
    note_fate(*sent);
  }
  tell_as(call, seq_for(call, true), std::move(fact));
}

void Engine::tell_as(const syscalls::Call& call, Seq seq, Fact fact) {
  if (!running_ || silent_) return;
  const Tracee& task = *tracees_.find(call.tid);
  tell_waiting(task.tid);
  Event event{seq, call.begin - start_, now_ - call.begin, call.cut, task.group->pid, task.tid, std::move(fact)};
  if (event.dur >= own_delay) add_wait(event, call);
  put(std::move(event));
}

// The event is of the process that it happened to. It may be one that is not traced, or numbered otherwise for the
// caller than for us.
void Engine::tell_of(Tgid whom, const syscalls::Call& call, Fact fact) {
  const Tracee& caller = *tracees_.find(call.tid);
  const auto known = whom ? tracees_.seen_from(*caller.group, whom) : caller.group->pid;
  if (!known) return;
  const Tgid pid = *known;
  if (auto* changed = std::get_if<GroupChanged>(&fact)) {
    if (changed->sid) changed->sid = changed->pgid = pid;  // setsid(2)
    if (const auto group = os::process_group(pid)) changed->pgid = *group;
    if (pid != caller.group->pid) changed->by = caller.group->pid;
  }
  if (pid == caller.group->pid) return tell(call, std::move(fact));
  if (tracees_.find(pid) != nullptr) emit(call.seq, call.begin, now_, pid, leader_of(pid), std::move(fact));
}

void Engine::collected(const syscalls::Call& call, std::optional<Tgid> child, const std::optional<Ending>& ending) {
  Group& group = *tracees_.find(call.tid)->group;
  if (child && group.strangers.erase(*child) != 0) {
    const Ending how = ending.value_or(Ending{});
    return tell(call, Reaped{*child, how.code, how.signal, std::string{call.row->name}, 0, false});
  }
  const auto alive = child ? tracees_.seen_from(group, *child) : std::nullopt;
  if (alive && tracees_.find(*alive) != nullptr) return;  // the wait reported a stop
  std::optional<Dead> dead;
  if (child && !group.ns_pid) {
    dead = graves_.collected(group.pid, *child);
  } else if (child) {
    dead = graves_.collected_by(group.pid, [&](const Dead& one) { return one.ns_pid == child && gone(one); });
  }
  if (!dead) dead = graves_.collected_by(group.pid, gone);
  if (dead) tell_reaped(*dead, group, call);
}

void Engine::escaped(const syscalls::Call& call, Tid child) {
  Tracee& task = *tracees_.find(call.tid);
  if (tracees_.find(child) != nullptr || held_.contains(child)) return;
  const auto request = syscalls::clone_request(call);
  const bool thread = (request.flags & CLONE_THREAD) != 0;
  Forked fact;
  fact.child = child;
  fact.child_pid = thread ? task.group->pid : led_by(child);
  fact.how = thread ? BirthHow::thread : (request.flags & CLONE_VFORK) != 0 ? BirthHow::vfork : BirthHow::clone;
  fact.flags = syscalls::clone_flag_names(request.flags);
  fact.syscall = call.row->name;
  if (!thread && request.exit_signal != 0) fact.exit_signal = Signal{request.exit_signal};
  fact.untraced = true;
  const bool sibling = !thread && (request.flags & CLONE_PARENT) != 0;
  if (sibling) fact.ppid = task.group->parent;
  Group* parent = sibling ? tracees_.find(task.group->parent) : task.group;
  if (!thread && parent != nullptr) parent->strangers.insert(led_by(child));
  tell(call, std::move(fact));
}

// With -v only. posix_spawn(3) sets all 64 in each child, and nearly none of them anew.
bool Engine::action_set(const syscalls::Call& call, const syscalls::Action& action) {
  auto& actions = tracees_.find(call.tid)->group->actions;
  if (!actions) return asks_for_signals();
  const std::uint64_t bit = std::uint64_t{1} << (static_cast<unsigned>(action.signal.value) - 1);
  const auto assign = [bit](std::uint64_t& set, bool in) {
    const bool changed = ((set & bit) != 0) != in;
    set = in ? set | bit : set & ~bit;
    return changed;
  };
  const bool handled = action.to == Disposition::handler;
  const bool caught = assign(actions->caught, handled);
  const bool ignored = assign(actions->ignored, action.to == Disposition::ignored);
  const bool restarting = assign(actions->restarting, handled && action.restarts);
  return asks_for_signals() && (caught || ignored || restarting);
}

void Engine::children_elsewhere(const syscalls::Call& call) {
  Group& group = *tracees_.find(call.tid)->group;
  group.elsewhere = true;
  group.children_init.reset();
}

}  // namespace kintrace::sources
