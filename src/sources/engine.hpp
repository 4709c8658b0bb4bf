// SPDX-License-Identifier: MIT
// The tracer's loop: reports from the kernel in, events out. Shared by every source that traces; how the first task
// came under it (launched, attached) is theirs. All of it runs in one thread, the only one that the kernel knows as the
// tracer. Order of work: collect every report that is ready, then handle them one by one; nothing here waits for
// anything but wait4.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kintrace/choice.hpp"
#include "kintrace/event.hpp"
#include "os/descriptor.hpp"
#include "os/file_locks.hpp"
#include "os/procfs.hpp"
#include "os/ptrace.hpp"
#include "os/socket.hpp"
#include "sources/event_queue.hpp"
#include "sources/graves.hpp"
#include "sources/memory.hpp"
#include "sources/objects.hpp"
#include "sources/tracee.hpp"
#include "syscalls/row.hpp"
#include "syscalls/signal.hpp"

namespace kintrace::sources {

// A moment when a task is stopped and the model can be compared with /proc.
enum class Moment { exec, exit, periodic };

struct EngineOptions {
  RunHeader header;  // complete but for the start time, which is that of the first exec
  // If set, called with everything told so far dealt with, and the task stopped (`periodic`: not necessarily).
  std::function<void(Moment, Tid)> checkpoint;
  // The root was stopped (SIGSTOP), or was continued or has ended (SIGCONT): whoever stands for it should do as it
  // does.
  std::function<void(int)> mirror = [](int) {};
  Choice choice;                       // which calls to look at, beside births, execs and ends
  bool restart_repair = true;          // no EINTR that only tracing causes (docs/ptrace-notes.md, H7)
  bool detach_on_exec = false;         // -b execve: leave alone what a traced process execs, the root's first excepted
  bool kill_on_exit = false;           // PTRACE_O_EXITKILL: the program dies with the tracer
  bool peaks = true;                   // learn how much memory each process used at most
  std::size_t data = 32;               // bytes of each message to tell
  bool filtered = false;               // the program installs os::SeccompFilter before its exec
  std::optional<Nanoseconds> timeout;  // after so long tell what every task waits for and end them all
  std::string without_row;             // a syscall whose row has no effect: the self-check must then find differences
  const std::atomic<bool>* stop_asked = nullptr;  // end the watch; a signal interrupts the wait as well
};

class Engine final : private syscalls::Keeper {
 public:
  Engine(EventQueue& out, EngineOptions options);
  // Seizes `root`, a child that blocks before its exec, and brings it to where its syscalls are seen.
  Result<void> seize(Tid root, Tgid parent);
  // Follows the tasks until the last one has ended or the watch is to end. Whether the root became a program at all.
  bool follow();
  // After that: goes on as before, and tells nothing, for as long as there are tasks that cannot do without a tracer.
  void stay();
  bool must_stay() const { return filter_ == Filter::works && tracees_.count() != 0; }
  std::int64_t stops() const { return stops_; }
  std::int64_t events() const { return events_; }

 private:
  enum class Loop { ended, interrupted };
  Loop loop();
  // Resumes it, only as far as something is to be learned of it.
  void resume(os::Stop stop, const Tracee& task, Signal signal = {}) const;

  // Reports, by kind.
  void handle(const os::Report& report);
  void forked(os::Stop stop, Tracee& parent);
  void execed(os::Stop stop);
  void exiting(os::Stop stop, Tracee& task);
  void syscall(os::Stop stop, Tracee& task);
  void filtered(os::Stop stop, Tracee& task);
  void signalled(os::Stop stop, Tracee& task);
  void group_stopped(os::Stop stop, Tracee& task);
  void trapped(os::Stop stop, Tracee& task);
  void ended(const os::Report& report);

