// SPDX-License-Identifier: MIT
// The engine's part that knows which memory is shared, and which words of it tasks wait at.
#include <linux/futex.h>
#include <sys/mman.h>

#include <algorithm>
#include <string>

#include "os/descriptor.hpp"
#include "os/mapping.hpp"
#include "os/sysv.hpp"
#include "sources/engine.hpp"
#include "syscalls/futex.hpp"

namespace kintrace::sources {
namespace {

constexpr std::string_view shm_directory = "/dev/shm/";
constexpr std::string_view semaphore_prefix = "/dev/shm/sem.";

std::string prot_words(std::uint64_t prot) {
  std::string words;
  if ((prot & PROT_READ) != 0) words += 'r';
  if ((prot & PROT_WRITE) != 0) words += 'w';
  if ((prot & PROT_EXEC) != 0) words += 'x';
  return words;
}

// The kernel maps whole pages.
std::uint64_t whole_pages(std::uint64_t bytes) {
  constexpr std::uint64_t page = 4096, largest = std::uint64_t{1} << 52;
  return (std::min(bytes, largest - page) + page - 1) & ~(page - 1);
}

}  // namespace

ObjectKind Engine::kind_at(const Bytes& path) {
  if (path.starts_with(semaphore_prefix)) return ObjectKind::posix_sem;
  if (path.starts_with(shm_directory)) return ObjectKind::posix_shm;
  if (path.starts_with("/memfd:")) return ObjectKind::memfd;
  return path.starts_with("/dev/zero") ? ObjectKind::mapping : ObjectKind::file;
}

// A file that memory is of, or that is locked. `made`: by the task, just now.
Object& Engine::meet_file(const Tracee& task, const Identity& identity, ObjectKind kind, const Bytes& path, Made made) {
  Object* object = objects_.find(identity);
  if (object != nullptr && made == Made::no) return *object;
  ObjectMet met;
  met.kind = kind;
  if (kind != ObjectKind::mapping) met.path = path;
  met.inherited = made == Made::no && kind != ObjectKind::mapping;
  object = &meet(task, identity, std::move(met));
  object->path = path;
  return *object;
}

void Engine::mapped(const syscalls::Call& call, const Piece& piece) {
  Tracee& task = *tracees_.find(call.tid);
  Identity identity;
  Bytes path;
  if (const auto file = piece.fd >= 0 ? os::open_file(task.tid, piece.fd) : std::nullopt) {
    identity = {file->dev, file->inode};
    path = os::path(task.tid, piece.fd);
  } else if (const auto map = os::map_at(task.tid, piece.address); map && map->shared) {
    identity = {map->dev, map->inode};
    path = map->path;
  } else {
    return;  // unmapped again by another thread, or a device that maps something else
  }
  // What /dev/zero maps has an inode of its own, as MAP_ANONYMOUS has.
  const ObjectKind kind = piece.fd < 0 ? ObjectKind::mapping : kind_at(path);
  Object& object = meet_file(task, identity, kind, path, piece.fd < 0 ? Made::yes : Made::no);
  note_user(object, task);
  task.group->memory->shared.map(piece.address, {object.id, whole_pages(piece.bytes), piece.offset});
  forget_words(*task.group->memory, piece.address, piece.bytes);
  if (!concerns_us(ObjectKind::mapping)) return;
  Mapped fact;
  fact.obj = object.id;
  fact.addr = {piece.address};
  fact.bytes = static_cast<std::int64_t>(whole_pages(piece.bytes));
  fact.offset = static_cast<std::int64_t>(piece.offset & ((std::uint64_t{1} << 53) - 1));
  fact.prot = prot_words(piece.prot);
  fact.fd = piece.fd;
  fact.syscall = call.row->name;
  tell(call, std::move(fact));
}

void Engine::forget_words(Memory& memory, std::uint64_t address, std::uint64_t bytes) {
  if (memory.words.empty()) return;
  std::erase_if(memory.words, [&](const auto& word) { return word.first - address < whole_pages(bytes); });
}

void Engine::unmapping(const syscalls::Call& call, std::uint64_t address, std::uint64_t bytes) {
  Memory& memory = *tracees_.find(call.tid)->group->memory;
  forget_words(memory, address, bytes);
  for (const auto& [at, piece] : memory.shared.unmap(address, whole_pages(bytes))) {
    if (!concerns_us(ObjectKind::mapping)) continue;
    tell(call, Unmapped{piece.obj, {at}, static_cast<std::int64_t>(piece.bytes), std::string{call.row->name}});
  }
}

void Engine::moved(const syscalls::Call& call, std::uint64_t from, std::uint64_t from_bytes, std::uint64_t to,
                   std::uint64_t to_bytes) {
  Memory& memory = *tracees_.find(call.tid)->group->memory;
  const auto* before = memory.shared.find(from);
  if (before == nullptr) return;
  Mappings::Mapping mapping = before->second;
  mapping.offset += from - before->first;
  mapping.bytes = whole_pages(to_bytes);
  unmapping(call, from, from_bytes);
  memory.shared.map(to, mapping);
  if (!concerns_us(ObjectKind::mapping)) return;
  Mapped fact;
  fact.obj = mapping.obj;
  fact.addr = {to};
  fact.bytes = static_cast<std::int64_t>(mapping.bytes);
  fact.offset = static_cast<std::int64_t>(mapping.offset);
  if (const auto map = os::map_at(call.tid, to)) fact.prot = map->prot;
  fact.syscall = call.row->name;
  tell(call, std::move(fact));
}

// Whether a mremap(2) is worth waiting for.
bool Engine::is_shared(const Tracee& task, std::uint64_t address) {
  return task.group->memory->shared.find(address) != nullptr;
}

void Engine::attached(const syscalls::Call& call, std::uint64_t address, bool read_only) {
  Tracee& task = *tracees_.find(call.tid);
  Object* object = call.objects[0] ? objects_.find(call.objects[0]) : nullptr;
  if (object == nullptr) return;
  ShmAttached fact;
  fact.obj = object->id;
  fact.addr = {address};
  if (const auto map = os::map_at(task.tid, address)) fact.bytes = static_cast<std::int64_t>(map->end - map->begin);
  fact.prot = read_only ? "r" : "rw";
  task.group->memory->shared.map(address, {object->id, static_cast<std::uint64_t>(fact.bytes), 0});
  forget_words(*task.group->memory, address, static_cast<std::uint64_t>(fact.bytes));
  tell(call, std::move(fact));
}

void Engine::detached(const syscalls::Call& call, std::uint64_t address) {
  Memory& memory = *tracees_.find(call.tid)->group->memory;
  ShmDetached fact;
  fact.addr = {address};
  for (const auto& [at, piece] : memory.shared.detach(address)) {
    fact.obj = piece.obj;
    fact.bytes += static_cast<std::int64_t>(piece.bytes);
    forget_words(memory, at, piece.bytes);
  }
  if (fact.obj && concerns_us(ObjectKind::sysv_shm)) tell(call, fact);
}

// The object that a futex is: a word of shared memory is the same in all processes that map it (futex(2)).
ObjectId Engine::of_word(const Tracee& task, const syscalls::Call& call, std::size_t arg) {
  if (!running_) return {};
  const std::uint64_t address = call.args.at(arg);
  Memory& memory = *task.group->memory;
  if (const auto known = memory.words.find(address); known != memory.words.end()) {
    if (objects_.find(known->second) != nullptr) return known->second;
    memory.words.erase(known);
  }
  const bool is_private = syscalls::futex_of(call).is_private;
  ObjectMet met;
  met.kind = ObjectKind::futex;
  Identity identity{private_words | memory.number, address};
  if (!is_private) {
    const auto* piece = memory.shared.find(address);
    if (piece == nullptr) piece = find_shared(task, address);
    const Object* in = piece != nullptr ? objects_.find(piece->second.obj) : nullptr;
    if (in != nullptr && in->id.kind == ObjectKind::posix_sem) return memory.words[address] = in->id;
    if (in != nullptr) {
      const std::uint64_t offset = piece->second.offset + (address - piece->first);
      const auto kind = static_cast<std::uint64_t>(in->id.kind);
      identity = {shared_words | kind << 32 | in->id.number, offset};
      met.in = in->id;
      met.offset = static_cast<std::int64_t>(offset & ((std::uint64_t{1} << 53) - 1));
    }
  }
  Object* object = objects_.find(identity);
  if (object == nullptr) {
    met.addr = Address{address};
    object = &meet(task, identity, std::move(met));
  }
  return memory.words[address] = object->id;
}

// Memory that was mapped before anybody looked.
const Mappings::Piece* Engine::find_shared(const Tracee& task, std::uint64_t address) {
  const auto map = os::map_at(task.tid, address);
  if (!map || !map->shared) return nullptr;
  const Object& object = meet_file(task, {map->dev, map->inode}, kind_at(map->path), map->path, Made::no);
  auto& shared = task.group->memory->shared;
  shared.map(map->begin, {object.id, map->end - map->begin, map->offset});
  return shared.find(address);
}

// Whose mutex it is, as far as its memory says so: glibc's has the owner's tid 8 bytes on, and is 2 while others wait;
// a robust or a priority-inheriting one is the tid itself (findings: mutex-self).
Tid Engine::owner_of(const os::Stop& stop, const syscalls::Call& call) {
  constexpr std::uint32_t contended = 2;
  const auto futex = syscalls::futex_of(call);
  if (futex.does != syscalls::Futex::Does::wait) return {};
  std::uint32_t owner = 0;
  const auto read = [&](std::uint64_t address) {
    const auto got = stop.read(address, std::as_writable_bytes(std::span{&owner, 1}));
    if (!got || *got != sizeof owner) owner = 0;
  };
  if (futex.locks) {
    read(call.args[0]);
  } else if (futex.expected == contended) {
    read(call.args[0] + 8);
  } else if ((futex.expected & FUTEX_WAITERS) != 0) {
    owner = futex.expected;
  }
  return Tid{static_cast<std::int32_t>(owner & FUTEX_TID_MASK)};
}

// A thread that is waited for has its own number in its word, which the kernel clears at its end (pthread_join(3)).
void Engine::note_owner(const os::Stop& stop, const Tracee& task, syscalls::Call& call) {
  const auto futex = syscalls::futex_of(call);
  const Tid thread{static_cast<std::int32_t>(futex.expected)};
  const bool waits = futex.does == syscalls::Futex::Does::wait;
  call.joins = waits && !futex.is_private && thread != task.tid && task.group->tasks.contains(thread);
  const Tid owner = call.joins ? thread : owner_of(stop, call);
  if (owner && tracees_.find(owner) != nullptr) call.owner = owner;
}

}  // namespace kintrace::sources
