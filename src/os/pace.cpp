// SPDX-License-Identifier: MIT
#include "os/pace.hpp"

#include <algorithm>

namespace kintrace::os {
namespace {

// Laps are counted in reports. Their second half is timed: until then the scheduler has settled, which takes longer for
// those that sleep, as it moves them together bit by bit. The better way is kept for more and more laps, so that trials
// cost little in the end; but not past a lap that costs so much more than the trial found: the scheduler has moved
// things.
constexpr std::size_t lap = 1024;
constexpr std::array<std::size_t, 2> trials{512, 1024};  // by way
constexpr int first_stay = 16, longest_stay = 64;        // laps
constexpr double dearer = 1.25;
// By what part of a sleep's cost a spin must be cheaper: it takes a CPU, and lets the tracees settle on another one.
constexpr double worth = 0.25;
// What is longer was not ours to shorten: the tracees were busy with something else.
constexpr Nanoseconds pause = 1'000'000;
// So many spins in vain, and there are none for so many waits: idle tracees cost no CPU.
constexpr int most_missed = 8, rest = 64;

std::size_t index_of(Pace::Way way) { return static_cast<std::size_t>(way); }

}  // namespace

Pace::Pace(int cpus) : choice_(cpus > 1), length_(lap), stay_(first_stay) {}

void Pace::waited(Nanoseconds now, std::size_t reports, bool caught) {
  if (!choice_) return;
  if (overloaded()) {
    last_ = now;
    return;
  }
  if (tired_ > 0) {
    --tired_;
  } else if (way_ == Way::spin) {
    missed_ = caught ? 0 : missed_ + 1;
    if (missed_ == most_missed) {
      missed_ = 0;
      tired_ = rest;
    }
  }
  const Nanoseconds gap = now - last_;
  last_ = now;
  reports_ += reports;
  if (gap < pause && reports_ > length_ / 2) {
    spent_ += gap;
    counted_ += reports;
  }
  if (reports_ >= length_) next_lap();
}

void Pace::next_lap() {
  const double found = counted_ > 0 ? static_cast<double>(spent_) / static_cast<double>(counted_) : 0;
  double& cost = cost_.at(index_of(way_));
  const bool worse = found > cost * dearer;
  if (found > 0) cost = cost == 0 || worse ? found : (cost + found) / 2;
  if (trial_) {
    const double spin = cost_.at(index_of(Way::spin)), sleep = cost_.at(index_of(Way::sleep));
    const Way better = spin != 0 && spin < sleep * (1 - worth) ? Way::spin : Way::sleep;
    stay_ = better == way_ ? first_stay : std::min(stay_ * 2, longest_stay);  // the trial has changed all, or nothing
    laps_ = stay_;
    way_ = better;
    trial_ = false;
  } else if (--laps_ <= 0 || worse) {
    way_ = way_ == Way::spin ? Way::sleep : Way::spin;
    trial_ = true;
  }
  length_ = trial_ ? trials.at(index_of(way_)) : lap;
  reports_ = counted_ = 0;
  spent_ = 0;
}

}  // namespace kintrace::os
