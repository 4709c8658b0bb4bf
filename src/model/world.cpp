// SPDX-License-Identifier: MIT
// What each fact means for the world. Every arm is decided here, without a default: a new fact does not compile until
// it is. A recording may have been cut, joined late or edited, so a task that nobody announced is simply made.
#include "kintrace/world.hpp"

#include <algorithm>
#include <csignal>
#include <limits>
#include <memory>
#include <utility>

namespace kintrace {

// One event at work on one world.
class Rebuild {
 public:
  Rebuild(World& world, const Event& event) : world_(world), event_(event) {}

  void operator()(const Seen& fact) {
    Process& process = self();
    process.parent = fact.ppid;
    if (!process.guardian) give(process, fact.ppid);
    process.comm = fact.comm;
    process.argv = fact.argv;
    process.pgid = fact.pgid;
    process.sid = fact.sid;
    process.exit_signal = Signal{SIGCHLD};
    task().comm = fact.comm;
  }

  void operator()(const Forked& fact) {
    Process& creator = self();
    const Task& caller = task();
    const Bytes comm = caller.comm;
    if (fact.how == BirthHow::thread) {
      Task& thread = born(fact.child, creator);
      thread.comm = comm;
      thread.how = fact.how;
      thread.flags = fact.flags;
      thread.flags_as_before = creator.youngest_flags == fact.flags;
      if (!thread.flags_as_before) creator.youngest_flags = fact.flags;
      inherit(thread, caller, fact);
      return;
    }
    retire(fact.child_pid);
    Process& process = make_process(fact.child_pid, &creator);
    process.elder_how = std::exchange(creator.youngest_how, fact.how);
    process.parent = fact.ppid.value_or(event_.pid);
    process.exit_signal = fact.exit_signal;
    process.pgid = creator.pgid;
    process.sid = creator.sid;
    process.ns_pid = fact.ns_pid;
    process.untraced = fact.untraced;
    process.of_another = fact.ppid.has_value();
    if (fact.untraced) --world_.live_processes_;
    if (has(fact.flags, "CLONE_VM")) {
      use_memory(process, creator.memory);
    } else {
      process.memory->mappings = creator.memory->mappings;
    }
    give(process, process.parent);
    process.comm = comm;
    process.path = creator.path;
    process.argv = creator.argv;
    Task& leader = born(fact.child, process);
    leader.comm = comm;
    leader.how = fact.how;
    leader.flags = fact.flags;
    inherit(leader, caller, fact);
  }

  void operator()(const Execed& fact) {
    if (fact.from_tid) rename(*fact.from_tid);
    Process& process = self();
    process.path = fact.path;
    process.argv = fact.argv;
    process.comm = fact.comm;
    ++process.execs;
    process.exit_signal = Signal{SIGCHLD};  // whatever its clone said (clone(2))
    use_memory(process, std::make_shared<AddressSpace>());
    task().comm = fact.comm;
    world_.unshare_table(task());  // execve(2)
  }

  void operator()(const Exited& fact) {
    Task& ended = task();
    Process& process = *world_.processes_.find(ended.process);
    if (!ended.exit) {
      ended.exit = fact;
      ended.life.end = event_.end();
      --process.live_tasks;
      if (*process.tasks.begin() != ended.index) world_.dead_threads_.push_back(ended.index);
      world_.end_table(ended, event_.end());
      world_.ended_ = process.index;
    }
    if (!fact.group || process.exit) return;
    if (process.live_tasks != 0) {  // whose ends were not told
      for (const TaskIndex other : process.tasks) world_.end_table(*world_.tasks_.find(other), event_.end());
    }
    --world_.live_processes_;
    end(process, fact);
  }

  void operator()(const Reaped& fact) {
    Process* const dead = known(fact.child);
    if (dead == nullptr) return;
    self();
    if (!dead->exit && (dead->untraced || !dead->detached.empty())) {  // only its parent's wait tells of its end
      Exited exit;
      exit.code = fact.code;
      exit.signal = fact.signal;
      exit.group = true;
      end(*dead, exit);
    }
    take_away(*dead);
    dead->reaped = Process::Reaping{event_.pid, fact.syscall, event_.end(), fact.zombie_ns, fact.by_kernel};
    world_.consider(*dead);
  }

