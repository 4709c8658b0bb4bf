// SPDX-License-Identifier: MIT
// System calls by name and by number, of the native architecture, as libseccomp's table has them. Every call of Linux
// that it knows, whether kintrace has a row for it (syscalls/registry.hpp) or not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kintrace::os {

// Nothing: the native architecture has no call of that name, or libseccomp is older than it.
std::optional<std::int64_t> syscall_number(std::string_view name);
// "syscall 999" if it has no name.
std::string syscall_name(std::uint64_t nr);

}  // namespace kintrace::os
