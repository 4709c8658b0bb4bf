// SPDX-License-Identifier: MIT
#include "views/folded_rows.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

using kintrace::views::FoldedRows;
using kintrace::views::Likeness;

namespace {

// Rows of one letter; a capital is like no other. What is left of them: "a+3 b".
std::string folded(const std::string& letters, const std::vector<std::size_t>& order) {
  FoldedRows rows;
  for (const std::size_t i : order) {
    std::optional<Likeness> like;
    if (letters[i] >= 'a') like = Likeness{} << letters.substr(i, 1);
    rows.add(7, static_cast<std::uint32_t>(i + 1), like, FoldedRows::none,
             [&] { return letters.substr(i, 1) + std::to_string(i); });
  }
  std::string out;
  const auto [begin, end] = rows.below(7);
  for (auto run = begin; run != end; ++run) {
    out += run->second.rows + (run->second.folded() ? "+" + std::to_string(run->second.count - 1) : "") + " ";
  }
  std::replace(out.begin(), out.end(), FoldedRows::separator, ' ');
  return out;
}

}  // namespace

TEST_CASE("folded rows: neighbours alike, from the fourth on") {
  CHECK(folded("aaabbbb", {0, 1, 2, 3, 4, 5, 6}) == "a0 a1 a2 b3+3 ");
  CHECK(folded("aaaaXXXX", {0, 1, 2, 3, 4, 5, 6, 7}) == "a0+3 X4 X5 X6 X7 ");
}

TEST_CASE("folded rows: the order in which they come makes no difference") {
  const std::string letters = "aabbbbbaaaXbbbXXbbbbbbcaaaaaaaaaac";
  std::vector<std::size_t> order(letters.size());
  std::iota(order.begin(), order.end(), 0);
  const std::string in_order = folded(letters, order);
  std::mt19937 chance(1);  // NOLINT(cert-msc51-cpp): the same each time
  for (int i = 0; i < 200; ++i) {
    std::shuffle(order.begin(), order.end(), chance);
    CHECK(folded(letters, order) == in_order);
  }
}
