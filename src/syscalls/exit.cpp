// SPDX-License-Identifier: MIT
// The calls that end a task: exit(2), exit_group(2).
#include <sys/syscall.h>

#include <span>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {
namespace {

void task_leaves(const Call& call, Keeper& keeper) { keeper.leaving(call, false); }
void group_leaves(const Call& call, Keeper& keeper) { keeper.leaving(call, true); }

constexpr Row rows[] = {
    {SYS_exit, "exit", Class::lifecycle, Exit::never, {{{"status", Arg::number}}}, task_leaves},
    {SYS_exit_group, "exit_group", Class::lifecycle, Exit::never, {{{"status", Arg::number}}}, group_leaves},
};

}  // namespace

extern const std::span<const Row> exit_rows{rows};

}  // namespace kintrace::syscalls
