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

// What the user chooses by with -e. Births, execs, ends and waits are followed in any case. `stream`: what pipes, FIFOs
// and sockets have in common, and what must be seen to know which descriptors lead to them.
enum class Class { lifecycle, signal, socket, pipe, opening, stream };
// The names that stand for it.
inline constexpr std::array<std::string_view, 6> all_class_names{"lifecycle", "signal", "socket", "pipe", "fifo", "fd"};
constexpr std::span<const std::string_view> class_names(Class cls) {
  const std::span all{all_class_names};
  switch (cls) {
    case Class::opening: return all.subspan(static_cast<std::size_t>(Class::pipe));
    case Class::stream: return all.subspan(static_cast<std::size_t>(Class::socket));
    default: return all.subspan(static_cast<std::size_t>(cls), 1);
  }
}

// Whether the syscall-exit-stop is needed too: it costs as much as the entry. `never`: the entry says it all.
// `on_failure`: a success has an event of its own. `in_threads`: where others of its process may be woken for it.
// `on_object`: where one of its descriptors leads to a pipe, FIFO or socket. `on_fifo`: where its path does.
enum class Exit { never, on_failure, in_threads, on_object, on_fifo, always };

// What a task in this call may be waiting for, for as long as it does not return: one of its children; what comes out
// of an object, goes in, or opens its other side.
enum class Blocks { no, on_children, on_input, on_output, on_other_side };

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
  out_memory,     // a structure of `size` bytes
  descriptor,     // which may lead to an object
  in_bytes,       // of a message: as many as the next argument says, cut at what is wanted of them
  in_vector,      // the same in pieces: an array of iovec, as many as the next argument says
  in_message,     // the same in a msghdr: see Message
  in_messages,    // several: an array of mmsghdr, as many as the next argument says
  out_bytes,      // the same four at the exit
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
    bool first = true;     // of those that the call tells
    std::vector<int> fds;  // taken along (SCM_RIGHTS)
    Bytes to;              // the sockaddr of a message that has one of its own
  };
  virtual void sent(const Call& call, Transfer transfer) = 0;
  virtual void received(const Call& call, Transfer transfer) = 0;
  // A fact about the object that an argument leads to, if it leads to one.
  virtual void tell_of_object(const Call& call, std::size_t arg, Fact fact) = 0;

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

  bool concerns(const std::array<std::uint64_t, 6>& values) const;
  bool has(Arg kind) const;
};

// Whether it never waits, and most of these are not told: what is told of it is numbered when it is.
constexpr bool is_instant(const Row& row) {
  return row.blocks == Blocks::no && row.exit != Exit::on_object && row.cls != Class::lifecycle &&
         row.cls != Class::signal;
}

}  // namespace kintrace::syscalls
