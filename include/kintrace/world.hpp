// SPDX-License-Identifier: MIT
// The world rebuilt from events: tasks, thread groups, who created, waits for and reaps whom; the pipes, FIFOs and
// sockets between them, and who holds which end. What lives is kept, and of the dead whoever may yet be reaped and the
// last of the others, as views speak of the dead too: its size follows how many live, not how many have lived. Fed by
// World::apply only; knows nothing of ptrace, /proc or views.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "kintrace/descent.hpp"
#include "kintrace/event.hpp"
#include "kintrace/holders.hpp"
#include "kintrace/mappings.hpp"
#include "kintrace/slots.hpp"

namespace kintrace {

// Numbers of tasks and processes, in order of birth. Unlike tids they are never used twice.
using TaskIndex = Id<struct TaskIndexTag, std::uint32_t>;
using ProcessIndex = Id<struct ProcessIndexTag, std::uint32_t>;

struct Span {
  Nanoseconds begin = 0;
  std::optional<Nanoseconds> end;
};

// One thread. `tid` is the last it had: an exec by a non-leader gives it the leader's.
struct Task {
  TaskIndex index;
  Tid tid;
  ProcessIndex process;
  std::uint32_t ordinal = 1;  // the how-manieth task of its process: 1 is the first
  Bytes comm;
  BirthHow how = BirthHow::fork;
  SharedWords flags;             // of the clone that made it
  bool flags_as_before = false;  // those of the thread that its process made before it
  bool leaving = false;          // forgotten with the next event
  Span life;
  std::optional<Exited> exit;

 private:
  friend class World;
  std::optional<TableIndex> table;  // its descriptors, as long as it is followed
};

// Processes share one after vfork(2) and clone(2) with CLONE_VM, until one of them execs.
struct AddressSpace {
  std::set<ProcessIndex> users;  // that live
  Mappings mappings;             // as far as others may share them
};

// One thread group.
struct Process {
  struct Reaping {
    Tgid by;
    std::string syscall;
    Nanoseconds at = 0;
    Nanoseconds zombie_ns = 0;
    bool by_kernel = false;
  };
  ProcessIndex index;
  Tgid pid;
  std::optional<ProcessIndex> creator;  // whoever forked it, if that was traced; it may be forgotten by now
  Tgid creator_pid;                     // its number then
  Descent descent;
  std::uint32_t ordinal = 1;          // the how-manieth child of its creator, or root of the world
  std::optional<BirthHow> elder_how;  // how the child that its creator made before it was born
  Tgid parent;                        // the real parent at present, or at its end: getppid(2)
  Bytes comm;                         // of its leader
  Bytes path;                         // of its last successful exec; empty before the first one seen
  std::vector<Bytes> argv;            // of that exec, or its creator's
  int execs = 0;
  bool stopped = false;  // in a group-stop
  std::shared_ptr<AddressSpace> memory;
  std::optional<Signal> exit_signal;  // sent to the parent when it ends; nothing: none
  std::optional<Tgid> pgid, sid;      // as far as they have been told
  std::optional<Tgid> ns_pid;         // in its own pid namespace, if that is not kintrace's
  bool subreaper = false;             // orphans among its descendants become its children
  bool untraced = false;              // CLONE_UNTRACED: never followed
  bool of_another = false;            // CLONE_PARENT: its creator's sibling
  bool leaving = false;               // forgotten with the next event
  std::string detached;               // why it is followed no longer; empty: it is, or was to its end
  Span life;
  std::optional<Exited> exit;  // of the last task; what wait(2) tells the parent
  std::optional<Reaping> reaped;
  std::uint32_t tasks_born = 0, live_tasks = 0, children_born = 0;  // children that it created
  std::set<TaskIndex> tasks;             // in order of birth: the first, those that live and the last of the others
  std::set<ProcessIndex> offspring;      // living children, whoever created them
  std::set<ProcessIndex> zombies;        // dead children that nobody has reaped
  std::optional<ProcessIndex> guardian;  // in whose offspring or zombies it is
  std::vector<Tgid> adopters;            // in order, each the `to` of a reparenting

 private:
  friend class World;
  friend class Rebuild;
  SharedWords youngest_flags;            // of the last thread made
  std::optional<BirthHow> youngest_how;  // of the last child born
  bool buried = false;                   // among the dead of whom nothing more is expected
  bool bereaved = false;                 // to be buried after its zombies
  std::array<std::array<std::uint32_t, 2>, Names<ObjectKind>::value.size()> objects_met{};  // by kind: made, inherited
  std::vector<FdClosed> closed_by_end;  // until its end has been told
  std::vector<ObjectId> detached_by_end;
};

// What ties tasks together: a pipe, a socket, a semaphore set, a segment, a futex.
struct Object {
  ObjectId id;
  std::string inode;                       // decimal
  Bytes path;                              // of a FIFO, pty or file, or the address of a socket; empty: none
  std::optional<std::int64_t> key, ipcid;  // of a System V object; key 0: IPC_PRIVATE
  std::optional<Address> addr;             // of a futex
  std::optional<std::int64_t> offset;      // of a shared one, in this object:
  std::optional<ObjectId> in;
  bool removed = false;                 // IPC_RMID, unlink(2): only who has it still can use it
  std::optional<ObjectId> peer;         // the other end of a connection
  Descent maker;                        // of the process in whose hands it was first seen
  std::uint32_t ordinal = 1;            // the how-manieth of its kind there, made or `inherited`
  bool inherited = false;               // from before: others, who are not followed, may hold it too
  bool datagrams = false;               // a socket without connections
  bool leaving = false;                 // forgotten with the next event
  Span life;                            // ends when nobody who is followed holds it, until somebody does again
  std::uint64_t writes = 0, reads = 0;  // that brought or took something
  std::int64_t bytes_written = 0, bytes_read = 0;
  // Whose close, shutdown(2) or end was the last of that end. Nothing while it can be used.
  std::optional<ProcessIndex> last_reader, last_writer;

