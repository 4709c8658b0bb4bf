// SPDX-License-Identifier: MIT
// The world rebuilt from events: tasks, thread groups, who created, waits for and reaps whom. Everything that ever
// lived is kept, with its names, as views speak of the dead too. Fed by World::apply only; knows nothing of ptrace,
// /proc or views.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "kintrace/event.hpp"

namespace kintrace {

// Positions in World::tasks and World::processes, in order of birth. Unlike tids they are never used twice.
using TaskIndex = Id<struct TaskIndexTag, std::uint32_t>;
using ProcessIndex = Id<struct ProcessIndexTag, std::uint32_t>;
// An address space: processes share one after vfork(2) and clone(2) with CLONE_VM, until one of them execs.
using MemoryIndex = Id<struct MemoryIndexTag, std::uint32_t>;

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
  std::vector<std::string> flags;  // of the clone that made it
  Span life;
  std::optional<Exited> exit;
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
  std::optional<ProcessIndex> creator;  // whoever forked it, if that was traced
  std::uint32_t ordinal = 1;            // the how-manieth child of its creator, or root of the world
  Tgid parent;                          // the real parent at present, or at its end: getppid(2)
  Bytes comm;                           // of its leader
  Bytes path;                           // of its last successful exec; empty before the first one seen
  std::vector<Bytes> argv;              // of that exec, or its creator's
  int execs = 0;
  bool stopped = false;  // in a group-stop
  MemoryIndex memory;
  std::optional<Signal> exit_signal;  // sent to the parent when it ends; nothing: none
  std::optional<Tgid> pgid, sid;      // as far as they have been told
  std::optional<Tgid> ns_pid;         // in its own pid namespace, if that is not kintrace's
  bool subreaper = false;             // orphans among its descendants become its children
  bool untraced = false;              // CLONE_UNTRACED: never followed
  std::string detached;               // why it is followed no longer; empty: it is, or was to its end
  Span life;
  std::optional<Exited> exit;  // of the last task; what wait(2) tells the parent
  std::optional<Reaping> reaped;
  std::vector<TaskIndex> tasks;        // in order of birth
  std::vector<ProcessIndex> children;  // created by it, in order of birth
  std::set<ProcessIndex> offspring;    // whose parent it is at present: alive, or dead and not reaped
  std::uint32_t live_tasks = 0;
  std::vector<Tgid> adopters;  // in order, each the `to` of a reparenting
};

class World {
 public:
  void apply(const Event& event);

  const Task* find(Tid tid) const;  // the task most recently born with this tid, alive or dead
  const Process* find(Tgid pid) const;
  const Task& operator[](TaskIndex index) const { return tasks_[index.value]; }
  const Process& operator[](ProcessIndex index) const { return processes_[index.value]; }
  const std::deque<Task>& tasks() const { return tasks_; }
  const std::deque<Process>& processes() const { return processes_; }
  const std::vector<ProcessIndex>& roots() const { return roots_; }  // processes with no traced creator
  std::uint32_t live_processes() const { return live_processes_; }
  // The other living processes that use its address space.
  std::vector<ProcessIndex> sharing_memory(const Process& process) const;
  // Its living children, whoever created them; the dead that it has not reaped.
  std::vector<ProcessIndex> living_children(const Process& process) const;
  std::vector<ProcessIndex> zombies(const Process& process) const;

 private:
  friend class Rebuild;
  std::deque<Task> tasks_;
  std::deque<Process> processes_;
  std::vector<std::vector<ProcessIndex>> memories_;  // the living processes that use each address space
  std::vector<ProcessIndex> roots_;
  std::unordered_map<Tid, TaskIndex> by_tid_;
  std::unordered_map<Tgid, ProcessIndex> by_pid_;
  std::uint32_t live_processes_ = 0;
};

}  // namespace kintrace
