// SPDX-License-Identifier: MIT
#include "os/ptrace.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.hpp"

namespace kintrace::os {
namespace {

// glibc declares the request as an enum and the rest as varargs: one place to satisfy both.
Result<long> request(int what, Tid tid, std::uintptr_t address, const void* data) {
  errno = 0;
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  const long answer = ::ptrace(static_cast<__ptrace_request>(what), tid.value, reinterpret_cast<void*>(address), data);
  if (answer < 0 && errno != 0) return Failure::last();
  return answer;
}

const void* as_data(std::uintptr_t number) {
  return reinterpret_cast<const void*>(number);  // NOLINT(performance-no-int-to-ptr)
}

Result<void> requested(int what, Tid tid, std::uintptr_t data) {
  const auto answer = request(what, tid, 0, as_data(data));
  if (!answer) return answer.error();
  return {};
}

constexpr std::uintptr_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |
                                   PTRACE_O_TRACEVFORKDONE;

// More than this at once would keep the first of them waiting.
constexpr std::size_t batch_limit = 256;

}  // namespace

Stop::~Stop() { KINTRACE_CHECK(!owed_, fmt::format("task {} was left stopped", tid_.value)); }

Result<std::uint64_t> Stop::message() const {
  unsigned long message = 0;
  const auto answer = request(PTRACE_GETEVENTMSG, tid_, 0, &message);
  if (!answer) return answer.error();
  // A SIGKILL takes the task from this stop on to PTRACE_EVENT_EXIT, whose message it was then (docs/ptrace-notes.md,
  // B4).
  const auto info = signal_info();
  if (!info) return info.error();
  if (info->si_code != status_.raw() >> 8) return Failure{Errno{ESRCH}};
  return std::uint64_t{message};
}

Result<SyscallInfo> Stop::syscall() const {
  __ptrace_syscall_info raw{};
  const auto answer = request(PTRACE_GET_SYSCALL_INFO, tid_, sizeof raw, &raw);
  if (!answer) return answer.error();
  SyscallInfo info;
  info.arch = raw.arch;
  switch (raw.op) {
    case PTRACE_SYSCALL_INFO_ENTRY:
      info.op = SyscallInfo::Op::entry;
      info.nr = raw.entry.nr;
      std::copy(std::begin(raw.entry.args), std::end(raw.entry.args), info.args.begin());
      break;
    case PTRACE_SYSCALL_INFO_SECCOMP:
      info.op = SyscallInfo::Op::seccomp;
      info.nr = raw.seccomp.nr;
      std::copy(std::begin(raw.seccomp.args), std::end(raw.seccomp.args), info.args.begin());
      break;
    case PTRACE_SYSCALL_INFO_EXIT:
      info.op = SyscallInfo::Op::exit;
      info.result = raw.exit.rval;
      break;
    default: break;
  }
  return info;
}

Result<siginfo_t> Stop::signal_info() const {
  siginfo_t info{};
  const auto answer = request(PTRACE_GETSIGINFO, tid_, 0, &info);
  if (!answer) return answer.error();
  return info;
}

#if defined(__x86_64__)
namespace {

Result<user_regs_struct> registers_of(Tid tid) {
  user_regs_struct registers{};
  iovec into{&registers, sizeof registers};
  const auto answer = request(PTRACE_GETREGSET, tid, NT_PRSTATUS, &into);
  if (!answer) return answer.error();
  if (into.iov_len != sizeof registers) return Failure{Errno{EINVAL}};  // an i386 program's are others
  return registers;
}

}  // namespace

std::optional<InterruptedCall> Stop::interrupted_call() const {
  const auto registers = registers_of(tid_);
  if (!registers || static_cast<std::int64_t>(registers->orig_rax) < 0) return {};
  return InterruptedCall{registers->orig_rax,
                         {registers->rdi, registers->rsi, registers->rdx, registers->r10, registers->r8, registers->r9},
                         static_cast<std::int64_t>(registers->rax)};
}

Result<void> Stop::set_call_result(std::int64_t result) const {
  auto registers = registers_of(tid_);
  if (!registers) return registers.error();
  registers->rax = static_cast<std::uint64_t>(result);
  const iovec from{&*registers, sizeof *registers};
  const auto answer = request(PTRACE_SETREGSET, tid_, NT_PRSTATUS, &from);
  if (!answer) return answer.error();
  return {};
}
#else
// arm64 has moved the program counter back already when it comes to this stop: there the result decides nothing.
std::optional<InterruptedCall> Stop::interrupted_call() const { return {}; }
Result<void> Stop::set_call_result(std::int64_t) const { return Failure{Errno{ENOSYS}}; }
#endif

// A failed restart settles the debt as well: the task was killed, and its end needs nothing from us (ptrace(2): ESRCH).
Result<void> Stop::restart(int what, Signal signal) {
  owed_ = false;
  return requested(what, tid_, static_cast<std::uintptr_t>(signal.value));
}

Result<void> Stop::resume(Until until, Signal signal) && {
  KINTRACE_CHECK(!signal || status_.kind() == WaitStatus::Kind::signal,
                 fmt::format("signal {} for task {} outside a signal-delivery-stop", signal.value, tid_.value));
  return restart(until == Until::syscall ? PTRACE_SYSCALL : PTRACE_CONT, signal);
}

Result<void> Stop::detach() && { return restart(PTRACE_DETACH, {}); }

Result<void> Stop::listen() && { return restart(PTRACE_LISTEN, {}); }

Tracer::Tracer() : thread_(::gettid()) {}

Result<void> Tracer::seize(Tid tid, AtOurEnd at_our_end) const {
  KINTRACE_CHECK(::gettid() == thread_, "ptrace off the tracer's thread");
  return requested(PTRACE_SEIZE, tid, options | (at_our_end == AtOurEnd::dies ? PTRACE_O_EXITKILL : 0));
}

Result<void> Tracer::interrupt(Tid tid) const { return requested(PTRACE_INTERRUPT, tid, 0); }

// __WNOTHREAD: exactly this thread's tracees, so that ECHILD means that none is left, whatever else this process
// started.
Tracer::Batch Tracer::wait(std::optional<Nanoseconds> patience) const {
  KINTRACE_CHECK(::gettid() == thread_, "wait4 off the tracer's thread");
  static constexpr timespec nap{0, 500'000};
  Batch batch;
  const Nanoseconds until = patience ? monotonic() + *patience : 0;
  while (batch.reports.size() < batch_limit) {
    const bool block = batch.reports.empty() && !patience;
    Report report;
    int status = 0;
    const pid_t tid = ::wait4(-1, &status, __WALL | __WNOTHREAD | (block ? 0 : WNOHANG), &report.usage);
    if (tid > 0) {
      report.tid = Tid{tid};
      report.status = WaitStatus{status};
      report.told = monotonic();
      batch.reports.push_back(report);
    } else if (tid < 0) {
      batch.left = errno != ECHILD || !batch.reports.empty();
      break;
    } else if (!batch.reports.empty() || !patience || monotonic() >= until) {
      break;
    } else {
      ::nanosleep(&nap, nullptr);
    }
  }
  return batch;
}

Result<Report> Tracer::wait_for(Tid tid) const {
  for (;;) {
    Report report;
    int status = 0;
    if (::wait4(tid.value, &status, __WALL | __WNOTHREAD, &report.usage) == tid.value) {
      report.tid = tid;
      report.status = WaitStatus{status};
      report.told = monotonic();
      return report;
    }
    if (errno != EINTR) return Failure::last();
  }
}

bool in_group(Tgid group, Tid tid) {
  // EPERM: found, but not ours to signal; so it is there.
  return ::syscall(SYS_tgkill, group.value, tid.value, 0) == 0 || errno == EPERM;
}

std::uint64_t shared_resources(Tid one, Tid other) {
  // Not KCMP_SYSVSEM and KCMP_IO: two tasks that have none of them look as if they shared it.
  static constexpr std::pair<int, std::uint64_t> kinds[] = {
      {KCMP_VM, CLONE_VM}, {KCMP_FILES, CLONE_FILES}, {KCMP_FS, CLONE_FS}, {KCMP_SIGHAND, CLONE_SIGHAND}};
  std::uint64_t flags = 0;
  for (const auto& [kind, flag] : kinds) {
    if (::syscall(SYS_kcmp, one.value, other.value, kind, 0, 0) == 0) flags |= flag;
  }
  return flags;
}

std::optional<Tgid> process_group(Tgid pid) {
  const pid_t group = ::getpgid(pid.value);
  return group > 0 ? std::optional{Tgid{group}} : std::nullopt;
}

std::optional<Tgid> session(Tgid pid) {
  const pid_t session = ::getsid(pid.value);
  return session > 0 ? std::optional{Tgid{session}} : std::nullopt;
}

bool is_gone(Tid tid) { return ::kill(tid.value, 0) != 0 && errno == ESRCH; }

}  // namespace kintrace::os
