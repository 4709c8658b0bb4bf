// SPDX-License-Identifier: MIT
// ptrace(2) and wait4(2), and nothing above them. A tracee is touched only through a Stop, which exists while it is
// stopped and waits for us; what the stop means is the engine's business.
#pragma once

#include <linux/audit.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kintrace/error.hpp"
#include "os/fd.hpp"
#include "os/pace.hpp"
#include "os/wait_status.hpp"

namespace kintrace::os {

#if defined(__x86_64__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_AARCH64;
#else
#error "add this architecture's AUDIT_ARCH_… constant"
#endif

// PTRACE_GET_SYSCALL_INFO (Linux 5.3). `none` outside syscall and seccomp stops, where the architecture is told as
// well.
struct SyscallInfo {
  enum class Op { none, entry, exit, seccomp };
  Op op = Op::none;
  std::uint32_t arch = 0;  // AUDIT_ARCH_…, of the calling code: an x86-64 program may make i386 calls
  std::uint64_t nr = 0;
  std::array<std::uint64_t, 6> args{};
  std::int64_t result = 0;  // exit: as the kernel returned it, -errno for a failure
  std::uint32_t mark = 0;   // seccomp: the message of the filter that stopped it (SECCOMP_RET_DATA)
};

// Until which stop a tracee is to run.
enum class Until {
  event,    // PTRACE_CONT: events and signals only
  syscall,  // PTRACE_SYSCALL: the next syscall-entry-stop or syscall-exit-stop too
  handler,  // PTRACE_SINGLESTEP with a signal: before the first instruction of its handler, a trap
};

// A call that a signal has interrupted, as it stands at the signal-delivery-stop: what it is going to return, or one of
// the kernel's own results (ERESTARTSYS and its like, include/linux/errno.h) if it may go on.
struct InterruptedCall {
  std::uint64_t nr = 0;
  std::array<std::uint64_t, 6> args{};
  std::int64_t result = 0;
};

// What holds for a tracee for as long as it is traced, and for all that it creates.
struct TraceOptions {
  bool filtered = false;      // PTRACE_O_TRACESECCOMP: the calls of its seccomp filter stop
  bool dies_with_us = false;  // PTRACE_O_EXITKILL
};

// A tracee that is stopped and waits for us. Resumed exactly once: dropping one aborts, rather than hang a user's
// program. Every method may answer gone() (ESRCH): the task was killed since; its end comes from wait4 and needs
// nothing from us.
class [[nodiscard]] Stop {
 public:
  Stop(Tid tid, WaitStatus status) : tid_(tid), status_(status), owed_(true) {}
  Stop(Stop&& other) noexcept : tid_(other.tid_), status_(other.status_), owed_(std::exchange(other.owed_, false)) {}
  Stop& operator=(Stop&&) = delete;
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;
  ~Stop();

  Tid tid() const { return tid_; }
  WaitStatus status() const { return status_; }
  // PTRACE_GETEVENTMSG, of an event's stop. A SIGKILL takes the task from this stop on to PTRACE_EVENT_EXIT, whose
  // message it is then (docs/ptrace-notes.md, B4): `is_here` tells whether it has not.
  Result<std::uint64_t> message() const;
  bool is_here() const;
  Result<SyscallInfo> syscall() const;
  Result<siginfo_t> signal_info() const;  // PTRACE_GETSIGINFO
  // At a signal-delivery-stop: the native call that the signal interrupted, if any. Nothing on architectures where the
  // registers do not say (NT_PRSTATUS; known for x86-64).
  std::optional<InterruptedCall> interrupted_call() const;
  // There: what the call that the signal interrupted returns, as the handler's frame has it; no error if it is going to
  // be repeated. Nothing where we cannot tell.
  std::optional<std::int64_t> interrupted_result() const;
  // What that call is to come to instead: -ERESTARTNOHAND lets it go on unless a handler runs.
  Result<void> set_call_result(std::int64_t result) const;
  // At an event's stop: the number of the call that it is in. Nothing where the registers do not say, or it is in none.
  std::optional<std::uint64_t> call_number() const;
  // At an entry or a seccomp stop: what is called instead, -1 being no call at all, which fails with ENOSYS. ENOSYS on
  // architectures where we do not know how.
  Result<void> set_call(std::uint64_t nr, const std::array<std::uint64_t, 6>& args) const;
  // The registers that arguments are passed in, after such a change.
  Result<void> set_arguments(const std::array<std::uint64_t, 6>& args) const;
  Result<void> set_options(TraceOptions options) const;