  // Births: a child's first stop and its parent's event come in either order, and the event may be lost.
  struct Held {
    os::Stop stop;
    Nanoseconds since;
    std::optional<os::TaskStatus> status;  // of one that is about to end: afterwards nobody knows
  };
  struct EarlyEnd {
    os::Report report;
    std::optional<os::TaskStatus> status;
  };
  void start(os::Stop stop, Tracee& child);
  void first_stop(os::Stop stop, Tracee& child) const;
  void hold(os::Stop stop);
  void release_overdue();
  void release_all();
  void release(Nanoseconds limit);
  void adopt(Tid tid, const std::optional<os::TaskStatus>& known);
  void adopt_dead(Tid tid);
  void adopt_dead_of(Tgid pid);
  void supersede(Group& group, Tid former);
  const SharedWords& flag_words(std::uint64_t flags);
  std::optional<Tgid> inherit(Group& creator, Group& child, std::uint64_t flags);
  void tell_execed(Tracee& task, Tid former);
  void keep_actions(Group& group);
  void tell_denied_privileges(const Tracee& task);
  void detach(os::Stop stop, Tracee& task);

  // Syscalls.
  void called(Tracee& task, const os::SyscallInfo& info) const;
  void begin_join(Tracee& task);
  void look_at_join(const os::Stop& stop, Tracee& task);
  void joined(Tid joiner, Tid thread);
  void enter(os::Stop stop, Tracee& task, const os::SyscallInfo& info);
  void leave(os::Stop stop, Tracee& task, std::int64_t result);
  void finish(Tracee& task, syscalls::Call& call);
  void begun(Tracee& task);
  void watch_every_call(const Tracee& task);
  void keep_traced(const os::Stop& stop, syscalls::Call& call) const;
  void tell(const syscalls::Call& call, Fact fact) override;
  void tell_of(Tgid whom, const syscalls::Call& call, Fact fact) override;
  void collected(const syscalls::Call& call, std::optional<Tgid> child, const std::optional<Ending>& ending) override;
  void escaped(const syscalls::Call& call, Tid child) override;
  bool action_set(const syscalls::Call& call, const syscalls::Action& action) override;
  void children_elsewhere(const syscalls::Call& call) override;

  // Objects.
  bool find_objects(const os::Stop& stop, Tracee& task, syscalls::Call& call);
  ObjectId object_of(Tracee& task, int fd);
  ObjectId look_up(Tracee& task, int fd, OpenedHow how, const syscalls::Call* call = nullptr, const Bytes& path = {});
  Identity identify(const Tracee& task, int fd, const os::OpenFile& file, OpenedHow how);
  Object& meet(const Tracee& task, const Identity& identity, ObjectMet fact);
  Object& met(const Tracee& task, ObjectKind kind, const Identity& identity, OpenedHow how, const Bytes& path,
              const std::vector<ObjectId>& pair = {}, int type = SOCK_STREAM);
  void hold(Tracee& task, int fd, Holders::Held held, OpenedHow how, const syscalls::Call* call = nullptr);
  void take_along(Tracee& task, syscalls::Call& call);
  void take_back(const syscalls::Call& call);
  void tell_closed(const Tracee& task, const Holders::Closed& closed, ClosedHow how);
  bool observes(const syscalls::Row& row) const { return observed_.at(static_cast<std::size_t>(row.nr)); }
  bool observes_all(const syscalls::Row& row) const { return whole_.at(static_cast<std::size_t>(row.nr)); }
  bool concerns_us(ObjectKind kind) const { return wanted_.at(static_cast<std::size_t>(kind)); }
  void inherit_files(const Tracee& creator, Tracee& child, bool shared);
  void leave_files(Tracee& task);
  void inherit_memory(const Group& creator, Group& child, std::uint64_t flags);
  void look_at_inherited(Tracee& root);
  void files_execed(Tracee& task);
  void begin_transfer(const syscalls::Call& call);
  Object* flows_to(Object& object, const Bytes& address);
  Object* at_address(const Bytes& words);
  void name_itself(Object& object, const Tracee& task, int fd);
  Object* flows_from(Object& object);
  std::size_t wanted_of(const syscalls::Call& call);
  std::optional<Tgid> who_left(const Object& object, End end);
  std::vector<Tid> other_side(const syscalls::Call& call);
  void find_peer(Object& object, const Tracee& task, int fd);
  Seq seq_for(const syscalls::Call& call, bool first) { return first && call.seq ? call.seq : next_seq(); }
  void opened(const syscalls::Call& call, std::span<const int> fds, OpenedHow how) override;
  void duplicated(const syscalls::Call& call, int from, int to) override;
  void closing(const syscalls::Call& call, unsigned first, unsigned last) override;
  void unseen_from_now(const syscalls::Call& call) override;
  void sent(const syscalls::Call& call, Transfer transfer) override;
  void received(const syscalls::Call& call, Transfer transfer) override;
  void tell_of_object(const syscalls::Call& call, std::size_t arg, Fact fact, Which which) override;
  void tell_as(const syscalls::Call& call, Seq seq, Fact fact);
  void add_wait(Event& event, const syscalls::Call& call);
  void note_gives(const syscalls::Call& call);
  void tell_begun(Tid tid, Seq seq);

