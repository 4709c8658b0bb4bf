// SPDX-License-Identifier: MIT
// The engine's part that follows what goes through objects: whose bytes, and who may end a wait for them.
#include <sys/sem.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "os/socket.hpp"
#include "sources/engine.hpp"
#include "syscalls/futex.hpp"
#include "syscalls/lock.hpp"
#include "syscalls/queue.hpp"
#include "syscalls/socket.hpp"

namespace kintrace::sources {
namespace {

using syscalls::Arg;
using syscalls::Blocks;

// Of those that one read of a signalfd gets.
constexpr std::size_t signals_told = 64;
// What a read got is looked at so far where it decides whose bytes they are.
constexpr std::size_t contested_bytes = 4096;

// Leaves as much of what went through as is told.
template <class Fact>
void cut_data(Fact& fact, std::size_t most) {
  fact.data.resize(std::min({fact.data.size(), most, static_cast<std::size_t>(std::max<std::int64_t>(0, fact.bytes))}));
  fact.cut = std::cmp_less(fact.data.size(), fact.bytes);
}

bool sends(const syscalls::Row& row) {
  return row.has(Arg::in_bytes) || row.has(Arg::in_vector) || row.has(Arg::in_message) || row.has(Arg::in_message_to);
}

// Whether a semop(2), futex(2) or lock may let others go on.
bool raises(const syscalls::Call& call) {
  switch (call.row->cls) {
    case syscalls::Class::sem: {
      const Bytes operations = call.text(1);
      for (std::size_t at = 0; at + sizeof(sembuf) <= operations.size(); at += sizeof(sembuf)) {
        sembuf one{};
        std::memcpy(&one, operations.data() + at, sizeof one);
        if (one.sem_op > 0) return true;
      }
      return false;
    }
    case syscalls::Class::futex: {
      const auto does = syscalls::futex_of(call).does;
      return does == syscalls::Futex::Does::wake || does == syscalls::Futex::Does::requeue;
    }
    default: {
      const auto lock = syscalls::locking_of(call);
      return lock && !lock->mode;
    }
  }
}

}  // namespace

// A socket that is bound to any address of its machine has those of all interfaces.
Object* Engine::at_address(const Bytes& words) {
  if (Object* there = objects_.named(words)) return there;
  const std::size_t colon = words.rfind(':');
  if (colon == Bytes::npos || words.starts_with("unix ")) return nullptr;
  const Bytes port = words.substr(colon);
  Object* any = objects_.named("0.0.0.0" + port);
  return any != nullptr ? any : objects_.named("[::]" + port);
}

// Who would read what is sent into this one, or to that address: the object in whose stream it is kept.
Object* Engine::flows_to(Object& object, const Bytes& address) {
  if (!keeps_bytes(object.id.kind)) return nullptr;
  const bool pipe = object.id.kind == ObjectKind::pipe || object.id.kind == ObjectKind::fifo;
  if (pipe) return object.outside && !objects_.holders().held(object.id, End::read) ? nullptr : &object;
  // Until somebody who is followed accepts its connection, a little is kept for him.
  constexpr std::size_t most_kept = 256;
  if (!object.messages) return object.peer || object.stream.pending() < most_kept ? &object : nullptr;
  if (!address.empty()) return at_address(os::address_words(address));
  return object.peer ? objects_.find(*object.peer) : nullptr;
}

Object* Engine::flows_from(Object& object) {
  if (!keeps_bytes(object.id.kind)) return nullptr;
  if (object.id.kind == ObjectKind::pipe || object.id.kind == ObjectKind::fifo || object.messages) return &object;
  return object.peer ? objects_.find(*object.peer) : nullptr;
}

// The bytes of a call that are to be read at its exit.
std::size_t Engine::wanted_of(const syscalls::Call& call) {
  for (const ObjectId id : call.objects) {
    if (id.kind == ObjectKind::signalfd) return std::max(options_.data, signals_told * sizeof(signalfd_siginfo));
    Object* object = id ? objects_.find(id) : nullptr;
    const Object* source = object != nullptr ? flows_from(*object) : nullptr;
    if (source != nullptr && source->stream.contested(call.begin)) return std::max(options_.data, contested_bytes);
  }
  return options_.data;
}

void Engine::begin_transfer(const syscalls::Call& call) {
  if (!call.objects[0] || !sends(*call.row)) return;
  Object* object = objects_.find(call.objects[0]);
  if (object != nullptr && is_queue(object->id.kind)) {
    if (auto posting = syscalls::posting_of(call))
      object->queue.begin_send(call.seq, call.tid, call.begin, posting->rank, call.size, std::move(posting->head));
    return;
  }
  Object* into = object != nullptr ? flows_to(*object, syscalls::destination(call)) : nullptr;
  if (into == nullptr) return;
  Bytes head = call.text(1);
  if (const auto pieces = call.strings(1); !pieces.empty()) head = pieces.front();
  into->stream.begin_write(call.seq, call.tid, call.begin, call.size, std::move(head));
}

// From before it is sent, so that nobody receives what is not under way.
void Engine::take_along(Tracee& task, syscalls::Call& call) {
  const Object* through = call.objects[0] ? objects_.find(call.objects[0]) : nullptr;
  const auto message = call.strings(1);
  if (through == nullptr || !through->peer || message.size() != syscalls::Message::strings) return;
  for (const int fd : os::passed_descriptors(message[1])) {
    if (!object_of(task, fd)) continue;
    if (const auto* held = objects_.held(task.files, fd))
      call.taken_along.push_back(objects_.take_along(*held, *through->peer));
  }
}

void Engine::take_back(const syscalls::Call& call) {
  for (const int number : call.taken_along) objects_.came_back(number);
}

std::optional<Tgid> Engine::who_left(const Object& object, End end) {
  if (end == End::write && object.shut_by) return object.shut_by;
  const auto users = objects_.users(object.id, end);
  for (const Tgid user : users) {  // who is about to end has closed it already
    const Group* group = tracees_.find(user);
    if (group != nullptr && group->ending) return user;
  }
  if (!users.empty()) return {};
  return end == End::write ? object.last_writer : object.last_reader;
}

// The processes that may end a wait at an object.
std::vector<Tid> Engine::other_side(const syscalls::Call& call) {
  constexpr std::size_t most_named = 64;
  std::set<Tgid> users;
  for (const ObjectId id : call.objects) {
    if (!id) continue;
    const Object* object = objects_.find(id);
    const bool socket = id.kind != ObjectKind::pipe && id.kind != ObjectKind::fifo;
    const auto at = socket && object != nullptr ? object->peer : std::optional{id};
    if (!at) continue;
    users.merge(objects_.users(*at, socket                                 ? End::both
                                    : call.row->blocks == Blocks::on_input ? End::write
                                                                           : End::read));
  }
  std::vector<Tid> tids;
  if (users.size() <= most_named) {
    for (const Tgid user : users) tids.push_back(leader_of(user));
  }
  return tids;
}

// A socket that sends a message has an address from then on, to which others may answer (ip(7)).
void Engine::name_itself(Object& object, const Tracee& task, int fd) {
  if (!object.messages || object.id.kind != ObjectKind::inet || !object.name.empty()) return;
  const auto socket = os::socket_info(task.tid, fd);
  if (socket && !socket->local.empty()) objects_.name(object, socket->local);
}

void Engine::sent(const syscalls::Call& call, Transfer transfer) {
  Tracee& task = *tracees_.find(call.tid);
  const ObjectId id = call.unsure ? object_of(task, call.integer(transfer.arg)) : call.objects.at(transfer.arg);
  Object* object = id ? objects_.find(id) : nullptr;
  if (object == nullptr) return;
  Sent fact;
  fact.obj = id;
  fact.fd = call.integer(transfer.arg);
  fact.bytes = transfer.bytes;
  fact.data = std::move(transfer.data);
  cut_data(fact, options_.data);
  fact.syscall = call.row->name;
  if (!transfer.to.empty()) fact.addr = os::address_words(transfer.to);
  if (call.failed()) {
    fact.err = call.error();
  } else {
    fact.fds = std::move(transfer.fds);
  }
  if (call.failed() && call.error().value == EPIPE) {
    const bool socket = id.kind != ObjectKind::pipe && id.kind != ObjectKind::fifo;
    const Object* other = socket ? (object->peer ? objects_.find(*object->peer) : nullptr) : object;
    if (other != nullptr) fact.broken_by = who_left(*other, End::read);
  }
  const Seq seq = seq_for(call, transfer.first);
  if (!call.failed()) name_itself(*object, task, fact.fd);
  if (Object* into = flows_to(*object, transfer.to)) {
    if (!transfer.first || !sends(*call.row))
      into->stream.begin_write(seq, task.tid, call.begin, transfer.bytes, fact.data);
    into->stream.end_write(seq, now_, call.result && !call.failed() ? std::optional{fact.bytes} : std::nullopt);
  }
  if (is_queue(id.kind)) {
    (id.kind == ObjectKind::sysv_msg ? fact.type : fact.priority) = transfer.rank;
    object->queue.end_send(seq, now_, syscalls::succeeded(call));
  }
  tell_as(call, seq, std::move(fact));
}

void Engine::received(const syscalls::Call& call, Transfer transfer) {
  Tracee& task = *tracees_.find(call.tid);
  const ObjectId id = call.unsure ? object_of(task, call.integer(transfer.arg)) : call.objects.at(transfer.arg);
  Object* object = id ? objects_.find(id) : nullptr;
  if (object == nullptr) return;
  if (id.kind == ObjectKind::signalfd && syscalls::succeeded(call)) return accepted(call, id, transfer.data);
  Received fact;
  fact.obj = id;
  fact.fd = call.integer(transfer.arg);
  fact.bytes = transfer.bytes;
  fact.peeked = transfer.peeked;
  fact.syscall = call.row->name;
  if (call.failed()) fact.err = call.error();
  Object* source = flows_from(*object);
  if (source != nullptr && call.result && !call.failed() && (fact.bytes > 0 || object->messages)) {
    auto taken = transfer.peeked ? source->stream.peek(call.begin, now_, fact.bytes, transfer.data)
                                 : source->stream.read(call.begin, now_, fact.bytes, transfer.data);
    fact.from = std::move(taken.from);
    fact.order_unknown = taken.order_unknown;
  }
  if (is_queue(id.kind)) {
    (id.kind == ObjectKind::sysv_msg ? fact.type : fact.priority) = transfer.rank;
    if (syscalls::succeeded(call) && !transfer.peeked) {
      auto got = object->queue.receive(transfer.rank, fact.bytes, transfer.data);
      if (got.from) fact.from.push_back(*got.from);
      fact.order_unknown = got.order_unknown;
    }
  }
  const bool room = call.size != 0 || !call.row->has(Arg::out_bytes);
  const bool ended = call.result == 0 && room && !object->messages && keeps_bytes(id.kind);
  if (ended) {
    fact.eof = true;
    if (source != nullptr) fact.eof_by = who_left(*source, End::write);
  }
  fact.data = std::move(transfer.data);
  cut_data(fact, options_.data);
  for (const Part& part : fact.from) tell_begun(part.tid, part.seq);
  tell_as(call, seq_for(call, transfer.first), std::move(fact));
}

// A read never stands above the write that it was fed by, nor any wait above what ended it.
void Engine::tell_begun(Tid tid, Seq seq) {
  Tracee* task = tracees_.find(tid);
  if (task != nullptr && task->call && task->call->seq == seq && !std::exchange(task->call->told, true))
    tell_blocked(*task);
}

// What a call does for others, from its entry on: its end may be told after theirs.
void Engine::note_gives(const syscalls::Call& call) {
  Object* object = call.objects[0] ? objects_.find(call.objects[0]) : nullptr;
  if (object == nullptr) return;
  const Give give{call.seq, call.tid, call.begin};
  switch (call.row->blocks) {
    case Blocks::on_output: {
      Object* into = is_queue(object->id.kind) ? object : flows_to(*object, syscalls::destination(call));
      if (into == nullptr && !keeps_bytes(object->id.kind)) into = object;
      if (into != nullptr) into->input.note(give);
      break;
    }
    case Blocks::on_input: {
      Object* from = keeps_bytes(object->id.kind) ? flows_from(*object) : object;
      if (from != nullptr) from->room.note(give);
      break;
    }
    case Blocks::on_change:
      if (raises(call)) object->input.note(give);
      break;
    case Blocks::no:
      if (call.row->cls == syscalls::Class::sem) object->input.note(give);  // semctl(2)
      break;
    default: break;
  }
}

// Where a call has waited, and who let it go on.
void Engine::add_wait(Event& event, const syscalls::Call& call) {
  if (call.row->blocks == Blocks::no || call.row->blocks == Blocks::on_children) return;
  ObjectId at = call.objects[0];
  if (const auto* waited = std::get_if<Waited>(&event.fact)) {
    if (!waited->ready.empty()) at = waited->ready.front();
    if (waited->ready.empty()) return;
  }
  Object* object = at ? objects_.find(at) : nullptr;
  if (object == nullptr) return;
  if (event.dur >= real_wait) event.waited_for = at;
  if (call.failed() || !call.result) return;
  const bool for_room = call.row->blocks == Blocks::on_output;
  Object* source = !keeps_bytes(at.kind) ? object
                   : for_room            ? flows_to(*object, syscalls::destination(call))
                                         : flows_from(*object);
  if (source == nullptr) return;
  const auto give = (for_room ? source->room : source->input).since(call.begin, call.tid);
  if (!give || give->seq == event.seq) return;
  event.waited_for = at;
  event.woken_by = give->seq;
  event.waker = give->tid;
  tell_begun(give->tid, give->seq);
}

}  // namespace kintrace::sources
