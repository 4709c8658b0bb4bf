// SPDX-License-Identifier: MIT
#include "sources/graves.hpp"

#include "support/catch.hpp"

using namespace kintrace;
using namespace kintrace::sources;

namespace {

Dead dead(int pid, int parent, bool vanished = false) {
  return {Tgid{pid}, Tgid{parent}, {pid % 256, {}, false}, pid, {}, {}, vanished};
}

}  // namespace

TEST_CASE("graves: a wait collects the child that it names, once, and only the parent's") {
  Graves graves;
  graves.add(dead(11, 10));
  CHECK_FALSE(graves.collected(Tgid{9}, Tgid{11}));
  CHECK_FALSE(graves.collected(Tgid{10}, Tgid{12}));
  REQUIRE(graves.collected(Tgid{10}, Tgid{11}));
  CHECK_FALSE(graves.collected(Tgid{10}, Tgid{11}));
}

TEST_CASE("graves: a wait that names nobody collected the one who is gone") {
  Graves graves;
  graves.add(dead(11, 10));
  graves.add(dead(12, 10));
  graves.add(dead(13, 9));
  const auto collected =
      graves.collected_by(Tgid{10}, [](const Dead& dead) { return dead.pid == Tgid{12} || dead.pid == Tgid{13}; });
  REQUIRE(collected);
  CHECK(collected->pid == Tgid{12});
  CHECK_FALSE(graves.collected_by(Tgid{10}, [](const Dead&) { return false; }));
}

TEST_CASE("graves: who vanished without a wait was reaped by the kernel, in order of death") {
  Graves graves;
  graves.add(dead(13, 10, true));
  graves.add(dead(11, 10, true));
  graves.add(dead(12, 10));
  graves.add(dead(14, 9, true));
  CHECK(graves.any_vanished());
  const auto reaped = graves.reaped_by_kernel(Tgid{10});
  REQUIRE(reaped.size() == 2);
  CHECK(reaped[0].pid == Tgid{11});
  CHECK(reaped[1].pid == Tgid{13});
  CHECK(graves.reaped_by_kernel(Tgid{10}).empty());
  CHECK(graves.any_vanished());
  graves.forget(Tgid{14});
  CHECK_FALSE(graves.any_vanished());
}

TEST_CASE("graves: a zombie goes to its new parent") {
  Graves graves;
  graves.add(dead(11, 10));
  graves.move(Tgid{11}, Tgid{9});
  CHECK_FALSE(graves.collected(Tgid{10}, Tgid{11}));
  CHECK(graves.collected(Tgid{9}, Tgid{11}));
}
