// SPDX-License-Identifier: MIT
// The part of the vocabulary (event.hpp) that is about what ties tasks together: objects, descriptors that lead to
// them, and the bytes and messages that go through.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kintrace/field.hpp"
#include "kintrace/ids.hpp"

namespace kintrace {

// What ties tasks together. `socket`: of a family that has neither names nor peers that we know (netlink, packet).
// `pty`: one side of a pseudoterminal, whose peer is the other (pty(7)). `file`: any other, which is locked, mapped
// MAP_SHARED, or asked for with -e fd. `posix_shm`, `posix_sem`: files in /dev/shm. `mapping`: shared memory without a
// name (MAP_ANONYMOUS). `futex`: a word that tasks wait at, in memory of one process or shared.
enum class ObjectKind {
  pipe,
  fifo,
  unix_socket,
  inet,
  socket,
  pty,
  file,
  sysv_sem,
  posix_sem,
  sysv_shm,
  posix_shm,
  mapping,
  memfd,
  sysv_msg,
  posix_mq,
  futex,
  eventfd,
  signalfd,
  timerfd,
  pidfd,
  epoll,
};
template <>
struct Names<ObjectKind> {
  static constexpr std::array<std::string_view, 21> value{
      "pipe",     "fifo",      "unix",     "inet",      "socket",  "pty",   "file",
      "sysv_sem", "posix_sem", "sysv_shm", "posix_shm", "mapping", "memfd", "sysv_msg",
      "posix_mq", "futex",     "eventfd",  "signalfd",  "timerfd", "pidfd", "epoll"};
};

// The class of an object's events (what -e chooses by).
constexpr std::string_view class_of(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::pipe:
    case ObjectKind::pty: return "pipe";
    case ObjectKind::fifo: return "fifo";
    case ObjectKind::file: return "fd";
    case ObjectKind::sysv_sem:
    case ObjectKind::posix_sem: return "sem";
    case ObjectKind::sysv_shm:
    case ObjectKind::posix_shm:
    case ObjectKind::mapping:
    case ObjectKind::memfd: return "shm";
    case ObjectKind::sysv_msg:
    case ObjectKind::posix_mq: return "msg";
    case ObjectKind::futex: return "futex";
    case ObjectKind::eventfd:
    case ObjectKind::signalfd:
    case ObjectKind::timerfd:
    case ObjectKind::pidfd:
    case ObjectKind::epoll: return "event";
    default: return "socket";
  }
}

// An object: the how-manieth of its kind that was met, from 1; 0 is none. Written pipe#1. It stands for the same pipe,
// FIFO or socket in all tasks, whatever their descriptors for it are.
struct ObjectId {
  ObjectKind kind = ObjectKind::pipe;
  std::uint32_t number = 0;
  constexpr explicit operator bool() const { return number != 0; }
  friend constexpr auto operator<=>(ObjectId, ObjectId) = default;
};

inline std::string name_of(ObjectId id) {
  std::string name{Names<ObjectKind>::value.at(static_cast<std::size_t>(id.kind))};
  name += '#';
  return name += std::to_string(id.number);
}

// What may be done through a descriptor, by its access mode. A socket's is `both`.
enum class End { read, write, both };
template <>
struct Names<End> {
  static constexpr std::array<std::string_view, 3> value{"read", "write", "both"};
};

// How a descriptor came to be. `received`: by SCM_RIGHTS (unix(7)). `inherited`: it was there when its task was first
// looked at.
enum class OpenedHow { pipe, open, socket, socketpair, accept, received, pidfd_getfd, inherited };
template <>
struct Names<OpenedHow> {
  static constexpr std::array<std::string_view, 8> value{"pipe",   "open",     "socket",      "socketpair",
                                                         "accept", "received", "pidfd_getfd", "inherited"};
};

// What closed a descriptor: close(2) or close_range(2); a dup2(2) to its number; an exec, as it was close-on-exec; the
// end of the last task that used its table.
enum class ClosedHow { close, replaced, exec, exit };
template <>
struct Names<ClosedHow> {
  static constexpr std::array<std::string_view, 4> value{"close", "replaced", "exec", "exit"};
};

// Some of the bytes of a message: which `sent` brought them, by its seq and its task.
struct Part {
  Seq seq;
  std::int64_t bytes = 0;
  Tid tid;
  friend bool operator==(const Part&, const Part&) = default;
  static constexpr auto fields = [] {
    return std::tuple{Field{"seq", &Part::seq}, Field{"bytes", &Part::bytes}, Field{"tid", &Part::tid}};
  };
};

