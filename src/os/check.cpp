// SPDX-License-Identifier: MIT
// The end of the line for our own mistakes: says where, and what happened last, then aborts.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "kintrace/error.hpp"

namespace kintrace {
namespace {
CrashNotes crash_notes = nullptr;  // read while we die
}

void set_crash_notes(CrashNotes notes) { crash_notes = notes; }

void check_failed(std::string_view condition, std::string_view file, int line, std::string_view detail) {
  const std::string text = fmt::format("kintrace: this is a bug in kintrace, please report it: {}:{}: {} ({})\n{}",
                                       file, line, condition, detail, crash_notes != nullptr ? crash_notes() : "");
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  std::abort();
}

}  // namespace kintrace
