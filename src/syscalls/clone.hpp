// SPDX-License-Identifier: MIT
// The calls that create a task: fork(2), vfork(2), clone(2), clone3(2).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

// What the caller asked for. Known from the entry: the kernel's event says only that it happened.
struct CloneRequest {
  std::uint64_t flags = 0;
  int exit_signal = 0;  // sent to the parent when the child ends; 0 none
};
CloneRequest clone_request(const Call& call);

// A call that creates the same child but for CLONE_UNTRACED. Nothing if it has not got that flag, or if clone(2) cannot
// say all that it asks of clone3(2).
struct PlainClone {
  std::uint64_t nr = 0;
  std::array<std::uint64_t, 6> args{};
};
std::optional<PlainClone> traced_clone(const Call& call);

// CLONE_VM, CLONE_FS, … as clone(2) names them.
std::vector<std::string> clone_flag_names(std::uint64_t flags);

}  // namespace kintrace::syscalls
