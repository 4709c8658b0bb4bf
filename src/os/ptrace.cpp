// SPDX-License-Identifier: MIT
#include "os/ptrace.hpp"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>

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

std::uintptr_t bits_of(TraceOptions options) {
  constexpr std::uintptr_t always = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT;
  return always | (options.filtered ? PTRACE_O_TRACESECCOMP : 0) | (options.dies_with_us ? PTRACE_O_EXITKILL : 0);
}

// More than this at once would keep the first of them waiting.
constexpr std::size_t batch_limit = 256;

}  // namespace

Stop::~Stop() { KINTRACE_CHECK(!owed_, fmt::format("task {} was left stopped", tid_.value)); }

Result<std::uint64_t> Stop::message() const {
  unsigned long message = 0;
  const auto answer = request(PTRACE_GETEVENTMSG, tid_, 0, &message);
  if (!answer) return answer.error();
  return std::uint64_t{message};
}

bool Stop::is_here() const {
  const auto info = signal_info();
  return info && info->si_code == status_.raw() >> 8;
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
      info.mark = raw.seccomp.ret_data;
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

// All of them are argument registers, and none is what a call returns in.
void put(const std::array<std::uint64_t, 6>& args, user_regs_struct& registers) {
  registers.rdi = args[0];
  registers.rsi = args[1];
  registers.rdx = args[2];
  registers.r10 = args[3];
  registers.r8 = args[4];
  registers.r9 = args[5];
}

Result<void> set_registers(Tid tid, user_regs_struct& registers) {
  const iovec from{&registers, sizeof registers};
  const auto answer = request(PTRACE_SETREGSET, tid, NT_PRSTATUS, &from);
  if (!answer) return answer.error();
  return {};
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
  return set_registers(tid_, *registers);
}

// The third argument of every handler is the ucontext_t in its frame (arch/x86/kernel/signal_64.c).
std::optional<std::int64_t> Stop::interrupted_result() const {
  const auto registers = registers_of(tid_);
  if (!registers) return {};
  std::int64_t result = 0;
  const auto at = registers->rdx + offsetof(ucontext_t, uc_mcontext.gregs[REG_RAX]);
  const auto got = read(at, std::as_writable_bytes(std::span{&result, 1}));
  return got && *got == sizeof result ? std::optional{result} : std::nullopt;
}

std::optional<std::uint64_t> Stop::call_number() const {
  std::uint64_t nr = 0;  // the request itself stores it there (ptrace(2), C library/kernel differences)
  const auto got = ::syscall(SYS_ptrace, PTRACE_PEEKUSER, tid_.value, offsetof(user_regs_struct, orig_rax), &nr);
  return got < 0 || static_cast<std::int64_t>(nr) < 0 ? std::nullopt : std::optional{nr};
}

Result<void> Stop::set_call(std::uint64_t nr, const std::array<std::uint64_t, 6>& args) const {
  auto registers = registers_of(tid_);
  if (!registers) return registers.error();
  registers->orig_rax = nr;
  put(args, *registers);
  return set_registers(tid_, *registers);
}

Result<void> Stop::set_arguments(const std::array<std::uint64_t, 6>& args) const {
  auto registers = registers_of(tid_);
  if (!registers) return registers.error();
  put(args, *registers);
  return set_registers(tid_, *registers);
}
#else
// arm64 has moved the program counter back already when it comes to this stop: there the result decides nothing.
std::optional<InterruptedCall> Stop::interrupted_call() const { return {}; }
Result<void> Stop::set_call_result(std::int64_t) const { return Failure{Errno{ENOSYS}}; }
std::optional<std::int64_t> Stop::interrupted_result() const { return {}; }
std::optional<std::uint64_t> Stop::call_number() const { return {}; }
Result<void> Stop::set_call(std::uint64_t, const std::array<std::uint64_t, 6>&) const { return Failure{Errno{ENOSYS}}; }
Result<void> Stop::set_arguments(const std::array<std::uint64_t, 6>&) const { return Failure{Errno{ENOSYS}}; }
#endif

Result<void> Stop::set_options(TraceOptions options) const {
  return requested(PTRACE_SETOPTIONS, tid_, bits_of(options));
}

// A failed restart settles the debt as well: the task was killed, and its end needs nothing from us (ptrace(2): ESRCH).
Result<void> Stop::restart(int what, Signal signal) {
  owed_ = false;
  return requested(what, tid_, static_cast<std::uintptr_t>(signal.value));
}

Result<void> Stop::resume(Until until, Signal signal) && {
  KINTRACE_CHECK(!signal || status_.kind() == WaitStatus::Kind::signal,
                 fmt::format("signal {} for task {} outside a signal-delivery-stop", signal.value, tid_.value));
  constexpr std::array requests{PTRACE_CONT, PTRACE_SYSCALL, PTRACE_SINGLESTEP};
  return restart(requests.at(static_cast<std::size_t>(until)), signal);
}

Result<void> Stop::detach() && { return restart(PTRACE_DETACH, {}); }

Result<void> Stop::listen() && { return restart(PTRACE_LISTEN, {}); }

namespace {

constexpr Nanoseconds impatience = 100'000;
// Whoever is ready is taken at least once in so many batches: nobody waits for long behind those that stop again and
// again, and where that is costly, as in a crowd, the cost is spread.
constexpr int batches_between = 32;
// So often a crowd is given way to.
constexpr int turns = 4;
// The machine's load is looked at every so many waits.
constexpr int waits_between = 32;

int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

}  // namespace

Tracer::Tracer() : thread_(std::this_thread::get_id()), pace_(usable_cpus()) {
  batch_.reports.reserve(batch_limit);
  if (usable_cpus() == 1) return;  // it cannot spin anyway
  if (auto load = open("/proc/loadavg", O_RDONLY)) load_ = std::move(*load);
}

Result<void> Tracer::seize(Tid tid, TraceOptions options) const {
  KINTRACE_CHECK(std::this_thread::get_id() == thread_, "ptrace off the tracer's thread");
  return requested(PTRACE_SEIZE, tid, bits_of(options));
}

Result<void> Tracer::interrupt(Tid tid) const { return requested(PTRACE_INTERRUPT, tid, 0); }

// __WNOTHREAD: exactly this thread's tracees, so that ECHILD means that none is left, whatever else this process
// started.
Tracer::Found Tracer::take(Tid tid, int flags) {
  int status = 0;
  rusage usage;
  const bool asked = usage_ == Usage::asked;
  // Not glibc's, which prepares for its thread to be cancelled there.
  const long found =
      ::syscall(SYS_wait4, tid ? tid.value : -1, &status, __WALL | __WNOTHREAD | flags, asked ? &usage : nullptr);
  if (found == 0) return Found::none;
  if (found < 0) return errno == ECHILD ? Found::no_tracees : Found::interrupted;
  Report& report = batch_.reports.emplace_back();
  report.tid = Tid{static_cast<std::int32_t>(found)};
  report.status = WaitStatus{status};
  if (asked && report.status.ended()) report.usage = usage;
  report.told = monotonic();
  return Found::one;
}

Tracer::Found Tracer::take_recent() {
  for (const Tid tid : recent_) {
    if (tid && take(tid, WNOHANG) == Found::one) return Found::one;
  }
  return Found::none;
}

Tracer::Found Tracer::spin(Crowd crowd) {
  const auto once = [&] { return crowd == Crowd::yes ? take_recent() : take({}, WNOHANG); };
  const Nanoseconds until = monotonic() + Pace::spin_time;
  Found found = once();
  at_once_ = found == Found::one;
  while (found == Found::none && monotonic() < until) found = once();
  return found;
}

// To be woken for one of a crowd costs a look at all of them: first those are let run that are likely to stop next.
Tracer::Found Tracer::give_way() {
  Found found = take_recent();
  for (int turn = 0; found == Found::none && turn < turns; ++turn) {
    ::sched_yield();
    found = take_recent();
  }
  return found;
}

Tracer::Found Tracer::sleep(std::optional<Nanoseconds> patience) {
  if (!patience) return take({}, 0);
  // What is waited for with patience is most likely about to come.
  static constexpr timespec nap{0, 200'000};
  const Nanoseconds begin = monotonic();
  Found found = take({}, WNOHANG);
  for (Nanoseconds now = begin; found == Found::none && now - begin < *patience; now = monotonic()) {
    if (now - begin < impatience) {
      ::sched_yield();
    } else {
      ::nanosleep(&nap, nullptr);
    }
    found = take({}, WNOHANG);
  }
  return found;
}

// Where one had to be waited for, no other is likely to be ready.
void Tracer::drain(Crowd crowd) {
  if (++since_all_ < batches_between && (crowd == Crowd::yes || !at_once_)) {
    if (crowd == Crowd::yes) take_recent();
    return;
  }
  since_all_ = 0;
  while (batch_.reports.size() < batch_limit && take({}, WNOHANG) == Found::one) {
  }
}

const Tracer::Batch& Tracer::wait(std::optional<Nanoseconds> patience, Crowd crowd, Usage usage) {
  usage_ = usage;
  KINTRACE_CHECK(std::this_thread::get_id() == thread_, "wait4 off the tracer's thread");
  batch_.reports.clear();
  at_once_ = false;
  if (++since_load_ >= waits_between) see_load();
  Found found = pace_.way() == Pace::Way::spin ? spin(crowd) : Found::none;
  const bool caught = found == Found::one;
  if (found == Found::none && crowd == Crowd::yes) found = give_way();
  if (found == Found::none) found = sleep(patience);
  batch_.left = found != Found::no_tracees;
  if (found != Found::one) return batch_;
  drain(crowd);
  pace_.waited(batch_.reports.back().told, batch_.reports.size(), caught);
  if (crowd == Crowd::yes) {
    for (const Report& report : batch_.reports) expect(report.tid);
  }
  return batch_;
}

// proc(5): "0.20 0.18 0.12 1/80 11206", the fourth being the runnable tasks by all.
void Tracer::see_load() {
  since_load_ = 0;
  std::array<char, 128> text{};
  if (!load_ || ::pread(load_.get(), text.data(), text.size() - 1, 0) <= 0) return;
  int runnable = 0;
  static const long cpus = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  if (std::sscanf(text.data(), "%*s %*s %*s %d/", &runnable) == 1)  // NOLINT(cert-err34-c): a number of the kernel's
    pace_.load_seen(static_cast<double>(runnable) / static_cast<double>(cpus));
}

void Tracer::expect(Tid tid) {
  if (std::find(recent_.begin(), recent_.end(), tid) == recent_.end())
    recent_.at(next_recent_++ % recent_.size()) = tid;
}

Result<Report> Tracer::wait_for(Tid tid) const {
  for (;;) {
    Report report;
    int status = 0;
    if (::wait4(tid.value, &status, __WALL | __WNOTHREAD, nullptr) == tid.value) {
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
