// SPDX-License-Identifier: MIT
// What the world knows of objects and descriptors: who holds what, who let go of it last, and whom to forget. A table
// is left as soon as its task is followed no longer, so that the dead hold nothing.
#include <algorithm>
#include <utility>

#include "kintrace/world.hpp"

namespace kintrace {

const Object* World::find(ObjectId id) const {
  const auto found = objects_.find(id);
  return found == objects_.end() ? nullptr : &found->second;
}

const Holders::Held* World::descriptor(const Task& task, int fd) const {
  return task.table ? holders_.find(*task.table, fd) : nullptr;
}

std::optional<int> World::number_of(const Task& task, ObjectId id, End end) const {
  if (!task.table) return {};
  const auto& all = holders_.of(id);
  for (auto at = all.lower_bound({*task.table, -1, End::read}); at != all.end() && at->table == *task.table; ++at) {
    if (at->end == end) return at->fd;
  }
  return {};
}

std::vector<ProcessIndex> World::holders(ObjectId id, End end) const {
  std::set<ProcessIndex> found;
  for (const Holders::Holder& holder : holders_.of(id)) {
    if (end != End::both && holder.end != End::both && holder.end != end) continue;
    for (const auto& [process, tasks] : users_.at(holder.table)) found.insert(process);
  }
  return {found.begin(), found.end()};
}

bool World::followed(const Process& process) const {
  return !process.exit && !process.untraced && process.detached.empty();
}

void World::use_table(Task& task, TableIndex table) {
  task.table = table;
  ++users_[table][task.process];
}

void World::use_own_table(Task& task) { use_table(task, holders_.make()); }

void World::use_table_of(Task& task, const Task& other) {
  if (!other.table) return use_own_table(task);
  holders_.share(*other.table);
  use_table(task, *other.table);
}

void World::use_copy_for(Task& task, const Task& other) {
  if (!other.table) return use_own_table(task);
  use_table(task, holders_.copy(*other.table));
}

void World::unshare_table(Task& task) {
  if (!task.table || holders_.users(*task.table) == 1) return;
  const TableIndex own = holders_.copy(*task.table);
  leave_table(task);
  use_table(task, own);
}

std::vector<Holders::Closed> World::leave_table(Task& task) {
  if (!task.table) return {};
  const TableIndex table = *std::exchange(task.table, {});
  const auto users = users_.find(table);
  if (const auto own = users->second.find(task.process); --own->second == 0) users->second.erase(own);
  if (users->second.empty()) users_.erase(users);
  return holders_.leave(table);
}

// What an end closes for good has mostly been told before it.
void World::end_table(Task& task, Nanoseconds now) {
  Process& process = *processes_.find(task.process);
  for (const Holders::Closed& closed : leave_table(task)) {
    let_go(process.index, closed, now);
    if (closed.last)
      process.closed_by_end.push_back({closed.fd, closed.held.obj, closed.held.end, ClosedHow::exit, true, 0});
  }
}

// Its descriptors are still there, but nobody who is followed has them.
void World::abandon_tables(const Process& process, Nanoseconds now) {
  for (const TaskIndex task : process.tasks) {
    for (const Holders::Closed& closed : leave_table(*tasks_.find(task))) idle_if_unheld(closed.held.obj, now);
  }
}

Object& World::meet(ObjectId id, Process& by, Nanoseconds now, bool inherited) {
  const auto [at, made] = objects_.try_emplace(id);
  Object& object = at->second;
  if (!made) return object;
  object.id = id;
  object.maker = by.descent;
  object.inherited = inherited;
  object.ordinal = ++by.objects_met.at(static_cast<std::size_t>(id.kind)).at(inherited ? 1 : 0);
  object.life.begin = now;
  idle(object);
  return object;
}

void World::hold(Task& task, int fd, Holders::Held held, Nanoseconds now) {
  Object& object = meet(held.obj, *processes_.find(task.process), now);
  if (!task.table) return;
  if (held.end != End::write && !holders_.held(held.obj, End::read)) object.last_reader.reset();
  if (held.end != End::read && !holders_.held(held.obj, End::write)) object.last_writer.reset();
  const auto replaced = holders_.open(*task.table, fd, held);
  idle_.erase(std::exchange(object.idle, 0));
  object.life.end.reset();
  if (replaced) let_go(task.process, *replaced, now);
}

void World::let_go(ProcessIndex by, const Holders::Closed& closed, Nanoseconds now) {
  const auto& [obj, end] = closed.held;
  Object& object = objects_.at(obj);
  if (end != End::write && (closed.last || !holders_.held(obj, End::read))) object.last_reader = by;
  if (end != End::read && (closed.last || !holders_.held(obj, End::write))) object.last_writer = by;
  idle_if_unheld(obj, now);
}

// The number may lead elsewhere by now, as the ends of two tasks' calls are told in any order: then what it led to was
// let go of when that was told.
void World::close(Task& task, const FdClosed& fact, Nanoseconds now) {
  Process& process = *processes_.find(task.process);
  meet(fact.obj, process, now);
  const Holders::Held* const held = descriptor(task, fact.fd);
  if (held != nullptr && held->obj == fact.obj) {
    Holders::Closed closed = *holders_.close(*task.table, fact.fd);
    closed.last = closed.last || fact.last;
    let_go(process.index, closed, now);
  } else if (fact.last) {
    let_go(process.index, {fact.fd, {fact.obj, fact.end}, true}, now);
  }
  if (fact.how == ClosedHow::exit && fact.last) process.closed_by_end.push_back(fact);
}

// A recording that was joined late does not tell how its tasks came to their descriptors. Of an object that was
// announced all are told: there, a call on a descriptor that is gone began before another thread closed it.
void World::use(Task& task, int fd, ObjectId obj, End way, Nanoseconds now) {
  const Object& object = meet(obj, *processes_.find(task.process), now);
  if (object.announced || fd < 0 || descriptor(task, fd) != nullptr) return;
  const bool one_way = obj.kind == ObjectKind::pipe || obj.kind == ObjectKind::fifo;
  hold(task, fd, {obj, one_way ? way : End::both}, now);
}

void World::connect(Object& object, ObjectId peer) {
  object.peer = peer;
  if (const auto other = objects_.find(peer); other != objects_.end() && !other->second.peer)
    other->second.peer = object.id;
}

std::vector<ProcessIndex> World::mapped_by(ObjectId id) const {
  std::vector<ProcessIndex> found;
  for (const Process& process : processes_) {
    if (followed(process) && process.memory->mappings.maps(id)) found.push_back(process.index);
  }
  return found;
}

// What has no descriptors is forgotten when it has not been used for long.
void World::note_use(Object& object) {
  if (object.idle != 0 && object.idle != last_idle_) idle(object);
}

void World::idle(Object& object) {
  idle_.erase(object.idle);
  object.idle = ++last_idle_;
  idle_.emplace(object.idle, object.id);
}

void World::idle_if_unheld(ObjectId id, Nanoseconds now) {
  if (holders_.held(id, End::both)) return;
  Object& object = objects_.at(id);
  object.life.end = now;
  idle(object);
}

void World::choose_leaving_objects() {
  for (; idle_.size() > most_dead; idle_.erase(idle_.begin())) {
    Object& object = objects_.at(idle_.begin()->second);
    object.leaving = true;
    leaving_objects_.push_back(object.id);
  }
}

void World::forget_leaving_objects() {
  for (const ObjectId id : leaving_objects_) objects_.erase(id);
  leaving_objects_.clear();
}

}  // namespace kintrace
