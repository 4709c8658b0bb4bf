// SPDX-License-Identifier: MIT
// The engine's part that hears of births. A child's first stop and its parent's event come in either order, and the
// event may be lost (docs/ptrace-notes.md, C1 and C2).
#include <linux/sched.h>

#include <csignal>

#include "os/clock.hpp"
#include "os/sysv.hpp"
#include "sources/engine.hpp"
#include "syscalls/clone.hpp"
#include "syscalls/exec.hpp"

namespace kintrace::sources {
namespace {

using Kind = os::WaitStatus::Kind;

// A child whose parent's event does not come is let go after this long; when its parent has ended, after the shorter
// one.
constexpr Nanoseconds hold_limit = 100'000'000;
// Before that /proc is not even asked.
constexpr Nanoseconds patience = 2'000'000;

// Flags that say where tids are stored, but not what is shared: what glibc's fork(3) uses, and pidfds.
constexpr std::uint64_t bookkeeping_flags =
    CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | CLONE_PIDFD;

BirthHow birth(bool thread, const os::WaitStatus& status, std::uint64_t flags) {
  if (thread) return BirthHow::thread;
  if (status.forked_as_vfork()) return BirthHow::vfork;
  if (status.forked_as_clone()) return BirthHow::clone;
  return (flags & ~bookkeeping_flags) != 0 ? BirthHow::clone : BirthHow::fork;
}

}  // namespace

void Engine::forked(os::Stop stop, Tracee& parent) {
  const os::WaitStatus status = stop.status();
  const auto message = stop.message();
  const Tid child{message ? static_cast<std::int32_t>(*message) : 0};
  const auto request = parent.call ? syscalls::clone_request(*parent.call) : syscalls::CloneRequest{};
  // What is in its group is a child, and no exit status. A request that could not be read asks for no signal.
  const bool process = request.exit_signal != 0 && (request.flags & CLONE_THREAD) == 0;
  const bool in_group = message && !process && os::in_group(parent.group->pid, child);
  // It was killed: the child comes, or came, without its event.
  if (!message || (!in_group && !stop.is_here())) return resume(std::move(stop), parent);
  if (const Tracee* known = tracees_.find(child)) {
    // It could wait no longer and was adopted: its birth has been told.
    if (!syscalls::in_exec(known->call)) return resume(std::move(stop), parent);
    // An exec whose event is still to be read has freed a tid that we believe taken (docs/ptrace-notes.md, D3). It
    // comes first: from now on the tid names the new task.
    Group& group = *known->group;
    supersede(group, child);
    tell_execed(*tracees_.find(leader_of(group.pid)), child);
  }
  const auto early = early_ends_.extract(child);
  const auto call = std::exchange(parent.call, {});  // not so for an i386 call
  const std::uint64_t flags = call ? request.flags : os::shared_resources(parent.tid, child);
  const bool thread = early.empty() ? in_group : (flags & CLONE_THREAD) != 0;
  const bool changed = call && call->changed;
  if (changed) std::ignore = stop.set_arguments(call->args);
  tracer_.expect(child);
  resume(std::move(stop), parent);  // its call has succeeded: its exit says nothing more

  const bool sibling = !thread && (flags & CLONE_PARENT) != 0;
  Tracee& born = tracees_.born(child, thread ? parent.group->pid : led_by(child),
                               sibling ? parent.group->parent : parent.group->pid);
  inherit_files(parent, born, (flags & CLONE_FILES) != 0);
  if (!thread) inherit_memory(*parent.group, *born.group, flags);
  if (changed) born.own_arguments = call->args;
  Forked fact;
  if (!thread) {
    const auto signal = call ? Signal{request.exit_signal} : proc_.exit_signal(child).value_or(Signal{SIGCHLD});
    fact.exit_signal = sibling ? parent.group->exit_signal : signal ? std::optional{signal} : std::nullopt;
    fact.ns_pid = inherit(*parent.group, *born.group, flags);
    born.group->exit_signal = fact.exit_signal;
    born.group->borrowed = (flags & CLONE_VM) != 0;
  }
  const bool ended_early = !early.empty();
  auto held = held_.extract(child);
  const bool plain = !held.empty() && held.mapped().stop.status().kind() == Kind::trapped;
  if (plain) first_stop(std::move(held.mapped().stop), born);
  fact.child = child;
  fact.child_pid = born.group->pid;
  fact.how = birth(thread, status, flags);
  fact.flags = flag_words(flags);
  if (call) fact.syscall = call->row->name;
  if (sibling) fact.ppid = parent.group->parent;
  if (call) {
    tell(*call, std::move(fact));
  } else {
    emit_now(parent, std::move(fact));
  }
  if (ended_early) return finish(born, early.mapped().report);
  if (!held.empty() && !plain) start(std::move(held.mapped().stop), born);
}

void Engine::inherit_memory(const Group& creator, Group& child, std::uint64_t flags) {
  child.memory = creator.memory;
  if ((flags & CLONE_VM) == 0) {
    child.memory = new_memory();
    child.memory->shared = creator.memory->shared;
  }
  child.ipc_namespace = (flags & CLONE_NEWIPC) != 0 ? os::ipc_namespace(leader_of(child.pid)) : creator.ipc_namespace;
}

// Most births are alike.
const SharedWords& Engine::flag_words(std::uint64_t flags) {
  constexpr std::size_t many = 256;  // more kinds only a hostile program knows
  if (flag_words_.size() > many) flag_words_.clear();
  const auto [at, fresh] = flag_words_.try_emplace(flags);
  if (fresh) at->second = syscalls::clone_flag_names(flags);
  return at->second;
}

// What a new process has from its creator, beside what the flags say. Its pid in its own pid namespace, if that is not
// kintrace's.
std::optional<Tgid> Engine::inherit(Group& creator, Group& child, std::uint64_t flags) {
  if ((flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) == CLONE_SIGHAND) {
    creator.actions.reset();  // what one of them decides is so for the other
  } else {
    child.actions = creator.actions;
    if ((flags & CLONE_CLEAR_SIGHAND) != 0 && child.actions) child.actions->caught = 0;
  }
  child.every_call = creator.every_call;
  child.elsewhere = creator.elsewhere || (flags & CLONE_NEWPID) != 0;
  if (!child.elsewhere) return {};
  const auto status = status_of(leader_of(child.pid));
  const auto ns_pid = status ? status->ns_pid : std::nullopt;
  child.ns_pid = ns_pid;
  // After unshare(2) the first child is the init of the new namespace, and the others live in it.
  const bool leads = ns_pid == Tgid{1};
  if (leads && (flags & CLONE_NEWPID) == 0) creator.children_init = child.pid;
  child.init = child.children_init = leads ? std::optional{child.pid} : creator.children_init;
  return ns_pid;
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
    default: first_stop(std::move(stop), child);
  }
}

