// SPDX-License-Identifier: MIT
// The calls of job control: setpgid(2), setsid(2), tcsetpgrp(3) (credentials(7)).
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <span>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {
namespace {

bool came_to_nothing(const Call& call, Keeper& keeper) {
  if (call.failed()) keeper.tell(call, Failed{std::string{call.row->name}, call.error()});
  return !call.result || call.failed();
}

void group_set(const Call& call, Keeper& keeper) {
  if (came_to_nothing(call, keeper)) return;
  const Tgid whom{call.integer(0)};   // 0: the caller
  const Tgid group{call.integer(1)};  // 0: a group of its own
  keeper.tell_of(whom, call, GroupChanged{group, {}, {}, std::string{call.row->name}});
}

void session_made(const Call& call, Keeper& keeper) {
  if (came_to_nothing(call, keeper)) return;
  keeper.tell_of({}, call, GroupChanged{{}, Tgid{}, {}, std::string{call.row->name}});
}

void terminal_given(const Call& call, Keeper& keeper) {
  const auto group = call.structure<std::int32_t>(2);
  if (!call.result || call.failed() || !group) return;
  keeper.tell(call, Foreground{Tgid{*group}, call.text(0)});
}

constexpr Only foreground[] = {{1, Only::Is::equal, TIOCSPGRP, 0xffffffff}};

constexpr Row rows[] = {
    {SYS_setpgid,
     "setpgid",
     Class::lifecycle,
     Exit::always,
     {{{"pid", Arg::number}, {"pgid", Arg::number}}},
     group_set},
    {SYS_setsid, "setsid", Class::lifecycle, Exit::always, {}, session_made},
    {SYS_ioctl,
     "ioctl",
     Class::lifecycle,
     Exit::always,
     {{{"fd", Arg::in_descriptor}, {"request", Arg::number}, {"pgid", Arg::in_memory, sizeof(std::int32_t)}}},
     terminal_given,
     Blocks::no,
     Observed::standard,
     foreground},
};

}  // namespace

extern const std::span<const Row> group_rows{rows};

}  // namespace kintrace::syscalls
