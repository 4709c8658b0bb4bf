// SPDX-License-Identifier: MIT
#include "text/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace kintrace::text {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

void append_hex(std::string& out, unsigned char byte) {
  out += "\\x";
  out += hex[byte >> 4U];
  out += hex[byte & 0xFU];
}

std::uint32_t code_point(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first;
  std::uint32_t value = first & (0x7FU >> sequence.size());
  for (const char c : sequence.substr(1)) value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  return value;
}

// Code points that would move the cursor, break the line or turn the direction of writing (UAX #9).
bool unsafe_on_terminal(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

// Most text is nothing else, and needs no look at sequences.
constexpr auto is_printable_ascii = [](char c) { return c >= ' ' && c <= '~'; };

// Bytes of the longest beginning that is printable as it is.
std::size_t printable_beginning(std::string_view bytes) {
  std::size_t at = 0;
  for (;;) {
    const auto rest = bytes.substr(at);
    at += static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_printable_ascii) - rest.begin());
    const std::size_t length = utf8_sequence(bytes.substr(at));
    if (length == 0 || unsafe_on_terminal(code_point(bytes.substr(at, length)))) return at;
    at += length;
  }
}

// The same for the recording.
std::size_t recordable_beginning(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t length = is_printable_ascii(bytes[at]) ? 1 : utf8_sequence(bytes.substr(at));
    if (length == 0 || bytes[at] == '\0' || bytes[at] == '\\') break;
    at += length;
  }
  return at;
}

// Removes so much of `bytes` and returns it.
std::string_view take(std::string_view& bytes, std::size_t length) {
  const std::string_view taken = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return taken;
}

// The longest beginning of at most `limit` bytes that cuts no UTF-8 sequence in two.
std::string_view cut(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) return bytes;
  std::size_t at = 0;
  while (at < limit) {
    const std::size_t length = std::max<std::size_t>(utf8_sequence(bytes.substr(at)), 1);
    if (at + length > limit) break;
    at += length;
  }
  return bytes.substr(0, at);
}

bool needs_no_quotes(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"_-./:=,+@%^"}.find(c) != std::string_view::npos;
  });
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return {};
}

}  // namespace

std::size_t utf8_sequence(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  const std::uint32_t c = code_point(bytes.substr(0, length));
  const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
  const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
  return overlong || surrogate || c > 0x10FFFF ? 0 : length;
}

bool is_printable(std::string_view bytes) { return printable_beginning(bytes) == bytes.size(); }

std::string printable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (;;) {
    out += take(bytes, printable_beginning(bytes));
    if (bytes.empty()) return out;
    const std::string_view unsafe = take(bytes, std::max<std::size_t>(utf8_sequence(bytes), 1));
    switch (unsafe[0]) {
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default:
        for (const char c : unsafe) append_hex(out, static_cast<unsigned char>(c));
    }
  }
}

std::string to_recorded(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (;;) {
    out += take(bytes, recordable_beginning(bytes));
    if (bytes.empty()) return out;
    append_hex(out, static_cast<unsigned char>(take(bytes, 1)[0]));
  }
}

std::optional<std::string> from_recorded(std::string_view recorded) {
  std::string out;
  out.reserve(recorded.size());
  for (;;) {
    out += take(recorded, std::min(recorded.find('\\'), recorded.size()));
    if (recorded.empty()) return out;
    const std::string_view byte = take(recorded, std::min<std::size_t>(4, recorded.size()));
    if (byte.size() < 4 || byte[1] != 'x') return {};
    const auto high = hex_digit(byte[2]);
    const auto low = hex_digit(byte[3]);
    if (!high || !low) return {};
    out += static_cast<char>(*high * 16 + *low);
  }
}

void append_json(std::string& out, std::string_view utf8) {
  const auto must_be_escaped = [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  };
  out += '"';
  for (;;) {
    const auto* const first = std::find_if(utf8.begin(), utf8.end(), must_be_escaped);
    out += take(utf8, static_cast<std::size_t>(first - utf8.begin()));
    if (utf8.empty()) break;
    switch (const char c = take(utf8, 1)[0]) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }
  out += '"';
}

std::string shell_word(std::string_view word, std::size_t limit) {
  const std::string_view shown = cut(word, limit);
  const std::string_view more = shown.size() < word.size() ? "…" : "";
  if (more.empty() && needs_no_quotes(shown)) return std::string{shown};
  const bool plain = is_printable(shown);
  std::string quoted;
  for (const char c : shown) {
    if (c == '\'') {
      quoted += plain ? "'\\''" : "\\'";
    } else if (c == '\\' && !plain) {
      quoted += "\\\\";
    } else {
      quoted += c;
    }
  }
  return fmt::format("{}{}'{}", plain ? "'" : "$'", plain ? quoted : printable(quoted), more);
}

std::string shell_line(std::span<const std::string> words, const Limits& limits) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out += ' ';
    if (i == limits.words) {
      fmt::format_to(std::back_inserter(out), "… {} more", words.size() - i);
      break;
    }
    out += shell_word(words[i], limits.word);
  }
  return out;
}

std::size_t width(std::string_view printable) {
  return static_cast<std::size_t>(std::count_if(
      printable.begin(), printable.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

}  // namespace kintrace::text
