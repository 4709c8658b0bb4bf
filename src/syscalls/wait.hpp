// SPDX-License-Identifier: MIT
// The calls that collect a child: wait4(2), waitid(2).
#pragma once

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

// Whom a wait waits for. `some`: children of one process group, or the one of a pidfd.
struct Awaited {
  enum class Whom { nobody, one, any, some };  // nobody: WNOHANG
  Whom whom = Whom::any;
  Tgid pid;  // of `one`
};
Awaited awaited(const Call& call);

}  // namespace kintrace::syscalls