  void operator()(const Reparented& fact) {
    Process& process = self();
    process.parent = fact.to;
    process.adopters.push_back(fact.to);
    take_away(process);
    give(process, fact.to);
    process.buried = false;  // if it was: somebody may reap it yet
    world_.consider(process);
  }

  void operator()(const Stopped&) { self().stopped = true; }
  void operator()(const Continued&) { self().stopped = false; }

  void operator()(const GroupChanged& fact) {
    self().pgid = fact.pgid;
    if (fact.sid) self().sid = fact.sid;
  }
  void operator()(const Set& fact) {
    if (fact.what == "name") {
      Task& named = task();
      named.comm = fact.value;
      if (named.tid == leader_of(event_.pid)) self().comm = fact.value;
    }
    if (fact.what == "subreaper") self().subreaper = fact.value != "0";
    const bool unshared = fact.what == "unshared" || fact.what == "namespace";
    if (unshared && fact.value.find("CLONE_FILES") != Bytes::npos) world_.unshare_table(task());
  }
  void operator()(const Detached& fact) {
    Process& process = self();
    if (!process.detached.empty() || process.exit) return;
    process.detached = fact.why;
    --world_.live_processes_;
    world_.abandon_tables(process, event_.end());
    bereave(process);
  }

  void operator()(const ObjectMet& fact) {
    if (Object* const object = named(fact.obj, fact.inherited)) {
      object->announced = true;
      object->datagrams = fact.datagrams;
      object->inode = fact.inode;
      object->key = fact.key;
      object->ipcid = fact.ipcid;
      object->addr = fact.addr;
      object->offset = fact.offset;
      object->in = fact.in;
      if (!fact.path.empty()) object->path = fact.path;  // a later one is its name: sem_open(3)
      if (fact.peer) world_.connect(*object, *fact.peer);
    }
  }
  void operator()(const FdOpened& fact) {
    if (named(fact.obj) != nullptr) world_.hold(task(), fact.fd, {fact.obj, fact.end}, event_.end());
  }
  void operator()(const FdDuplicated& fact) {
    if (used(fact, fact.end) != nullptr) world_.hold(task(), fact.to, {fact.obj, fact.end}, event_.end());
  }
  void operator()(const FdClosed& fact) {
    if (named(fact.obj) != nullptr) world_.close(task(), fact, event_.end());
  }
  void operator()(const Sent& fact) {
    Object* const object = used(fact, End::write);
    if (object == nullptr || fact.bytes <= 0) return;
    ++object->writes;
    add(object->bytes_written, fact.bytes);
  }
  void operator()(const Received& fact) {
    Object* const object = used(fact, End::read);
    if (object == nullptr || fact.bytes <= 0 || fact.peeked) return;
    ++object->reads;
    add(object->bytes_read, fact.bytes);
  }
  void operator()(const Bound& fact) {
    Object* const object = used(fact, End::both);
    if (object != nullptr && !fact.err && object->path.empty()) object->path = fact.addr;
  }
  void operator()(const Listening& fact) { used(fact, End::both); }
  void operator()(const Connected& fact) {
    Object* const object = used(fact, End::both);
    if (object != nullptr && !fact.err && fact.peer) world_.connect(*object, *fact.peer);
  }
  void operator()(const Accepted& fact) {
    Object* const object = used(fact, End::both);
    if (object != nullptr && fact.peer) world_.connect(*object, *fact.peer);
  }
  void operator()(const ShutDown& fact) {
    Object* const object = used(fact, End::both);
    if (object == nullptr || fact.err) return;
    if (fact.end != End::write) object->last_reader = task().process;
    if (fact.end != End::read) object->last_writer = task().process;
  }

  void operator()(const Opened& fact) { named(fact.obj); }
  void operator()(const SemChanged& fact) { named(fact.obj); }
  void operator()(const ShmAttached& fact) {
    if (!fact.err) map(fact.obj, fact.addr, fact.bytes, 0);
  }
  void operator()(const ShmDetached& fact) {
    named(fact.obj);
    if (!fact.err) self().memory->mappings.detach(fact.addr.value);
  }
  void operator()(const Mapped& fact) {
    if (!fact.err) map(fact.obj, fact.addr, fact.bytes, fact.offset);
  }
  void operator()(const Unmapped& fact) {
    named(fact.obj);
    if (fact.bytes > 0) self().memory->mappings.unmap(fact.addr.value, static_cast<std::uint64_t>(fact.bytes));
  }
  void operator()(const ObjectRemoved& fact) {
    if (Object* const object = named(fact.obj); object != nullptr && !fact.err) object->removed = true;
  }
  void operator()(const LockTaken& fact) { named(fact.obj); }
  void operator()(const LockReleased& fact) { named(fact.obj); }
  void operator()(const LockRefused& fact) { named(fact.obj); }
  void operator()(const FutexWaited& fact) { named(fact.obj); }
  void operator()(const FutexWoke& fact) { named(fact.obj); }
  void operator()(const LeftBehind& fact) { named(fact.obj); }

