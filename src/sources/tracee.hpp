// SPDX-License-Identifier: MIT
// What the engine remembers of each task and thread group while it lives: only what it needs to understand the next
// stop. The story of them all, the dead included, is the model's.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/holders.hpp"
#include "sources/memory.hpp"
#include "syscalls/row.hpp"

namespace kintrace::sources {

struct Group;

using Arguments = std::array<std::uint64_t, 6>;

// A call that tracing would have made fail with EINTR, and that goes on instead (docs/ptrace-notes.md, H7).
struct Repair {
  std::uint64_t nr = 0;
  Arguments args{};
  Nanoseconds since = 0;    // the first time
  bool to_continue = true;  // the next entry is its continuation, if it is one of the same call
};

// How a task ends by its own call: with exit(2) its process goes on, with exit_group(2) all of that end.
enum class Leaving { not_by_itself, alone, with_all };

// A task, from its first report to its end.
struct Tracee {
  Tid tid;
  Group* group = nullptr;
  std::optional<syscalls::Call> call;         // it is in this call
  std::optional<syscalls::Call> interrupted;  // it will come back to this call when a signal has been dealt with
  Nanoseconds entered = 0;                    // its last call that stopped at its entry
  std::uint64_t entered_nr = 0;               // which that was: by now it may be in another, whose entry was not seen
  std::uint64_t resumes = 0;                  // the number of the call that its restart_syscall(2) stands for
  std::optional<SignalDelivered> delivering;  // its handler is about to run, and says what becomes of its call
  std::optional<Repair> repair;               // of the call that it is in
  bool joining = false;                       // the end of its call is that of the thread that it joins
  Tid joiner;                                 // who so waits for this one
  bool watched = false;                       // the exit of its call matters, though no row asks for it
  std::optional<Arguments> own_arguments;     // its registers hold others: those of the call that made it were changed
  bool stopped = false;                       // in a group-stop, or on its way from there through its SIGCONT
  bool may_be_waiting = false;                // it is in the engine's list of those that wait
  Leaving way_out = Leaving::not_by_itself;
  bool exiting = false;      // PTRACE_EVENT_EXIT was seen
  TableIndex files;          // its descriptors
  bool closing = false;      // some of them, since its last stop
  bool check_locks = false;  // one of these may have been the last for a lock
  Ending leaving;            // what that said
};

// What wait4(2) counts for a process.
struct Usage {
  Nanoseconds user = 0;
  Nanoseconds system = 0;
};

// What signals do to a process, as its sigaction(2)s say: bit 0 is signal 1.
struct Actions {
  std::uint64_t caught = 0, ignored = 0;
  std::uint64_t restarting = 0;  // of the caught: calls go on after the handler (SA_RESTART)
};

// A thread group, from its birth until its end has been reported.
struct Group {
  Tgid pid;
  Tgid parent;              // the real parent
  std::set<Tid> tasks;      // alive
  std::set<Tgid> children;  // alive, or dead and not collected
  std::size_t exiting = 0;  // of the tasks, those past PTRACE_EVENT_EXIT
  // Tasks that were in such a call; whether they still are, their call says.
  std::unordered_set<Tid> in_exec, in_wait;
  bool every_call = false;  // each of its calls must stop, whatever the filter says
  // By the children that it waited for: wait4(2) counts them with their parent. Nothing: that of one was missed.
  std::optional<Usage> collected = Usage{};
  bool ending = false;                // its last task is past PTRACE_EVENT_EXIT
  bool forks = false;                 // it had children
  bool execs = false;                 // it replaced its program
  bool borrowed = false;              // the memory that it had before was another's: its vfork parent's, or ours
  bool threads = false;               // it had more than one task
  bool stopped = false;               // in a group-stop
  std::optional<Signal> exit_signal;  // sent to its parent when it ends
  std::optional<Actions> actions;     // as far as they are known
  std::set<Tgid> strangers;           // children that are not traced: escaped by CLONE_UNTRACED, or detached
  bool elsewhere = false;             // its children live in a pid namespace that is not kintrace's
  std::optional<Tgid> ns_pid;         // in its own pid namespace, if that is not kintrace's
  std::optional<Tgid> init;           // of its pid namespace, if that is not kintrace's and the init is traced
  std::optional<Tgid> children_init;  // of its children's
  bool undecoded = false;             // it makes calls of another architecture (i386, x32), whose waits we do not know
  SharedMemory memory;                // what is mapped
  std::set<ObjectId> undoes;          // semaphore sets of which its end takes something back
  std::set<ObjectId> locks;           // files of which it holds locks
  std::uint64_t ipc_namespace = 0;    // 0: kintrace's own
  std::optional<std::int64_t> peak;   // bytes of resident memory, read at its last moment
};

class Tracees {
 public:
  Tracee* find(Tid tid);
  Group* find(Tgid pid);
  // A new task: of a group that is known, or the leader of a new one.
  Tracee& born(Tid tid, Tgid pid, Tgid parent);
  // An exec by a task that is not the leader: it takes the leader's tid, whose task must be gone.
  void take_leadership(Tid former, Tgid pid);
  void ended(Tid tid);
  void ended(Tgid pid);
  std::vector<Tid> all() const;
  // The task of `group` that is in an exec, if any.
  Tracee* execing(Group& group);
  // The process that is `number` for `group`, which may live in a pid namespace of its own; nothing if none is known.
  std::optional<Tgid> seen_from(const Group& group, Tgid number) const;
  // Whether a task of `group` may be collecting a child just now.
  bool in_wait(Group& group);
  std::size_t count() const { return tasks_.size(); }

 private:
  std::unordered_map<Tid, Tracee> tasks_;
  std::unordered_map<Tgid, std::unique_ptr<Group>> groups_;
};

}  // namespace kintrace::sources
