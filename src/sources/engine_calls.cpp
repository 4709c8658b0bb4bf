// SPDX-License-Identifier: MIT
// The engine's part that follows each task into and out of its calls.
#include <linux/audit.h>
#include <linux/limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "sources/engine.hpp"
#include "syscalls/registry.hpp"

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

// More than the kernel takes for argv and environment together with the default 8 MiB stack (execve(2)).
constexpr std::size_t strings_limit = 2U << 20U;
constexpr std::size_t clone_args_limit = 128;

// What the kernel returns to itself when it is going to repeat the call after a signal (include/linux/errno.h).
bool will_restart(std::int64_t result) { return result == -512 || result == -513 || result == -514 || result == -516; }

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

void capture_in(const os::Stop& stop, syscalls::Call& call) {
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const std::uint64_t value = call.args.at(i);
    auto& captured = call.captured.at(i);
    switch (call.row->args.at(i).kind) {
      case syscalls::Arg::in_path: captured = or_nothing(stop.read_string(value, PATH_MAX)); break;
      case syscalls::Arg::in_strings: captured = or_nothing(stop.read_strings(value, strings_limit)); break;
      case syscalls::Arg::in_clone_args:
        captured = or_nothing(read_bytes(stop, value, std::min<std::uint64_t>(call.args.at(i + 1), clone_args_limit)));
        break;
      default: break;
    }
  }
}

std::size_t out_size(syscalls::Arg kind) {
  switch (kind) {
    case syscalls::Arg::out_status: return sizeof(int);
    case syscalls::Arg::out_siginfo: return sizeof(siginfo_t);
    default: return 0;
  }
}

void capture_out(const os::Stop& stop, syscalls::Call& call) {
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const std::size_t size = out_size(call.row->args.at(i).kind);
    if (size != 0 && call.args.at(i) != 0) call.captured.at(i) = or_nothing(read_bytes(stop, call.args.at(i), size));
  }
}

}  // namespace

// The kernel says which of entry and exit this is: counting would go wrong at restarts and execs.
void Engine::syscall(os::Stop stop, Tracee& task) {
  if (const auto info = stop.syscall(); info && info->op == os::SyscallInfo::Op::entry) {
    enter(stop, task, *info);
  } else if (info && info->op == os::SyscallInfo::Op::exit) {
    leave(stop, task, info->result);
  }
  std::ignore = std::move(stop).resume(os::Until::syscall);
}

void Engine::enter(const os::Stop& stop, Tracee& task, const os::SyscallInfo& info) {
  task.call.reset();
  if (info.arch != native_arch || (info.nr & x32_bit) != 0) {
    task.group->undecoded = true;
    return;
  }
  auto& before = task.interrupted;
  const syscalls::Row* row = syscalls::find(info.nr);
  if (before && (info.nr == SYS_restart_syscall || (row == before->row && info.args == before->args))) {
    task.call = std::exchange(before, {});
    return;
  }
  if (row == nullptr) return;
  syscalls::Call call;
  call.row = row;
  call.seq = next_seq();
  call.begin = call.end = now_;
  call.tid = task.tid;
  call.args = info.args;
  capture_in(stop, call);
  if (row->exit == syscalls::Exit::never) {
    finish(task, std::move(call));
  } else {
    task.call = std::move(call);
  }
}

void Engine::leave(const os::Stop& stop, Tracee& task, std::int64_t result) {
  if (!task.call) return;
  syscalls::Call call = std::move(*std::exchange(task.call, {}));
  if (will_restart(result)) {
    task.interrupted = std::move(call);
    return;
  }
  call.result = result;
  capture_out(stop, call);
  finish(task, std::move(call));
}

void Engine::finish(Tracee& task, syscalls::Call call) {
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
  emit(call.seq, call.begin, now_, task.group->pid, task.tid, std::move(fact), call.cut);
}

void Engine::collected(const syscalls::Call& call, std::optional<Tgid> child) {
  Group& group = *tracees_.find(call.tid)->group;
  if (child && tracees_.find(*child) != nullptr) return;  // it lives: the wait reported a stop
  auto dead = child ? graves_.collected(group.pid, *child) : std::nullopt;
  // In a nested pid namespace the caller's numbers are not ours.
  if (!dead) dead = graves_.collected_by(group.pid, os::is_gone);
  if (dead) tell_reaped(*dead, group, call);
}

void Engine::leaving(const syscalls::Call& call, bool whole_group) {
  Tracee& task = *tracees_.find(call.tid);
  task.leaves_by_itself = true;
  if (whole_group && !task.group->leaver) task.group->leaver = task.tid;
}

void Engine::handler_returned(const syscalls::Call& call, bool interrupted_call_failed) {
  Tracee& task = *tracees_.find(call.tid);
  if (!interrupted_call_failed || !task.interrupted) return;
  syscalls::Call interrupted = std::move(*std::exchange(task.interrupted, {}));
  interrupted.result = -EINTR;
  finish(task, std::move(interrupted));
}

}  // namespace kintrace::sources
