// SPDX-License-Identifier: MIT
// The engine's part that follows each task into and out of its calls.
#include <linux/audit.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "sources/engine.hpp"
#include "syscalls/clone.hpp"
#include "syscalls/registry.hpp"
#include "syscalls/repair.hpp"
#include "syscalls/signal.hpp"

namespace kintrace::sources {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_X86_64;
constexpr std::uint64_t x32_bit = __X32_SYSCALL_BIT;
#elif defined(__aarch64__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_AARCH64;
constexpr std::uint64_t x32_bit = 0;
#else
#error "add this architecture's AUDIT_ARCH_… constant"
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

template <class T>
syscalls::Captured or_nothing(Result<T> result) {
  if (!result) return {};
  return std::move(*result);
}

Result<Bytes> read_bytes(const os::Stop& stop, std::uint64_t address, std::size_t size) {
  Bytes bytes(size, '\0');
  const auto got = stop.read(address, std::as_writable_bytes(std::span{bytes}));
  if (!got) return got.error();
  bytes.resize(*got);
  return bytes;
}

void capture_out(const os::Stop& stop, syscalls::Call& call) {
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const syscalls::ArgSpec& arg = call.row->args.at(i);
    if (arg.kind == syscalls::Arg::out_memory && call.args.at(i) != 0)
      call.captured.at(i) = or_nothing(read_bytes(stop, call.args.at(i), arg.size));
  }
}

}  // namespace

void Engine::capture_in(const os::Stop& stop, syscalls::Call& call) const {
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const syscalls::ArgSpec& arg = call.row->args.at(i);
    const std::uint64_t value = call.args.at(i);
    auto& captured = call.captured.at(i);
    switch (arg.kind) {
      case syscalls::Arg::in_string: captured = or_nothing(stop.read_string(value, arg.size)); break;
      case syscalls::Arg::in_strings: captured = or_nothing(stop.read_strings(value, arg.size)); break;
      case syscalls::Arg::in_memory: captured = or_nothing(read_bytes(stop, value, arg.size)); break;
      case syscalls::Arg::in_sized:
        captured = or_nothing(read_bytes(stop, value, std::min<std::uint64_t>(call.args.at(i + 1), arg.size)));
        break;
      case syscalls::Arg::in_descriptor: captured = or_nothing(proc_.fd(call.tid, call.integer(i))); break;
      case syscalls::Arg::in_pidfd:
        if (const auto pid = proc_.pidfd(call.tid, call.integer(i))) captured = std::to_string(pid->value);
        break;
      default: break;
    }
  }
}

// The kernel says which of entry and exit this is: counting would go wrong at restarts and execs.
void Engine::syscall(os::Stop stop, Tracee& task) {
  if (const auto info = stop.syscall(); info && info->op == os::SyscallInfo::Op::entry) {
    auto& repair = task.repair;
    const bool continues = repair && repair->to_continue && repair->nr == info->nr && repair->args == info->args;
    if (repair) repair->to_continue = false;
    if (!continues) {
      repair.reset();
      task.entered = now_;
    }
    enter(stop, task, *info);
  } else if (info && info->op == os::SyscallInfo::Op::exit) {
    std::int64_t result = info->result;
    if (task.repair && !goes_on(result)) result = as_alone(stop, task, result);
    // A thread may have been woken for a signal that another one takes: so here, not at the signal.
    if (result == -EINTR) result = repair(stop, task);
    leave(stop, task, result);
  }
  std::ignore = std::move(stop).resume(os::Until::syscall);
}

