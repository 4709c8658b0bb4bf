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

void append_printable(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = utf8_sequence(bytes);
    const std::string_view sequence = bytes.substr(0, std::max<std::size_t>(length, 1));
    switch (sequence[0]) {
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default:
        if (length != 0 && !unsafe_on_terminal(code_point(sequence))) {
          out += sequence;
        } else {
          for (const char c : sequence) append_hex(out, static_cast<unsigned char>(c));
        }
    }
    bytes.remove_prefix(sequence.size());
  }
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

std::string printable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  append_printable(out, bytes);
  return out;
}

std::string to_recorded(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = utf8_sequence(bytes);
    if (length == 0 || bytes[0] == '\0' || bytes[0] == '\\') {
      append_hex(out, static_cast<unsigned char>(bytes[0]));
      bytes.remove_prefix(1);
    } else {
      out += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return out;
}

std::optional<std::string> from_recorded(std::string_view recorded) {
  std::string out;
  out.reserve(recorded.size());
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    if (recorded[i] != '\\') {
      out += recorded[i];
      continue;
    }
    if (i + 3 >= recorded.size() || recorded[i + 1] != 'x') return {};
    const auto high = hex_digit(recorded[i + 2]);
    const auto low = hex_digit(recorded[i + 3]);
    if (!high || !low) return {};
    out += static_cast<char>(*high * 16 + *low);
    i += 3;
  }
  return out;
}

void append_json(std::string& out, std::string_view utf8) {
  out += '"';
  for (const char c : utf8) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string shell_word(std::string_view word, std::size_t limit) {
  const std::string_view shown = cut(word, limit);
  const std::string_view more = shown.size() < word.size() ? "…" : "";
  if (more.empty() && needs_no_quotes(shown)) return std::string{shown};
  const bool plain = printable(shown) == shown;
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

std::string shell_line(const std::vector<std::string>& words, const Limits& limits) {
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
