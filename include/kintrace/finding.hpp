// SPDX-License-Identifier: MIT
// A mistake that the evidence proves, in plain words. One file per finding, one line in src/analysis/registry.cpp.
// A finding is a fact only when its evidence is complete; otherwise its message says "may", or it is not made.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"

namespace kintrace {

enum class Severity { note, warning, error };
template <>
struct Names<Severity> {
  static constexpr std::array<std::string_view, 3> value{"note", "warning", "error"};
};

struct Finding {
  std::string_view code;  // stable, as in docs/findings.md
  Severity severity = Severity::note;
  Bytes message;                     // one sentence: what is wrong
  Bytes advice;                      // one sentence: what to change
  std::vector<Tid> tasks;            // the first of them: one finding may be of any number
  std::vector<Seq> evidence;         // of each
  std::vector<Bytes> commands = {};  // that put it right by hand: for a shell
};

// What the reader calls a task: its number, or its place in the tree.
using Namer = std::function<std::string(const Who&)>;

// Watches a run and says, at its end, what was wrong with it.
class Rule {
 public:
  virtual ~Rule() = default;
  virtual void event(const Event& event, const World& world) = 0;
  virtual std::vector<Finding> conclude(const World& world, const Namer& name) = 0;
};

struct FindingSpec {
  std::string_view code;
  std::string_view summary;
  std::unique_ptr<Rule> (*make)();
};

}  // namespace kintrace