  // What is found by an id: System V semaphores, segments, queues.
  void look_for_key(const Tracee& task, syscalls::Call& call);
  ObjectId of_id(const Tracee& task, ObjectKind kind, std::int32_t id);
  static void note_user(Object& object, const Tracee& task);
  Object* semaphores_of(const syscalls::Call& call);
  static std::optional<std::int64_t> value_of(const Object& object, int index, const Group& group);
  void tell_semaphore(const syscalls::Call& call, Object& object, SemChanged fact, Seq seq);
  void undo_semaphores(const Tracee& task);
  void got(const syscalls::Call& call, ObjectKind kind, std::int32_t id, std::int64_t key, std::int64_t size) override;

  // Memory.
  enum class Made { no, yes };
  static ObjectKind kind_at(const Bytes& path);
  Object& meet_file(const Tracee& task, const Identity& identity, ObjectKind kind, const Bytes& path, Made made);
  SharedMemory new_memory() { return std::make_shared<Memory>(Memory{++last_memory_, {}, {}}); }
  static void forget_words(Memory& memory, std::uint64_t address, std::uint64_t bytes);
  static bool is_shared(const Tracee& task, std::uint64_t address);
  ObjectId of_word(const Tracee& task, const syscalls::Call& call, std::size_t arg);
  const Mappings::Piece* find_shared(const Tracee& task, std::uint64_t address);
  static Tid owner_of(const os::Stop& stop, const syscalls::Call& call);
  void note_owner(const os::Stop& stop, const Tracee& task, syscalls::Call& call);
  void mapped(const syscalls::Call& call, const Piece& piece) override;
  void unmapping(const syscalls::Call& call, std::uint64_t address, std::uint64_t bytes) override;
  void moved(const syscalls::Call& call, std::uint64_t from, std::uint64_t from_bytes, std::uint64_t to,
             std::uint64_t to_bytes) override;
  void attached(const syscalls::Call& call, std::uint64_t address, bool read_only) override;
  void detached(const syscalls::Call& call, std::uint64_t address) override;

