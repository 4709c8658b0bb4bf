// SPDX-License-Identifier: MIT
// The engine's part that knows what descriptors lead to. What goes through them: engine_messages.cpp.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>

#include "sources/capture.hpp"
#include "sources/engine.hpp"
#include "syscalls/futex.hpp"
#include "syscalls/watch.hpp"

namespace kintrace::sources {
namespace {

using syscalls::Arg;
using Known = Objects::Known;

ObjectKind kind_of(const os::OpenFile& file, const auto& domain) {
  switch (file.type) {
    case os::FileType::pipe: return ObjectKind::pipe;
    case os::FileType::fifo: return ObjectKind::fifo;
    case os::FileType::socket: break;
    case os::FileType::pty_master:
    case os::FileType::pty_slave: return ObjectKind::pty;
    case os::FileType::eventfd: return ObjectKind::eventfd;
    case os::FileType::signalfd: return ObjectKind::signalfd;
    case os::FileType::timerfd: return ObjectKind::timerfd;
    case os::FileType::pidfd: return ObjectKind::pidfd;
    case os::FileType::epoll: return ObjectKind::epoll;
    case os::FileType::mqueue: return ObjectKind::posix_mq;
    default: return ObjectKind::file;
  }
  switch (domain()) {
    case AF_UNIX: return ObjectKind::unix_socket;
    case AF_INET:
    case AF_INET6: return ObjectKind::inet;
    default: return ObjectKind::socket;
  }
}

// Both sides of a pseudoterminal, which are no files of one file system, have its number.
constexpr std::uint64_t masters = 0, slaves = 1;

Identity identity_of(const os::OpenFile& file) {
  switch (file.type) {
    case os::FileType::pty_master: return {masters, file.rdev};
    case os::FileType::pty_slave: return {slaves, file.rdev};
    case os::FileType::eventfd: return {event_devices + 1, file.rdev};
    case os::FileType::pidfd: return {event_devices + 2, file.rdev};
    default: return {file.dev, file.inode};
  }
}

// Of those without a number of the kernel's, each descriptor that is met is taken for another one.
bool has_no_number(const os::OpenFile& file) {
  return file.type == os::FileType::signalfd || file.type == os::FileType::timerfd ||
         file.type == os::FileType::epoll || (file.type == os::FileType::eventfd && file.rdev == 0) ||
         (file.type == os::FileType::pidfd && file.rdev == 0);
}

// As given to socket(2), where SOCK_NONBLOCK and SOCK_CLOEXEC stand above it.
constexpr int kind_of_socket(int type) { return type & 0xf; }

bool is_copy(const syscalls::Call& call) { return call.integer(1) == F_DUPFD || call.integer(1) == F_DUPFD_CLOEXEC; }

bool replaces(const syscalls::Row& row) {
#ifdef SYS_dup2
  if (row.nr == SYS_dup2) return true;
#endif
  return row.nr == SYS_dup3;
}

}  // namespace

// Whether its exit matters: one of its descriptors leads to an object, or its path to a FIFO.
bool Engine::find_objects(const os::Stop& stop, Tracee& task, syscalls::Call& call) {
  const syscalls::Row& row = *call.row;
  if (replaces(row) && objects_.shared(task.files)) {
    const auto to = static_cast<unsigned>(call.args[1]);
    objects_.open_window(task.files, task.tid, to, to);
    task.closing = true;
  }
  if (row.exit == syscalls::Exit::on_fifo) {
    capture_in(stop, proc_, call, options_.data);
    const std::size_t at = row.args[0].kind == Arg::in_string ? 0 : 1;
    const Bytes path = call.text(at);
    if (path.empty()) return false;
    if (find_shared_file(task, call, path)) return true;
    const int directory = at == 1 ? call.integer(0) : AT_FDCWD;
    const auto file = running_ ? os::file_at(task.tid, directory, path) : os::OpenFile{};
    if (concerns_us(ObjectKind::file)) return true;
    if (!file || file->type == os::FileType::pipe) return file || file.error().error() == Errno{EAGAIN};
    if (file->type == os::FileType::pty_master) return true;
    const Identity identity = identity_of(*file);
    if (file->type == os::FileType::pty_slave) return objects_.find(Identity{masters, identity.inode}) != nullptr;
    if (file->type != os::FileType::fifo) return false;
    const Object* known = objects_.find(identity);
    call.objects.at(at) =
        known != nullptr ? known->id : met(task, ObjectKind::fifo, identity, OpenedHow::open, path).id;
    return true;
  }
  if (!task.group->locks.empty() || !inherited_locks_.empty()) look_for_locks(task, call);
  if (row.exit == syscalls::Exit::on_name) {
    capture_in(stop, proc_, call, options_.data);
    return running_ && find_named(task, call);
  }
  look_for_key(task, call);
  bool any = row.nr == SYS_mremap && is_shared(task, call.args[0]);
  for (std::size_t i = 0; i < row.args.size() && row.args[i].kind != Arg::none; ++i) {
    switch (row.args[i].kind) {
      case Arg::descriptor: {
        const int fd = call.integer(i);
        call.objects[i] = object_of(task, fd);
        call.unsure = call.unsure || objects_.in_window(task.files, fd);
        break;
      }
      case Arg::sem_id: call.objects[i] = of_id(task, ObjectKind::sysv_sem, call.integer(i)); break;
      case Arg::shm_id: call.objects[i] = of_id(task, ObjectKind::sysv_shm, call.integer(i)); break;
      case Arg::msg_id: call.objects[i] = of_id(task, ObjectKind::sysv_msg, call.integer(i)); break;
      case Arg::locked_file: find_locked(task, call, i); break;
      case Arg::word:
        if (i != 0 && syscalls::futex_of(call).does != syscalls::Futex::Does::requeue) break;
        if (i == 0) note_owner(stop, task, call);
        if (!call.joins) call.objects[i] = of_word(task, call, i);
        break;
      default: break;
    }
    any = any || call.objects[i];
  }
  if (row.nr == SYS_fcntl && !is_copy(call)) find_locked(task, call, 0);
  return any || row.exit != syscalls::Exit::on_object;
}

// A descriptor is about to lead nowhere, or elsewhere: with it locks may go.
void Engine::look_for_locks(Tracee& task, const syscalls::Call& call) {
  if (call.row->nr == SYS_close) return closing_locked(task, call.integer(0));
  if (replaces(*call.row)) return closing_locked(task, call.integer(1));
  if (call.row->nr != SYS_close_range || (call.args[2] & CLOSE_RANGE_CLOEXEC) != 0) return;
  for (const int fd : os::open_fds(task.tid)) {
    if (std::cmp_greater_equal(fd, static_cast<unsigned>(call.args[0])) &&
        std::cmp_less_equal(fd, static_cast<unsigned>(call.args[1])))
      closing_locked(task, fd);
  }
}

void Engine::find_locked(const Tracee& task, syscalls::Call& call, std::size_t arg) {
  if (!running_ || !wants_locks_) return;
  if (const Object* file = locked_file(task, call.integer(arg))) call.objects.at(arg) = file->id;
}

Identity Engine::identify(const Tracee& task, int fd, const os::OpenFile& file, OpenedHow how) {
  if (!has_no_number(file)) return identity_of(file);
  const auto kind = kind_of(file, [] { return AF_UNSPEC; });
  const auto* held = how == OpenedHow::open ? nullptr : objects_.held(task.files, fd);
  const Object* known = held != nullptr && held->obj.kind == kind ? objects_.find(held->obj) : nullptr;
  return known != nullptr ? known->identity : Identity{event_devices, ++last_event_object_};
}

// An object that no descriptor leads to, or none that is followed.
Object& Engine::meet(const Tracee& task, const Identity& identity, ObjectMet fact) {
  Object& object = objects_.add(fact.kind, identity);
  object.outside = fact.inherited;
  fact.obj = object.id;
  if (fact.inode.empty() && (!fact.path.empty() || fact.kind == ObjectKind::mapping))
    fact.inode = std::to_string(identity.inode);
  emit_now(task, std::move(fact));
  return object;
}

ObjectId Engine::object_of(Tracee& task, int fd) {
  if (!running_ || fd < 0) return {};
  switch (objects_.known(task.files, fd)) {
    case Known::plain: return {};
    case Known::object: return objects_.held(task.files, fd)->obj;
    default: return look_up(task, fd, OpenedHow::inherited);
  }
}

// What the kernel says of it now: its task is stopped, or has just been.
ObjectId Engine::look_up(Tracee& task, int fd, OpenedHow how, const syscalls::Call* call, const Bytes& path) {
  const auto file = os::open_file(task.tid, fd);
  std::optional<os::SocketInfo> socket;
  std::optional<ObjectKind> kind;
  if (file) {
    kind = kind_of(*file, [&] {
      socket = os::socket_info(task.tid, fd);
      return socket ? socket->domain : AF_UNSPEC;
    });
  }
  // The other side of a terminal is mostly somebody outside: then it is none of ours.
  Object* const master =
      file && file->type == os::FileType::pty_slave ? objects_.find(Identity{masters, file->rdev}) : nullptr;
  const bool terminal = file && file->type == os::FileType::pty_slave && master == nullptr;
  if (!kind || !concerns_us(terminal ? ObjectKind::file : *kind)) {
    if (const auto closed = objects_.closed(task.files, fd, task.group->pid))
      tell_closed(task, *closed, ClosedHow::close);
    if (file) objects_.is_plain(task.files, fd);
    return {};
  }
  const Identity identity = identify(task, fd, *file, how);
  Object* known = objects_.find(identity);
  // A number of the kernel's that one had who is gone.
  if (known != nullptr && how == OpenedHow::open && class_of(*kind) == "event") {
    objects_.remove(*known);
    known = nullptr;
  }
  const bool named = *kind == ObjectKind::fifo || *kind == ObjectKind::pty || *kind == ObjectKind::file;
  std::vector<ObjectId> other;
  if (known == nullptr && master != nullptr) other.push_back(master->id);
  Object& object = known != nullptr ? *known
                                    : met(task, *kind, identity, how,
                                          !path.empty() ? path
                                          : named       ? os::path(task.tid, fd)
                                                        : Bytes{},
                                          other, socket ? kind_of_socket(socket->type) : SOCK_STREAM);
  const ObjectId id = object.id;
  if (!other.empty()) Objects::join(object, *objects_.find(other.front()));
  if (known == nullptr && socket) {
    if (!socket->local.empty()) objects_.name(object, socket->local);
    find_peer(object, task, fd);
  }
  hold(task, fd, {id, file->end}, how, call);
  return id;
}

// `pair`: the other end of it, if that has been met. `type`: of a socket.
Object& Engine::met(const Tracee& task, ObjectKind kind, const Identity& identity, OpenedHow how, const Bytes& path,
                    const std::vector<ObjectId>& pair, int type) {
  Object& object = objects_.add(kind, identity);
  object.messages = type != SOCK_STREAM;
  if (object.messages) object.stream = Stream{Stream::Kind::messages};
  object.outside = how == OpenedHow::inherited;
  object.path = path;
  ObjectMet fact;
  fact.obj = object.id;
  fact.kind = kind;
  fact.inode = std::to_string(identity.inode);
  fact.path = path;
  if (!pair.empty()) fact.peer = pair.front();
  fact.inherited = object.outside;
  fact.datagrams = object.messages && type != SOCK_SEQPACKET;
  emit_now(task, std::move(fact));
  return object;
}

// `call`: that waited for it.
void Engine::hold(Tracee& task, int fd, Holders::Held held, OpenedHow how, const syscalls::Call* call) {
  const auto* before = objects_.held(task.files, fd);
  const bool same = before != nullptr && *before == held;
  const auto replaced = objects_.is(task.files, fd, held, task.group->pid);
  if (same) return;
  if (replaced) tell_closed(task, *replaced, ClosedHow::close);
  FdOpened fact{fd, held.obj, held.end, how};
  if (call != nullptr) return tell(*call, fact);
  emit_now(task, fact);
}

void Engine::tell_closed(const Tracee& task, const Holders::Closed& closed, ClosedHow how) {
  FdClosed fact{closed.fd, closed.held.obj, closed.held.end, how, closed.last, 0};
  if (Object* object = objects_.find(closed.held.obj);
      object != nullptr && !object->outside && !objects_.holders().held(object->id, End::both)) {
    // Once: both ends may go at the same time.
    if (Object* unread = flows_from(*object)) {
      fact.left = unread->stream.left();
      unread->stream = Stream{unread->messages ? Stream::Kind::messages : Stream::Kind::bytes};
    }
  }
  emit_now(task, fact);
}

void Engine::inherit_files(const Tracee& creator, Tracee& child, bool shared) {
  const Tgid user = child.group->pid;
  child.files = creator.files;
  if (shared) {
    objects_.share(creator.files, user);
  } else {
    child.files = objects_.copy(creator.files, user);
  }
}

// Its end, as far as it closes descriptors: told are those that somebody waits for.
void Engine::leave_files(Tracee& task) {
  if (!task.files) return;
  if (task.closing) objects_.close_windows(task.files, task.tid);
  for (const auto& closed : objects_.leave(task.files, task.group->pid)) {
    if (closed.last) tell_closed(task, closed, ClosedHow::exit);
  }
  task.files = {};
}

void Engine::look_at_inherited(Tracee& root) {
  if (std::none_of(wanted_.begin(), wanted_.end(), [](bool wanted) { return wanted; })) return;
  for (const int fd : os::open_fds(root.tid)) look_up(root, fd, OpenedHow::inherited);
}

// execve(2) gives it a table of its own, and closes what is close-on-exec.
void Engine::files_execed(Tracee& task) {
  if (objects_.shared(task.files)) {
    const TableIndex former = task.files;
    task.files = objects_.copy(former, task.group->pid);
    objects_.leave(former, task.group->pid);
  }
  objects_.forget_plain(task.files);
  std::vector<int> gone;
  for (const auto& [fd, held] : objects_.holders().descriptors(task.files)) {
    const auto file = os::open_file(task.tid, fd);
    const Object* object = objects_.find(held.obj);
    const bool same = file && object != nullptr &&
                      (has_no_number(*file) ? kind_of(*file, [] { return AF_UNSPEC; }) == object->id.kind
                                            : object->identity == identity_of(*file));
    if (!same) gone.push_back(fd);
  }
  for (const int fd : gone) {
    if (const auto closed = objects_.closed(task.files, fd, task.group->pid))
      tell_closed(task, *closed, ClosedHow::exec);
  }
}

void Engine::opened(const syscalls::Call& call, std::span<const int> fds, OpenedHow how) {
  Tracee& task = *tracees_.find(call.tid);
  if (how == OpenedHow::received) {
    for (const int fd : fds) {
      look_up(task, fd, how);
      if (const auto* held = objects_.held(task.files, fd)) objects_.arrived(*held, task.group->pid);
    }
    return;
  }
  if (how == OpenedHow::open) {
    for (const int fd : fds) opened_shared(call, fd);
  }
  if (how != OpenedHow::pipe && how != OpenedHow::socket && how != OpenedHow::socketpair) {
    for (const int fd : fds) look_up(task, fd, how, how == OpenedHow::open ? &call : nullptr);
    return;
  }
  // What is new, whatever had its inode before.
  std::vector<ObjectId> made;
  for (const int fd : fds) {
    const auto file = os::open_file(task.tid, fd);
    if (!file) continue;  // closed again, by another thread
    const auto kind = kind_of(*file, [&] { return call.integer(0); });
    if (!concerns_us(kind)) {
      objects_.is_plain(task.files, fd);
      continue;
    }
    Object* object = how == OpenedHow::pipe && !made.empty() ? objects_.find(made.front()) : nullptr;
    if (object == nullptr || object->identity != identity_of(*file))
      object =
          &met(task, kind, identity_of(*file), how, {}, how == OpenedHow::socketpair ? made : std::vector<ObjectId>{},
               how == OpenedHow::pipe ? SOCK_STREAM : kind_of_socket(call.integer(1)));
    made.push_back(object->id);
    hold(task, fd, {object->id, file->end}, how);
  }
  if (how == OpenedHow::socketpair && made.size() == 2) Objects::join(*objects_.find(made[0]), *objects_.find(made[1]));
}

void Engine::duplicated(const syscalls::Call& call, int from, int to) {
  if (from == to) return;
  Tracee& task = *tracees_.find(call.tid);
  if (const auto closed = objects_.closed(task.files, to, task.group->pid))
    tell_closed(task, *closed, ClosedHow::replaced);
  const ObjectId id = object_of(task, from);
  const auto* held = id ? objects_.held(task.files, from) : nullptr;
  if (held == nullptr) return;  // it is looked up when it is used
  const Holders::Held same = *held;
  objects_.is(task.files, to, same, task.group->pid);
  tell(call, FdDuplicated{from, to, same.obj, same.end, std::string{call.row->name}});
}

void Engine::closing(const syscalls::Call& call, unsigned first, unsigned last) {
  Tracee& task = *tracees_.find(call.tid);
  if (call.row->nr == SYS_close_range && (call.args[2] & CLOSE_RANGE_UNSHARE) != 0 && objects_.shared(task.files)) {
    const TableIndex former = task.files;
    task.files = objects_.copy(former, task.group->pid);
    objects_.leave(former, task.group->pid);
  }
  if (objects_.shared(task.files)) {
    objects_.open_window(task.files, task.tid, first, last);
    task.closing = true;
  }
  for (const int fd : objects_.known_between(task.files, first, last)) {
    if (const auto closed = objects_.closed(task.files, fd, task.group->pid))
      tell_closed(task, *closed, ClosedHow::close);
  }
}

void Engine::unseen_from_now(const syscalls::Call& call) {
  Tracee& task = *tracees_.find(call.tid);
  objects_.never_sure(task.files);
  tell(call, Set{"io_uring", ""});
}

// Sockets that are connected know each other's addresses, or, where they have none, their inodes.
void Engine::find_peer(Object& object, const Tracee& task, int fd) {
  if (object.peer) return;
  if (object.id.kind == ObjectKind::unix_socket) {
    const auto inode = socket_diag_.unix_peer(object.identity.inode);
    Object* peer = inode ? objects_.find(Identity{object.identity.device, *inode}) : nullptr;
    if (peer != nullptr) Objects::join(object, *peer);
  } else if (object.id.kind == ObjectKind::inet) {
    const auto socket = os::socket_info(task.tid, fd);
    if (!socket || socket->local.empty() || socket->peer.empty()) return;
    objects_.connect(object, socket->local, socket->peer);
    if (Object* peer = objects_.connected(socket->peer, socket->local)) Objects::join(object, *peer);
  }
}

void Engine::tell_of_object(const syscalls::Call& call, std::size_t arg, Fact fact, Which which) {
  Tracee& task = *tracees_.find(call.tid);
  const ObjectId id = call.objects.at(arg);
  Object* object = id ? objects_.find(id) : nullptr;
  if (auto* at = std::get_if<FutexWaited>(&fact); at != nullptr && call.joins) {
    at->joins = call.owner;
    return tell(call, *at);
  }
  if (object == nullptr) {  // an id or address that is none: the call says so
    const bool by_descriptor =
        call.row->args.at(arg).kind == Arg::descriptor || call.row->exit == syscalls::Exit::on_fifo;
    if (call.failed() && !by_descriptor) tell(call, Failed{std::string{call.row->name}, call.error(), {}});
    return;
  }
  if (auto* changed = std::get_if<SemChanged>(&fact))
    return tell_semaphore(call, *object, std::move(*changed), seq_for(call, which == Which::first));
  if (auto* bound = std::get_if<Bound>(&fact)) {
    bound->obj = id;
    if (!bound->err) {
      const auto socket = os::socket_info(task.tid, bound->fd);
      if (socket && !socket->local.empty())
        bound->addr = socket->local;  // port 0 and an empty name are chosen by the kernel
      objects_.name(*object, bound->addr);
      socket_named(task, *object, bound->addr);
    }
  } else if (auto* listening = std::get_if<Listening>(&fact)) {
    listening->obj = id;
    listening->addr = object->name;
  } else if (auto* connected = std::get_if<Connected>(&fact)) {
    connected->obj = id;
    if (!connected->err || connected->err->value == EINPROGRESS) find_peer(*object, task, connected->fd);
    if (object->messages) {
      if (const Object* peer = at_address(connected->addr)) object->peer = peer->id;
    }
    connected->peer = object->peer;
  } else if (auto* accepted = std::get_if<Accepted>(&fact)) {
    accepted->listener = id;
    accepted->obj = look_up(task, accepted->fd, OpenedHow::accept);
    Object* made = accepted->obj ? objects_.find(accepted->obj) : nullptr;
    if (made == nullptr) return;
    find_peer(*made, task, accepted->fd);
    accepted->peer = made->peer;
    if (const auto socket = os::socket_info(task.tid, accepted->fd)) accepted->addr = socket->peer;
  } else if (auto* shut = std::get_if<ShutDown>(&fact)) {
    shut->obj = id;
    if (!shut->err && shut->end != End::read) object->shut_by = task.group->pid;
  } else if (auto* failed = std::get_if<Failed>(&fact)) {
    failed->obj = id;
  } else if (auto* removed = std::get_if<ObjectRemoved>(&fact)) {
    removed->obj = id;
    if (!removed->err) objects_.remove(*object);
  } else if (auto* refused = std::get_if<ShmAttached>(&fact)) {
    refused->obj = id;
  } else if (auto* at = std::get_if<FutexWaited>(&fact)) {
    at->obj = id;
    if (call.owner) at->owner = call.owner;
  } else if (auto* woke = std::get_if<FutexWoke>(&fact)) {
    woke->obj = id;
    if (call.objects[4]) woke->requeued_to = call.objects[4];
  }
  tell(call, std::move(fact));
}

}  // namespace kintrace::sources