// A place in a task's memory. Written "0x7f…".
struct Address {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Address, Address) = default;
};

// An object was met for the first time: made by the event's task, or found in its hands.
struct ObjectMet {
  static constexpr std::string_view name = "object", cls{};
  ObjectId obj;
  ObjectKind kind = ObjectKind::pipe;
  std::string inode;                   // decimal; with the device that its kind has, its identity in the kernel
  Bytes path;                          // of a FIFO, pty or file
  std::optional<ObjectId> peer;        // the other end of a socketpair(2) or connection, where that was met before
  bool inherited = false;              // no call of a task that is followed made it: others may hold it too
  bool datagrams = false;              // a socket without connections: its peer's end is not told to it
  std::optional<std::int64_t> key;     // of a System V object; 0: IPC_PRIVATE
  std::optional<std::int64_t> ipcid;   // the same: its id
  std::optional<Address> addr;         // of a futex that one process alone has, or where in its memory it was met
  std::optional<std::int64_t> offset;  // of a shared futex: in the object `in`
  std::optional<ObjectId> in;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &ObjectMet::obj},
                      Field{"kind", &ObjectMet::kind},
                      Field{"inode", &ObjectMet::inode},
                      Field{"path", &ObjectMet::path},
                      Field{"peer", &ObjectMet::peer},
                      Field{"inherited", &ObjectMet::inherited},
                      Field{"datagrams", &ObjectMet::datagrams},
                      Field{"key", &ObjectMet::key},
                      Field{"ipcid", &ObjectMet::ipcid},
                      Field{"addr", &ObjectMet::addr},
                      Field{"offset", &ObjectMet::offset},
                      Field{"in", &ObjectMet::in}};
  };
};

// The event's task has a descriptor for an object, and with it all tasks that share its table. What fork(2) copies is
// not told: the child has what its creator has.
struct FdOpened {
  static constexpr std::string_view name = "fd_opened", cls{};
  int fd = -1;
  ObjectId obj;
  End end = End::both;
  OpenedHow how = OpenedHow::inherited;
  static constexpr auto fields = [] {
    return std::tuple{Field{"fd", &FdOpened::fd}, Field{"obj", &FdOpened::obj}, Field{"end", &FdOpened::end},
                      Field{"how", &FdOpened::how}};
  };
};

// dup(2), dup2(2), dup3(2), fcntl(2) F_DUPFD. What `to` was before has an `fd_closed` of its own.
struct FdDuplicated {
  static constexpr std::string_view name = "fd_duplicated", cls{};
  int fd = -1;
  int to = -1;
  ObjectId obj;
  End end = End::both;
  std::string syscall;
  static constexpr auto fields = [] {
    return std::tuple{Field{"fd", &FdDuplicated::fd}, Field{"to", &FdDuplicated::to}, Field{"obj", &FdDuplicated::obj},
                      Field{"end", &FdDuplicated::end}, Field{"syscall", &FdDuplicated::syscall}};
  };
};

// A descriptor is gone. At the end of a process only those are told that were the last of their end: all others went
// with it.
struct FdClosed {
  static constexpr std::string_view name = "fd_closed", cls{};
  int fd = -1;
  ObjectId obj;
  End end = End::both;
  ClosedHow how = ClosedHow::close;
  bool last = false;      // no task that is followed holds that end any more: of `both`, neither of them
  std::int64_t left = 0;  // with the last descriptor of all: bytes that nobody will read
  static constexpr auto fields = [] {
    return std::tuple{Field{"fd", &FdClosed::fd},   Field{"obj", &FdClosed::obj},   Field{"end", &FdClosed::end},
                      Field{"how", &FdClosed::how}, Field{"last", &FdClosed::last}, Field{"left", &FdClosed::left}};
  };
};

// Bytes or a message went into an object, or an attempt was made. write(2), send(2), splice(2) and their like.
struct Sent {
  static constexpr std::string_view name = "sent", cls{};
  ObjectId obj;
  int fd = -1;
  std::int64_t bytes = 0;
  Bytes data;        // the first of them
  bool cut = false;  // there are more
  std::string syscall;
  std::optional<Errno> err;
  std::optional<Tgid> broken_by;               // EPIPE: whose close or end left it without a reader
  std::vector<int> fds;                        // the sender's descriptors that a message takes along (SCM_RIGHTS)
  Bytes addr;                                  // of whom a message is for that names its receiver
  std::optional<std::int64_t> type, priority;  // of a message in a queue: System V's, POSIX's
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Sent::obj},     Field{"fd", &Sent::fd},
                      Field{"bytes", &Sent::bytes}, Field{"data", &Sent::data},
                      Field{"cut", &Sent::cut},     Field{"syscall", &Sent::syscall},
                      Field{"err", &Sent::err},     Field{"broken_by", &Sent::broken_by},
                      Field{"fds", &Sent::fds},     Field{"addr", &Sent::addr},
                      Field{"type", &Sent::type},   Field{"priority", &Sent::priority}};
  };
};

