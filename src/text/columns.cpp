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
constexpr std::array<std::string_view, 10> task_colors{
    "\x1b[38;5;32m",  "\x1b[38;5;166m", "\x1b[38;5;28m", "\x1b[38;5;133m", "\x1b[38;5;30m",
    "\x1b[38;5;136m", "\x1b[38;5;98m",  "\x1b[38;5;64m", "\x1b[38;5;168m", "\x1b[38;5;67m",
};
constexpr std::string_view orange = "\x1b[38;5;130m";  // a terminal's own yellow cannot be read on white

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
  std::string out{begin(style, number)};
  out += text;
  out += end(style);
  return out;
}

std::string_view Palette::begin(Style style, std::size_t number) const {
  if (!enabled_) return {};
  switch (style) {
    case Style::plain: return {};
    case Style::dim: return "\x1b[2m";
    case Style::bold: return "\x1b[1m";
    case Style::red: return "\x1b[31m";
    case Style::orange: return orange;
    default: return task_colors.at(number % task_colors.size());
  }
}

std::string_view Palette::end(Style style) const {
  return enabled_ && style != Style::plain ? std::string_view{"\x1b[0m"} : std::string_view{};
}

void append_right_padded(std::string& out, std::string_view printable, std::size_t columns) {
  const std::size_t taken = width(printable);
  out += printable;
  if (columns > taken) out.append(columns - taken, ' ');
}

void append_left_padded(std::string& out, std::string_view printable, std::size_t columns) {
  const std::size_t taken = width(printable);
  if (columns > taken) out.append(columns - taken, ' ');
  out += printable;
}

std::string pad_right(std::string_view printable, std::size_t columns) {
  std::string out;
  append_right_padded(out, printable, columns);
  return out;
}

std::string pad_left(std::string_view printable, std::size_t columns) {
  std::string out;
  append_left_padded(out, printable, columns);
  return out;
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
