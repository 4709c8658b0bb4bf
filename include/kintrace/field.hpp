// SPDX-License-Identifier: MIT
// What facts are made of: fields that know their names, text of tracees, and enumerations that are written by name.
#pragma once

#include <string>
#include <string_view>

namespace kintrace {

template <class Owner, class Value>
struct Field {
  std::string_view name;
  Value Owner::*member;
};
template <class Owner, class Value>
Field(const char*, Value Owner::*) -> Field<Owner, Value>;

// Text that a tracee chose: any bytes at all. Escaped on its way to a terminal or file (text/escape.hpp), never before.
using Bytes = std::string;

// An enumeration whose values are written in the recording by name, in the order of its enumerators.
template <class Enum>
struct Names;

}  // namespace kintrace
