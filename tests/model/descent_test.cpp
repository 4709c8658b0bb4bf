// SPDX-License-Identifier: MIT
#include "kintrace/descent.hpp"

#include <initializer_list>

#include "support/catch.hpp"

using kintrace::Descent;

namespace {

Descent path(std::initializer_list<std::uint32_t> ordinals) {
  Descent descent;
  for (const std::uint32_t ordinal : ordinals) descent = descent.child(ordinal);
  return descent;
}

}  // namespace

TEST_CASE("descent: the order of a tree's lines") {
  const Descent in_order[] = {path({1}),       path({1, 1}),    path({1, 1, 1}), path({1, 1, 2}), path({1, 2}),
                              path({1, 2, 1}), path({1, 2, 2}), path({1, 3}),    path({2}),       path({2, 1})};
  for (const Descent& a : in_order) {
    for (const Descent& b : in_order) CHECK((a < b) == (&a < &b));
  }
  CHECK(path({1, 2, 2}) == path({1, 2, 2}));
}

TEST_CASE("descent: equal steps are one, and the creator is known without it") {
  const auto steps = path({1, 1, 1, 2}).steps();
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].times == 3);
  CHECK(steps[1].ordinal == 2);
  CHECK(path({1, 2, 2}).creator() == path({1, 2}));
  CHECK(path({1, 2}).creator() == path({1}));
  CHECK(path({1}).creator() == Descent{});
}

TEST_CASE("descent: a long line of ancestors ends without a deep stack") {
  Descent descent;
  for (std::uint32_t i = 0; i < 300'000; ++i) descent = descent.child(1 + i % 2);
  CHECK(descent.steps().size() == 300'000);
}
