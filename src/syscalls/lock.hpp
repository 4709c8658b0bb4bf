// SPDX-License-Identifier: MIT
// Locks on files: what a flock(2) or a fcntl(2) asks for.
#pragma once

#include <optional>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

// Nothing: it asks for no lock.
std::optional<Keeper::Locking> locking_of(const Call& call);

}  // namespace kintrace::syscalls
