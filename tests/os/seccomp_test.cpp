// SPDX-License-Identifier: MIT
// What the filter answers to which call, by its program itself: the kernel's machine for it is small
// (net/core/filter.c, Documentation/networking/filter.rst). docs/ptrace-notes.md, I8.
#include "os/seccomp.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "support/catch.hpp"

using namespace kintrace::os;

namespace {

constexpr std::uint32_t stops = SECCOMP_RET_TRACE | filter_mark, passes = SECCOMP_RET_ALLOW;
#if defined(__x86_64__)
constexpr std::uint32_t native = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t native = AUDIT_ARCH_AARCH64;
#endif

std::uint32_t word_at(const seccomp_data& data, std::size_t offset) {
  REQUIRE(offset % 4 == 0);
  REQUIRE(offset < sizeof data);
  std::uint32_t word = 0;
  std::memcpy(&word, reinterpret_cast<const char*>(&data) + offset, sizeof word);
  return word;
}

bool holds(std::uint16_t condition, std::uint32_t value, std::uint32_t with) {
  switch (condition) {
    case BPF_JEQ: return value == with;
    case BPF_JGT: return value > with;
    case BPF_JGE: return value >= with;
    case BPF_JSET: return (value & with) != 0;
    default: FAIL("jump " << condition); return false;
  }
}

std::uint32_t answer(const SeccompFilter& filter, const seccomp_data& data) {
  const auto program = filter.program();
  std::uint32_t value = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& one = program[at];
    switch (one.code) {
      case BPF_LD | BPF_W | BPF_ABS: value = word_at(data, one.k); break;
      case BPF_ALU | BPF_AND | BPF_K: value &= one.k; break;
      case BPF_JMP | BPF_JA: at += one.k; break;
      case BPF_RET | BPF_K: return one.k;
      default:
        REQUIRE(BPF_CLASS(one.code) == BPF_JMP);
        REQUIRE(BPF_SRC(one.code) == BPF_K);
        at += holds(BPF_OP(one.code), value, one.k) ? one.jt : one.jf;
    }
  }
  FAIL("no answer");
  return 0;
}

using Args = std::array<std::uint64_t, 6>;

seccomp_data call(std::uint32_t arch, long nr, const Args& args = {}) {
  seccomp_data data{};
  data.nr = static_cast<int>(nr);
  data.arch = arch;
  std::copy(args.begin(), args.end(), std::begin(data.args));
  return data;
}

std::uint32_t answer(const SeccompFilter& filter, std::uint32_t arch, long nr, const Args& args = {}) {
  return answer(filter, call(arch, nr, args));
}

constexpr std::uint64_t low = 0xffffffff, garbage = 0xdead'0000'0000'0000;
constexpr ArgTest is_7_or_9[] = {{1, ArgTest::Is::equal, 7, low}, {1, ArgTest::Is::equal, 9, low}};
constexpr ArgTest has_bit[] = {{3, ArgTest::Is::equal, 4, 4}};
constexpr ArgTest is_not_0[] = {{3, ArgTest::Is::different, 0, low}};

}  // namespace

