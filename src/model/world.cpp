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
    const Bytes comm = task().comm;
    if (fact.how == BirthHow::thread) {
      Task& thread = born(fact.child, creator);
      thread.comm = comm;
      thread.how = fact.how;
      thread.flags = fact.flags;
      inherit_files(thread, fact.flags);
      thread.flags_as_before = creator.youngest_flags == fact.flags;
      if (!thread.flags_as_before) creator.youngest_flags = fact.flags;
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
    if (std::find(fact.flags.begin(), fact.flags.end(), "CLONE_VM") != fact.flags.end())
      use_memory(process, creator.memory);
    give(process, process.parent);
    process.comm = comm;
    process.path = creator.path;
    process.argv = creator.argv;
    Task& leader = born(fact.child, process);
    leader.comm = comm;
    leader.how = fact.how;
    leader.flags = fact.flags;
    inherit_files(leader, fact.flags);
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
    own_files();
  }

  void operator()(const Exited& fact) {
    Task& ended = task();
    Process& process = *world_.processes_.find(ended.process);
    if (!ended.exit) {
      ended.exit = fact;
      ended.life.end = event_.end();
      leave_files(ended);
      --process.live_tasks;
      if (*process.tasks.begin() != ended.index) world_.dead_threads_.push_back(ended.index);
    }
    if (!fact.group || process.exit) return;
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
    if (fact.what == "unshared" && fact.value.find("CLONE_FILES") != Bytes::npos) own_files();
  }
  void operator()(const Detached& fact) {
    Process& process = self();
    if (!process.detached.empty() || process.exit) return;
    process.detached = fact.why;
    for (const TaskIndex index : process.tasks) leave_files(*world_.tasks_.find(index));
    --world_.live_processes_;
    bereave(process);
  }

  void operator()(const ObjectMet& fact) {
    Object& met = object(fact.obj);
    met.inode = fact.inode;
    if (!fact.path.empty()) met.path = fact.path;
    if (fact.peer) join(met, *fact.peer);
  }
  void operator()(const FdOpened& fact) { hold(fact.fd, {fact.obj, fact.end}); }
  void operator()(const FdDuplicated& fact) { hold(fact.to, {fact.obj, fact.end}); }
  void operator()(const FdClosed& fact) {
    Object& closed = object(fact.obj);
    if (fact.last && fact.end != End::write) closed.last_reader = self().index;
    if (fact.last && fact.end != End::read) closed.last_writer = self().index;
    if (fact.how == ClosedHow::exit) return self().closed_by_end.push_back(fact);
    if (const auto gone = world_.holders_.close(files_of(task()), fact.fd)) let_go(*gone);
  }
  void operator()(const Sent& fact) {
    Object& through = used(fact.obj, fact.fd, End::write);
    if (fact.err || fact.bytes == 0) return;
    ++through.writes;
    through.bytes_written += fact.bytes;
  }
  void operator()(const Received& fact) {
    Object& through = used(fact.obj, fact.fd, End::read);
    if (fact.err || fact.bytes == 0 || fact.peeked) return;
    ++through.reads;
    through.bytes_read += fact.bytes;
  }
  void operator()(const Bound& fact) {
    Object& named = object(fact.obj);
    if (!fact.err && named.path.empty()) named.path = fact.addr;
  }
  void operator()(const Connected& fact) {
    Object& connected = object(fact.obj);
    if (fact.peer) join(connected, *fact.peer);
  }
  void operator()(const Accepted& fact) {
    Object& accepted = object(fact.obj);
    if (fact.peer) join(accepted, *fact.peer);
  }

  // These change nothing: they are told, not remembered.
  void operator()(const Listening&) { task(); }
  void operator()(const ShutDown&) { task(); }
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
    process.memory->users.erase(process.index);
    if (!process.guardian) {
      give(process, process.parent);
    } else if (Process* const guardian = world_.processes_.find(*process.guardian)) {
      guardian->offspring.erase(process.index);
      guardian->zombies.insert(process.index);
    }
    bereave(process);
    world_.consider(process);
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
    return made;
  }

  // Descriptors.
  TableIndex files_of(Task& user) {
    if (!user.files) use_files(user, world_.holders_.make());
    return user.files;
  }
  void use_files(Task& user, TableIndex files) {
    user.files = files;
    ++world_.table_users_[files][user.process];
  }
  void inherit_files(Task& child, const SharedWords& flags) {
    Task& creator = task();
    if (!creator.files) return;  // nothing is known to be in it
    const bool shared = std::find(flags.begin(), flags.end(), "CLONE_FILES") != flags.end();
    if (shared) world_.holders_.share(creator.files);
    use_files(child, shared ? creator.files : world_.holders_.copy(creator.files));
  }
  // Others keep what it shared with them.
  void own_files() {
    Task& user = task();
    if (!user.files || world_.holders_.users(user.files) == 1) return;
    const TableIndex own = world_.holders_.copy(user.files);
    leave_files(user);
    use_files(user, own);
  }
  void leave_files(Task& user) {
    if (!user.files) return;
    const auto users = world_.table_users_.find(user.files);
    if (--users->second[user.process] == 0) users->second.erase(user.process);
    if (users->second.empty()) world_.table_users_.erase(users);
    for (const auto& closed : world_.holders_.leave(user.files)) let_go(closed);
    user.files = {};
  }

  void hold(int fd, Holders::Held held) {
    object(held.obj).life.end.reset();
    if (const auto replaced = world_.holders_.open(files_of(task()), fd, held)) let_go(*replaced);
  }
  void let_go(const Holders::Closed& closed) {
    if (world_.holders_.held(closed.held.obj, End::both)) return;
    object(closed.held.obj).life.end = event_.end();
    world_.unheld_.push_back(closed.held.obj);
  }

  // It must have had a descriptor for what it uses.
  Object& used(ObjectId id, int fd, End end) {
    Object& through = object(id);
    const bool duplex = id.kind != ObjectKind::pipe && id.kind != ObjectKind::fifo;
    if (fd >= 0 && world_.holders_.find(files_of(task()), fd) == nullptr) hold(fd, {id, duplex ? End::both : end});
    return through;
  }
  Object& object(ObjectId id) {
    const auto [at, fresh] = world_.objects_.try_emplace(id);
    Object& object = at->second;
    if (!fresh) return object;
    Process& maker = self();
    object.id = id;
    object.maker = maker.descent;
    object.ordinal = ++maker.objects_made.at(static_cast<std::size_t>(id.kind));
    object.life.begin = event_.end();
    return object;
  }
  void join(Object& one, ObjectId other) {
    one.peer = other;
    if (const auto found = world_.objects_.find(other); found != world_.objects_.end()) found->second.peer = one.id;
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
  bury_orphaned_zombies(event);
  std::visit(Rebuild{*this, event}, event.fact);
  choose_leaving();
}

const Object* World::find(ObjectId id) const {
  const auto found = objects_.find(id);
  return found == objects_.end() ? nullptr : &found->second;
}

const Holders::Held* World::descriptor(const Task& task, int fd) const {
  return task.files ? holders_.find(task.files, fd) : nullptr;
}

std::optional<int> World::number_of(const Task& task, ObjectId id, End end) const {
  const auto& all = holders_.of(id);
  for (auto at = all.lower_bound({task.files, -1, End::read}); at != all.end() && at->table == task.files; ++at) {
    if (at->end == end) return at->fd;
  }
  return {};
}

std::vector<ProcessIndex> World::holders(ObjectId id, End end) const {
  std::set<ProcessIndex> all;
  for (const auto& holder : holders_.of(id)) {
    if (end != End::both && holder.end != End::both && holder.end != end) continue;
    for (const auto& [process, tasks] : table_users_.at(holder.table)) all.insert(process);
  }
  return {all.begin(), all.end()};
}

const std::vector<FdClosed>& World::closed_by_end(const Process& process) { return process.closed_by_end; }

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