  // File locks.
  Object* locked_file(const Tracee& task, int fd);
  std::optional<std::pair<std::int64_t, std::int64_t>> range_of(const Tracee& task, int fd, const Locking& lock) const;
  void note_holder(const Tracee& task, syscalls::Call& call);
  std::optional<Tgid> holder_by_proc(const syscalls::Call& call, const Object& object);
  void closing_locked(Tracee& task, int fd);
  void tell_given_back(Object& object, Tgid taker, const Locking& taken,
                       const std::pair<std::int64_t, std::int64_t>& range);
  void look_for_locks(Tracee& task, const syscalls::Call& call);
  void find_locked(const Tracee& task, syscalls::Call& call, std::size_t arg);
  void release(Tracee& task, Object& object, ReleasedHow how, int fd);
  void tell_released(const Tracee& task, ObjectId file, const HeldLock& lock, ReleasedHow how, int fd);
  void settle_locks(const Tracee& task, ReleasedHow how);
  bool has_inherited(const Tracee& task, ObjectId file, std::span<const os::FileLock> all, ReleasedHow how);
  void doubt_locks(const Tracee& task);
  void forget_released(Object& file);
  void release_all_locks(Tracee& task);
  void locked(const syscalls::Call& call, const Locking& lock) override;

  // Names, and waits for several things.
  Bytes whole_path(const Tracee& task, int directory, const Bytes& path) const;
  bool find_named(const Tracee& task, syscalls::Call& call);
  bool find_shared_file(const Tracee& task, syscalls::Call& call, const Bytes& path);
  void opened_shared(const syscalls::Call& call, int fd);
  void socket_named(const Tracee& task, const Object& object, const Bytes& words);
  void tell_left_behind();
  static void look_for_queue(syscalls::Call& call);
  ObjectId first_watched(Tracee& task, const syscalls::Call& call);
  void made(const syscalls::Call& call, int fd, std::optional<std::int64_t> size) override;
  void linked(const syscalls::Call& call, const Bytes& from, const Bytes& to) override;
  void unlinked(const syscalls::Call& call) override;
  void fifo_made(const syscalls::Call& call, std::size_t path) override;
  void waited(const syscalls::Call& call, Waited fact, std::span<const Watched> fds) override;
  void accepted(const syscalls::Call& call, ObjectId from, const Bytes& records);
  void taken(Tracee& task, Signal signal, std::optional<Tgid> from);
  void watches(const syscalls::Call& call, int operation, int fd, std::uint64_t data) override;
  void epoll_waited(const syscalls::Call& call, Waited fact, std::span<const std::uint64_t> ready) override;

  // Signals.
  void handler_entered(os::Stop stop, Tracee& task);
  void note_fate(SignalSent& sent);
  void settle(Tracee& task, std::optional<std::int64_t> result);
  bool tell_interrupted(const os::Stop& stop, Tracee& task, const os::InterruptedCall& call, SignalDelivered& fact);
  void tell_delivered(Tracee& task, SignalDelivered fact);
  Actions actions_of(const Tracee& task, Signal signal) const;
  std::optional<std::int32_t> target_of(const Tracee& sender, const syscalls::Sending& sending) const;
  void tell_senders(Signal signal, Tracee& receiver, std::optional<Tgid> sender);
  bool asks_for_signals() const { return asks_for_signals_; }
  std::int64_t repair(const os::Stop& stop, Tracee& task);
  std::int64_t repair(const os::Stop& stop, Tracee& task, const os::InterruptedCall& call);
  static std::int64_t as_alone(const os::Stop& stop, Tracee& task, std::int64_t result);
  bool trapped_by_seccomp(Tid tid) const;

  // Waiting.
  // A call that has not waited for so long may have returned already without our knowing.
  static constexpr Nanoseconds own_delay = 100'000;
  // Messages are sent and received all the time: a wait for one that is shorter is not worth a line.
  static constexpr Nanoseconds real_wait = 1'000'000;
  static bool may_wait(const syscalls::Call& call);
  void tell_waiting(Tid except);
  void tell_blocked(Tracee& task);
  std::vector<Tid> waits_for(const Tracee& task);
  std::vector<Tid> who_may_change(const syscalls::Call& call);
  void end_after(Nanoseconds time);
  void explain_and_end();

