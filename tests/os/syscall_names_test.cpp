// SPDX-License-Identifier: MIT
#include "os/syscall_names.hpp"

#include <sys/syscall.h>

#include "support/catch.hpp"

using namespace kintrace::os;

TEST_CASE("syscall names: both ways, of this architecture") {
  CHECK(syscall_number("kill") == SYS_kill);
  CHECK(syscall_number("execve") == SYS_execve);
  CHECK(syscall_name(SYS_wait4) == "wait4");
  CHECK(syscall_name(SYS_read) == "read");
}

TEST_CASE("syscall names: what is none has no number, and a number without a name is told as such") {
  CHECK_FALSE(syscall_number("nosuch"));
  CHECK_FALSE(syscall_number(""));
  CHECK_FALSE(syscall_number("arm_sync_file_range"));  // libseccomp knows it, for another architecture
  CHECK(syscall_name(999) == "syscall 999");
  CHECK(syscall_name(~std::uint64_t{0}) == "syscall 18446744073709551615");
}
