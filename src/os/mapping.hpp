// SPDX-License-Identifier: MIT
// What is mapped in the memory of a task, as /proc/TID/maps has it (proc(5)). That is read in parts: of a task that
// runs, each part is of another moment. Not kept: mappings.hpp is the model's own account of what is mapped where.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/ids.hpp"

namespace kintrace::os {

struct MemoryMap {
  std::uint64_t begin = 0, end = 0;  // addresses; `end` is the first that is not of it
  std::uint64_t offset = 0;          // into the file: bytes
  // dev: as makedev(3), of the super block, which on btrfs and overlayfs is not what stat(2) says. inode: of a segment
  // (shmat(2)) its id. Both 0: there is no file.
  std::uint64_t dev = 0, inode = 0;
  bool shared = false;  // MAP_SHARED
  std::string prot;     // r, rw, rx, rwx; empty: none (PROT_NONE)
  // /dev/zero for shared memory without a file, /memfd:NAME, /SYSV00000000 by its key, [heap] and its like; empty:
  // there is none. The kernel writes a newline as \012, and a backslash as it is: a name with \012 in it cannot be
  // known from one with a newline.
  Bytes path;
  bool removed = false;  // " (deleted)" followed; a name that ends so by itself cannot be known from that
  friend bool operator==(const MemoryMap&, const MemoryMap&) = default;
};

// What covers this address. Nothing: nothing does, the task is gone, or we may not ask.
std::optional<MemoryMap> map_at(Tid tid, std::uint64_t address);
// Those with MAP_SHARED, in order of address.
std::vector<MemoryMap> shared_maps(Tid tid);

}  // namespace kintrace::os
