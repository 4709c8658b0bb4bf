// SPDX-License-Identifier: MIT
// The loop, the dispatch of reports, and births. Calls are in engine_calls.cpp, ends in engine_ends.cpp.
#include "sources/engine.hpp"

#include <fmt/format.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "os/clock.hpp"
#include "syscalls/clone.hpp"
#include "syscalls/exec.hpp"

namespace kintrace::sources {
namespace {

using os::Until;
using Kind = os::WaitStatus::Kind;

// A child whose parent's event does not come is let go after this long; when its parent has ended, after the shorter
// one.
constexpr Nanoseconds hold_limit = 100'000'000;
constexpr Nanoseconds hold_check = 2'000'000;
constexpr std::int64_t periodic_check = 1000;  // events

// TASK_COMM_LEN less the NUL.
constexpr std::size_t comm_length = 15;

// The last reports, for a failing check. One engine a process.
struct Recent {
  std::array<os::Report, 16> reports{};
  std::size_t next = 0;
};
Recent recent;  // read while we die

std::string recent_reports() {
  std::string text = "last reports (task, wait status):";
  for (std::size_t i = 0; i < recent.reports.size(); ++i) {
    const os::Report& report = recent.reports.at((recent.next + i) % recent.reports.size());
    if (report.tid) text += fmt::format(" {} {:#x}", report.tid.value, report.status.raw());
  }
  return text + "\n";
}

// Flags that say where tids are stored, but not what is shared: what glibc's fork(3) uses, and pidfds.
constexpr std::uint64_t bookkeeping_flags =
    CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | CLONE_PIDFD;

BirthHow birth(bool thread, const os::WaitStatus& status, std::uint64_t flags) {
  if (thread) return BirthHow::thread;
  if (status.forked_as_vfork()) return BirthHow::vfork;
  if (status.forked_as_clone()) return BirthHow::clone;
  return (flags & ~bookkeeping_flags) != 0 ? BirthHow::clone : BirthHow::fork;
}

bool in_exec(const Tracee& task) { return task.call && syscalls::is_exec(*task.call->row); }

}  // namespace

Engine::Engine(EventQueue& out, EngineOptions options)
    : out_(out), options_(std::move(options)), unprivileged_(::geteuid() != 0) {
  set_crash_notes(recent_reports);
}

// PTRACE_SEIZE alone reports events but no syscalls: those need one stop, which the root spends blocked before its
// exec.
Result<void> Engine::seize(Tid root, Tgid parent) {
  root_ = root;
  const auto at_our_end = options_.kill_on_exit ? os::Tracer::AtOurEnd::dies : os::Tracer::AtOurEnd::goes_on;
  if (const auto seized = tracer_.seize(root, at_our_end); !seized) return seized;
  tracees_.born(root, led_by(root), parent);
  if (const auto asked = tracer_.interrupt(root); !asked) return asked;
  const auto report = tracer_.wait_for(root);
  if (!report) return report.error();
  if (report->status.ended()) {
    ended(*report);
    return Failure{Errno{ESRCH}};
  }
  return os::Stop{root, report->status}.resume(Until::syscall);
}

bool Engine::follow() {
  bool let_go_of_some = false;
  std::int64_t checked = 0;
  for (;;) {
    const bool unsettled = !held_.empty() || !early_ends_.empty();
    const auto batch = tracer_.wait(unsettled ? std::optional{hold_check} : std::nullopt);
    for (const os::Report& report : batch.reports) {
      recent.reports.at(recent.next++ % recent.reports.size()) = report;
      now_ = report.told;
      handle(report);
    }
    flush();
    if (unsettled) release_overdue(hold_limit);
    if (options_.checkpoint && events_ / periodic_check > checked) {
      checked = events_ / periodic_check;
      check(Moment::periodic, {});
    }
    if (!batch.left) break;
    if (ends_at_ && os::monotonic() >= *ends_at_) explain_and_end();
    if (options_.stop_asked != nullptr && *options_.stop_asked) {
      let_go();
      let_go_of_some = true;
      break;
    }
  }
  if (!let_go_of_some) {
    release_overdue(0);  // the ends of tasks whose birth will never be told
    lose_rest();
  }
  end_run(timed_out_ ? "timeout" : let_go_of_some ? "interrupted" : "done");
  return running_;
}

void Engine::handle(const os::Report& report) {
  if (report.status.ended()) return ended(report);
  os::Stop stop{report.tid, report.status};
  Tracee* task = tracees_.find(report.tid);
  if (task == nullptr) {
    if (stop.status().kind() == Kind::execed) return execed(std::move(stop));
    return hold(std::move(stop));
  }
  switch (stop.status().kind()) {
    case Kind::forked: return forked(std::move(stop), *task);
    case Kind::execed: return execed(std::move(stop));
    case Kind::exiting: return exiting(std::move(stop), *task);
    case Kind::syscall: return syscall(std::move(stop), *task);
    case Kind::group_stop: return group_stopped(std::move(stop), *task);
    case Kind::trapped: return trapped(std::move(stop), *task);
    case Kind::signal: return signalled(std::move(stop), *task);
    default: std::ignore = std::move(stop).resume(Until::syscall);
  }
}

void Engine::forked(os::Stop stop, Tracee& parent) {
  const auto message = stop.message();
  if (!message) {  // the parent was killed: the child comes, or came, without its event
    std::ignore = std::move(stop).resume(Until::syscall);
    return;
  }
  const Tid child{static_cast<std::int32_t>(*message)};
  if (const Tracee* known = tracees_.find(child)) {
    if (!in_exec(*known)) {  // it could wait no longer and was adopted: its birth has been told
      std::ignore = std::move(stop).resume(Until::syscall);
      return;
    }
    // An exec whose event is still to be read has freed a tid that we believe taken (docs/ptrace-notes.md, D3).
    supersede(*known->group, child);
  }
  const auto early = early_ends_.extract(child);
  const bool called = parent.call.has_value();  // not so for an i386 call
  const auto request = called ? syscalls::clone_request(*parent.call) : syscalls::CloneRequest{};
  const std::uint64_t flags = called ? request.flags : os::shared_resources(parent.tid, child);
  const bool thread = early.empty() ? os::in_group(parent.group->pid, child) : (flags & CLONE_THREAD) != 0;
  const bool sibling = !thread && (flags & CLONE_PARENT) != 0;
  Forked fact;
  fact.child = child;
  fact.child_pid = thread ? parent.group->pid : led_by(child);
  fact.how = birth(thread, stop.status(), flags);
  fact.flags = syscalls::clone_flag_names(flags);
  if (called) fact.syscall = parent.call->row->name;
  if (sibling) fact.ppid = parent.group->parent;
  Tracee& born = tracees_.born(child, fact.child_pid, sibling ? parent.group->parent : parent.group->pid);
  if (!thread) {
    const std::optional<Signal> signal{Signal{called ? request.exit_signal : SIGCHLD}};
    fact.exit_signal = sibling ? parent.group->exit_signal : signal->value != 0 ? signal : std::nullopt;
    fact.ns_pid = inherit(*parent.group, *born.group, flags);
    born.group->exit_signal = fact.exit_signal;
  }
  if (called) {
    tell(*parent.call, std::move(fact));
  } else {
    emit_now(parent, std::move(fact));
  }
  std::ignore = std::move(stop).resume(Until::syscall);
  if (!early.empty()) return finish(born, early.mapped().report);
  if (auto held = held_.extract(child); !held.empty()) start(std::move(held.mapped().stop), born);
}

// What a new process has from its creator, beside what the flags say. Its pid in its own pid namespace, if that is not
// kintrace's.
std::optional<Tgid> Engine::inherit(Group& creator, Group& child, std::uint64_t flags) {
  if ((flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) == CLONE_SIGHAND) {
    creator.restarting.reset();  // what one of them decides is so for the other
  } else {
    child.restarting = creator.restarting;
  }
  child.elsewhere = creator.elsewhere || (flags & CLONE_NEWPID) != 0;
  if (!child.elsewhere) return {};
  const auto status = status_of(leader_of(child.pid));
  return status ? status->ns_pid : std::nullopt;
}

void Engine::hold(os::Stop stop) {
  const Tid tid = stop.tid();
  if (auto before = held_.extract(tid); !before.empty()) std::move(before.mapped().stop).forget();
  std::optional<os::TaskStatus> status;
  if (stop.status().kind() == Kind::exiting) status = status_of(tid);
  held_.emplace(tid, Held{std::move(stop), now_, std::move(status)});
}

// The first stop of a child, or whatever stop it was in when its birth became known.
void Engine::start(os::Stop stop, Tracee& child) {
  switch (stop.status().kind()) {
    case Kind::group_stop: return group_stopped(std::move(stop), child);
    case Kind::exiting: return exiting(std::move(stop), child);
    default: std::ignore = std::move(stop).resume(Until::syscall);
  }
}

void Engine::release_overdue(Nanoseconds limit) {
  now_ = os::monotonic();
  std::vector<Tid> overdue;
  for (auto& [tid, held] : held_) {
    if (now_ - held.since < hold_check) continue;
    const auto status = status_of(tid);
    if (status) held.status = status;
    const bool orphan = status && tracees_.find(status->tgid) == nullptr && tracees_.find(status->ppid) == nullptr;
    if (orphan || now_ - held.since >= limit) overdue.push_back(tid);
  }
  for (const Tid tid : overdue) {
    auto held = held_.extract(tid);
    adopt(tid, held.mapped().status);
    start(std::move(held.mapped().stop), *tracees_.find(tid));
  }
  std::vector<Tid> ends;
  for (const auto& [tid, end] : early_ends_) {
    if (now_ - end.report.told >= limit) ends.push_back(tid);
  }
  for (const Tid tid : ends) adopt_dead(tid);
  flush();
}

void Engine::adopt_dead(Tid tid) {
  const auto end = early_ends_.extract(tid);
  adopt(tid, end.mapped().status);
  finish(*tracees_.find(tid), end.mapped().report);
}

// A birth whose event was lost with its sender: creator and kind are what /proc still says.
void Engine::adopt(Tid tid, const std::optional<os::TaskStatus>& known) {
  os::TaskStatus status;
  status.tgid = led_by(tid);
  if (known) status = *known;
  const bool thread = leader_of(status.tgid) != tid && tracees_.find(status.tgid) != nullptr;
  const Group* creator = tracees_.find(thread ? status.tgid : status.ppid);
  const Tracee& born = tracees_.born(tid, thread ? status.tgid : led_by(tid), status.ppid);
  if (creator == nullptr || creator->tasks.empty()) {
    emit_now(born, Seen{SeenHow::adopted, status.ppid, status.name, {}, {}, {}});
    return;
  }
  Forked fact;
  fact.child = tid;
  fact.child_pid = born.group->pid;
  fact.how = thread ? BirthHow::thread : BirthHow::fork;
  fact.lost = true;
  const Tracee* leader = tracees_.find(leader_of(creator->pid));
  if (leader == nullptr) leader = tracees_.find(*creator->tasks.begin());
  fact.flags = syscalls::clone_flag_names(os::shared_resources(leader->tid, tid));
  emit_now(*leader, std::move(fact));
}

// A task that is not the leader has called exec: the kernel ends all others and gives it the leader's tid.
void Engine::supersede(Group& group, Tid former) {
  const Tid leader = leader_of(group.pid);
  const std::set<Tid> others = group.tasks;
  for (const Tid tid : others) {
    if (tid == former) continue;
    const Ending ending = tracees_.find(tid)->leaving;
    Exited fact;
    fact.code = ending.code;
    fact.signal = ending.signal;
    fact.by = tid == leader ? EndedBy::superseded : EndedBy::exec;
    end_unreported(tid, fact);
  }
  tracees_.take_leadership(former, group.pid);
}

void Engine::execed(os::Stop stop) {
  const Tid tid = stop.tid();
  const auto message = stop.message();
  Tracee* task = tracees_.find(tid);
  Group* group = tracees_.find(led_by(tid));
  if (!message || group == nullptr) {
    std::ignore = std::move(stop).resume(Until::syscall);
    return;
  }
  const Tid former{static_cast<std::int32_t>(*message)};
  const bool taken = task != nullptr && in_exec(*task);  // a reused tid told us before
  const bool known = tracees_.find(former) != nullptr;
  if (former != tid && known && !taken) {
    supersede(*group, former);
    task = tracees_.find(tid);
  }
  group->execs = true;
  group->leaver.reset();
  group->exit_signal = Signal{SIGCHLD};
  // No handler survives.
  group->restarting = options_.choice.asks_for(class_name(syscalls::Class::signal), "rt_sigaction")
                          ? std::optional<std::uint64_t>{0}
                          : std::nullopt;
  const bool first = !running_;  // the root becomes the program
  if (first) begin_run();
  Execed fact;
  if (in_exec(*task)) {
    auto request = syscalls::exec_request(*task->call);
    fact.path = std::move(request.path);
    fact.argv = std::move(request.argv);
  }
  if (fact.argv.empty()) fact.argv = proc_.cmdline(tid).value_or({});  // it could not be read before, or was not seen
  if (fact.path.empty()) {
    fact.path = proc_.exe(tid).value_or({});
    fact.comm = proc_.comm(tid).value_or({});
  } else {
    fact.comm = fact.path.substr(fact.path.rfind('/') + 1).substr(0, comm_length);
  }
  if (former != tid) fact.from_tid = former;
  if (first) {
    emit_now(*task, Seen{SeenHow::launched, group->parent, fact.comm, fact.argv, os::process_group(group->pid),
                         os::session(group->pid)});
    if (task->call) {
      task->call->seq = next_seq();
      task->call->begin = now_;
    }
  }
  if (task->call && task->call->row->name != options_.without_row) {
    task->call->end = now_;
    tell(*task->call, std::move(fact));
  } else if (!task->call) {
    emit_now(*task, std::move(fact));
  }
  tell_denied_privileges(*task);
  check(Moment::exec, tid);
  if (options_.detach_on_exec && !first) return detach(std::move(stop), *task);
  std::ignore = std::move(stop).resume(Until::syscall);
}

// The kernel does not raise the privileges of whoever is traced by one that has none (ptrace(2)).
void Engine::tell_denied_privileges(const Tracee& task) {
  if (!unprivileged_) return;
  const auto owner = proc_.exe_owner(task.tid);
  if (!owner) return;
  // Without group-execute, the set-group-ID bit means something else (inode(7)).
  const bool group = (owner->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && owner->gid != ::getegid();
  const bool user = (owner->mode & S_ISUID) != 0 && owner->uid != ::geteuid();
  if (user || group) emit_now(task, Set{"privileges", user ? "set-user-ID" : "set-group-ID"});
}

// -b execve: the process is alone in its group by now, and its parent, if traced, will hear of its end from a wait
// only.
void Engine::detach(os::Stop stop, Tracee& task) {
  Group& group = *task.group;
  task.call.reset();
  emit_now(task, Detached{"-b execve"});
  if (Group* parent = tracees_.find(group.parent)) {
    parent->children.erase(group.pid);
    parent->strangers.insert(group.pid);
  }
  tracees_.ended(task.tid);
  tracees_.ended(group.pid);
  std::ignore = std::move(stop).detach();
}

void Engine::group_stopped(os::Stop stop, Tracee& task) {
  if (!std::exchange(task.group->stopped, true)) {
    emit_now(task, Stopped{stop.status().signal()});
    if (task.group->pid == led_by(root_)) options_.mirror(SIGSTOP);
  }
  std::ignore = std::move(stop).listen();
}

void Engine::trapped(os::Stop stop, Tracee& task) {
  // A new task under the tid that an exec has just freed: its own first stop, while the exec's event is still to be
  // read.
  if (in_exec(task) && !os::in_group(task.group->pid, task.tid)) return hold(std::move(stop));
  if (std::exchange(task.group->stopped, false)) {
    emit_now(task, Continued{});
    if (task.group->pid == led_by(root_)) options_.mirror(SIGCONT);
  }
  std::ignore = std::move(stop).resume(Until::syscall);
}

void Engine::check(Moment moment, Tid tid) {
  if (!options_.checkpoint || !running_) return;
  flush();
  options_.checkpoint(moment, tid);
}

// The end of this thread detaches from all that run, without a stop and without an EINTR (docs/ptrace-notes.md, J1).
void Engine::let_go() {
  for (auto& [tid, held] : held_) std::ignore = std::move(held.stop).resume(Until::event);
  held_.clear();
}

// The kernel has no tracee left. Whom we still have ended without a report: a leader whose tid an untraced thread took
// by its exec (docs/ptrace-notes.md, C4).
void Engine::lose_rest() {
  for (const Tid tid : tracees_.all()) {
    Exited fact;  // with neither code nor signal: nobody knows
    fact.group = tid == leader_of(tracees_.find(tid)->group->pid);
    end_unreported(tid, fact);
    ++lost_;
  }
}

void Engine::begin_run() {
  running_ = true;
  if (options_.timeout) end_after(*options_.timeout);
  last_seq_ = 0;
  start_ = now_;
  options_.header.start_realtime_ns = std::to_string(os::realtime() - (os::monotonic() - now_));
  told_.emplace_back(options_.header);
}

void Engine::end_run(const char* why) {
  if (!running_) told_.emplace_back(options_.header);
  RunEnd end;
  end.seq = next_seq();
  end.events = events_;
  end.lost = lost_;
  end.dur = running_ ? os::monotonic() - start_ : 0;
  if (root_ending_) {
    end.code = root_ending_->code;
    end.signal = root_ending_->signal;
  }
  end.why = why;
  told_.emplace_back(std::move(end));
  flush();
}

void Engine::emit(Seq seq, Nanoseconds begin, Nanoseconds end, Tgid pid, Tid tid, Fact fact, bool unfinished) {
  if (!running_) return;
  tell_waiting(tid);
  ++events_;
  told_.emplace_back(Event{seq, begin - start_, end - begin, unfinished, pid, tid, std::move(fact)});
}

}  // namespace kintrace::sources
