// SPDX-License-Identifier: MIT
#include "syscalls/row.hpp"

namespace kintrace::syscalls {

Bytes Call::text(std::size_t arg) const {
  const auto* text = std::get_if<Bytes>(&captured.at(arg));
  return text != nullptr ? *text : Bytes{};
}

std::vector<Bytes> Call::strings(std::size_t arg) const {
  const auto* strings = std::get_if<std::vector<Bytes>>(&captured.at(arg));
  return strings != nullptr ? *strings : std::vector<Bytes>{};
}

}  // namespace kintrace::syscalls
