// SPDX-License-Identifier: MIT
// What a syscall means, as one row of a table: when to stop for it, what to read while it is stopped, what it did to
// the world. Rows know neither ptrace requests nor tasks: they get a finished Call and tell a Keeper. The seccomp
// filter is made from these rows as well (watch.hpp): class, exit and the conditions on the arguments.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kintrace/event.hpp"
#include "os/seccomp.hpp"

namespace kintrace::syscalls {

// What the user chooses by with -e. Births, execs, ends and waits are followed in any case. `stream`: what all that is
// read and written by descriptors has in common, and what must be seen to know which descriptors lead to what.
// `opening`: what leads from paths to descriptors; `naming`: what gives names, and takes them away. `mapping`: without
// it nobody knows which memory is shared. `queue`: message queues that have descriptors.
enum class Class {
  lifecycle,
  signal,
  socket,
  pipe,
  opening,
  stream,
  sem,
  shm,
  mapping,
  msg,
  queue,
  lock,
  futex,
  event,
  naming
};
namespace classes {
inline constexpr std::string_view lifecycle[] = {"lifecycle"}, signal[] = {"signal"}, socket[] = {"socket"},
                                  pipe[] = {"pipe"}, opening[] = {"pipe", "fifo", "fd", "shm", "sem"},
                                  stream[] = {"socket", "pipe", "fifo", "fd", "event"}, sem[] = {"sem"},
                                  shm[] = {"shm"}, mapping[] = {"shm", "sem", "futex"}, msg[] = {"msg"},
                                  lock[] = {"lock"}, futex[] = {"futex", "sem"}, event[] = {"event"},
                                  naming[] = {"fifo", "socket", "sem", "shm", "msg"};
}
// The names that stand for it.
constexpr std::span<const std::string_view> class_names(Class cls) {
  switch (cls) {
    case Class::lifecycle: return classes::lifecycle;
    case Class::signal: return classes::signal;
    case Class::socket: return classes::socket;
    case Class::pipe: return classes::pipe;
    case Class::opening: return classes::opening;
    case Class::stream: return classes::stream;
    case Class::sem: return classes::sem;
    case Class::shm: return classes::shm;
    case Class::mapping: return classes::mapping;
    case Class::msg:
    case Class::queue: return classes::msg;
    case Class::lock: return classes::lock;
    case Class::futex: return classes::futex;
    case Class::event: return classes::event;
    case Class::naming: return classes::naming;
  }
  return {};
}
// Whether its objects have descriptors: then all that makes, copies or closes descriptors must be seen.
constexpr bool has_descriptors(Class cls) {
  switch (cls) {
    case Class::socket:
    case Class::pipe:
    case Class::opening:
    case Class::stream:
    case Class::queue:
    case Class::lock:
    case Class::event: return true;
    default: return false;
  }
}

// Whether the syscall-exit-stop is needed too: it costs as much as the entry. `never`: the entry says it all.
// `on_failure`: a success has an event of its own. `in_threads`: where others of its process may be woken for it.
// `on_object`: where one of its descriptors leads to a pipe, FIFO or socket. `on_fifo`: where its path does.
// `on_name`: where its path is that of an object, or may become one.
enum class Exit { never, on_failure, in_threads, on_object, on_fifo, on_name, always };

// What a task in this call may be waiting for, for as long as it does not return: one of its children; what comes out
// of an object, goes in, or opens its other side; a change of an object that no bytes go through: a semaphore, a lock,
// a futex; any of several things, or time.
enum class Blocks { no, on_children, on_input, on_output, on_other_side, on_change, on_any };

// How an argument is read. In: at the entry. Out: at the exit, when the kernel has filled it.
enum class Arg {
  none,
  number,
  address,        // not followed
  in_string,      // cut at `size`
  in_strings,     // argv: a NULL-terminated array of strings
  in_sized,       // a structure whose size is the next argument, cut at `size`
  in_memory,      // a structure of `size` bytes
  in_descriptor,  // what a descriptor refers to, in text: a path
  in_pidfd,       // the pid that it refers to, in text
  in_array,       // structures of `size` bytes each, as many as the next argument says
  in_message_to,  // a System V message: its type, a long, and as many bytes as the next argument says
  out_message_of,
  out_memory,         // a structure of `size` bytes
  out_array,          // structures of `size` bytes each, as many as the call returned
  out_array_of_next,  // as many as the next argument says
  descriptor,         // which may lead to an object
  locked_file,        // a descriptor of a file: that is the object
  sem_id,             // what semget(2), shmget(2), msgget(2) returned
  shm_id,
  msg_id,
  word,         // the address of a futex
  in_bytes,     // of a message: as many as the next argument says, cut at what is wanted of them
  in_vector,    // the same in pieces: an array of iovec, as many as the next argument says
  in_message,   // the same in a msghdr: see Message
  in_messages,  // several: an array of mmsghdr, as many as the next argument says
  out_bytes,    // the same four at the exit
  out_vector,
  out_message,
  out_messages,
};

struct ArgSpec {
  std::string_view name;
  Arg kind = Arg::none;
  std::size_t size = 0;  // bytes
};

// A condition on one argument: the calls that meet none of a row's conditions are not looked at.
using Only = os::ArgTest;

// Whether a row is observed without being asked for. `asked`: it is frequent and mostly noise; -v, or its name with -e.
enum class Observed { standard, asked };

// What was read of one argument: a string or a structure's bytes; an array of strings; nothing where it could not be
// read.
using Captured = std::variant<std::monostate, Bytes, std::vector<Bytes>>;

// What is captured of a msghdr(2), or of each of several: four strings one after the other.
struct Message {
  static constexpr std::size_t strings = 4;
  Bytes data;
  Bytes control;
  Bytes size;  // mmsghdr's msg_len, in decimal
  Bytes name;  // the sockaddr: where to, or from
};

struct Row;

// One call of one task, from entry to exit. A call that the kernel restarts after a signal is still one call.
struct Call {
  const Row* row = nullptr;
  Seq seq;
  Nanoseconds begin = 0;  // CLOCK_MONOTONIC, as all times before they become an Event's
  Nanoseconds end = 0;
  Tid tid;
  std::array<std::uint64_t, 6> args{};
  std::array<Captured, 6> captured;
  std::optional<std::int64_t> result;  // nothing: it has not returned
  bool cut = false;                    // it never will: its task ended within it
  bool told = false;                   // what it did has been told before it returned
  bool changed = false;                // the kernel was given others than its arguments
  std::array<ObjectId, 6> objects{};   // that its descriptor arguments lead to
  bool unsure = false;                 // one of them was being closed when it began
  bool fresh = false;                  // what it names was not there when it began
  Tid owner;                           // who had the lock or mutex when it began,
  bool joins = false;                  // or the thread whose end it waits for
  std::int64_t size = 0;               // of the message that it was given, or has room for: bytes
  std::vector<int> taken_along;        // descriptors in that message, by their numbers while they are on their way

