// SPDX-License-Identifier: MIT
#include "os/syscall_names.hpp"

#include <fmt/format.h>
#include <seccomp.h>

#include <cstdlib>
#include <limits>
#include <memory>

namespace kintrace::os {

std::optional<std::int64_t> syscall_number(std::string_view name) {
  const int nr = ::seccomp_syscall_resolve_name(std::string{name}.c_str());
  // Below zero stand the calls of other architectures (seccomp_syscall_resolve_name(3)), and -1 is none at all.
  if (nr < 0) return {};
  return nr;
}

std::string syscall_name(std::uint64_t nr) {
  if (nr <= static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
    const std::unique_ptr<char, decltype(&std::free)> name{
        ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(nr)), &std::free};
    if (name) return name.get();
  }
  return fmt::format("syscall {}", nr);
}

}  // namespace kintrace::os
