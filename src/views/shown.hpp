// SPDX-License-Identifier: MIT
// Which events the user asked to see (-e, -z, -Z), and which of them are calls. Looks at one event alone: what is
// detail (-v), or folded into another line, is src/views/narrator.hpp's.
#pragma once

#include <optional>
#include <string_view>

#include "kintrace/choice.hpp"
#include "kintrace/event.hpp"

namespace kintrace::views {

bool shown(const Event& event, const Choice& choice);

// The call that the event is the result of; nothing for what is no call: an end, a delivery, a stop.
std::optional<std::string_view> call_of(const Event& event);
// How that call came out.
Outcome outcome_of(const Event& event);

}  // namespace kintrace::views
