// SPDX-License-Identifier: MIT
// What a syscall means, as one row of a table: when to stop for it, what to read while it is stopped, what it did to
// the world. Rows know neither ptrace requests nor tasks: they get a finished Call and tell a Keeper. The seccomp
// filter will be made from these rows as well: class, exit and (to come with it) a predicate on the arguments.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kintrace/event.hpp"

namespace kintrace::syscalls {

// What the user chooses by with -e.
enum class Class { lifecycle };

// Whether the syscall-exit-stop is needed too: it costs as much as the entry. `never`: the entry says it all.
enum class Exit { never, always };

// What a task in this call may be waiting for, for as long as it does not return.
enum class Blocks { no, on_children };

// How an argument is read. In: at the entry. Out: at the exit, when the kernel has filled it.
enum class Arg {
  none,
  number,
  address,        // not followed
  in_path,        // a string, cut at PATH_MAX
  in_strings,     // argv: a NULL-terminated array of strings
  in_clone_args,  // struct clone_args, its size in the next argument
  out_status,     // wait(2)'s int
  out_siginfo,    // siginfo_t
};

struct ArgSpec {
  std::string_view name;
  Arg kind = Arg::none;
};

// What was read of one argument: a string or a structure's bytes; an array of strings; nothing where it could not be
// read.
using Captured = std::variant<std::monostate, Bytes, std::vector<Bytes>>;

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

  bool failed() const { return result && *result < 0 && *result > -4096; }
  Errno error() const { return Errno{failed() ? static_cast<std::int32_t>(-*result) : 0}; }
  // Empty where it could not be read.
  Bytes text(std::size_t arg) const;
  std::vector<Bytes> strings(std::size_t arg) const;
};

// Whoever keeps the tracees, hearing what a call did.
class Keeper {
 public:
  // A fact of the calling task, from the call's begin to its end.
  virtual void tell(const Call& call, Fact fact) = 0;
  // The call collected a dead child: as the caller's pid namespace numbers it, or nothing where the kernel did not say.
  virtual void collected(const Call& call, std::optional<Tgid> child) = 0;
  // The calling task is about to end by its own will, with its whole thread group or alone.
  virtual void leaving(const Call& call, bool whole_group) = 0;
  // A signal handler has returned, to a call that it had interrupted if `interrupted_call_failed`.
  virtual void handler_returned(const Call& call, bool interrupted_call_failed) = 0;

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
};

}  // namespace kintrace::syscalls
