// SPDX-License-Identifier: MIT
// What is read of a call's arguments while its task is stopped: at its entry what goes in, at its exit what came out.
// As much as the row asks for, and no more than there can be. Not here: what it means (src/syscalls).
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/procfs.hpp"
#include "os/ptrace.hpp"
#include "syscalls/row.hpp"

namespace kintrace::sources {

// `most`: bytes of a message.
void capture_in(const os::Stop& stop, const os::Procfs& proc, syscalls::Call& call, std::size_t most);
void capture_out(const os::Stop& stop, syscalls::Call& call, std::int64_t result, std::size_t most);

}  // namespace kintrace::sources
