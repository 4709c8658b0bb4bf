// SPDX-License-Identifier: MIT
// The engine's part that follows each task to its end, and its remains to whoever collects them.
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>

#include "sources/engine.hpp"

namespace kintrace::sources {
namespace {

constexpr std::int64_t ru_maxrss_unit = 1024;  // getrusage(2)

Nanoseconds from(const timeval& time) {
  return Nanoseconds{time.tv_sec} * 1'000'000'000 + Nanoseconds{time.tv_usec} * 1'000;
}

// Whether its ru_maxrss may be that of others.
bool others_count(const Group& group) { return group.forks || (group.execs && group.borrowed); }

std::optional<Usage> usage_of(const os::Report& report) {
  if (!report.usage) return {};
  return Usage{from(report.usage->ru_utime), from(report.usage->ru_stime)};
}

}  // namespace

// The last moment when /proc still knows the task. It may be missed: nothing but its memory is learned here, and who
// ended it.
void Engine::exiting(os::Stop stop, Tracee& task) {
  Group& group = *task.group;
  if (group.tasks.size() > 1) {  // for one whose end another's exec keeps from being reported
    if (const auto message = stop.message()) task.leaving = os::WaitStatus{static_cast<int>(*message)}.ending();
  }
  task.way_out = way_out(stop, task);
  if (!std::exchange(task.exiting, true)) ++group.exiting;
  const bool last = group.exiting == group.tasks.size();
  if (last && !std::exchange(group.ending, true)) {
    ++ending_;
    take_back(task);
  }
  // ru_maxrss counts the children's memory too, and what was borrowed before an exec; VmHWM is this program's alone.
  if (options_.peaks && last && others_count(group)) group.peak = proc_.peak_memory(task.tid);
  if (last && group.undecoded) tell_reaped_unseen(group, task.tid);
  check(Moment::exit, task.tid);
  std::ignore = std::move(stop).resume(os::Until::event);
}

// What the end of a process does for others, told before they go on: but for its descriptors.
void Engine::take_back(Tracee& task) {
  if (!task.group->undoes.empty()) undo_semaphores(task);
  if (!task.group->locks.empty()) release_all_locks(task);
}

Leaving Engine::way_out(const os::Stop& stop, const Tracee& task) const {
  if (!task.group->threads) return Leaving::with_all;  // there was nobody else
  constexpr std::uint64_t i386_exit = 1, i386_exit_group = 252;
  auto nr = stop.call_number();
  if (!nr) nr = proc_.blocked_in(task.tid);
  const bool i386 = task.group->undecoded;
  if (nr == SYS_exit || (i386 && nr == i386_exit)) return Leaving::alone;
  if (nr == SYS_exit_group || (i386 && nr == i386_exit_group)) return Leaving::with_all;
  return Leaving::not_by_itself;
}

void Engine::ended(const os::Report& report) {
  std::optional<os::TaskStatus> status;
  if (auto held = held_.extract(report.tid); !held.empty()) {
    std::move(held.mapped().stop).forget();
    status = std::move(held.mapped().status);
  }
  if (Tracee* task = tracees_.find(report.tid)) return finish(*task, report);
  if (!status) status = status_of(report.tid);  // a zombie still has one
  early_ends_.emplace(report.tid, EarlyEnd{report, std::move(status)});
}

EndedBy Engine::ended_by(const Tracee& task, const Ending& ending) {
  if (ending.signal == Signal{SIGKILL} && task.group->init && task.group->init != task.group->pid) {
    // It is told last, as it waits for all others to end.
    const Tracee* init = tracees_.find(leader_of(*task.group->init));
    if (init == nullptr || init->exiting) return EndedBy::namespace_init;
  }
  if (task.way_out != Leaving::not_by_itself || ending.signal || !task.exiting) return EndedBy::itself;
  const Tracee* execing = tracees_.execing(*task.group);
  return execing != nullptr && execing != &task && !execing->exiting ? EndedBy::exec : EndedBy::exit_group;
}

// A task that ends within a call never returns from it.
void Engine::cut_calls(Tracee& task) {
  for (auto* pending : {&task.call, &task.interrupted}) {
    if (!*pending) continue;
    syscalls::Call call = syscalls::taken(*pending);
    call.result.reset();
    call.cut = true;
    finish(task, call);
  }
}

// The end of a task that the kernel does not report.
void Engine::end_unreported(Tid tid, const Exited& fact) {
  Tracee& task = *tracees_.find(tid);
  cut_calls(task);
  leave_files(task);
  emit_now(task, fact);
  tracees_.ended(tid);
}

std::optional<os::TaskStatus> Engine::status_of(Tid tid) const {
  auto status = proc_.status(tid);
  return status ? std::optional{std::move(*status)} : std::nullopt;
}

void Engine::finish(Tracee& task, const os::Report& report) {
  settle(task, {});
  cut_calls(task);
  Group& group = *task.group;
  const Ending ending = report.status.ending();
  Orphans orphans;
  Exited fact;
  fact.code = ending.code;
  fact.signal = ending.signal;
  fact.core = ending.core;
  fact.by = ended_by(task, ending);
  fact.group = task.tid == leader_of(group.pid);
  if (fact.group) {
    adopt_dead_of(group.pid);
    const std::set<Tid> left = group.tasks;  // an exec's event was lost with its process: they ended with it
    for (const Tid tid : left) {
      if (tid == task.tid) continue;
      Exited unseen;
      unseen.code = ending.code;
      unseen.signal = ending.signal;
      unseen.by = EndedBy::exec;
      end_unreported(tid, unseen);
    }
    if (const auto used = usage_of(report); used && group.collected) {
      fact.utime_ns = std::max<Nanoseconds>(0, used->user - group.collected->user);
      fact.stime_ns = std::max<Nanoseconds>(0, used->system - group.collected->system);
    }
    fact.maxrss = group.peak;
    if (!others_count(group) && report.usage && report.usage->ru_maxrss > 0)
      fact.maxrss = report.usage->ru_maxrss * ru_maxrss_unit;
    orphans = orphans_of(group);
    for (const auto& [child, to] : orphans) {
      if (tracees_.find(child) != nullptr) fact.children_to = to;
    }
  }
  if (ending.signal) tell_senders(*ending.signal, task, {});
  const bool whole_group = fact.group;
  if (whole_group) take_back(task);
  leave_files(task);
  if (whole_group) settle_locks(task, ReleasedHow::exit);
  const Tid joiner = task.way_out == Leaving::alone ? task.joiner : Tid{};
  emit_now(task, fact);
  tracees_.ended(task.tid);
  if (joiner) joined(joiner, report.tid);
  if (report.tid == root_) {
    root_ending_ = ending;
    options_.mirror(SIGCONT);
  }
  if (whole_group) group_ended(group, report, orphans);
}

// Threads of a process that is about to be told as ended, whose own end came before their birth was known.
void Engine::adopt_dead_of(Tgid pid) {
  std::vector<Tid> threads;
  for (const auto& [tid, end] : early_ends_) {
    if (end.status && end.status->tgid == pid) threads.push_back(tid);
  }
  for (const Tid tid : threads) adopt_dead(tid);
}

// The tracer has collected it, so that the real parent may: did it leave a zombie, and what becomes of its children?
void Engine::group_ended(Group& group, const os::Report& report, const Orphans& orphans) {
  const Tgid pid = group.pid;
  if (group.ending) --ending_;
  if (Group* parent = tracees_.find(group.parent)) {
    Dead dead{pid, parent->pid, report.status.ending(), now_, group.ns_pid, usage_of(report)};
    dead.vanished = os::is_gone(leader_of(pid));
    graves_.add(dead);
    tell_reaped_by_kernel(*parent);
  }
  orphan_children(group, orphans);
  tracees_.ended(pid);
}

bool Engine::gone(const Dead& dead) { return os::is_gone(leader_of(dead.pid)); }

// Reparenting has no event; by now it has happened, and /proc tells to whom.
Engine::Orphans Engine::orphans_of(const Group& group) const {
  Orphans orphans;
  for (const Tgid child : group.children) {
    const auto status = status_of(leader_of(child));
    if (status && status->ppid != group.pid) orphans.emplace(child, status->ppid);
  }
  return orphans;
}

void Engine::orphan_children(const Group& group, const Orphans& orphans) {
  for (const Tgid child : group.children) {
    const auto given = orphans.find(child);
    Group* adopter = given != orphans.end() ? tracees_.find(given->second) : nullptr;
    Group* alive = tracees_.find(child);
    if (adopter != nullptr) {
      adopter->children.insert(child);
      adopter->forks = true;
      graves_.move(child, adopter->pid);
    } else {
      graves_.forget(child);
    }
    if (given == orphans.end() || (alive == nullptr && adopter == nullptr)) continue;
    if (alive != nullptr) alive->parent = given->second;
    emit(next_seq(), now_, now_, child, leader_of(child), Reparented{group.pid, given->second});
  }
}

// A zombie that vanished while no wait of its parent was under way was reaped by the kernel: SIGCHLD is ignored, or
// SA_NOCLDWAIT is set (wait(2), NOTES).
void Engine::tell_reaped_by_kernel(Group& parent) {
  if (!graves_.any_vanished() || parent.undecoded || tracees_.in_wait(parent)) return;
  for (const Dead& dead : graves_.reaped_by_kernel(parent.pid)) {
    Reaped fact{dead.pid, dead.ending.code, dead.ending.signal, {}, 0, true};
    emit(next_seq(), dead.died, dead.died, parent.pid, leader_of(parent.pid), std::move(fact));
    parent.children.erase(dead.pid);
  }
}

// Whoever of its dead is gone was collected by a call that we did not see to its end: of another architecture, or cut.
void Engine::tell_reaped_unseen(Group& parent, Tid last) {
  for (;;) {
    auto dead = graves_.collected_by(parent.pid, gone);
    if (!dead) return;
    Reaped fact{dead->pid, dead->ending.code, dead->ending.signal, {}, 0, false};
    emit(next_seq(), now_, now_, parent.pid, last, std::move(fact));
    parent.children.erase(dead->pid);
  }
}

void Engine::tell_reaped(const Dead& dead, Group& by, const syscalls::Call& call) {
  Reaped fact{dead.pid, dead.ending.code, dead.ending.signal, std::string{call.row->name}, now_ - dead.died, false};
  tell(call, std::move(fact));
  by.children.erase(dead.pid);
  if (by.collected && dead.usage) {
    by.collected->user += dead.usage->user;
    by.collected->system += dead.usage->system;
  } else {
    by.collected.reset();
  }
}

}  // namespace kintrace::sources
