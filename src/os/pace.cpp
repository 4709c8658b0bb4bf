// SPDX-License-Identifier: MIT
#include "os/pace.hpp"

#include <algorithm>

namespace kintrace::os {
namespace {

// Laps are counted in reports. A trial is long enough for the scheduler to settle, after which it is timed; the better
// way is kept for longer and longer, so that trials cost little in the end.
constexpr std::size_t trial = 192, settling = 64, first_stay = 1024, longest_stay = 8192;
// What is longer was not ours to shorten: the tracees were busy with something else.
constexpr Nanoseconds pause = 1'000'000;
// So many spins in vain, and there are none for so many waits: idle tracees cost no CPU.
constexpr int most_missed = 8, rest = 64;

std::size_t index_of(Pace::Way way) { return static_cast<std::size_t>(way); }

}  // namespace

Pace::Pace(int cpus) : choice_(cpus > 1), way_(choice_ ? Way::spin : Way::sleep), length_(trial), stay_(first_stay) {}

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
  if (gap < pause && reports_ > settling) {
    spent_ += gap;
    counted_ += reports;
  }
  if (reports_ >= length_) next_lap();
}

void Pace::next_lap() {
  if (counted_ > 0) {
    double& cost = cost_.at(index_of(way_));
    const double found = static_cast<double>(spent_) / static_cast<double>(counted_);
    cost = cost == 0 ? found : (cost + found) / 2;
  }
  const double spinning = cost_.at(index_of(Way::spin)), sleeping = cost_.at(index_of(Way::sleep));
  const Way other = way_ == Way::spin ? Way::sleep : Way::spin;
  const bool tried = spinning != 0 && sleeping != 0;
  if (!trial_ || !tried) {
    way_ = other;
    trial_ = true;
    length_ = trial;
  } else {
    const Way better = spinning < sleeping ? Way::spin : Way::sleep;
    stay_ = better != way_ ? std::min(stay_ * 2, longest_stay) : first_stay;  // the trial has changed nothing, or all
    way_ = better;
    trial_ = false;
    length_ = stay_;
  }
  reports_ = counted_ = 0;
  spent_ = 0;
}

}  // namespace kintrace::os