  // Ends.
  using Orphans = std::map<Tgid, Tgid>;  // the children of one that has ended, and to whom they were given
  void cut_calls(Tracee& task);
  void take_back(Tracee& task);
  Leaving way_out(const os::Stop& stop, const Tracee& task) const;
  void end_unreported(Tid tid, const Exited& fact);
  std::optional<os::TaskStatus> status_of(Tid tid) const;  // nothing: it is gone
  void finish(Tracee& task, const os::Report& report);
  void group_ended(Group& group, const os::Report& report, const Orphans& orphans);
  static bool gone(const Dead& dead);
  Orphans orphans_of(const Group& group) const;
  void orphan_children(const Group& group, const Orphans& orphans);
  void tell_reaped(const Dead& dead, Group& by, const syscalls::Call& call);
  void tell_reaped_by_kernel(Group& parent);
  void tell_reaped_unseen(Group& parent, Tid last);
  EndedBy ended_by(const Tracee& task, const Ending& ending);
  void check(Moment moment, Tid tid);
  void let_go();
  void lose_rest();

  // Events.
  void begin_run();
  void end_run(const char* why);
  Seq next_seq() { return Seq{++last_seq_}; }
  void emit(Seq seq, Nanoseconds begin, Nanoseconds end, Tgid pid, Tid tid, Fact fact, bool unfinished = false);
  void emit_now(const Tracee& task, Fact fact) {
    emit(next_seq(), now_, now_, task.group->pid, task.tid, std::move(fact));
  }
  void put(Event event);
  void flush() { out_.put(told_); }

  EventQueue& out_;
  EngineOptions options_;
  os::Tracer tracer_;
  enum class Filter { none, expected, works };
  Filter filter_;
  const bool asks_for_signals_;
  std::vector<bool> observed_, whole_;  // by syscall number: what the user's choice asks for; of which, all
  std::array<bool, Names<ObjectKind>::value.size()> wanted_{};  // of which kinds objects are told
  bool wants_locks_ = false;
  Objects objects_;
  // What the run has made that may outlive it: by its id, or by its path, which leads to this file then.
  struct MadeHere {
    ObjectId obj;
    Bytes path;
    Identity file;
    Tgid by;
  };
  std::vector<MadeHere> made_;
  std::map<Identity, ObjectId> names_;                 // of files that are objects, or lead to them
  std::set<ObjectId> inherited_locks_;                 // files with locks that outlive who took them
  std::set<std::pair<std::int32_t, Signal>> pending_;  // signals that wait, by whom they were sent to
  std::uint64_t last_memory_ = 0, last_event_object_ = 0;
  os::SocketDiag socket_diag_;
  bool silent_ = false;  // the watch has ended
  std::int64_t stops_ = 0;
  std::size_t ending_ = 0;  // processes whose last task is past PTRACE_EVENT_EXIT: their end comes next
  os::Procfs proc_;
  Tracees tracees_;
  Graves graves_;
  std::unordered_map<Tid, Held> held_;
  std::vector<Tid> waiting_;                      // in a call that may wait long, which has not been told yet
  std::vector<Tid> sending_;                      // in a call that sends a signal
  std::unordered_map<Tid, EarlyEnd> early_ends_;  // of children that ended before their parent's event came
  Tid root_;
  std::optional<Ending> root_ending_;
  bool running_ = false;                // the root has become a program: from here on all is told
  Nanoseconds start_ = 0;               // CLOCK_MONOTONIC of t = 0
  Nanoseconds now_ = 0;                 // when the report in hand was told
  std::optional<Nanoseconds> ends_at_;  // --timeout: when to explain and end all, or to do so more firmly
  bool timed_out_ = false;
  bool unprivileged_;  // an exec cannot raise privileges while we trace it
  std::uint64_t last_seq_ = 0;
  std::int64_t events_ = 0;
  std::int64_t lost_ = 0;  // events that must have been, and were not reported
  std::unordered_map<std::uint64_t, SharedWords> flag_words_;
  std::vector<Message> told_;
};

}  // namespace kintrace::sources
