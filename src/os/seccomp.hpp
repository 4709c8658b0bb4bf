// SPDX-License-Identifier: MIT
// The filter that decides which calls of the program stop for us at all (seccomp(2), SECCOMP_RET_TRACE). It is made
// before the fork, installed by the program to be just before its exec, and inherited by all that it creates. It cannot
// be taken away again, and without a tracer its calls fail with ENOSYS: so whoever traces with it stays to the end.
// What the calls mean is not known here (src/syscalls).
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kintrace/error.hpp"
#include "os/ptrace.hpp"

namespace kintrace::os {

// A test of one argument of a call.
struct ArgTest {
  enum class Is { equal, different };
  std::size_t arg;
  Is is;
  std::uint64_t value;
  std::uint64_t mask = ~std::uint64_t{0};  // the bits that count: an int's upper half is garbage
};

struct FilteredCall {
  std::string_view name;           // on each architecture that has it
  std::span<const ArgTest> tests;  // it stops if one of them holds; none: always
};

// The message of our stops: a filter of the program's own that asks for a tracer has, most likely, another.
constexpr std::uint16_t filter_mark = 0x6b74;

class SeccompFilter {
 public:
  // For the native architecture and those that its programs may call as well (x86-64: i386, x32). It may stop for more
  // calls than asked for, as `different` looks at the whole register. UserError where libseccomp cannot make it.
  static SeccompFilter of(std::span<const FilteredCall> calls);
  // Whether the kernel, or whoever confines us, lets programs install filters at all.
  static bool allowed();
  // Installs it in the calling thread, with PR_SET_NO_NEW_PRIVS only where the kernel demands that (EACCES).
  Result<void> install() const;
  std::span<const sock_filter> program() const { return program_; }

 private:
  std::vector<sock_filter> program_;
};

// At the stop of a filter (PTRACE_EVENT_SECCOMP): the call is not done and fails with ENOSYS, as it would if there were
// no tracer. Of whichever architecture it is, and with all registers as they were.
Result<void> refuse_call(const Stop& stop);

}  // namespace kintrace::os