TEST_CASE("seccomp filter: stops for what was asked for, and for nothing else") {
  const FilteredCall calls[] = {{"kill", {}}, {"execve", {}}, {"socket", {}}};
  const SeccompFilter filter = SeccompFilter::of(calls);
  for (long nr = 0; nr < 1024; ++nr) {
    INFO("call " << nr);
    const bool asked = nr == SYS_kill || nr == SYS_execve || nr == SYS_socket;
    CHECK(answer(filter, native, nr, {1, 2, 3, 4, 5, 6}) == (asked ? stops : passes));
  }
  for (const long nr : {-1L, 0x7fffffffL, 999'999L}) CHECK(answer(filter, native, nr) == passes);
}

TEST_CASE("seccomp filter: nothing asked for") {
  const SeccompFilter filter = SeccompFilter::of({});
  for (long nr = 0; nr < 512; ++nr) CHECK(answer(filter, native, nr) == passes);
}

TEST_CASE("seccomp filter: one of the conditions on arguments is enough") {
  const FilteredCall calls[] = {{"setsockopt", is_7_or_9}, {"io_uring_enter", has_bit}, {"epoll_pwait", is_not_0}};
  const SeccompFilter filter = SeccompFilter::of(calls);
  const struct {
    long nr;
    Args args;
    std::uint32_t expected;
  } table[] = {
      {SYS_setsockopt, {0, 7}, stops},
      {SYS_setsockopt, {0, 9}, stops},
      {SYS_setsockopt, {0, 8}, passes},
      {SYS_setsockopt, {7, 0, 9}, passes},
      {SYS_setsockopt, {0, garbage | 7}, stops},  // an int is half a register
      {SYS_io_uring_enter, {0, 0, 0, 4}, stops},
      {SYS_io_uring_enter, {0, 0, 0, 7}, stops},
      {SYS_io_uring_enter, {0, 0, 0, 3}, passes},
      {SYS_epoll_pwait, {0, 0, 0, 1}, stops},
      {SYS_epoll_pwait, {0, 0, 0, low}, stops},  // -1, as an int
      {SYS_epoll_pwait, {0, 0, 0, ~std::uint64_t{0}}, stops},
      {SYS_epoll_pwait, {0, 0, 0, 0}, passes},
  };
  for (const auto& row : table) {
    INFO("call " << row.nr << " " << row.args[0] << " " << row.args[1] << " " << row.args[3]);
    CHECK(answer(filter, native, row.nr, row.args) == row.expected);
  }
}

TEST_CASE("seccomp filter: a call that libseccomp does not know is left out") {
  const FilteredCall calls[] = {{"no_such_call", {}}, {"kill", {}}};
  CHECK(answer(SeccompFilter::of(calls), native, SYS_kill) == stops);
}

TEST_CASE("seccomp filter: an unknown architecture passes, and is not killed") {
  const FilteredCall calls[] = {{"kill", {}}, {"execve", {}}};
  const SeccompFilter filter = SeccompFilter::of(calls);
  for (const std::uint32_t arch : {std::uint32_t{AUDIT_ARCH_S390X}, std::uint32_t{AUDIT_ARCH_PPC64LE}, 0U, ~0U}) {
    for (long nr = 0; nr < 512; ++nr) CHECK(answer(filter, arch, nr) == passes);
  }
}

#if defined(__x86_64__)
TEST_CASE("seccomp filter: i386 and x32") {
  const FilteredCall calls[] = {{"kill", {}},  {"waitpid", {}},           {"wait4", {}},
                                {"semop", {}}, {"setsockopt", is_7_or_9}, {"accept4", {}}};
  const SeccompFilter filter = SeccompFilter::of(calls);
  constexpr std::uint32_t i386 = AUDIT_ARCH_I386;
  constexpr std::uint32_t x32 = __X32_SYSCALL_BIT;
  const struct {
    const char* what;
    std::uint32_t arch;
    long nr;
    Args args;
    std::uint32_t expected;
  } table[] = {
      {"kill", i386, 37, {}, stops},
      {"62 is kill of x86-64, ustat of i386", i386, 62, {}, passes},
      {"37 is kill of i386, alarm of x86-64", native, 37, {}, passes},
      {"waitpid", i386, 7, {}, stops},
      {"7 is waitpid of i386, poll of x86-64", native, 7, {}, passes},
      {"wait4", i386, 114, {}, stops},
      {"getpid", i386, 20, {}, passes},
      {"ipc(SEMOP)", i386, 117, {1}, stops},
      {"ipc(SHMAT)", i386, 117, {21}, passes},
      {"socketcall(SYS_ACCEPT4)", i386, 102, {18}, stops},
      {"socketcall(SYS_SOCKET)", i386, 102, {1}, passes},
      // Its arguments are in memory: they cannot be compared, and nothing of i386 is repaired anyhow.
      {"socketcall(SYS_SETSOCKOPT)", i386, 102, {14, 0x1000}, passes},
      {"setsockopt", i386, 366, {0, 7}, stops},
      {"kill of x32", native, x32 | SYS_kill, {}, stops},
      {"wait4 of x32", native, x32 | SYS_wait4, {}, stops},
      {"getpid of x32", native, x32 | SYS_getpid, {}, passes},
      {"setsockopt of x32, which has a number of its own", native, x32 | 541, {0, 9}, stops},
      {"setsockopt of x32, with other arguments", native, x32 | 541, {0, 8}, passes},
  };
  for (const auto& row : table) {
    INFO(row.what);
    CHECK(answer(filter, row.arch, row.nr, row.args) == row.expected);
  }
}
#endif

TEST_CASE("seccomp filter: many calls fit into what the kernel takes") {
  // 4096 instructions; all filters of a task together, with 4 more for each, 32768 (seccomp(2), ENOMEM).
  std::vector<FilteredCall> calls;
  for (const char* name : {"read",   "write",    "open",       "close",  "stat",       "fstat",   "poll",    "lseek",
                           "mmap",   "mprotect", "munmap",     "brk",    "pipe",       "select",  "dup",     "dup2",
                           "socket", "connect",  "accept",     "sendto", "recvfrom",   "sendmsg", "recvmsg", "shutdown",
                           "bind",   "listen",   "socketpair", "clone",  "fork",       "vfork",   "execve",  "exit",
                           "wait4",  "kill",     "semget",     "semop",  "semctl",     "msgget",  "msgsnd",  "msgrcv",
                           "msgctl", "fcntl",    "flock",      "futex",  "epoll_wait", "splice",  "tee"})
    calls.push_back({name, {}});
  const SeccompFilter filter = SeccompFilter::of(calls);
  CHECK(filter.program().size() < 1500);
  CHECK(filter.program().size() >= calls.size());
  // A call that is not in it passes after a few comparisons, as it is a tree.
  CHECK(answer(filter, native, SYS_getpid) == passes);
}

TEST_CASE("seccomp filter: the kernel takes it, and asks a tracer for those calls only") {
  const FilteredCall calls[] = {{"kill", {}}, {"setsockopt", is_7_or_9}};
  const SeccompFilter filter = SeccompFilter::of(calls);
  const pid_t child = ::fork();
  if (child == 0) {
    if (!filter.install()) ::_exit(1);
    if (::geteuid() == 0 && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0) ::_exit(2);
    // There is no tracer.
    if (::kill(0, 0) != -1 || errno != ENOSYS) ::_exit(3);
    if (::syscall(SYS_setsockopt, -1, 7, 0, 0, 0) != -1 || errno != ENOSYS) ::_exit(4);
    if (::syscall(SYS_setsockopt, -1, 8, 0, 0, 0) != -1 || errno != EBADF) ::_exit(5);
    ::_exit(::getppid() > 0 ? 0 : 6);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
