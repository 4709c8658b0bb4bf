// SPDX-License-Identifier: MIT
// What is known of descriptors without asking the kernel.
#include "sources/objects.hpp"

#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace kintrace;
using namespace kintrace::sources;
using Known = Objects::Known;

namespace {

constexpr Tgid process{10};
constexpr unsigned all = std::numeric_limits<unsigned>::max();

}  // namespace

TEST_CASE("objects: the numbers between two others, also those that are too great to be remembered") {
  Objects objects;
  const TableIndex table = objects.make(process);
  const ObjectId pipe = objects.add(ObjectKind::pipe, {1, 2}).id;
  for (const int fd : {0, 3, 7, 65'535, 65'536, 70'000, 80'000}) objects.is(table, fd, {pipe, End::read}, process);
  objects.is_plain(table, 5);
  CHECK(objects.known_between(table, 3, 7) == std::vector{3, 5, 7});
  CHECK(objects.known_between(table, 4, 4).empty());
  CHECK(objects.known_between(table, 7, 70'000) == std::vector{7, 65'535, 65'536, 70'000});
  CHECK(objects.known_between(table, 70'000, 70'000) == std::vector{70'000});
  CHECK(objects.known_between(table, 65'537, all) == std::vector{70'000, 80'000});
  CHECK(objects.known_between(table, all, all).empty());
  CHECK(objects.known(table, 70'000) == Known::unsure);
  CHECK(objects.held(table, 70'000)->obj == pipe);
}

TEST_CASE("objects: a number that is being closed is not known until its closer stops again") {
  Objects objects;
  const TableIndex table = objects.make(process);
  const ObjectId pipe = objects.add(ObjectKind::pipe, {1, 2}).id;
  objects.is(table, 3, {pipe, End::read}, process);
  objects.share(table, process);
  objects.open_window(table, Tid{11}, 3, 3);
  CHECK(objects.known(table, 3) == Known::unsure);
  objects.is(table, 3, {pipe, End::read}, process);  // looked up meanwhile: not to be relied upon
  objects.close_windows(table, Tid{11});
  CHECK(objects.known(table, 3) == Known::unsure);
  objects.is(table, 3, {pipe, End::read}, process);
  CHECK(objects.known(table, 3) == Known::object);
}
