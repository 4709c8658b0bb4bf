// SPDX-License-Identifier: MIT
// The grammar of -e: [trace=][!]ITEM[,ITEM]…, signal=SET, status=SET, and what strace knows besides. Pure: words in, a
// Choice out. What is chosen from: the classes are below, the calls are those that have a row (syscalls/registry.hpp).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kintrace/choice.hpp"

namespace kintrace::cli {

struct ClassSpec {
  std::string_view name;
  std::string_view summary;
};
// All that -e knows, in the order in which they are listed.
std::span<const ClassSpec> classes();

struct Chosen {
  Choice choice;
  std::vector<std::string> trace;    // what is observed, for the recording's header: signal, kill(), !tkill()
  std::vector<std::string> remarks;  // what was asked for and cannot be had, and what to use instead
};

// `expressions`: the operand of each -e, in order. Throws UserError for what is misspelt, for what must not be left out
// (inject=), and where nothing is left to observe.
Chosen choose(const std::vector<std::string>& expressions);

}  // namespace kintrace::cli
