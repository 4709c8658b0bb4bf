// SPDX-License-Identifier: MIT
// All rows of all families, and the one that a syscall number has.
#pragma once

#include <span>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

// One table for each file of this folder.
std::span<const std::span<const Row>> families();
// The row of a native syscall number, or null.
const Row* find(std::uint64_t nr);

}  // namespace kintrace::syscalls