 private:
  friend class World;
  friend class Rebuild;
  bool announced = false;  // by an event that told how it was met
  std::uint64_t idle = 0;  // its place among those that nobody holds; 0: somebody does
};

// What it takes to name a task when it has been forgotten.
struct Who {
  Tid tid;
  Tgid pid;
  std::uint32_t ordinal = 1;
  Descent descent;
};

class World {
 public:
  void apply(const Event& event);

  const Task* find(Tid tid) const;  // the task most recently born with this tid, alive or dead
  const Process* find(Tgid pid) const;
  const Task* find(TaskIndex index) const { return tasks_.find(index); }
  const Process* find(ProcessIndex index) const { return processes_.find(index); }
  // Of the forgotten, one about which nothing is known.
  const Task& operator[](TaskIndex index) const;
  const Process& operator[](ProcessIndex index) const;
  Who who(const Task& task) const;
  const Slots<TaskIndex, Task>& tasks() const { return tasks_; }
  const Slots<ProcessIndex, Process>& processes() const { return processes_; }
  std::uint32_t live_processes() const { return live_processes_; }
  // Objects: those that are held, and the last of the others.
  const Object* find(ObjectId id) const;
  // What a task's descriptor leads to, if that is an object.
  const Holders::Held* descriptor(const Task& task, int fd) const;
  // The first of its descriptors that leads to this end of an object.
  std::optional<int> number_of(const Task& task, ObjectId id, End end) const;
  // The processes, each once and in order of birth, that hold an end of it: `both`, either.
  std::vector<ProcessIndex> holders(ObjectId id, End end) const;
  // Those that are remembered, in order of kind and number.
  const std::map<ObjectId, Object>& objects() const { return objects_; }
  // At an `exited` of the process: what that end has closed for good.
  static const std::vector<FdClosed>& closed_by_end(const Process& process) { return process.closed_by_end; }
  // The same of what was mapped and attached: it was the last to use that memory.
  static const std::vector<ObjectId>& detached_by_end(const Process& process) { return process.detached_by_end; }
  // The processes, in order of birth, in whose memory an object is mapped or attached.
  std::vector<ProcessIndex> mapped_by(ObjectId id) const;
  // Who is here for the last time: all about them has been told, and the next event finds them forgotten. A process
  // takes its tasks with it; the threads are those of processes that stay.
  const std::vector<ProcessIndex>& leaving() const { return leaving_; }
  const std::vector<TaskIndex>& leaving_threads() const { return leaving_threads_; }
  const std::vector<ObjectId>& leaving_objects() const { return leaving_objects_; }

 private:
  friend class Rebuild;
  // The dead are remembered for a while: a signal may still come from them, a late event name them.
  static constexpr std::size_t most_dead = 1024;
  static constexpr std::size_t most_dead_words = 2'000'000;  // bytes of their paths and arguments
  struct Grave {
    ProcessIndex process;
    std::size_t words;
  };
  void forget_leaving();
  void forget(Task& task);
  void forget(Process& process);
  void bury_orphaned_zombies(const Event& event);
  bool awaited(const Process& dead) const;
  void consider(Process& process);
  void bury(Process& process);
  void choose_leaving();

  // Objects and descriptors. `now` is the event's end.
  bool followed(const Process& process) const;
  void use_table(Task& task, TableIndex table);
  void use_own_table(Task& task);
  void use_table_of(Task& task, const Task& other);
  void use_copy_for(Task& task, const Task& other);
  void unshare_table(Task& task);
  std::vector<Holders::Closed> leave_table(Task& task);
  void end_table(Task& task, Nanoseconds now);
  void abandon_tables(const Process& process, Nanoseconds now);
  Object& meet(ObjectId id, Process& by, Nanoseconds now, bool inherited = false);
  void hold(Task& task, int fd, Holders::Held held, Nanoseconds now);
  void let_go(ProcessIndex by, const Holders::Closed& closed, Nanoseconds now);
  void close(Task& task, const FdClosed& fact, Nanoseconds now);
  void use(Task& task, int fd, ObjectId obj, End way, Nanoseconds now);
  void connect(Object& object, ObjectId peer);
  void note_use(Object& object);
  void idle(Object& object);
  void idle_if_unheld(ObjectId id, Nanoseconds now);
  void choose_leaving_objects();
  void forget_leaving_objects();

  Slots<TaskIndex, Task> tasks_;
  Slots<ProcessIndex, Process> processes_;
  std::unordered_map<Tid, TaskIndex> by_tid_;
  std::unordered_map<Tgid, ProcessIndex> by_pid_;
  std::uint32_t roots_born_ = 0;  // processes with no traced creator
  std::uint32_t live_processes_ = 0;
  std::deque<Grave> graves_;  // the longest buried first
  std::size_t buried_words_ = 0;
  std::deque<TaskIndex> dead_threads_;
  std::vector<ProcessIndex> bereaved_;  // have ended with zombies, which the next events may give to another
  std::vector<ProcessIndex> leaving_;
  std::vector<TaskIndex> leaving_threads_;
  Holders holders_;
  std::unordered_map<TableIndex, std::map<ProcessIndex, std::uint32_t>> users_;  // of each table: the processes, and
                                                                                 // how many tasks of each
  std::map<ObjectId, Object> objects_;
  std::map<std::uint64_t, ObjectId> idle_;  // that nobody holds, the longest so first
  std::uint64_t last_idle_ = 0;
  std::optional<ProcessIndex> ended_;  // by the event
  std::vector<ObjectId> leaving_objects_;
};

}  // namespace kintrace