  bool failed() const { return result && *result < 0 && *result > -4096; }
  Errno error() const { return Errno{failed() ? static_cast<std::int32_t>(-*result) : 0}; }
  // Empty where it could not be read.
  Bytes text(std::size_t arg) const;
  std::vector<Bytes> strings(std::size_t arg) const;
  // An int, without the garbage that its register's upper half may hold.
  std::int32_t integer(std::size_t arg) const { return static_cast<std::int32_t>(args.at(arg)); }
  // The structure that an argument points to. Nothing if it could not be read whole.
  template <class T>
  std::optional<T> structure(std::size_t arg) const {
    const auto* bytes = std::get_if<Bytes>(&captured.at(arg));
    if (bytes == nullptr || bytes->size() < sizeof(T)) return {};
    T value;
    std::memcpy(&value, bytes->data(), sizeof value);
    return value;
  }
};

// The call that is there; none is left.
inline Call taken(std::optional<Call>& from) {
  Call call = std::move(*from);
  from.reset();
  return call;
}

// What a process does at a signal.
struct Action {
  Signal signal;
  Disposition to = Disposition::default_action;
  bool restarts = false;  // calls go on after the handler (SA_RESTART)
};

// Whoever keeps the tracees, hearing what a call did.
class Keeper {
 public:
  // A fact of the calling task, from the call's begin to its end.
  virtual void tell(const Call& call, Fact fact) = 0;
  // A fact of another process that is the call's doing.
  virtual void tell_of(Tgid whom, const Call& call, Fact fact) = 0;
  // The call collected a dead child: as the caller's pid namespace numbers it, or nothing where the kernel did not say;
  // and how it ended, if it told the caller.
  virtual void collected(const Call& call, std::optional<Tgid> child, const std::optional<Ending>& ending) = 0;
  // The call created a task, with CLONE_UNTRACED: no event tells of it.
  virtual void escaped(const Call& call, Tid child) = 0;
  // The calling process has set its action for a signal. False if it was so before.
  virtual bool action_set(const Call& call, const Action& action) = 0;
  // The children of the calling process live in another pid namespace from now on.
  virtual void children_elsewhere(const Call& call) = 0;
  // The calling task has new descriptors that lead to objects made by this call: its ends, or a pair's two sockets.
  virtual void opened(const Call& call, std::span<const int> fds, OpenedHow how) = 0;
  // `to` leads to where `from` does.
  virtual void duplicated(const Call& call, int from, int to) = 0;
  // These descriptors are being closed: by now, or soon.
  virtual void closing(const Call& call, unsigned first, unsigned last) = 0;
  // The calling process does things that are not seen: io_uring_setup(2).
  virtual void unseen_from_now(const Call& call) = 0;
  // So many bytes went through a descriptor, the first of them being `data`; or none, as the call failed.
  struct Transfer {
    std::size_t arg = 0;  // the descriptor's
    std::int64_t bytes = 0;
    Bytes data;
    bool peeked = false;
    bool first = true;                      // of those that the call tells
    std::vector<int> fds;                   // taken along (SCM_RIGHTS)
    Bytes to;                               // the sockaddr of a message that has one of its own
    std::optional<std::int64_t> rank = {};  // of a message in a queue: its type, or priority
  };
  virtual void sent(const Call& call, Transfer transfer) = 0;
  virtual void received(const Call& call, Transfer transfer) = 0;
  // A fact about the object that an argument leads to, if it leads to one. `further`: the call has told one before.
  enum class Which { first, further };
  virtual void tell_of_object(const Call& call, std::size_t arg, Fact fact, Which which = Which::first) = 0;

