// SPDX-License-Identifier: MIT
#include "kintrace/mappings.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace kintrace {
namespace {

// How many of these bytes there are up to the last address.
std::uint64_t within_memory(std::uint64_t address, std::uint64_t bytes) {
  return std::min(bytes, std::numeric_limits<std::uint64_t>::max() - address);
}

}  // namespace

void Mappings::map(std::uint64_t address, Mapping mapping) {
  mapping.bytes = within_memory(address, mapping.bytes);
  if (mapping.bytes == 0) return;
  unmap(address, mapping.bytes);
  by_address_.insert_or_assign(address, Piece{address, mapping});
}

std::vector<Mappings::Piece> Mappings::unmap(std::uint64_t address, std::uint64_t bytes) {
  std::vector<Piece> gone;
  bytes = within_memory(address, bytes);
  if (bytes == 0 || by_address_.empty()) return gone;
  const std::uint64_t end = address + bytes;
  auto at = by_address_.upper_bound(address);
  if (at != by_address_.begin()) --at;
  while (at != by_address_.end() && at->first < end) {
    const auto [begin, piece] = at->second;
    const std::uint64_t last = begin + piece.bytes;
    if (last <= address) {
      ++at;
      continue;
    }
    at = by_address_.erase(at);
    const std::uint64_t cut_begin = std::max(begin, address), cut_end = std::min(last, end);
    gone.emplace_back(cut_begin, Mapping{piece.obj, cut_end - cut_begin, piece.offset + (cut_begin - begin)});
    if (begin < cut_begin) by_address_.emplace(begin, Piece{begin, {piece.obj, cut_begin - begin, piece.offset}});
    if (cut_end < last) {
      const Mapping rest{piece.obj, last - cut_end, piece.offset + (cut_end - begin)};
      at = std::next(by_address_.emplace(cut_end, Piece{cut_end, rest}).first);
    }
  }
  return gone;
}

const Mappings::Piece* Mappings::find(std::uint64_t address) const {
  auto at = by_address_.upper_bound(address);
  if (at == by_address_.begin()) return nullptr;
  const Piece& piece = std::prev(at)->second;
  return address - piece.first < piece.second.bytes ? &piece : nullptr;
}

std::vector<Mappings::Piece> Mappings::detach(std::uint64_t address) {
  std::vector<Piece> gone;
  ObjectId segment;
  for (auto at = by_address_.lower_bound(address); at != by_address_.end();) {
    const auto& [begin, piece] = at->second;
    const bool of_it =
        begin - address == piece.offset && (!segment || piece.obj == segment) && piece.obj.kind == ObjectKind::sysv_shm;
    if (!of_it) {
      ++at;
      continue;
    }
    segment = piece.obj;
    gone.push_back(at->second);
    at = by_address_.erase(at);
  }
  return gone;
}

bool Mappings::maps(ObjectId obj) const {
  return std::any_of(by_address_.begin(), by_address_.end(),
                     [&](const auto& one) { return one.second.second.obj == obj; });
}

}  // namespace kintrace
