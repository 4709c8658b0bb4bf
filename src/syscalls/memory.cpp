// SPDX-License-Identifier: MIT
// Memory that processes share: shmget(2), shmat(2), shmdt(2), shmctl(2), mmap(2) with MAP_SHARED, mremap(2), munmap(2),
// memfd_create(2). What is mapped MAP_PRIVATE ties nobody to anybody, and is not looked at.
#include <linux/limits.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <span>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {
namespace {

constexpr std::uint64_t low = 0xffffffff;

void segment_got(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (!call.result) return;
  keeper.got(call, ObjectKind::sysv_shm, static_cast<int>(*call.result), call.integer(0),
             static_cast<std::int64_t>(call.args[1]));
}

// An address may look like an error where it is none: the last page is nobody's.
void attached(const Call& call, Keeper& keeper) {
  if (call.failed()) {
    ShmAttached fact;
    fact.err = call.error();
    return keeper.tell_of_object(call, 0, std::move(fact));
  }
  if (call.result) keeper.attached(call, static_cast<std::uint64_t>(*call.result), (call.args[2] & SHM_RDONLY) != 0);
}

void detached(const Call& call, Keeper& keeper) { keeper.detached(call, call.args[0]); }

void controlled(const Call& call, Keeper& keeper) {
  ObjectRemoved fact;
  fact.syscall = call.row->name;
  if (call.failed()) fact.err = call.error();
  if (call.result) keeper.tell_of_object(call, 0, std::move(fact));
}

void mapped(const Call& call, Keeper& keeper) {
  if (!succeeded(call)) return;
  const bool anonymous = (call.args[3] & MAP_ANONYMOUS) != 0;
  keeper.mapped(call, {static_cast<std::uint64_t>(*call.result), call.args[1], anonymous ? 0 : call.args[5],
                       call.args[2], anonymous ? -1 : call.integer(4)});
}

void unmapped(const Call& call, Keeper& keeper) { keeper.unmapping(call, call.args[0], call.args[1]); }

void moved(const Call& call, Keeper& keeper) {
  if (succeeded(call))
    keeper.moved(call, call.args[0], call.args[1], static_cast<std::uint64_t>(*call.result), call.args[2]);
}

void memory_file_made(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.result) keeper.made(call, static_cast<int>(*call.result), {});
}

constexpr Only removes[] = {{1, Only::Is::equal, IPC_RMID, low}};
constexpr Only shared[] = {{3, Only::Is::equal, MAP_SHARED, MAP_SHARED}};  // MAP_SHARED_VALIDATE has that bit, too

constexpr Row rows[] = {
    {SYS_shmget,
     "shmget",
     Class::shm,
     Exit::always,
     {{{"key", Arg::number}, {"size", Arg::number}, {"shmflg", Arg::number}}},
     segment_got},
    {SYS_shmat,
     "shmat",
     Class::mapping,
     Exit::always,
     {{{"shmid", Arg::shm_id}, {"shmaddr", Arg::address}, {"shmflg", Arg::number}}},
     attached},
    {SYS_shmdt, "shmdt", Class::mapping, Exit::never, {{{"shmaddr", Arg::address}}}, detached},
    {SYS_shmctl,
     "shmctl",
     Class::shm,
     Exit::always,
     {{{"shmid", Arg::shm_id}, {"cmd", Arg::number}, {"buf", Arg::address}}},
     controlled,
     Blocks::no,
     Observed::standard,
     removes},
    {SYS_mmap,
     "mmap",
     Class::mapping,
     Exit::always,
     {{{"addr", Arg::address},
       {"length", Arg::number},
       {"prot", Arg::number},
       {"flags", Arg::number},
       {"fd", Arg::number},
       {"offset", Arg::number}}},
     mapped,
     Blocks::no,
     Observed::standard,
     shared},
    // Its end is not waited for: what fails here is a mistake in its arguments, and unmaps nothing.
    {SYS_munmap, "munmap", Class::mapping, Exit::never, {{{"addr", Arg::address}, {"length", Arg::number}}}, unmapped},
    {SYS_mremap,
     "mremap",
     Class::mapping,
     Exit::on_object,
     {{{"old_address", Arg::address},
       {"old_size", Arg::number},
       {"new_size", Arg::number},
       {"flags", Arg::number},
       {"new_address", Arg::address}}},
     moved},
    {SYS_memfd_create,
     "memfd_create",
     Class::shm,
     Exit::always,
     {{{"name", Arg::in_string, NAME_MAX}, {"flags", Arg::number}}},
     memory_file_made},
};

}  // namespace

extern const std::span<const Row> memory_rows{rows};

}  // namespace kintrace::syscalls
