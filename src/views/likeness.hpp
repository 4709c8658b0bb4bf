// SPDX-License-Identifier: MIT
// What things have in common, in 16 bytes: equal for equal things, and for others only by a chance of 2^-128. Kept
// instead of the words themselves, which may be long.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kintrace::views {

class Likeness {
 public:
  Likeness& operator<<(std::string_view words) {
    constexpr std::uint64_t fnv_prime = 0x100000001b3;
    for (const char byte : words) value_[1] = (value_[1] ^ static_cast<unsigned char>(byte)) * fnv_prime;
    return *this << words.size() << std::hash<std::string_view>{}(words);
  }
  Likeness& operator<<(std::uint64_t number) {
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
    for (std::uint64_t& half : value_) half ^= number + golden + (half << 12U) + (half >> 4U);
    return *this;
  }
  Likeness& operator<<(const std::vector<std::string>& list) {
    for (const std::string& words : list) *this << words;
    return *this << list.size();
  }
  friend bool operator==(const Likeness&, const Likeness&) = default;

 private:
  std::array<std::uint64_t, 2> value_{0, 0xcbf29ce484222325};
};

}  // namespace kintrace::views
