// SPDX-License-Identifier: MIT
#include "os/seccomp.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>

#include "os/fd.hpp"
#include "text/names.hpp"

namespace kintrace::os {
namespace {

using Context = std::unique_ptr<void, decltype(&::seccomp_release)>;

// libseccomp returns -errno.
void done(int answer, std::string_view what) {
  if (answer >= 0) return;
  throw UserError(fmt::format("cannot make the seccomp filter: {}: {}", what, text::errno_text(Errno{-answer})),
                  "--no-seccomp traces without it");
}

scmp_arg_cmp compared(const ArgTest& test) {
  const auto arg = static_cast<unsigned>(test.arg);
  if (test.is == ArgTest::Is::different) return {arg, SCMP_CMP_NE, test.value, 0};
  return {arg, SCMP_CMP_MASKED_EQ, test.mask, test.value};
}

Context new_context() {
  Context context{::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release};
  if (!context) throw UserError("cannot make the seccomp filter: out of memory");
  // By default it would kill a program of an architecture that it does not know.
  done(::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW), "other architectures");
  // A binary tree. An older libseccomp (before 2.5) does not know it, and does without.
  ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
#if defined(__x86_64__)
  done(::seccomp_arch_add(context.get(), SCMP_ARCH_X86), "i386");
  done(::seccomp_arch_add(context.get(), SCMP_ARCH_X32), "x32");
#elif defined(__aarch64__)
  done(::seccomp_arch_add(context.get(), SCMP_ARCH_ARM), "arm");
#endif
  return context;
}

}  // namespace

SeccompFilter SeccompFilter::of(std::span<const FilteredCall> calls) {
  const Context context = new_context();
  for (const FilteredCall& call : calls) {
    const int nr = ::seccomp_syscall_resolve_name(std::string{call.name}.c_str());
    if (nr == __NR_SCMP_ERROR) continue;  // libseccomp is older than the call
    constexpr std::uint32_t stop = SCMP_ACT_TRACE(filter_mark);
    if (call.tests.empty()) done(::seccomp_rule_add_array(context.get(), stop, nr, 0, nullptr), call.name);
    for (const ArgTest& test : call.tests) {
      const scmp_arg_cmp comparison = compared(test);
      done(::seccomp_rule_add_array(context.get(), stop, nr, 1, &comparison), call.name);
    }
  }
  const Fd file{::memfd_create("filter", MFD_CLOEXEC)};
  if (!file) throw UserError("cannot make the seccomp filter: " + text::errno_text(Errno{errno}));
  done(::seccomp_export_bpf(context.get(), file.get()), "export");
  ::lseek(file.get(), 0, SEEK_SET);
  const auto bytes = read_all(file.get());
  SeccompFilter filter;
  filter.program_.resize(bytes ? bytes->size() / sizeof(sock_filter) : 0);
  if (!filter.program_.empty())
    std::memcpy(filter.program_.data(), bytes->data(), filter.program_.size() * sizeof(sock_filter));
  return filter;
}

// Its program is looked at first of all (seccomp(2), EFAULT).
bool SeccompFilter::allowed() {
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, nullptr) != 0 && errno == EFAULT;
}

Result<void> SeccompFilter::install() const {
  const sock_fprog program{static_cast<unsigned short>(program_.size()), const_cast<sock_filter*>(program_.data())};
  // Without SPEC_ALLOW, older kernels slow the whole program down (Documentation/userspace-api/seccomp_filter.rst).
  const auto install = [&] {
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0;
  };
  if (install()) return {};
  if (errno == EACCES && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && install()) return {};
  return Failure::last();
}

// The number alone is enough: the kernel has put ENOSYS into the result before it asked, and skips a call that has
// none. Not by the set of all registers, which is another for an i386 program.
Result<void> refuse_call(const Stop& stop) {
#if defined(__x86_64__)
  constexpr std::size_t number = offsetof(user_regs_struct, orig_rax);
  if (::ptrace(PTRACE_POKEUSER, stop.tid().value, number, ~0UL) != 0) return Failure::last();
#elif defined(__aarch64__)
  int none = -1;
  iovec from{&none, sizeof none};
  if (::ptrace(PTRACE_SETREGSET, stop.tid().value, NT_ARM_SYSTEM_CALL, &from) != 0) return Failure::last();
#endif
  return {};
}

}  // namespace kintrace::os
