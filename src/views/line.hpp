// SPDX-License-Identifier: MIT
// One line of a timeline, before it is set: who, when, what.
#pragma once

#include <optional>

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "views/words.hpp"

namespace kintrace::views {

struct Line {
  TaskIndex task;
  Bytes comm;  // its name at that time
  Nanoseconds at = 0;
  Sentence sentence;
  std::optional<Nanoseconds> spent = {};  // in the call that it tells of, where that is to be shown (-T)
  bool message = false;                   // one of those that src/views/folded_messages.hpp counts
};

}  // namespace kintrace::views
