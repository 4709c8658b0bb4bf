// SPDX-License-Identifier: MIT
// What the user chose to observe (-e): classes, single calls, signals, outcomes. Sources look only at what it asks for,
// views show only that; births, execs and ends are followed in any case, as nothing can be understood without them.
// Not here: the grammar it is written in (src/cli/choice.hpp).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "kintrace/ids.hpp"

namespace kintrace {

// How a call came out, as strace's -e status names it.
enum class Outcome { successful, failed, unfinished, detached };

struct Choice {
  using Words = std::set<std::string, std::less<>>;
  Words classes{"lifecycle", "signal", "pipe",   "fifo", "sem",
                "shm",       "msg",    "socket", "lock", "event"};  // of these, all calls
  Words calls;                                                      // and these
  Words without;                                                    // but not these calls
  bool detail = false;                        // what is mostly noise as well: dispositions, masks, names (-v)
  std::optional<std::set<Signal>> signals;    // -e signal=; nothing: all
  std::optional<std::set<Outcome>> outcomes;  // -e status=, -z, -Z; nothing: all

  bool asks_for(std::string_view cls, std::string_view call) const {
    return !without.contains(call) && (classes.contains(cls) || calls.contains(call));
  }
};

}  // namespace kintrace
