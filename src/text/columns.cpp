// SPDX-License-Identifier: MIT
#include "text/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/escape.hpp"

namespace kintrace::text {
namespace {

// From the 256-colour cube, neighbours far apart in hue. A contrast of at least 3.3 to black, to white and to the dark
// greys that terminals like (WCAG 2, relative luminance between 0.16 and 0.27).
constexpr std::array<int, 10> task_colors{32, 166, 28, 133, 30, 136, 98, 64, 168, 67};
constexpr int orange = 130;  // a terminal's own yellow cannot be read on white

// Bytes of the longest beginning of `printable` that is at most `columns` wide.
std::size_t bytes_within(std::string_view printable, std::size_t columns) {
  std::size_t at = 0;
  for (std::size_t taken = 0; at < printable.size() && taken < columns; ++taken) {
    at += std::max<std::size_t>(utf8_sequence(printable.substr(at)), 1);
  }
  return at;
}

}  // namespace

std::string Palette::paint(std::string_view text, Style style, std::size_t number) const {
  if (!enabled_ || style == Style::plain) return std::string{text};
  switch (style) {
    case Style::dim: return fmt::format("\x1b[2m{}\x1b[0m", text);
    case Style::bold: return fmt::format("\x1b[1m{}\x1b[0m", text);
    case Style::red: return fmt::format("\x1b[31m{}\x1b[0m", text);
    case Style::orange: return fmt::format("\x1b[38;5;{}m{}\x1b[0m", orange, text);
    default: return fmt::format("\x1b[38;5;{}m{}\x1b[0m", task_colors.at(number % task_colors.size()), text);
  }
}

std::string pad_right(std::string_view printable, std::size_t columns) {
  const std::size_t taken = width(printable);
  return std::string{printable} + std::string(columns > taken ? columns - taken : 0, ' ');
}

std::string pad_left(std::string_view printable, std::size_t columns) {
  const std::size_t taken = width(printable);
  return std::string(columns > taken ? columns - taken : 0, ' ') + std::string{printable};
}

std::string cut(std::string_view printable, std::size_t columns) {
  if (width(printable) <= columns) return std::string{printable};
  return std::string{printable.substr(0, bytes_within(printable, columns == 0 ? 0 : columns - 1))} + "…";
}

std::vector<std::string> broken(std::string_view printable, std::size_t columns) {
  std::vector<std::string> lines;
  while (width(printable) > columns) {
    const std::size_t fits = bytes_within(printable, columns);
    std::size_t blank = printable.rfind(' ', fits);
    // An arrow stays with what it points to.
    while (blank != std::string_view::npos && blank > 0 && printable.substr(0, blank).ends_with("→"))
      blank = printable.rfind(' ', blank - 1);
    const bool at_blank = blank != std::string_view::npos && blank > fits / 2;
    lines.emplace_back(printable.substr(0, at_blank ? blank : fits));
    printable.remove_prefix(at_blank ? blank + 1 : fits);
  }
  lines.emplace_back(printable);
  return lines;
}

std::string wrap(std::string_view printable, std::size_t indent, std::optional<int> columns) {
  if (!columns || *columns < static_cast<int>(indent) + 20) return std::string{printable};
  const auto lines = broken(printable, static_cast<std::size_t>(*columns) - indent);
  return fmt::format("{}", fmt::join(lines, "\n" + std::string(indent, ' ')));
}

std::string wrap_list(const std::vector<std::string>& items, std::size_t indent, std::optional<int> columns) {
  std::string out;
  std::size_t taken = indent;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string item = i + 1 < items.size() ? items[i] + "," : items[i];
    const bool fits = !columns || taken + 1 + width(item) <= static_cast<std::size_t>(*columns);
    if (i != 0) out += fits ? " " : "\n" + std::string(indent, ' ');
    taken = (fits ? taken + (i != 0 ? 1 : 0) : indent) + width(item);
    out += item;
  }
  return out;
}

}  // namespace kintrace::text
