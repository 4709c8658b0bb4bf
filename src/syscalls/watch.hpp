// SPDX-License-Identifier: MIT
// Which calls stop the program, and how often: what the seccomp filter is made from. They are the rows that the user's
// choice asks for, and those calls that tracing itself would disturb (repair.hpp).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "kintrace/choice.hpp"
#include "syscalls/row.hpp"

namespace kintrace::syscalls {

// Whether the user's choice asks for this row.
bool observed(const Row& row, const Choice& choice);

// Whether any call is observed that has to do with objects: then all are that make, copy or close descriptors.
bool follows_objects(const Choice& choice);

struct Watched {
  long nr;  // SYS_…; -1: another architecture's
  std::string_view name;
  Exit exit;
  std::span<const Only> only = {};
};

enum class Repairs { no, yes };
std::vector<Watched> watched(const Choice& choice, Repairs repairs);

}  // namespace kintrace::syscalls
