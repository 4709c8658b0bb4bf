// SPDX-License-Identifier: MIT
// What a futex(2) does: the kernel has one call for all.
#pragma once

#include <cstdint>
#include <optional>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

struct Futex {
  enum class Does { wait, wake, requeue, other };
  Does does = Does::other;
  bool is_private = false;     // FUTEX_PRIVATE_FLAG: of one process
  std::uint32_t expected = 0;  // the word's value with which it goes to sleep
  bool locks = false;          // FUTEX_LOCK_PI and its like: the kernel knows the owner
};
Futex futex_of(const Call& call);

}  // namespace kintrace::syscalls
