// SPDX-License-Identifier: MIT
// Bytes that a tracee chose, made safe: for a terminal, for JSON, for a shell line. The only place that decides what is
// printable. Not a Unicode library: it knows which sequences are valid UTF-8 and which code points move the cursor or
// the direction of writing.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kintrace::text {

// The length of the valid UTF-8 sequence that `bytes` begins with, or 0 (RFC 3629: no overlong forms, no surrogates).
std::size_t utf8_sequence(std::string_view bytes);

// Control bytes (C0, C1, DEL), invalid UTF-8, line separators and direction overrides become \xHH; \n \t \r get their C
// names.
std::string printable(std::string_view bytes);
bool is_printable(std::string_view bytes);  // nothing of it would change

// The recording's form of a tracee's text: UTF-8 in which an invalid byte, a NUL or a backslash is \xHH. Always
// reversible.
std::string to_recorded(std::string_view bytes);
// The way back. Nothing if a backslash does not begin \xHH.
std::optional<std::string> from_recorded(std::string_view recorded);

// Appends `utf8` as a JSON string with its quotes (RFC 8259).
void append_json(std::string& out, std::string_view utf8);

struct Limits {
  std::size_t word = std::string::npos;  // at most so many bytes of each word; the cut is shown by …
  std::size_t words = 64;                // at most so many words
};
// A command as one could type it into a shell, printable, words quoted where they must be.
std::string shell_line(std::span<const std::string> words, const Limits& limits);
std::string shell_word(std::string_view word, std::size_t limit = std::string::npos);

// Code points: what a terminal shows, as long as nothing is wider or narrower than one column.
std::size_t width(std::string_view printable);

}  // namespace kintrace::text
