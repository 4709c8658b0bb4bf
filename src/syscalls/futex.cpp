// SPDX-License-Identifier: MIT
// The call under all of glibc's mutexes, condition variables, semaphores and joins: futex(2). Who finds no need to wait
// makes no call at all.
#include "syscalls/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <span>

namespace kintrace::syscalls {
namespace {

std::optional<Errno> error_of(const Call& call) { return call.failed() ? std::optional{call.error()} : std::nullopt; }

void done(const Call& call, Keeper& keeper) {
  const Futex futex = futex_of(call);
  if (futex.does == Futex::Does::wait) {
    FutexWaited fact;
    fact.err = error_of(call);
    keeper.tell_of_object(call, 0, fact);
  } else if (futex.does != Futex::Does::other && call.result) {
    FutexWoke fact;
    fact.err = error_of(call);
    if (!fact.err) fact.woken = *call.result;
    keeper.tell_of_object(call, 0, fact);
  }
}

constexpr Only among_processes[] = {{1, Only::Is::equal, 0, FUTEX_PRIVATE_FLAG}};

constexpr Row rows[] = {
    {SYS_futex,
     "futex",
     Class::futex,
     Exit::always,
     {{{"uaddr", Arg::word},
       {"op", Arg::number},
       {"val", Arg::number},
       {"timeout", Arg::address},
       {"uaddr2", Arg::word},
       {"val3", Arg::number}}},
     done,
     Blocks::on_change,
     Observed::standard,
     among_processes,
     "futex"},
};

}  // namespace

extern const std::span<const Row> futex_rows{rows};

Futex futex_of(const Call& call) {
  const int operation = call.integer(1);
  Futex futex;
  futex.is_private = (operation & FUTEX_PRIVATE_FLAG) != 0;
  futex.expected = static_cast<std::uint32_t>(call.args[2]);
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2: futex.locks = true; [[fallthrough]];
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAIT_REQUEUE_PI: futex.does = Futex::Does::wait; break;
    case FUTEX_UNLOCK_PI:
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_WAKE_OP: futex.does = Futex::Does::wake; break;
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_CMP_REQUEUE_PI: futex.does = Futex::Does::requeue; break;
    default: break;
  }
  return futex;
}

}  // namespace kintrace::syscalls
