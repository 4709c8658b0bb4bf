// SPDX-License-Identifier: MIT
#include "text/units.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace kintrace::text {
namespace {

// One digit after the point below ten, none above.
std::string scaled(double value, std::string_view unit) {
  return value < 9.95 ? fmt::format("{:.1f} {}", value, unit) : fmt::format("{:.0f} {}", value, unit);
}

}  // namespace

std::string duration(Nanoseconds length) {
  const auto ns = static_cast<double>(length);
  if (length < 1'000) return fmt::format(FMT_COMPILE("{} ns"), length);
  if (length < 999'500) return fmt::format(FMT_COMPILE("{} µs"), std::lrint(ns / 1e3));
  if (length < 999'500'000) return scaled(ns / 1e6, "ms");
  if (length < 120'000'000'000) return scaled(ns / 1e9, "s");
  const std::int64_t seconds = length / 1'000'000'000;
  if (seconds < 7200) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

std::string seconds(Nanoseconds length) {
  const std::int64_t us = ((length < 0 ? -length : length) + 500) / 1'000;
  std::string out = fmt::format(FMT_COMPILE("{}{}.000000"), length < 0 ? "-" : "", us / 1'000'000);
  auto digit = out.rbegin();
  for (std::int64_t left = us % 1'000'000; left != 0; left /= 10) *digit++ = static_cast<char>('0' + left % 10);
  return out;
}

std::string size(std::int64_t bytes) {
  static constexpr std::array<std::string_view, 5> units{"kB", "MB", "GB", "TB", "PB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return scaled(value, units.at(unit));
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
  std::int64_t both = 0;
  return __builtin_add_overflow(a, b, &both) ? std::numeric_limits<std::int64_t>::max() : both;
}

std::string count(std::uint64_t number) { return fmt::format("{}", fmt::group_digits(number)); }

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  if (number == 1) return fmt::format("1 {}", one);
  if (!many.empty()) return fmt::format("{} {}", count(number), many);
  return fmt::format("{} {}{}", count(number), one, one.ends_with('s') ? "es" : "s");
}

}  // namespace kintrace::text
