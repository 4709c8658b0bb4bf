// SPDX-License-Identifier: MIT
// The engine's part that hears of waits for several things: which objects they were, and which was ready.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cstring>

#include "sources/engine.hpp"

namespace kintrace::sources {
namespace {

void add(std::vector<ObjectId>& to, ObjectId id) {
  constexpr std::size_t most = 64;
  if (id && to.size() < most && std::find(to.begin(), to.end(), id) == to.end()) to.push_back(id);
}

}  // namespace

void Engine::waited(const syscalls::Call& call, Waited fact, std::span<const Watched> fds) {
  Tracee& task = *tracees_.find(call.tid);
  for (const Watched& one : fds) {
    const ObjectId id = object_of(task, one.fd);
    add(fact.objs, id);
    if (one.ready) add(fact.ready, id);
  }
  if (fact.from) fact.from = tracees_.seen_from(*task.group, *fact.from);
  if (fact.signal) taken(task, *fact.signal, fact.from);
  tell(call, std::move(fact));
}

// A signal that was pending has been accepted, which is never told before it was sent.
void Engine::taken(Tracee& task, Signal signal, std::optional<Tgid> from) {
  pending_.erase({task.group->pid.value, signal});
  tell_senders(signal, task, from);
}

// A read of a signalfd(2): one signal after another.
void Engine::accepted(const syscalls::Call& call, ObjectId from, const Bytes& records) {
  Tracee& task = *tracees_.find(call.tid);
  signalfd_siginfo info{};
  for (std::size_t at = 0; at + sizeof info <= records.size(); at += sizeof info) {
    std::memcpy(&info, records.data() + at, sizeof info);
    Waited fact;
    fact.syscall = call.row->name;
    fact.objs = fact.ready = {from};
    fact.result = *call.result;
    fact.signal = Signal{static_cast<std::int32_t>(info.ssi_signo)};
    if (syscalls::names_a_process(*fact.signal, info.ssi_code))
      fact.from = tracees_.seen_from(*task.group, Tgid{static_cast<std::int32_t>(info.ssi_pid)});
    taken(task, *fact.signal, fact.from);
    tell_as(call, seq_for(call, at == 0), std::move(fact));
  }
}

void Engine::watches(const syscalls::Call& call, int operation, int fd, std::uint64_t data) {
  Object* instance = call.objects[0] ? objects_.find(call.objects[0]) : nullptr;
  if (instance == nullptr) return;
  if (operation == EPOLL_CTL_DEL) {
    instance->members.erase(fd);
  } else {
    instance->members[fd] = {data, call.objects[2]};
  }
}

void Engine::epoll_waited(const syscalls::Call& call, Waited fact, std::span<const std::uint64_t> ready) {
  const Object* instance = call.objects[0] ? objects_.find(call.objects[0]) : nullptr;
  if (instance != nullptr) {
    for (const auto& [fd, member] : instance->members) {
      if (std::find(ready.begin(), ready.end(), member.data) != ready.end()) add(fact.ready, member.obj);
    }
    add(fact.objs, instance->id);
  }
  tell(call, std::move(fact));
}

// The first of what a wait is for, as long as it lasts.
ObjectId Engine::first_watched(Tracee& task, const syscalls::Call& call) {
  if (call.row->args[0].kind != syscalls::Arg::out_array_of_next) return {};
  const Bytes bytes = call.text(0);
  for (std::size_t at = 0; at + sizeof(pollfd) <= bytes.size(); at += sizeof(pollfd)) {
    pollfd one{};
    std::memcpy(&one, bytes.data() + at, sizeof one);
    if (const ObjectId id = object_of(task, one.fd)) return id;
  }
  return {};
}

}  // namespace kintrace::sources
