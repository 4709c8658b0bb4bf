// SPDX-License-Identifier: MIT
// The calls that end a task or a signal handler: exit(2), exit_group(2), rt_sigreturn(2).
#include <sys/syscall.h>

#include <cerrno>
#include <span>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {
namespace {

void task_leaves(const Call& call, Keeper& keeper) { keeper.leaving(call, false); }
void group_leaves(const Call& call, Keeper& keeper) { keeper.leaving(call, true); }

// The result of rt_sigreturn(2) is the restored result register: -EINTR there is what the interrupted call returns.
void handler_ends(const Call& call, Keeper& keeper) {
  if (call.result) keeper.handler_returned(call, *call.result == -EINTR);
}

constexpr Row rows[] = {
    {SYS_exit, "exit", Class::lifecycle, Exit::never, {{{"status", Arg::number}}}, task_leaves},
    {SYS_exit_group, "exit_group", Class::lifecycle, Exit::never, {{{"status", Arg::number}}}, group_leaves},
    {SYS_rt_sigreturn, "rt_sigreturn", Class::lifecycle, Exit::always, {}, handler_ends},
};

}  // namespace

extern const std::span<const Row> exit_rows{rows};

}  // namespace kintrace::syscalls