  // Memory: at most what is mapped, so possibly less than asked for; denied() where the tracee is not dumpable.
  Result<std::size_t> read(std::uint64_t address, std::span<std::byte> into) const;

  // `signal` is delivered; only a signal-delivery-stop may pass one.
  Result<void> resume(Until until, Signal signal = {}) &&;
  // PTRACE_LISTEN: leaves a group-stopped tracee stopped, as it would be alone, and hears of its SIGCONT.
  Result<void> listen() &&;
  // PTRACE_DETACH: from here on it runs untraced.
  Result<void> detach() &&;
  // A later report of the same task has taken this one's place: there is nothing left to resume.
  void forget() && { owed_ = false; }

 private:
  Result<void> restart(int request, Signal signal);
  Tid tid_;
  WaitStatus status_;
  bool owed_;
};

// The memory of a stopped task, by whole pages, of which it keeps the last: what belongs together often lies together.
class PageReader {
 public:
  explicit PageReader(const Stop& stop) : stop_(stop) {}  // NOLINT(cppcoreguidelines-pro-type-member-init)
  // A NUL-terminated string, cut after `most` bytes. EFAULT: nothing is mapped there.
  Result<std::string> string(std::uint64_t address, std::size_t most);
  // A NULL-terminated array of strings as execve(2) takes, at most `most` bytes in all.
  Result<std::vector<std::string>> strings(std::uint64_t address, std::size_t most);

 private:
  std::string_view at(std::uint64_t address);
  std::size_t read(std::uint64_t address, std::span<char> into);

  const Stop& stop_;
  std::array<char, 4096> bytes_;  // of the page
  std::uint64_t number_ = 0;
  std::size_t size_ = 0;  // how much of it is mapped, and was read
};

// What wait4(2) said of one tracee.
struct Report {
  Tid tid;
  WaitStatus status{0};
  std::optional<rusage> usage;  // of an ended leader, if asked for: the process and the children that it waited for
  Nanoseconds told = 0;         // CLOCK_MONOTONIC
};

// All requests and waits must come from the thread that made the Tracer: the kernel knows no other as the tracer.
class Tracer {
 public:
  Tracer();
  // PTRACE_SEIZE with the options of docs/ptrace-notes.md: the tracee is not stopped, its children are traced from
  // birth.
  Result<void> seize(Tid tid, TraceOptions options) const;
  Result<void> interrupt(Tid tid) const;
  // Waits until there is something to tell, then takes what is ready: at most one stop a task, and its end, in order.
  // Nothing: the wait was interrupted, or `patience` has passed, or no tracee is left. `crowd`: there are so many
  // tracees that asking for any of them, which the kernel does one by one, costs more than a stop.
  struct Batch {
    std::vector<Report> reports;
    bool left = true;  // there are tracees
  };
  enum class Crowd { no, yes };
  // Whether the ends are to say what was used: the kernel adds up all threads for it, at every stop.
  enum class Usage { unasked, asked };
  const Batch& wait(std::optional<Nanoseconds> patience, Crowd crowd, Usage usage);
  // A task that is likely to stop next: in a crowd it is asked for by name.
  void expect(Tid tid);
  // The next report of one task only; gone() if it has ended.
  Result<Report> wait_for(Tid tid) const;

 private:
  enum class Found { one, none, no_tracees, interrupted };
  Found take(Tid tid, int flags);
  Found take_recent();
  Found spin(Crowd crowd);
  Found give_way();
  Found sleep(std::optional<Nanoseconds> patience);
  void drain(Crowd crowd);
  void see_load();

  std::thread::id thread_;
  Pace pace_;
  Fd load_;  // /proc/loadavg
  int since_load_ = 0;
  Batch batch_;
  Usage usage_ = Usage::unasked;
  // The tasks that stopped last: in a crowd these are asked for first, one by one.
  std::array<Tid, 6> recent_{};
  std::size_t next_recent_ = 0;
  int since_all_ = 0;     // batches since all were asked for
  bool at_once_ = false;  // the first of this batch did not have to be waited for
};

// Whether `tid` is a task of `group`: tgkill(2) with signal 0. False also when it has been reaped.
bool in_group(Tgid group, Tid tid);
// Which resources two living tasks share, as CLONE_… flags: kcmp(2). 0 where it is not permitted.
std::uint64_t shared_resources(Tid one, Tid other);
// getpgid(2) and getsid(2); nothing if it has been reaped.
std::optional<Tgid> process_group(Tgid pid);
std::optional<Tgid> session(Tgid pid);
// Whether no task, not even a zombie, has this number.
bool is_gone(Tid tid);

}  // namespace kintrace::os
