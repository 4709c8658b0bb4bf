// SPDX-License-Identifier: MIT
// What the engine knows of one address space: what others may share of it, and which words of it are futexes.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "kintrace/mappings.hpp"

namespace kintrace::sources {

struct Memory {
  std::uint64_t number = 0;  // never used twice: private futexes are known by it and their address
  Mappings shared;
  std::unordered_map<std::uint64_t, ObjectId> words;  // as they were found; forgotten when something is unmapped
};
using SharedMemory = std::shared_ptr<Memory>;

}  // namespace kintrace::sources
