// SPDX-License-Identifier: MIT
// The engine's part that knows who holds which locks on files. What a process took itself is remembered; what others
// hold, and whether a lock outlives a descriptor of its open file description, /proc/locks tells.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "os/descriptor.hpp"
#include "os/file_locks.hpp"
#include "sources/engine.hpp"
#include "syscalls/lock.hpp"

namespace kintrace::sources {
namespace {

constexpr std::int64_t end_of_file = std::numeric_limits<std::int64_t>::max();

struct Range {
  std::int64_t first = 0, last = end_of_file;
};

std::string range_words(const Range& range) {
  if (range.last != end_of_file) return fmt::format("{}-{}", range.first, range.last);
  return range.first == 0 ? "" : fmt::format("{}-", range.first);
}

bool overlap(const HeldLock& lock, const Range& range) { return lock.first <= range.last && range.first <= lock.last; }

// Whether two locks of different owners cannot both be held (flock(2), fcntl(2)).
bool conflict(const HeldLock& one, LockKind kind, LockMode mode, const Range& range) {
  const bool other_world = (one.kind == LockKind::flock) != (kind == LockKind::flock);
  return !other_world && overlap(one, range) && (one.mode == LockMode::write || mode == LockMode::write);
}

// What is left of locks where a range of them is given back or taken anew: the pieces beside it.
void cut_out(std::vector<HeldLock>& locks, Tgid by, LockKind kind, const Range& range) {
  std::vector<HeldLock> left;
  for (const HeldLock& lock : locks) {
    if (lock.by != by || lock.kind != kind || !overlap(lock, range)) {
      left.push_back(lock);
      continue;
    }
    HeldLock before = lock, after = lock;
    before.last = range.first - 1;
    if (before.first <= before.last && range.first > 0) left.push_back(before);
    if (range.last == end_of_file) continue;
    after.first = range.last + 1;
    if (after.first <= after.last) left.push_back(after);
  }
  locks = std::move(left);
}

bool stands_in(std::span<const os::FileLock> all, const Identity& file, const HeldLock& lock) {
  return std::any_of(all.begin(), all.end(), [&](const os::FileLock& one) {
    if (one.waits || one.inode != file.inode || one.kind != lock.kind) return false;
    const std::int64_t last = one.last.value_or(end_of_file);
    return one.kind == LockKind::ofd ? one.first == lock.first && last == lock.last : one.holder == lock.by;
  });
}

}  // namespace

Object* Engine::locked_file(const Tracee& task, int fd) {
  if (const ObjectId known = objects_.file_of(task.files, fd)) return objects_.find(known);
  const auto file = os::open_file(task.tid, fd);
  if (!file) return nullptr;
  const Identity identity{file->dev, file->inode};
  if (Object* known = objects_.find(identity)) {
    const bool plain = file->type == os::FileType::other && !concerns_us(ObjectKind::file);
    if (plain) objects_.is_file(task.files, fd, known->id);
    return known;
  }
  if (file->type != os::FileType::other) return nullptr;
  const Bytes path = os::path(task.tid, fd);
  Object& object = meet_file(task, identity, kind_at(path), path, Made::no);
  if (!concerns_us(ObjectKind::file)) objects_.is_file(task.files, fd, object.id);
  return &object;
}

// As bytes from the beginning of the file.
std::optional<std::pair<std::int64_t, std::int64_t>> Engine::range_of(const Tracee& task, int fd,
                                                                      const Locking& lock) const {
  if (lock.kind == LockKind::flock) return std::pair{std::int64_t{0}, end_of_file};
  std::int64_t base = 0;
  if (lock.whence != SEEK_SET) {
    const auto at = lock.whence == SEEK_CUR ? proc_.position(task.tid, fd) : os::size_of(task.tid, fd);
    if (!at) return {};
    base = *at;
  }
  std::int64_t first = 0, last = 0;
  if (__builtin_add_overflow(base, lock.first, &first)) return {};
  if (lock.bytes == 0) return std::pair{std::max<std::int64_t>(first, 0), end_of_file};
  if (__builtin_add_overflow(first, lock.bytes, &last)) last = end_of_file;
  if (lock.bytes < 0) std::swap(first, last);
  return std::pair{std::max<std::int64_t>(first, 0), std::max<std::int64_t>(last - 1, 0)};
}

// At its entry: who has what it may have to wait for.
void Engine::note_holder(const Tracee& task, syscalls::Call& call) {
  const auto lock = syscalls::locking_of(call);
  const Object* object = lock && call.objects[0] ? objects_.find(call.objects[0]) : nullptr;
  if (object == nullptr || !lock->mode || object->locks.empty()) return;
  const auto range = range_of(task, call.integer(0), *lock);
  if (!range) return;
  for (const HeldLock& held : object->locks) {
    if (held.by != task.group->pid && conflict(held, lock->kind, *lock->mode, {range->first, range->second}))
      call.owner = leader_of(held.by);
  }
}

// Somebody who is not followed, or whose lock was taken before we came.
std::optional<Tgid> Engine::holder_by_proc(const syscalls::Call& call, const Object& object) {
  const Tracee& task = *tracees_.find(call.tid);
  const auto lock = syscalls::locking_of(call);
  if (!lock || !lock->mode) return {};
  const auto range = range_of(task, call.integer(0), *lock);
  os::FileLock wanted;
  wanted.kind = lock->kind;
  wanted.mode = *lock->mode;
  wanted.dev = object.identity.device;
  wanted.inode = object.identity.inode;
  if (range) {
    wanted.first = range->first;
    if (range->second != end_of_file) wanted.last = range->second;
  }
  const auto all = os::file_locks();
  const auto found = os::standing_in_the_way(all, wanted, task.group->pid);
  return found ? found->holder : std::nullopt;
}

void Engine::locked(const syscalls::Call& call, const Locking& lock) {
  Tracee& task = *tracees_.find(call.tid);
  Group& group = *task.group;
  Object* object = call.objects[0] ? objects_.find(call.objects[0]) : nullptr;
  if (object == nullptr || !wants_locks_) return;
  const int fd = call.integer(0);
  const auto found = range_of(task, fd, lock);
  const Range range = found ? Range{found->first, found->second} : Range{};
  const std::string words = found ? range_words(range) : "?";
  const auto owner = call.owner ? std::optional{led_by(call.owner)} : std::nullopt;
  if (call.failed()) {
    if (!lock.mode) return tell(call, Failed{std::string{call.row->name}, call.error(), object->id});
    LockRefused fact{object->id, lock.kind, *lock.mode, words, owner, fd, std::string{call.row->name}, call.error()};
    const int error = call.error().value;
    if (!owner && (error == EAGAIN || error == EACCES)) fact.holder = holder_by_proc(call, *object);
    return tell(call, std::move(fact));
  }
  if (!call.result) {  // it waited to its end
    if (!lock.mode) return;
    return tell(call, LockTaken{object->id, lock.kind, *lock.mode, words, owner, fd, std::string{call.row->name}});
  }
  cut_out(object->locks, group.pid, lock.kind, range);
  if (lock.mode) tell_given_back(*object, group.pid, lock, {range.first, range.last});
  if (lock.mode) {
    object->locks.push_back({group.pid, lock.kind, *lock.mode, range.first, range.last});
    group.locks.insert(object->id);
    const bool waited = now_ - call.begin >= own_delay;
    return tell(call, LockTaken{object->id, lock.kind, *lock.mode, words, waited ? owner : std::nullopt, fd,
                                std::string{call.row->name}});
  }
  if (lock.kind != LockKind::posix && !object->locks.empty()) forget_released(*object);
  tell(call, LockReleased{object->id, lock.kind, words, ReleasedHow::unlock, fd, std::string{call.row->name}});
}

// What stood in the way of a lock that has been taken is no more, whether that could be seen or not.
void Engine::tell_given_back(Object& object, Tgid taker, const Locking& taken,
                             const std::pair<std::int64_t, std::int64_t>& range) {
  std::erase_if(object.locks, [&](const HeldLock& lock) {
    if (lock.by == taker || !conflict(lock, taken.kind, *taken.mode, {range.first, range.second})) return false;
    const Tracee* task = lock.released ? tracees_.find(leader_of(lock.by)) : nullptr;
    if (task != nullptr)
      tell_released(*task, object.id, lock, task->exiting ? ReleasedHow::exit : ReleasedHow::close, -1);
    return true;
  });
}

// A descriptor is about to be closed. With any of a file go all POSIX locks of the process on it (fcntl(2)); one of
// flock(2) or F_OFD_SETLK goes with the last of its open file description, which may be another's.
void Engine::closing_locked(Tracee& task, int fd) {
  Group& group = *task.group;
  const auto file = os::open_file(task.tid, fd);
  Object* object = file ? objects_.find(Identity{file->dev, file->inode}) : nullptr;
  if (object == nullptr) return;
  const bool own = group.locks.contains(object->id);
  if (own) release(task, *object, ReleasedHow::close, fd);
  task.check_locks = own || inherited_locks_.contains(object->id);
}

// What is certain is told, what is not is given a number, and settled when it can be.
void Engine::release(Tracee& task, Object& object, ReleasedHow how, int fd) {
  const Tgid pid = task.group->pid;
  std::vector<HeldLock> gone;
  for (HeldLock& lock : object.locks) {
    if (lock.by != pid || lock.released) continue;
    lock.released = next_seq();
    object.input.note({lock.released, task.tid, now_});
    if (lock.kind == LockKind::posix) gone.push_back(lock);
  }
  std::erase_if(object.locks, [&](const HeldLock& lock) { return lock.by == pid && lock.kind == LockKind::posix; });
  for (const HeldLock& lock : gone) tell_released(task, object.id, lock, how, fd);
}

void Engine::tell_released(const Tracee& task, ObjectId file, const HeldLock& lock, ReleasedHow how, int fd) {
  LockReleased fact{file, lock.kind, range_words({lock.first, lock.last}), how, fd, {}};
  if (how == ReleasedHow::close) fact.syscall = "close";
  emit(lock.released, now_, now_, task.group->pid, task.tid, std::move(fact));
}

// The descriptor, or the process, is gone by now. A lock that is still there has gone on to whoever shares its open
// file description, and is looked for again whenever one of its file's descriptors, or a process, goes.
void Engine::settle_locks(const Tracee& task, ReleasedHow how) {
  Group& group = *task.group;
  if (group.locks.empty() && inherited_locks_.empty()) return;
  const auto all = os::file_locks();
  for (const ObjectId id : std::exchange(group.locks, {})) {
    Object* object = objects_.find(id);
    if (object == nullptr) continue;
    std::erase_if(object->locks, [&](HeldLock& lock) {
      if (lock.by != group.pid) return false;
      if (lock.released && !stands_in(all, object->identity, lock)) {
        tell_released(task, id, lock, how, -1);
        return true;
      }
      if (std::exchange(lock.released, {})) {
        lock.handed_on = true;
        inherited_locks_.insert(id);
      }
      group.locks.insert(id);
      return false;
    });
  }
  std::erase_if(inherited_locks_, [&](ObjectId id) { return !has_inherited(task, id, all, how); });
}

// Whether a file has locks left that outlive the descriptors or the process by which they were taken.
bool Engine::has_inherited(const Tracee& task, ObjectId id, std::span<const os::FileLock> all, ReleasedHow how) {
  Object* object = objects_.find(id);
  if (object == nullptr) return false;
  bool left = false;
  std::erase_if(object->locks, [&](HeldLock& lock) {
    if (!lock.handed_on) return false;
    if (stands_in(all, object->identity, lock)) {
      left = true;
      return false;
    }
    if (!os::tells_of_the_dead() && tracees_.find(lock.by) == nullptr) return true;  // nobody knows
    lock.released = next_seq();
    tell_released(task, id, lock, how, -1);
    return true;
  });
  return left;
}

// An exec has closed what is close-on-exec: which of them that were shows only now.
void Engine::doubt_locks(const Tracee& task) {
  for (const ObjectId id : task.group->locks) {
    Object* object = objects_.find(id);
    if (object == nullptr) continue;
    for (HeldLock& lock : object->locks) {
      if (lock.by == task.group->pid) lock.released = next_seq();
    }
  }
  settle_locks(task, ReleasedHow::close);
}

// Who shares an open file description may give back what another has taken by it.
void Engine::forget_released(Object& file) {
  const auto all = os::file_locks();
  std::erase_if(file.locks, [&](const HeldLock& lock) {
    return lock.kind != LockKind::posix && !lock.released && !stands_in(all, file.identity, lock);
  });
}

// A process is about to end.
void Engine::release_all_locks(Tracee& task) {
  for (const ObjectId id : task.group->locks) {
    if (Object* object = objects_.find(id)) release(task, *object, ReleasedHow::exit, -1);
  }
}

}  // namespace kintrace::sources
