// SPDX-License-Identifier: MIT
// The engine's part that tells of tasks that wait: while other things happen, and when the time given has passed.
#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <set>

#include "os/clock.hpp"
#include "os/syscall_names.hpp"
#include "sources/engine.hpp"
#include "syscalls/futex.hpp"
#include "syscalls/lock.hpp"
#include "syscalls/wait.hpp"

namespace kintrace::sources {
namespace {

// More names than that say nothing any more.
constexpr std::size_t most_named = 64;
// What --timeout gives a program to end by itself.
constexpr Nanoseconds grace = 1'000'000'000;
constexpr Nanoseconds again = 100'000'000;

}  // namespace

bool Engine::may_wait(const syscalls::Call& call) {
  using syscalls::Blocks;
  switch (call.row->blocks) {
    case Blocks::no: return false;
    case Blocks::on_children: break;
    case Blocks::on_change: {
      if (call.row->cls == syscalls::Class::futex) return syscalls::futex_of(call).does == syscalls::Futex::Does::wait;
      if (call.row->cls == syscalls::Class::sem) return true;
      const auto lock = syscalls::locking_of(call);
      return lock && lock->waits && lock->mode;
    }
    default: return true;
  }
  return syscalls::awaited(call).whom != syscalls::Awaited::Whom::nobody;
}

// Before the first line of another task that comes between a wait's begin and its end.
void Engine::tell_waiting(Tid except) {
  if (waiting_.empty()) return;
  std::vector<Tid> due;
  std::erase_if(waiting_, [&](Tid tid) {
    Tracee* task = tracees_.find(tid);
    if (task == nullptr) return true;
    if (!task->call || !may_wait(*task->call)) {
      task->may_be_waiting = false;
      return true;
    }
    const bool on_children = task->call->row->blocks == syscalls::Blocks::on_children;
    if (tid == except || now_ - task->call->begin < (on_children ? own_delay : real_wait)) return false;
    if (!on_children && std::exchange(task->call->told, true)) return true;
    task->may_be_waiting = false;
    due.push_back(tid);
    return true;
  });
  for (const Tid tid : due) tell_blocked(*tracees_.find(tid));
}

void Engine::tell_blocked(Tracee& task) {
  Blocked fact;
  Nanoseconds begin = now_;
  if (task.call) {
    fact.syscall = task.call->row->name;
    fact.waits_for = waits_for(task);
    const auto at =
        std::find_if(task.call->objects.begin(), task.call->objects.end(), [](ObjectId id) { return bool{id}; });
    if (task.call->joins) {
      fact.obj.reset();  // a thread is waited for, not the word
    } else if (at != task.call->objects.end()) {
      fact.obj = *at;
    } else if (const ObjectId watched = first_watched(task, *task.call)) {
      fact.obj = watched;
    }
    begin = task.call->begin;
  } else if (const auto nr = proc_.blocked_in(task.tid)) {
    fact.syscall = os::syscall_name(*nr);
  } else {
    return;  // it runs, or we are not told
  }
  put(Event{next_seq(), begin - start_, now_ - begin, false, task.group->pid, task.tid, std::move(fact)});
}

std::vector<Tid> Engine::waits_for(const Tracee& task) {
  using syscalls::Blocks;
  if (task.call->row->blocks == Blocks::on_any) return {};  // it is not said which of them, or it is time
  if (task.call->row->blocks == Blocks::on_change) return who_may_change(*task.call);
  if (task.call->row->blocks != Blocks::on_children) return other_side(*task.call);
  const auto awaited = syscalls::awaited(*task.call);
  const auto& children = task.group->children;
  std::vector<Tid> tids;
  const auto one = tracees_.seen_from(*task.group, awaited.pid);
  if (awaited.whom == syscalls::Awaited::Whom::one && one && children.contains(*one)) tids = {leader_of(*one)};
  if (awaited.whom == syscalls::Awaited::Whom::any && children.size() <= most_named) {
    for (const Tgid child : children) tids.push_back(leader_of(child));
  }
  return tids;
}

// A lock or mutex has an owner; what has none may be changed by whoever has used it.
std::vector<Tid> Engine::who_may_change(const syscalls::Call& call) {
  const Object* object = call.objects[0] ? objects_.find(call.objects[0]) : nullptr;
  if (call.owner) return {call.owner};
  if (object == nullptr) return {};
  if (call.row->args[0].kind == syscalls::Arg::locked_file || call.row->args[0].kind == syscalls::Arg::descriptor) {
    const auto holder = holder_by_proc(call, *object);
    return holder ? std::vector{leader_of(*holder)} : std::vector<Tid>{};
  }
  std::vector<Tid> tids;
  const Tgid self = tracees_.find(call.tid)->group->pid;
  for (const Tgid user : object->used_by) {
    if (user != self && tracees_.find(user) != nullptr) tids.push_back(leader_of(user));
  }
  return tids;
}

// A thread that joins another, with no limit of time, goes on when that has ended: that end is told us in any case, and
// the call's own exit need not stop. A leader's end is told with its process.
void Engine::begin_join(Tracee& task) {
  constexpr std::size_t timeout = 3;
  const syscalls::Call& call = *task.call;
  Tracee* thread = call.joins && call.args[timeout] == 0 ? tracees_.find(call.owner) : nullptr;
  task.joining = thread != nullptr && call.owner != leader_of(task.group->pid);
  if (task.joining) thread->joiner = task.tid;
}

// It stops before that end was told: as the thread has gone so far that it has let it go on, or for a signal.
void Engine::look_at_join(const os::Stop& stop, Tracee& task) {
  task.joining = false;
  const Tracee* thread = tracees_.find(task.call->owner);
  const bool over = thread == nullptr || thread->exiting;
  // Ended within the call, or after it?
  const bool ends = stop.status().kind() == os::WaitStatus::Kind::exiting;
  if (ends && (!over || way_out(stop, task) == Leaving::not_by_itself)) return;
  syscalls::Call call = syscalls::taken(task.call);
  if (!over) {
    task.interrupted = std::move(call);
    return;
  }
  call.result = 0;
  finish(task, call);
}

void Engine::joined(Tid joiner, Tid thread) {
  Tracee* task = tracees_.find(joiner);
  if (task == nullptr || !task->joining || !task->call || task->call->owner != thread) return;
  task->joining = false;
  syscalls::Call call = syscalls::taken(task->call);
  call.result = 0;
  finish(*task, call);
}

// SIGALRM interrupts the wait. It comes again and again, as it may come just before we wait.
void Engine::end_after(Nanoseconds time) {
  constexpr Nanoseconds second = 1'000'000'000;
  ends_at_ = os::monotonic() + time;
  itimerval timer{{0, 10'000}, {time / second, time % second / 1'000}};
  if (time == 0) timer.it_value = timer.it_interval;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

// First what each task is doing, then the end of all: asked for, and after a while enforced.
void Engine::explain_and_end() {
  now_ = os::monotonic();
  const int signal = std::exchange(timed_out_, true) ? SIGKILL : SIGTERM;
  std::vector<Tid> tids = tracees_.all();
  std::sort(tids.begin(), tids.end());
  if (signal == SIGTERM) {
    for (const Tid tid : tids) tell_blocked(*tracees_.find(tid));
  }
  std::set<Tgid> pids;
  for (const Tid tid : tids) pids.insert(tracees_.find(tid)->group->pid);
  for (const Tgid pid : pids) {
    ::kill(pid.value, signal);
    if (signal == SIGTERM) ::kill(pid.value, SIGCONT);
  }
  ends_at_ = now_ + (signal == SIGTERM ? grace : again);
  flush();
}

}  // namespace kintrace::sources