void Engine::first_stop(os::Stop stop, Tracee& child) const {
  if (child.own_arguments) std::ignore = stop.set_arguments(*std::exchange(child.own_arguments, {}));
  resume(std::move(stop), child);
}

void Engine::release_overdue() { release(hold_limit); }
void Engine::release_all() { release(0); }

void Engine::release(Nanoseconds limit) {
  now_ = os::monotonic();
  std::vector<Tid> overdue;
  for (auto& [tid, held] : held_) {
    if (now_ - held.since < patience) continue;
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
  Tracee& born = tracees_.born(tid, thread ? status.tgid : led_by(tid), status.ppid);
  const Tracee* leader_of_it = thread ? tracees_.find(leader_of(status.tgid)) : nullptr;
  if (leader_of_it != nullptr) {
    inherit_files(*leader_of_it, born, true);
  } else {
    born.files = objects_.make(born.group->pid);
    born.group->memory = new_memory();
  }
  if (creator == nullptr || creator->tasks.empty()) {
    emit_now(born, Seen{SeenHow::adopted, status.ppid, status.name, {}, {}, {}});
    return;
  }
  if (!thread) born.group->borrowed = true;  // or not: who knows
  Forked fact;
  fact.child = tid;
  fact.child_pid = born.group->pid;
  fact.how = thread ? BirthHow::thread : BirthHow::fork;
  fact.lost = true;
  if (const auto signal = proc_.exit_signal(tid); !thread && signal && *signal) fact.exit_signal = signal;
  const Tracee* leader = tracees_.find(leader_of(creator->pid));
  if (leader == nullptr) leader = tracees_.find(*creator->tasks.begin());
  fact.flags = syscalls::clone_flag_names(os::shared_resources(leader->tid, tid));
  emit_now(*leader, std::move(fact));
}

}  // namespace kintrace::sources