  // semget(2), shmget(2), msgget(2): the id that belongs to a key.
  virtual void got(const Call& call, ObjectKind kind, std::int32_t id, std::int64_t key, std::int64_t size) = 0;
  // A descriptor for something that is neither a pipe nor a socket: eventfd(2), mq_open(3), memfd_create(2). `size` as
  // in the fact Opened.
  virtual void made(const Call& call, int fd, std::optional<std::int64_t> size) = 0;
  // The calling process has something in its memory, or has not any more.
  struct Piece {
    std::uint64_t address = 0, bytes = 0, offset = 0;
    std::uint64_t prot = 0;  // PROT_…
    int fd = -1;
  };
  virtual void mapped(const Call& call, const Piece& piece) = 0;
  virtual void unmapping(const Call& call, std::uint64_t address, std::uint64_t bytes) = 0;
  virtual void moved(const Call& call, std::uint64_t from, std::uint64_t from_bytes, std::uint64_t to,
                     std::uint64_t to_bytes) = 0;
  virtual void attached(const Call& call, std::uint64_t address, bool read_only) = 0;
  virtual void detached(const Call& call, std::uint64_t address) = 0;
  // flock(2), fcntl(2): what a call asked for. Nothing to take: it gives back.
  struct Locking {
    LockKind kind = LockKind::flock;
    std::optional<LockMode> mode;
    std::int64_t first = 0;  // byte, from `whence`: as lseek(2) has it
    std::int64_t bytes = 0;  // 0: to the end; may be negative
    int whence = 0;
    bool waits = false;
  };
  virtual void locked(const Call& call, const Locking& lock) = 0;
  // A wait for any of these descriptors has ended; of some it is known whether they were ready.
  struct Watched {
    int fd = -1;
    bool ready = false;
  };
  virtual void waited(const Call& call, Waited fact, std::span<const Watched> fds) = 0;
  // The same of an epoll instance, which tells by the numbers that its members were given: epoll_ctl(2).
  virtual void watches(const Call& call, int operation, int fd, std::uint64_t data) = 0;
  virtual void epoll_waited(const Call& call, Waited fact, std::span<const std::uint64_t> ready) = 0;
  // Names: a second one for a file, and one that is no more.
  virtual void linked(const Call& call, const Bytes& from, const Bytes& to) = 0;
  virtual void unlinked(const Call& call) = 0;
  virtual void fifo_made(const Call& call, std::size_t path) = 0;

 protected:
  ~Keeper() = default;
};

// Called once, at the last stop that the row asks for, or with no result when the task ended within the call.
using Effect = void (*)(const Call& call, Keeper& keeper);

struct Row {
  long nr;  // SYS_…, of the native architecture
  std::string_view name;
  Class cls;
  Exit exit;
  std::array<ArgSpec, 6> args;
  Effect effect;
  Blocks blocks = Blocks::no;
  Observed observed = Observed::standard;
  std::span<const Only> only = {};
  std::string_view all_with = {};  // who asks for this class is told of calls that meet none of these conditions, too

  bool concerns(const std::array<std::uint64_t, 6>& values) const;
  bool has(Arg kind) const;
};

// Whether it never waits, and most of these are not told: what is told of it is numbered when it is.
constexpr bool is_instant(const Row& row) {
  return row.blocks == Blocks::no && row.exit != Exit::on_object && row.cls != Class::lifecycle &&
         row.cls != Class::signal && row.cls != Class::sem;
}

// Whether it is told of a call that it has succeeded: not of one that failed, or never returned.
inline bool succeeded(const Call& call) { return call.result && !call.failed(); }

}  // namespace kintrace::syscalls