void Engine::enter(const os::Stop& stop, Tracee& task, const os::SyscallInfo& info) {
  task.call.reset();
  if (info.arch != native_arch || (info.nr & x32_bit) != 0) {
    if (!std::exchange(task.group->undecoded, true))
      emit_now(task, Set{"arch", info.arch != native_arch ? other_arch(info.arch) : "x32"});
    return;
  }
  auto& before = task.interrupted;
  const syscalls::Row* row = syscalls::find(info.nr);
  if (before && (info.nr == SYS_restart_syscall || (row == before->row && info.args == before->args))) {
    task.call = std::exchange(before, {});
    return;
  }
  if (row == nullptr || !row->concerns(info.args) || !observed(*row)) return;
  syscalls::Call call;
  call.row = row;
  call.seq = next_seq();
  call.begin = call.end = now_;
  call.tid = task.tid;
  call.args = info.args;
  capture_in(stop, call);
  if (row->exit == syscalls::Exit::never) {
    finish(task, std::move(call));
    return;
  }
  if (may_wait(call) && !std::exchange(task.may_be_waiting, true)) waiting_.push_back(task.tid);
  if (syscalls::sending_of(call)) sending_.push_back(task.tid);
  task.call = std::move(call);
}

bool Engine::observed(const syscalls::Row& row) const {
  const Choice& choice = options_.choice;
  if (row.nr == SYS_rt_sigaction) return true;  // it decides what becomes of a call that a signal interrupts
  if (row.observed == syscalls::Observed::asked && !choice.detail && !choice.calls.contains(row.name)) return false;
  return row.cls == syscalls::Class::lifecycle || choice.asks_for(class_name(row.cls), row.name);
}

void Engine::leave(const os::Stop& stop, Tracee& task, std::int64_t result) {
  if (!task.call) return;
  syscalls::Call call = std::move(*std::exchange(task.call, {}));
  if (std::cmp_equal(result, call.row->nr) && trapped_by_seccomp(task.tid)) return;  // it was not done at all
  if (will_restart(result) ||
      (result == -EINTR && syscalls::fails_by_tracing(static_cast<std::uint64_t>(call.row->nr)))) {
    task.interrupted = std::move(call);
    return;
  }
  call.result = result;
  capture_out(stop, call);
  finish(task, std::move(call));
}

// A call that a filter of the program's own answers with SIGSYS (SECCOMP_RET_TRAP) seems to return its own number.
bool Engine::trapped_by_seccomp(Tid tid) const {
  const auto status = status_of(tid);
  return status && (status->pending >> (SIGSYS - 1) & 1) != 0;
}

void Engine::finish(Tracee& task, syscalls::Call call) {
  std::erase(sending_, task.tid);
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
  }
  emit(call.seq, call.begin, now_, task.group->pid, task.tid, std::move(fact), call.cut);
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

void Engine::leaving(const syscalls::Call& call, bool whole_group) {
  Tracee& task = *tracees_.find(call.tid);
  task.leaves_by_itself = true;
  if (whole_group && !task.group->leaver) task.group->leaver = task.tid;
}

// posix_spawn(3) sets all 64 in each child, and nearly none of them anew.
bool Engine::action_set(const syscalls::Call& call, Signal signal, Disposition to, bool restarts) {
  auto& actions = tracees_.find(call.tid)->group->actions;
  if (!actions || signal.value < 1 || signal.value > 64) return asks_for_signals();
  const std::uint64_t bit = std::uint64_t{1} << (static_cast<unsigned>(signal.value) - 1);
  const auto assign = [bit](std::uint64_t& set, bool in) {
    const bool changed = ((set & bit) != 0) != in;
    set = in ? set | bit : set & ~bit;
    return changed;
  };
  const bool caught = assign(actions->caught, to == Disposition::handler);
  const bool ignored = assign(actions->ignored, to == Disposition::ignored);
  const bool restarting = assign(actions->restarting, to == Disposition::handler && restarts);
  return asks_for_signals() && (caught || ignored || restarting);
}

void Engine::children_elsewhere(const syscalls::Call& call) {
  Group& group = *tracees_.find(call.tid)->group;
  group.elsewhere = true;
  group.children_init.reset();
}

}  // namespace kintrace::sources
