// SPDX-License-Identifier: MIT
// Each fact in words, as the timeline tells it. Printable: nothing that a tracee chose reaches the caller unescaped.
#pragma once

#include <string>

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "text/escape.hpp"
#include "views/naming.hpp"

namespace kintrace::views {

// How much the reader should care.
enum class Tone { plain, quiet, notable, bad };

struct Sentence {
  std::string words;  // empty: nothing to say
  Tone tone = Tone::plain;
  bool detail = false;  // told with -v only
};

// `world` is as the event left it.
Sentence describe(const Event& event, const World& world, const Naming& naming, const text::Limits& limits);

// "exit 0", "killed by SIGSEGV (core dumped)".
std::string ending_words(const std::optional<int>& code, const std::optional<Signal>& signal, bool core);

}  // namespace kintrace::views
