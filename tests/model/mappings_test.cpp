// SPDX-License-Identifier: MIT
// What is mapped where, cut as mmap(2) and munmap(2) cut it.
#include "kintrace/mappings.hpp"

#include <limits>

#include "support/catch.hpp"

using namespace kintrace;
using Mapping = Mappings::Mapping;
using Pieces = std::vector<Mappings::Piece>;

namespace {

constexpr ObjectId one{ObjectKind::mapping, 1}, two{ObjectKind::mapping, 2}, segment{ObjectKind::sysv_shm, 1};

Mappings with_one() {
  Mappings mappings;
  mappings.map(0x1000, {one, 0x3000, 0});
  return mappings;
}

}  // namespace

TEST_CASE("mappings: a hole in the middle leaves both sides") {
  Mappings mappings = with_one();
  CHECK(mappings.unmap(0x2000, 0x1000) == Pieces{{0x2000, {one, 0x1000, 0x1000}}});
  CHECK(mappings.find(0x2000) == nullptr);
  REQUIRE(mappings.find(0x1fff) != nullptr);
  CHECK(mappings.find(0x1fff)->second == Mapping{one, 0x1000, 0});
  REQUIRE(mappings.find(0x3000) != nullptr);
  CHECK(mappings.find(0x3000)->second == Mapping{one, 0x1000, 0x2000});
}

TEST_CASE("mappings: one end, all of it, and what was not there") {
  Mappings mappings = with_one();
  CHECK(mappings.unmap(0, 0x2000) == Pieces{{0x1000, {one, 0x1000, 0}}});
  CHECK(mappings.unmap(0x3000, 0x9000) == Pieces{{0x3000, {one, 0x1000, 0x2000}}});
  CHECK(mappings.unmap(0, 0x10000) == Pieces{{0x2000, {one, 0x1000, 0x1000}}});
  CHECK(mappings.unmap(0, 0x10000).empty());
  CHECK(mappings.all().empty());
  CHECK_FALSE(mappings.maps(one));
}

TEST_CASE("mappings: what is mapped over another replaces it") {
  Mappings mappings = with_one();
  mappings.map(0x2000, {two, 0x1000, 0x5000});
  CHECK(mappings.all().size() == 3);
  CHECK(mappings.find(0x2800)->second.obj == two);
  CHECK(mappings.find(0x3800)->second == Mapping{one, 0x1000, 0x2000});
  CHECK(mappings.unmap(0x1800, 0x2000) ==
        Pieces{{0x1800, {one, 0x800, 0x800}}, {0x2000, {two, 0x1000, 0x5000}}, {0x3000, {one, 0x800, 0x2000}}});
  CHECK_FALSE(mappings.maps(two));
}

TEST_CASE("mappings: neither nothing nor what has no end") {
  Mappings mappings;
  mappings.map(0x1000, {one, 0, 0});
  CHECK(mappings.all().empty());
  constexpr auto last = std::numeric_limits<std::uint64_t>::max();
  mappings.map(last - 10, {one, last, 0});
  CHECK(mappings.find(last - 1) != nullptr);
  CHECK(mappings.unmap(0, last).size() == 1);
  CHECK(mappings.unmap(5, 0).empty());
}

TEST_CASE("mappings: shmdt(2) takes all that came of one shmat(2)") {
  Mappings mappings;
  mappings.map(0x1000, {segment, 0x3000, 0});
  mappings.map(0x8000, {segment, 0x3000, 0});
  mappings.unmap(0x2000, 0x1000);
  CHECK(mappings.detach(0x1000) == Pieces{{0x1000, {segment, 0x1000, 0}}, {0x3000, {segment, 0x1000, 0x2000}}});
  CHECK(mappings.all().size() == 1);
  CHECK(mappings.detach(0x2000).empty());
  CHECK(mappings.maps(segment));
}
