// SPDX-License-Identifier: MIT
// Lines that fit a terminal: colour, padding and wrapping of text that is already printable.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kintrace::text {

enum class Style { plain, dim, bold, red, orange, task };

// SGR sequences (ECMA-48), or nothing at all.
class Palette {
 public:
  explicit Palette(bool enabled) : enabled_(enabled) {}
  // `number` chooses one of the task colours, which read on dark and light backgrounds, and is used with Style::task
  // only.
  std::string paint(std::string_view text, Style style, std::size_t number = 0) const;
  // The same for text that is appended piece by piece: what goes before and behind it.
  std::string_view begin(Style style, std::size_t number = 0) const;
  std::string_view end(Style style) const;

 private:
  bool enabled_;
};

std::string pad_right(std::string_view printable, std::size_t columns);
std::string pad_left(std::string_view printable, std::size_t columns);
void append_right_padded(std::string& out, std::string_view printable, std::size_t columns);
void append_left_padded(std::string& out, std::string_view printable, std::size_t columns);

// At most `columns` wide; a cut is shown by ….
std::string cut(std::string_view printable, std::size_t columns);

// Breaks a line at blanks so that none is wider than `columns`, which is not 0. A word that does not fit is broken.
std::vector<std::string> broken(std::string_view printable, std::size_t columns);

// The same for a line that begins at column `indent` of a terminal; further lines are indented. Without a width, or
// where less than 20 columns would be left, the line stays as it is.
std::string wrap(std::string_view printable, std::size_t indent, std::optional<int> columns);

// Joins `items` by commas, breaking only between them.
std::string wrap_list(const std::vector<std::string>& items, std::size_t indent, std::optional<int> columns);

}  // namespace kintrace::text
