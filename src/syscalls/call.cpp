// SPDX-License-Identifier: MIT
#include "syscalls/row.hpp"

#include <algorithm>

namespace kintrace::syscalls {

Bytes Call::text(std::size_t arg) const {
  const auto* text = std::get_if<Bytes>(&captured.at(arg));
  return text != nullptr ? *text : Bytes{};
}

std::vector<Bytes> Call::strings(std::size_t arg) const {
  const auto* strings = std::get_if<std::vector<Bytes>>(&captured.at(arg));
  return strings != nullptr ? *strings : std::vector<Bytes>{};
}

bool Row::has(Arg kind) const {
  return std::any_of(args.begin(), args.end(), [&](const ArgSpec& arg) { return arg.kind == kind; });
}

bool Row::concerns(const std::array<std::uint64_t, 6>& values) const {
  return only.empty() || std::any_of(only.begin(), only.end(), [&](const Only& condition) {
           const bool equal = (values.at(condition.arg) & condition.mask) == condition.value;
           return equal == (condition.is == Only::Is::equal);
         });
}

}  // namespace kintrace::syscalls
