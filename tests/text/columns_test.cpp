// SPDX-License-Identifier: MIT
#include "text/columns.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace kintrace::text;
using Lines = std::vector<std::string>;

TEST_CASE("columns: lines break at blanks, and words only where they must") {
  CHECK(broken("", 10) == Lines{""});
  CHECK(broken("one two", 10) == Lines{"one two"});
  CHECK(broken("one two three four", 10) == Lines{"one two", "three four"});
  CHECK(broken("one twothreefourfive", 10) == Lines{"one twothr", "eefourfive"});
  CHECK(broken("exit 0; SIGCHLD → 4101", 18) == Lines{"exit 0; SIGCHLD", "→ 4101"});
  CHECK(broken("→ → → →", 2) == Lines{"→ ", "→ ", "→ ", "→"});
}

TEST_CASE("columns: what is too narrow to wrap stays as it is") {
  CHECK(wrap("a long line of words", 10, 25) == "a long line of words");
  CHECK(wrap("a long line of words", 10, {}) == "a long line of words");
  CHECK(wrap("some words that do not fit", 3, 23) == "some words that do\n   not fit");
}

TEST_CASE("columns: every task colour reads on black, on white and on dark grey") {
  const auto channel = [](int level) {
    const double value = (level == 0 ? 0 : 55 + 40 * level) / 255.0;
    return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  const Palette palette{true};
  for (std::size_t i = 0; i < 10; ++i) {
    const std::string painted = palette.paint("x", Style::task, i);
    const int color = std::stoi(painted.substr(7)) - 16;
    const double luminance =
        0.2126 * channel(color / 36) + 0.7152 * channel(color / 6 % 6) + 0.0722 * channel(color % 6);
    INFO(color + 16);
    CHECK(1.05 / (luminance + 0.05) > 3.25);
    CHECK((luminance + 0.05) / 0.05 > 3.25);
    CHECK((luminance + 0.05) / 0.063 > 3.25);  // #1e1e1e
  }
}
