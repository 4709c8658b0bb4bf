// SPDX-License-Identifier: MIT
// Messages that go into a queue.
#pragma once

#include <optional>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

struct Posting {
  std::int64_t rank = 0;  // System V: its type; POSIX: its priority
  Bytes head;             // its first bytes
};
// Nothing: the call posts no message.
std::optional<Posting> posting_of(const Call& call);

}  // namespace kintrace::syscalls
