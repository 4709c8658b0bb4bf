// SPDX-License-Identifier: MIT
// Events from text, so that a test of everything behind EVENT is text in, text out. A line is one event:
//   [TIME_US+]TID[/PID] FACT [FIELD=VALUE]...     10 forked child=11 child_pid=11 how=fork
// A value of digits is a number, true is true; argv, flags, waits_for and blocked are split at commas, and the parts of
// a `received` too: from=SEQ:BYTES:TID,… A space in a value is \x20; what begins with a quote is JSON. Lines are 1 ms
// apart by default; the first has seq 1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/view.hpp"
#include "kintrace/world.hpp"

namespace kintrace::test {

struct Run {
  RunHeader header;
  std::vector<Event> events;
  std::optional<RunEnd> end;
};

// A recording's text for these lines, header and end included.
std::string recording_of(std::string_view lines);
// What a recording's text says. Throws what the reader throws.
Run read(const std::string& recording);

World world_from(std::string_view lines);
// What the view of this name prints for these lines.
std::string view_of(std::string_view view, std::string_view lines, const ViewOptions& options = {});
std::string view_of(std::string_view view, const Run& run, const ViewOptions& options = {});

inline ViewOptions stable() {
  ViewOptions options;
  options.stable = true;
  return options;
}

class TextWriter final : public Writer {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  std::string text;
};

}  // namespace kintrace::test
