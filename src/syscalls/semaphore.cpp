// SPDX-License-Identifier: MIT
// System V semaphores: semget(2), semop(2), semctl(2). Those of POSIX are memory and futexes (memory.cpp, futex.cpp).
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/syscall.h>

#include <span>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {
namespace {

constexpr std::uint64_t low = 0xffffffff;

void set_got(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.result)
    keeper.got(call, ObjectKind::sysv_sem, static_cast<int>(*call.result), call.integer(0), call.integer(1));
}

// All of its operations are done at once, or none.
void operated(const Call& call, Keeper& keeper) {
  const Bytes bytes = call.text(1);
  if (bytes.size() < sizeof(sembuf) && call.failed())
    return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), call.objects[0]});
  auto which = Keeper::Which::first;
  for (std::size_t at = 0; at + sizeof(sembuf) <= bytes.size(); at += sizeof(sembuf)) {
    sembuf operation{};
    std::memcpy(&operation, bytes.data() + at, sizeof operation);
    SemChanged fact;
    fact.index = operation.sem_num;
    fact.delta = operation.sem_op;
    fact.undo = (operation.sem_flg & SEM_UNDO) != 0;
    fact.syscall = "semop";
    if (call.failed()) fact.err = call.error();
    keeper.tell_of_object(call, 0, std::move(fact), which);
    which = Keeper::Which::further;
    if (call.failed() && call.error().value != EAGAIN) return;  // one line says why
  }
}

void removed(const Call& call, Keeper& keeper) {
  ObjectRemoved fact;
  fact.syscall = call.row->name;
  if (call.failed()) fact.err = call.error();
  if (call.result) keeper.tell_of_object(call, 0, std::move(fact));
}

void controlled(const Call& call, Keeper& keeper) {
  constexpr std::size_t number = 1, command = 2, value = 3;
  if (call.integer(command) == IPC_RMID) return removed(call, keeper);
  SemChanged fact;
  fact.syscall = call.row->name;
  if (call.failed()) fact.err = call.error();
  fact.index = call.integer(command) == SETVAL ? call.integer(number) : -1;  // SETALL: each
  if (call.integer(command) == SETVAL) fact.value = call.integer(value);
  if (call.result) keeper.tell_of_object(call, 0, std::move(fact));
}

constexpr Only changes[] = {
    {2, Only::Is::equal, SETVAL, low}, {2, Only::Is::equal, SETALL, low}, {2, Only::Is::equal, IPC_RMID, low}};
constexpr std::size_t room = sizeof(sembuf);

constexpr Row rows[] = {
    {SYS_semget,
     "semget",
     Class::sem,
     Exit::always,
     {{{"key", Arg::number}, {"nsems", Arg::number}, {"semflg", Arg::number}}},
     set_got},
    {SYS_semop,
     "semop",
     Class::sem,
     Exit::always,
     {{{"semid", Arg::sem_id}, {"sops", Arg::in_array, room}, {"nsops", Arg::number}}},
     operated,
     Blocks::on_change},
    {SYS_semtimedop,
     "semtimedop",
     Class::sem,
     Exit::always,
     {{{"semid", Arg::sem_id}, {"sops", Arg::in_array, room}, {"nsops", Arg::number}, {"timeout", Arg::address}}},
     operated,
     Blocks::on_change},
    {SYS_semctl,
     "semctl",
     Class::sem,
     Exit::always,
     {{{"semid", Arg::sem_id}, {"semnum", Arg::number}, {"cmd", Arg::number}, {"arg", Arg::number}}},
     controlled,
     Blocks::no,
     Observed::standard,
     changes},
};

}  // namespace

extern const std::span<const Row> semaphore_rows{rows};

}  // namespace kintrace::syscalls
