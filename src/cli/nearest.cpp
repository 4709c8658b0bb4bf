// SPDX-License-Identifier: MIT
#include "cli/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kintrace::cli {
namespace {

constexpr std::size_t most = 3;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the table for i - 2, i - 1 and i letters of `a` (optimal string alignment).
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& names) {
  const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(word, name);
    // A word that is as far from it as it is long has no letter in common with it.
    if (distance <= limit && distance < std::max(word.size(), name.size())) near.emplace_back(distance, name);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  near.resize(std::min(near.size(), most));
  std::vector<std::string> found;
  found.reserve(near.size());
  for (auto& [distance, name] : near) found.push_back(std::move(name));
  return found;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names, std::string otherwise) {
  const auto found = nearest(word, names);
  if (found.empty()) return otherwise;
  std::string out = "did you mean ";
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i != 0) out += i + 1 == found.size() ? " or " : ", ";
    out += found[i];
  }
  return out + "?";
}

}  // namespace kintrace::cli