  // These change nothing: they are told, not remembered.
  void operator()(const Waited&) { task(); }
  void operator()(const SignalSent&) { task(); }
  void operator()(const SignalDelivered&) { task(); }
  void operator()(const DispositionSet&) { task(); }
  void operator()(const MaskSet&) { task(); }
  void operator()(const TimerSet&) { task(); }
  void operator()(const Foreground&) { task(); }
  void operator()(const Blocked&) { task(); }
  void operator()(const ExecFailed&) { task(); }
  void operator()(const WaitFailed&) { task(); }
  void operator()(const Failed&) { task(); }

 private:
  Process* known(Tgid pid) {
    const auto found = world_.by_pid_.find(pid);
    return found == world_.by_pid_.end() ? nullptr : world_.processes_.find(found->second);
  }
  Process& self() {
    Process* const process = known(event_.pid);
    return process != nullptr ? *process : make_process(event_.pid, nullptr);
  }

  Process& make_process(Tgid pid, Process* creator) {
    Process& process = world_.processes_.add();
    process.pid = pid;
    process.ordinal = creator != nullptr ? ++creator->children_born : ++world_.roots_born_;
    process.descent = (creator != nullptr ? creator->descent : Descent{}).child(process.ordinal);
    if (creator != nullptr) {
      process.creator = creator->index;
      process.creator_pid = creator->pid;
    }
    process.life.begin = event_.end();
    use_memory(process, std::make_shared<AddressSpace>());
    world_.by_pid_.insert_or_assign(pid, process.index);
    ++world_.live_processes_;
    return process;
  }

  // The number of a zombie is given again: it has been reaped, though nobody told.
  void retire(Tgid pid) {
    Process* const former = known(pid);
    if (former == nullptr || !former->exit || former->buried) return;
    take_away(*former);
    world_.consider(*former);
  }

  void end(Process& process, const Exited& fact) {
    process.exit = fact;
    process.life.end = event_.end();
    process.stopped = false;
    leave_memory(process);
    if (!process.guardian) {
      give(process, process.parent);
    } else if (Process* const guardian = world_.processes_.find(*process.guardian)) {
      guardian->offspring.erase(process.index);
      guardian->zombies.insert(process.index);
    }
    bereave(process);
    world_.consider(process);
  }

  static void leave_memory(Process& process) {
    AddressSpace& memory = *process.memory;
    memory.users.erase(process.index);
    if (!memory.users.empty()) return;
    for (const auto& [address, piece] : memory.mappings.all()) {
      auto& gone = process.detached_by_end;
      const ObjectId obj = piece.second.obj;
      if (std::find(gone.begin(), gone.end(), obj) == gone.end()) gone.push_back(obj);
    }
    memory.mappings = {};
  }

  // It will reap nobody any more. The events that follow tell who is given its zombies.
  void bereave(Process& process) {
    if (process.zombies.empty() || process.bereaved) return;
    process.bereaved = true;
    world_.bereaved_.push_back(process.index);
  }

  void give(Process& child, Tgid parent) {
    Process* const guardian = known(parent);
    if (guardian == nullptr) return;
    child.guardian = guardian->index;
    (child.exit ? guardian->zombies : guardian->offspring).insert(child.index);
  }
  void take_away(Process& child) {
    if (!child.guardian) return;
    if (Process* const guardian = world_.processes_.find(*child.guardian)) {
      guardian->offspring.erase(child.index);
      guardian->zombies.erase(child.index);
    }
    child.guardian.reset();
  }

  static void use_memory(Process& process, const std::shared_ptr<AddressSpace>& memory) {
    if (process.memory) process.memory->users.erase(process.index);
    process.memory = memory;
    memory->users.insert(process.index);
  }