// Bytes or a message came out of an object, or its end of file. read(2), recv(2), splice(2) and their like.
struct Received {
  static constexpr std::string_view name = "received", cls{};
  ObjectId obj;
  int fd = -1;
  std::int64_t bytes = 0;
  Bytes data;
  bool cut = false;
  std::vector<Part> from;      // in their order; bytes that were there before, or whose writer is not followed, lack
  bool order_unknown = false;  // writers overlapped, and what they wrote does not tell whose bytes these are
  bool peeked = false;         // they are still in it: MSG_PEEK, tee(2)
  bool eof = false;            // nobody holds the writing end
  std::optional<Tgid> eof_by;  // whose close or end was the last
  std::string syscall;
  std::optional<Errno> err;
  std::optional<std::int64_t> type, priority;  // of a message in a queue
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Received::obj},
                      Field{"fd", &Received::fd},
                      Field{"bytes", &Received::bytes},
                      Field{"data", &Received::data},
                      Field{"cut", &Received::cut},
                      Field{"from", &Received::from},
                      Field{"order_unknown", &Received::order_unknown},
                      Field{"peeked", &Received::peeked},
                      Field{"eof", &Received::eof},
                      Field{"eof_by", &Received::eof_by},
                      Field{"syscall", &Received::syscall},
                      Field{"err", &Received::err},
                      Field{"type", &Received::type},
                      Field{"priority", &Received::priority}};
  };
};

// A socket got a name, waits for connections, was connected; one came of a connection that waited. bind(2), listen(2),
// connect(2), accept(2). Addresses are text, as "unix /run/x", "unix @abstract", "127.0.0.1:80", "[::1]:80".
struct Bound {
  static constexpr std::string_view name = "bound", cls{};
  ObjectId obj;
  int fd = -1;
  Bytes addr;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Bound::obj}, Field{"fd", &Bound::fd}, Field{"addr", &Bound::addr},
                      Field{"err", &Bound::err}};
  };
};
struct Listening {
  static constexpr std::string_view name = "listening", cls{};
  ObjectId obj;
  int fd = -1;
  Bytes addr;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Listening::obj}, Field{"fd", &Listening::fd}, Field{"addr", &Listening::addr},
                      Field{"err", &Listening::err}};
  };
};
struct Connected {
  static constexpr std::string_view name = "connected", cls{};
  ObjectId obj;
  int fd = -1;
  Bytes addr;                    // of whom it is connected to
  std::optional<ObjectId> peer;  // the socket at the other end, where that is known by now
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Connected::obj}, Field{"fd", &Connected::fd}, Field{"addr", &Connected::addr},
                      Field{"peer", &Connected::peer}, Field{"err", &Connected::err}};
  };
};
struct Accepted {
  static constexpr std::string_view name = "accepted", cls{};
  ObjectId obj;  // the new socket
  int fd = -1;
  ObjectId listener;
  Bytes addr;                    // of whom it is connected to
  std::optional<ObjectId> peer;  // the socket at the other end, where it is one of a task that is followed
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Accepted::obj}, Field{"fd", &Accepted::fd}, Field{"listener", &Accepted::listener},
                      Field{"addr", &Accepted::addr}, Field{"peer", &Accepted::peer}};
  };
};
// shutdown(2): `end` is what is not possible any more.
struct ShutDown {
  static constexpr std::string_view name = "shut_down", cls{};
  ObjectId obj;
  int fd = -1;
  End end = End::both;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &ShutDown::obj}, Field{"fd", &ShutDown::fd}, Field{"end", &ShutDown::end},
                      Field{"err", &ShutDown::err}};
  };
};

}  // namespace kintrace

template <>
struct std::hash<kintrace::ObjectId> {
  std::size_t operator()(kintrace::ObjectId id) const noexcept {
    return std::hash<std::uint64_t>{}(static_cast<std::uint64_t>(id.kind) << 32 | id.number);
  }
};
