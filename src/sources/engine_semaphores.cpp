// SPDX-License-Identifier: MIT
// The engine's part that knows what is found by an id: System V semaphores, segments and queues, and what the end of a
// process does to semaphores (SEM_UNDO).
#include <sys/ipc.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

#include "os/sysv.hpp"
#include "sources/engine.hpp"

namespace kintrace::sources {
namespace {

// The kernel numbers each kind by itself, and each IPC namespace.
Identity identity_of(ObjectKind kind, std::int32_t id, const Group& group) {
  const auto family = static_cast<std::uint64_t>(kind);
  return {sysv_devices + family + (group.ipc_namespace << 8), static_cast<std::uint32_t>(id)};
}

os::SysV family_of(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::sysv_sem: return os::SysV::sem;
    case ObjectKind::sysv_shm: return os::SysV::shm;
    default: return os::SysV::msg;
  }
}

bool gets_an_id(const syscalls::Row& row) {
  return row.nr == SYS_semget || row.nr == SYS_shmget || row.nr == SYS_msgget;
}

ObjectKind kind_got_by(const syscalls::Row& row) {
  if (row.nr == SYS_semget) return ObjectKind::sysv_sem;
  return row.nr == SYS_shmget ? ObjectKind::sysv_shm : ObjectKind::sysv_msg;
}

}  // namespace

// Before it is done: whether a key has something already is what tells a maker from one who finds.
void Engine::look_for_key(const Tracee& task, syscalls::Call& call) {
  if (!gets_an_id(*call.row)) return;
  const std::int32_t key = call.integer(0);
  const bool ours = task.group->ipc_namespace == 0;
  const auto flags = call.args.at(call.row->nr == SYS_msgget ? 1 : 2);
  const bool creates = key == IPC_PRIVATE || (flags & IPC_CREAT) != 0;
  const bool alone = key == IPC_PRIVATE || (flags & IPC_EXCL) != 0;
  call.fresh = creates && (alone || (ours && !os::sysv_key_exists(family_of(kind_got_by(*call.row)), key)));
}

void Engine::got(const syscalls::Call& call, ObjectKind kind, std::int32_t id, std::int64_t key, std::int64_t size) {
  Tracee& task = *tracees_.find(call.tid);
  if (!concerns_us(kind)) return;
  const Identity identity = identity_of(kind, id, *task.group);
  Object* object = objects_.find(identity);
  if (object != nullptr && call.fresh) objects_.remove(*object);  // somebody else has removed it
  if (object == nullptr || call.fresh) {
    ObjectMet met;
    met.kind = kind;
    met.key = key;
    met.ipcid = id;
    met.inherited = !call.fresh;
    object = &meet(task, identity, std::move(met));
    object->ipcid = id;
    if (call.fresh && task.group->ipc_namespace == 0) made_.push_back({object->id, {}, {}, task.group->pid});
  }
  note_user(*object, task);
  Opened fact;
  fact.obj = object->id;
  fact.made = call.fresh;
  if (size > 0) fact.size = size;
  fact.syscall = call.row->name;
  tell(call, std::move(fact));
}

// What an id stands for; one that nobody was seen to get was given by somebody else.
ObjectId Engine::of_id(const Tracee& task, ObjectKind kind, std::int32_t id) {
  if (!running_ || !concerns_us(kind) || id < 0) return {};
  const Identity identity = identity_of(kind, id, *task.group);
  Object* object = objects_.find(identity);
  if (object == nullptr) {
    const auto status = task.group->ipc_namespace == 0 ? os::sysv_status(family_of(kind), id) : os::SysVStatus{};
    if (!status) return {};
    ObjectMet met;
    met.kind = kind;
    if (task.group->ipc_namespace == 0) met.key = status->key;
    met.ipcid = id;
    met.inherited = true;
    object = &meet(task, identity, std::move(met));
    object->ipcid = id;
  }
  note_user(*object, task);
  return object->id;
}

void Engine::note_user(Object& object, const Tracee& task) {
  constexpr std::size_t most = 64;
  auto& users = object.used_by;
  const Tgid pid = task.group->pid;
  if (users.size() < most && std::find(users.begin(), users.end(), pid) == users.end()) users.push_back(pid);
}

Object* Engine::semaphores_of(const syscalls::Call& call) {
  const bool is_set = call.row->cls == syscalls::Class::sem && call.objects[0].kind == ObjectKind::sysv_sem;
  return is_set && call.objects[0] ? objects_.find(call.objects[0]) : nullptr;
}

// Nobody knows what it was in between.
std::optional<std::int64_t> Engine::value_of(const Object& object, int index, const Group& group) {
  if (group.ipc_namespace != 0 || object.inside > 0) return {};
  const auto value = os::semaphore_value(object.ipcid, index);
  return value ? std::optional<std::int64_t>{*value} : std::nullopt;
}

void Engine::tell_semaphore(const syscalls::Call& call, Object& object, SemChanged fact, Seq seq) {
  Tracee& task = *tracees_.find(call.tid);
  Group& group = *task.group;
  fact.obj = object.id;
  if (fact.err || !call.result) return tell_as(call, seq, std::move(fact));
  if (!fact.delta) {  // SETVAL, SETALL: nobody takes anything back that was done before (semctl(2))
    std::erase_if(object.undo, [&](const auto& one) { return fact.index < 0 || one.first.second == fact.index; });
  } else if (fact.undo && *fact.delta != 0) {
    object.undo[{group.pid, fact.index}] -= *fact.delta;
    group.undoes.insert(object.id);
  }
  if (fact.index >= 0) {
    if (fact.delta) fact.value = value_of(object, fact.index, group);
    return tell_as(call, seq, std::move(fact));
  }
  const auto values = group.ipc_namespace == 0 ? os::semaphore_values(object.ipcid) : std::vector<int>{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    SemChanged one = fact;
    one.index = static_cast<int>(i);
    one.value = values[i];
    tell_as(call, i == 0 ? seq : next_seq(), std::move(one));
  }
}

// Done by the kernel when the last task of a process ends, soon.
void Engine::undo_semaphores(const Tracee& task) {
  Group& group = *task.group;
  for (const ObjectId id : std::exchange(group.undoes, {})) {
    Object* object = objects_.find(id);
    if (object == nullptr || object->removed) continue;
    for (auto at = object->undo.lower_bound({group.pid, 0}); at != object->undo.end() && at->first.first == group.pid;
         at = object->undo.erase(at)) {
      if (at->second == 0) continue;
      SemChanged fact;
      fact.obj = id;
      fact.index = at->first.second;
      fact.delta = at->second;
      if (const auto value = value_of(*object, fact.index, group))
        fact.value = std::max<std::int64_t>(0, *value + at->second);
      fact.undone = true;
      fact.syscall = "exit";
      const Seq seq = next_seq();
      if (at->second > 0) object->input.note({seq, task.tid, now_});
      emit(seq, now_, now_, group.pid, task.tid, std::move(fact));
    }
  }
}

}  // namespace kintrace::sources
