// SPDX-License-Identifier: MIT
// What is mapped where in one address space, as far as others may share it: segments, files, memory without a name.
// Pieces are cut as mmap(2) and munmap(2) cut them. Knows nothing of processes: those that share memory share this.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "kintrace/object_facts.hpp"

namespace kintrace {

class Mappings {
 public:
  struct Mapping {
    ObjectId obj;
    std::uint64_t bytes = 0;
    std::uint64_t offset = 0;  // into the object
    friend bool operator==(const Mapping&, const Mapping&) = default;
  };
  using Piece = std::pair<std::uint64_t, Mapping>;  // by its address

  // What was there before is gone, as far as it is covered. A mapping without bytes, or one that would go beyond the
  // last address, is cut to what there is.
  void map(std::uint64_t address, Mapping mapping);
  // What was mapped there, cut to the range, in order of address.
  std::vector<Piece> unmap(std::uint64_t address, std::uint64_t bytes);
  // What covers this byte.
  const Piece* find(std::uint64_t address) const;
  // The segment that begins there, whole: shmdt(2).
  std::vector<Piece> detach(std::uint64_t address);
  const std::map<std::uint64_t, Piece>& all() const { return by_address_; }
  bool maps(ObjectId obj) const;

 private:
  std::map<std::uint64_t, Piece> by_address_;
};

}  // namespace kintrace
