// SPDX-License-Identifier: MIT
#include "syscalls/clone.hpp"

#include <linux/sched.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace kintrace::syscalls {
namespace {

// The birth itself is told by PTRACE_EVENT_FORK and its like. What is left for the exit is a failure, and a child that
// no event tells of.
void forked(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error()});
  const std::uint64_t escapes = clone_request(call).flags & (CLONE_UNTRACED | CLONE_PTRACE);
  if (call.result && escapes == CLONE_UNTRACED) keeper.escaped(call, Tid{static_cast<std::int32_t>(*call.result)});
}

constexpr Row rows[] = {
#ifdef SYS_fork
    {SYS_fork, "fork", Class::lifecycle, Exit::on_failure, {}, forked},
#endif
#ifdef SYS_vfork
    {SYS_vfork, "vfork", Class::lifecycle, Exit::on_failure, {}, forked},
#endif
    {SYS_clone,
     "clone",
     Class::lifecycle,
     Exit::on_failure,
     {{{"flags", Arg::number}, {"stack", Arg::address}}},
     forked},
    {SYS_clone3,
     "clone3",
     Class::lifecycle,
     Exit::on_failure,
     {{{"args", Arg::in_sized, 2 * sizeof(clone_args)}, {"size", Arg::number}}},
     forked},
};

constexpr std::pair<std::uint64_t, std::string_view> flag_names[] = {
    {CLONE_VM, "CLONE_VM"},
    {CLONE_FS, "CLONE_FS"},
    {CLONE_FILES, "CLONE_FILES"},
    {CLONE_SIGHAND, "CLONE_SIGHAND"},
    {CLONE_PIDFD, "CLONE_PIDFD"},
    {CLONE_PTRACE, "CLONE_PTRACE"},
    {CLONE_VFORK, "CLONE_VFORK"},
    {CLONE_PARENT, "CLONE_PARENT"},
    {CLONE_THREAD, "CLONE_THREAD"},
    {CLONE_NEWNS, "CLONE_NEWNS"},
    {CLONE_SYSVSEM, "CLONE_SYSVSEM"},
    {CLONE_SETTLS, "CLONE_SETTLS"},
    {CLONE_PARENT_SETTID, "CLONE_PARENT_SETTID"},
    {CLONE_CHILD_CLEARTID, "CLONE_CHILD_CLEARTID"},
    {CLONE_UNTRACED, "CLONE_UNTRACED"},
    {CLONE_CHILD_SETTID, "CLONE_CHILD_SETTID"},
    {CLONE_NEWCGROUP, "CLONE_NEWCGROUP"},
    {CLONE_NEWUTS, "CLONE_NEWUTS"},
    {CLONE_NEWIPC, "CLONE_NEWIPC"},
    {CLONE_NEWUSER, "CLONE_NEWUSER"},
    {CLONE_NEWPID, "CLONE_NEWPID"},
    {CLONE_NEWNET, "CLONE_NEWNET"},
    {CLONE_IO, "CLONE_IO"},
    {CLONE_CLEAR_SIGHAND, "CLONE_CLEAR_SIGHAND"},
    {CLONE_INTO_CGROUP, "CLONE_INTO_CGROUP"},
    {CLONE_NEWTIME, "CLONE_NEWTIME"},  // a bit of clone(2)'s exit signal: unshare(2) and clone3(2) only
};

// Older programs have a shorter structure.
clone_args arguments_of(const Call& call) {
  clone_args args{};
  const Bytes bytes = call.text(0);
  std::memcpy(&args, bytes.data(), std::min(bytes.size(), sizeof args));
  return args;
}

}  // namespace

extern const std::span<const Row> clone_rows{rows};

CloneRequest clone_request(const Call& call) {
  if (call.row->nr == SYS_clone)
    return {call.args[0] & ~std::uint64_t{CSIGNAL}, static_cast<int>(call.args[0] & CSIGNAL)};
  if (call.row->nr == SYS_clone3) {
    const clone_args args = arguments_of(call);
    return {args.flags, static_cast<int>(args.exit_signal)};
  }
#ifdef SYS_vfork
  if (call.row->nr == SYS_vfork) return {CLONE_VM | CLONE_VFORK, SIGCHLD};
#endif
  return {0, SIGCHLD};
}

std::optional<PlainClone> traced_clone(const Call& call) {
  if ((clone_request(call).flags & CLONE_UNTRACED) == 0) return {};
  if (call.row->nr == SYS_clone) {
    PlainClone plain{SYS_clone, call.args};
    plain.args[0] &= ~std::uint64_t{CLONE_UNTRACED};
    return plain;
  }
  const clone_args asked = arguments_of(call);
  if (asked.set_tid_size != 0 || (asked.flags >> 32U) != 0 || (asked.flags & CSIGNAL) != 0) return {};
  // There they share a register.
  const bool pidfd = (asked.flags & CLONE_PIDFD) != 0, parent_tid = (asked.flags & CLONE_PARENT_SETTID) != 0;
  if (pidfd && parent_tid) return {};
  const std::uint64_t flags = (asked.flags & ~std::uint64_t{CLONE_UNTRACED}) | (asked.exit_signal & CSIGNAL);
  const std::uint64_t stack = asked.stack == 0 ? 0 : asked.stack + asked.stack_size;
#if defined(__x86_64__)
  return PlainClone{SYS_clone,
                    {flags, stack, pidfd ? asked.pidfd : asked.parent_tid, asked.child_tid, asked.tls, call.args[5]}};
#else
  return PlainClone{SYS_clone,
                    {flags, stack, pidfd ? asked.pidfd : asked.parent_tid, asked.tls, asked.child_tid, call.args[5]}};
#endif
}

std::vector<std::string> clone_flag_names(std::uint64_t flags) {
  std::vector<std::string> names;
  for (const auto& [flag, name] : flag_names) {
    if ((flags & flag) != 0) names.emplace_back(name);
  }
  return names;
}

}  // namespace kintrace::syscalls
