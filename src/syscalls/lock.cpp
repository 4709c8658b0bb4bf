// SPDX-License-Identifier: MIT
// The call that locks a whole file: flock(2). Those of fcntl(2) stand with its other commands in descriptor.cpp.
#include "syscalls/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include <span>

namespace kintrace::syscalls {
namespace {

void locked(const Call& call, Keeper& keeper) {
  if (const auto lock = locking_of(call)) keeper.locked(call, *lock);
}

constexpr Row rows[] = {
    {SYS_flock,
     "flock",
     Class::lock,
     Exit::always,
     {{{"fd", Arg::locked_file}, {"operation", Arg::number}}},
     locked,
     Blocks::on_change},
};

}  // namespace

extern const std::span<const Row> lock_rows{rows};

std::optional<Keeper::Locking> locking_of(const Call& call) {
  Keeper::Locking lock;
  if (call.row->nr == SYS_flock) {
    const int operation = call.integer(1);
    lock.waits = (operation & LOCK_NB) == 0;
    if ((operation & LOCK_SH) != 0) lock.mode = LockMode::read;
    if ((operation & LOCK_EX) != 0) lock.mode = LockMode::write;
    return lock;
  }
  const int command = call.integer(1);
  const bool posix = command == F_SETLK || command == F_SETLKW;
  const bool ofd = command == F_OFD_SETLK || command == F_OFD_SETLKW;
  const auto request = posix || ofd ? call.structure<struct flock>(2) : std::nullopt;
  if (!request) return {};
  lock.kind = posix ? LockKind::posix : LockKind::ofd;
  lock.waits = command == F_SETLKW || command == F_OFD_SETLKW;
  if (request->l_type == F_RDLCK) lock.mode = LockMode::read;
  if (request->l_type == F_WRLCK) lock.mode = LockMode::write;
  lock.first = request->l_start;
  lock.bytes = request->l_len;
  lock.whence = request->l_whence;
  return lock;
}

}  // namespace kintrace::syscalls