  // The object that the event is about, met now if nobody announced it; nothing if there is none.
  Object* named(ObjectId id, bool inherited = false) {
    Process& by = *world_.processes_.find(task().process);
    if (!id) return nullptr;
    Object& object = world_.meet(id, by, event_.end(), inherited);
    world_.note_use(object);
    return &object;
  }
  void map(ObjectId obj, Address address, std::int64_t bytes, std::int64_t offset) {
    if (named(obj) == nullptr || bytes <= 0 || offset < 0) return;
    const Mappings::Mapping mapping{obj, static_cast<std::uint64_t>(bytes), static_cast<std::uint64_t>(offset)};
    self().memory->mappings.map(address.value, mapping);
  }
  // The same, of a call on a descriptor.
  template <class F>
  Object* used(const F& fact, End way) {
    Object* const object = named(fact.obj);
    if (object != nullptr) world_.use(task(), fact.fd, fact.obj, way, event_.end());
    return object;
  }

  static bool has(const SharedWords& flags, std::string_view flag) {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  }
  // Of a thread whose birth was not seen the flags are not known.
  void inherit(Task& child, const Task& creator, const Forked& fact) {
    if (fact.untraced || !world_.followed(*world_.processes_.find(child.process))) return;
    const bool shared = has(fact.flags, "CLONE_FILES") || (fact.how == BirthHow::thread && fact.flags.empty());
    shared ? world_.use_table_of(child, creator) : world_.use_copy_for(child, creator);
  }

  // An edited recording may tell of more than there is room for.
  static void add(std::int64_t& sum, std::int64_t bytes) {
    sum += std::min(bytes, std::numeric_limits<std::int64_t>::max() - sum);
  }

  Task& born(Tid tid, Process& in) {
    Task& task = world_.tasks_.add();
    task.tid = tid;
    task.process = in.index;
    task.ordinal = ++in.tasks_born;
    in.tasks.insert(in.tasks.end(), task.index);
    ++in.live_tasks;
    task.life.begin = event_.end();
    world_.by_tid_.insert_or_assign(tid, task.index);
    return task;
  }

  // The event's task.
  Task& task() {
    const auto found = world_.by_tid_.find(event_.tid);
    if (found != world_.by_tid_.end()) return *world_.tasks_.find(found->second);
    Process& in = self();
    Task& made = born(event_.tid, in);
    made.comm = in.comm;
    if (world_.followed(in)) world_.use_table_of(made, *world_.tasks_.find(*in.tasks.begin()));
    return made;
  }

  // An exec by a thread gave it the leader's tid; the leader's task has ended.
  void rename(Tid former) {
    const auto found = world_.by_tid_.find(former);
    if (found == world_.by_tid_.end()) return;
    const TaskIndex index = found->second;
    world_.by_tid_.erase(found);
    world_.by_tid_.insert_or_assign(event_.tid, index);
    world_.tasks_.find(index)->tid = event_.tid;
  }

  World& world_;
  const Event& event_;
};

void World::apply(const Event& event) {
  forget_leaving();
  forget_leaving_objects();
  if (Process* const process = ended_ ? processes_.find(*ended_) : nullptr) {
    process->closed_by_end.clear();
    process->detached_by_end.clear();
  }
  ended_.reset();
  bury_orphaned_zombies(event);
  std::visit(Rebuild{*this, event}, event.fact);
  choose_leaving();
  choose_leaving_objects();
}

const Task* World::find(Tid tid) const {
  const auto found = by_tid_.find(tid);
  return found == by_tid_.end() ? nullptr : find(found->second);
}

const Process* World::find(Tgid pid) const {
  const auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? nullptr : find(found->second);
}

Who World::who(const Task& task) const {
  const Process& process = (*this)[task.process];
  return {task.tid, process.pid, task.ordinal, process.descent};
}

const Task& World::operator[](TaskIndex index) const {
  static const Task nobody = [] {
    Task task;
    task.index = TaskIndex{std::numeric_limits<std::uint32_t>::max()};
    task.process = ProcessIndex{task.index.value};
    return task;
  }();
  const Task* const task = find(index);
  return task != nullptr ? *task : nobody;
}

const Process& World::operator[](ProcessIndex index) const {
  static const Process nobody = [] {
    Process process;
    process.index = ProcessIndex{std::numeric_limits<std::uint32_t>::max()};
    process.memory = std::make_shared<AddressSpace>();
    return process;
  }();
  const Process* const process = find(index);
  return process != nullptr ? *process : nobody;
}

}  // namespace kintrace
