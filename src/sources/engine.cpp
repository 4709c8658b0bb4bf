// SPDX-License-Identifier: MIT
// The loop, the dispatch of reports, execs and group-stops. Births, calls, signals, waits and ends have files of their
// own.
#include "sources/engine.hpp"

#include <fmt/format.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "os/clock.hpp"
#include "syscalls/clone.hpp"
#include "syscalls/exec.hpp"
#include "syscalls/registry.hpp"
#include "syscalls/watch.hpp"

namespace kintrace::sources {
namespace {

using os::Until;
using Kind = os::WaitStatus::Kind;

constexpr Nanoseconds hold_check = 2'000'000;
// From so many tracees on, to ask the kernel for any of them costs more than a stop.
constexpr std::size_t crowd = 64;
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

}  // namespace

Engine::Engine(EventQueue& out, EngineOptions options)
    : out_(out),
      options_(std::move(options)),
      filter_(options_.filtered ? Filter::expected : Filter::none),
      asks_for_signals_(options_.choice.asks_for(SignalDelivered::cls, "")),
      unprivileged_(::geteuid() != 0) {
  for (const auto family : syscalls::families()) {
    for (const syscalls::Row& row : family) {
      const auto nr = static_cast<std::size_t>(row.nr);
      if (nr >= observed_.size()) observed_.resize(nr + 1);
      observed_.at(nr) = syscalls::observed(row, options_.choice);
      whole_.resize(observed_.size());
      whole_.at(nr) = !row.all_with.empty() && options_.choice.asks_for(row.all_with, row.name);
    }
  }
  for (std::size_t kind = 0; kind < wanted_.size(); ++kind) {
    const auto cls = class_of(static_cast<ObjectKind>(kind));
    wanted_.at(kind) = options_.choice.classes.contains(cls) ||
                       (!options_.choice.calls.empty() && syscalls::follows_objects(options_.choice));
  }
  wants_locks_ = options_.choice.classes.contains("lock") || !options_.choice.calls.empty();
  set_crash_notes(recent_reports);
}

// PTRACE_SEIZE alone reports events but no syscalls: those need one stop, which the root spends blocked before its
// exec.
Result<void> Engine::seize(Tid root, Tgid parent) {
  root_ = root;
  // With the filter and without us its calls would fail: then it had better not go on at all.
  const os::TraceOptions traced{options_.filtered, options_.filtered || options_.kill_on_exit};
  if (const auto seized = tracer_.seize(root, traced); !seized) return seized;
  Tracee& first = tracees_.born(root, led_by(root), parent);
  first.files = objects_.make(led_by(root));
  first.group->memory = new_memory();
  if (filter_ == Filter::expected) return {};  // which stops it when it comes to its exec
  if (const auto asked = tracer_.interrupt(root); !asked) return asked;
  const auto report = tracer_.wait_for(root);
  if (!report) return report.error();
  if (report->status.ended()) {
    ended(*report);
    return Failure{Errno{ESRCH}};
  }
  return os::Stop{root, report->status}.resume(Until::syscall);
}

Engine::Loop Engine::loop() {
  std::int64_t checked = 0;
  for (;;) {
    const bool unsettled = !held_.empty() || !early_ends_.empty();
    const auto many = tracees_.count() >= crowd ? os::Tracer::Crowd::yes : os::Tracer::Crowd::no;
    const auto usage = ending_ > 0 ? os::Tracer::Usage::asked : os::Tracer::Usage::unasked;
    const auto& batch = tracer_.wait(unsettled ? std::optional{hold_check} : std::nullopt, many, usage);
    for (const os::Report& report : batch.reports) {
      recent.reports.at(recent.next++ % recent.reports.size()) = report;
      now_ = report.told;
      handle(report);
    }
    flush();
    if (unsettled) release_overdue();
    if (options_.checkpoint && events_ / periodic_check > checked) {
      checked = events_ / periodic_check;
      check(Moment::periodic, {});
    }
    if (!batch.left) return Loop::ended;
    if (silent_) continue;
    if (ends_at_ && os::monotonic() >= *ends_at_) explain_and_end();
    if (options_.stop_asked != nullptr && *options_.stop_asked) return Loop::interrupted;
  }
}

bool Engine::follow() {
  const bool interrupted = loop() == Loop::interrupted;
  if (!interrupted) {
    release_all();  // the ends of tasks whose birth will never be told
    lose_rest();
    now_ = os::monotonic();
    tell_left_behind();
  } else if (filter_ != Filter::works) {
    let_go();
  }
  end_run(timed_out_ ? "timeout" : interrupted ? "interrupted" : "done");
  return running_;
}

// A filtered call without a tracer fails with ENOSYS, and a filter cannot be taken away (docs/ptrace-notes.md, I1).
void Engine::stay() {
  silent_ = true;
  options_.checkpoint = nullptr;
  if (filter_ == Filter::works) loop();
}

void Engine::resume(os::Stop stop, const Tracee& task, Signal signal) const {
  const bool every_call = filter_ == Filter::none || task.group->every_call;
  const bool exit_matters = (task.call && running_ && !task.joining) || task.watched;
  std::ignore = std::move(stop).resume(every_call || exit_matters ? Until::syscall : Until::event, signal);
}

void Engine::handle(const os::Report& report) {
  if (report.status.ended()) return ended(report);
  ++stops_;
  os::Stop stop{report.tid, report.status};
  Tracee* task = tracees_.find(report.tid);
  if (task != nullptr && task->delivering && stop.status().kind() != Kind::signal) settle(*task, {});
  if (task != nullptr && std::exchange(task->closing, false)) objects_.close_windows(task->files, task->tid);
  if (task != nullptr && std::exchange(task->check_locks, false)) settle_locks(*task, ReleasedHow::close);
  if (task != nullptr && task->joining) look_at_join(stop, *task);
  if (task == nullptr) {
    if (stop.status().kind() == Kind::execed) return execed(std::move(stop));
    return hold(std::move(stop));
  }
  switch (stop.status().kind()) {
    case Kind::forked: return forked(std::move(stop), *task);
    case Kind::execed: return execed(std::move(stop));
    case Kind::exiting: return exiting(std::move(stop), *task);
    case Kind::syscall: return syscall(std::move(stop), *task);
    case Kind::seccomp: return filtered(std::move(stop), *task);
    case Kind::group_stop: return group_stopped(std::move(stop), *task);
    case Kind::trapped: return trapped(std::move(stop), *task);
    case Kind::signal: return signalled(std::move(stop), *task);
    default: resume(std::move(stop), *task);
  }
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
  const Tid former{message ? static_cast<std::int32_t>(*message) : 0};
  // An exit status instead of a tid hardly is its own tid, and does no harm then.
  if (group == nullptr || (former != tid && !stop.is_here())) {
    std::ignore = std::move(stop).resume(filter_ == Filter::none ? Until::syscall : Until::event);
    return;
  }
  const bool taken = task != nullptr && syscalls::in_exec(task->call);  // a reused tid told us before
  const bool known = tracees_.find(former) != nullptr;
  if (former != tid && known && !taken) {
    supersede(*group, former);
    task = tracees_.find(tid);
  }
  group->execs = true;
  group->memory = new_memory();
  group->exit_signal = Signal{SIGCHLD};
  keep_actions(*group);
  const bool first = !running_;  // the root becomes the program
  if (first && filter_ == Filter::expected) {
    filter_ = Filter::none;
    std::ignore = stop.set_options({false, options_.kill_on_exit});
  }
  if (first) begin_run();
  if (first) group->borrowed = true;
  const bool told = task->call && task->call->told;  // ahead of its event
  if (!told) tell_execed(*task, former);
  if (first) {
    look_at_inherited(*task);
  } else {
    files_execed(*task);
    if (!group->locks.empty()) doubt_locks(*task);
  }
  tell_denied_privileges(*task);
  check(Moment::exec, tid);
  if (options_.detach_on_exec && !first) return detach(std::move(stop), *task);
  task->call.reset();  // its exit says nothing more
  task->watched = false;
  resume(std::move(stop), *task);
  if (first && options_.filtered && filter_ == Filter::none) emit_now(*task, Set{"filter", "refused"});
}

void Engine::tell_execed(Tracee& task, Tid former) {
  Execed fact;
  std::optional<std::vector<Bytes>> argv;
  if (syscalls::in_exec(task.call)) {
    auto request = syscalls::exec_request(*task.call);
    fact.path = std::move(request.path);
    argv = std::move(request.argv);
  }
  fact.argv = argv ? std::move(*argv) : proc_.cmdline(task.tid).value_or({});
  if (fact.path.empty()) {
    fact.path = proc_.exe(task.tid).value_or({});
    fact.comm = proc_.comm(task.tid).value_or({});
  } else {
    fact.comm = fact.path.substr(fact.path.rfind('/') + 1).substr(0, comm_length);
  }
  if (former != task.tid) fact.from_tid = former;
  if (last_seq_ == 0) {  // the root's first
    emit_now(task, Seen{SeenHow::launched, task.group->parent, fact.comm, fact.argv, os::process_group(task.group->pid),
                        os::session(task.group->pid)});
    if (task.call) {
      task.call->seq = next_seq();
      task.call->begin = now_;
    }
  }
  if (!task.call) return emit_now(task, std::move(fact));
  task.call->told = true;
  if (task.call->row->name != options_.without_row) tell(*task.call, std::move(fact));
}

// Of all actions only what is ignored survives an exec. Of the root's first that is what it was started with.
void Engine::keep_actions(Group& group) {
  static const syscalls::Row& sigaction = *syscalls::find(SYS_rt_sigaction);
  if (!observes(sigaction)) return;
  const auto ignored = group.actions ? std::optional{group.actions->ignored} : std::nullopt;
  const auto status = ignored ? std::nullopt : status_of(leader_of(group.pid));
  group.actions.reset();
  if (ignored || status) group.actions = Actions{0, ignored ? *ignored : status->ignored, 0};
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
  objects_.leave(task.files, group.pid);
  tracees_.ended(task.tid);
  tracees_.ended(group.pid);
  std::ignore = std::move(stop).detach();
}

void Engine::group_stopped(os::Stop stop, Tracee& task) {
  task.stopped = true;
  if (!std::exchange(task.group->stopped, true)) {
    emit_now(task, Stopped{stop.status().signal()});
    if (task.group->pid == led_by(root_)) options_.mirror(SIGSTOP);
  }
  std::ignore = std::move(stop).listen();
}

void Engine::trapped(os::Stop stop, Tracee& task) {
  // A new task under the tid that an exec has just freed: its own first stop, while the exec's event is still to be
  // read.
  if (syscalls::in_exec(task.call) && !os::in_group(task.group->pid, task.tid)) return hold(std::move(stop));
  if (task.own_arguments) std::ignore = stop.set_arguments(*std::exchange(task.own_arguments, {}));
  // Of SIGCONT alone, or of ours. A group-stop interrupts a call without a tracer, too.
  if (!task.stopped && task.entered != 0 && filter_ == Filter::works) std::ignore = repair(stop, task);
  resume(std::move(stop), task);
  if (std::exchange(task.group->stopped, false)) {
    emit_now(task, Continued{});
    if (task.group->pid == led_by(root_)) options_.mirror(SIGCONT);
  }
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
  if (!running_ || silent_) return;
  tell_waiting(tid);
  put(Event{seq, begin - start_, end - begin, unfinished, pid, tid, std::move(fact)});
}

void Engine::put(Event event) {
  if (silent_) return;
  ++events_;
  told_.emplace_back(std::move(event));
}

}  // namespace kintrace::sources
