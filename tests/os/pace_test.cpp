// SPDX-License-Identifier: MIT
// How the tracer waits, on a clock of the test's own.
#include "os/pace.hpp"

#include "support/catch.hpp"

using namespace kintrace;
using os::Pace;

namespace {

// Tracees whose every stop takes so long to arrive, by the way it is waited for.
struct Machine {
  Nanoseconds spinning, sleeping;
  Nanoseconds now = 0;

  // How many of so many waits were spins.
  int spins(Pace& pace, int waits) {
    int spins = 0;
    for (int i = 0; i < waits; ++i) {
      const bool spin = pace.way() == Pace::Way::spin;
      spins += spin ? 1 : 0;
      const Nanoseconds wait = spin ? spinning : sleeping;
      now += wait;
      pace.waited(now, 1, spin && wait < Pace::spin_time);
    }
    return spins;
  }
};

constexpr int many = 400'000;

}  // namespace

TEST_CASE("pace: the faster way is kept, whichever it is") {
  Pace one(2), other(2);
  CHECK(Machine{5'000, 40'000}.spins(one, many) > many * 9 / 10);
  CHECK(Machine{15'000, 7'000}.spins(other, many) < many / 10);
}

TEST_CASE("pace: what is faster may change") {
  Pace pace(2);
  Machine machine{5'000, 40'000};
  machine.spins(pace, many);
  std::swap(machine.spinning, machine.sleeping);
  machine.spins(pace, many);
  CHECK(machine.spins(pace, many) < many / 10);
  std::swap(machine.spinning, machine.sleeping);
  machine.spins(pace, many);
  CHECK(machine.spins(pace, many) > many * 9 / 10);
}

TEST_CASE("pace: where more is to do than there are CPUs, nobody spins, however fast that is") {
  Pace pace(2);
  Machine machine{5'000, 40'000};
  machine.spins(pace, many);
  for (int i = 0; i < 16; ++i) pace.load_seen(i % 2 == 0 ? 1.0 : 3.0);
  CHECK(machine.spins(pace, 1'000) == 0);
  for (int i = 0; i < 16; ++i) pace.load_seen(i % 2 == 0 ? 0.5 : 1.5);
  CHECK(machine.spins(pace, many) > many * 9 / 10);
}

TEST_CASE("pace: idle tracees are slept for") {
  Pace pace(2);
  Machine busy{5'000, 40'000};
  busy.spins(pace, many);  // it has reason to spin
  Machine idle{50'000'000, 50'000'000, busy.now};
  CHECK(idle.spins(pace, 1'000) < 1'000 / 5);
}

TEST_CASE("pace: on one CPU there is no choice") {
  Pace pace(1);
  CHECK(Machine{1, 1'000'000}.spins(pace, many) == 0);
}

TEST_CASE("pace: what becomes dear is left before its stay is over") {
  Pace pace(2);
  Machine machine{15'000, 14'000};
  machine.spins(pace, many);
  machine.sleeping = 30'000;  // the scheduler has moved the tracer away from its tracees
  constexpr int soon = 5'000;
  machine.spins(pace, soon);
  CHECK(machine.spins(pace, soon) > soon * 9 / 10);
}
