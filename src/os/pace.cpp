// SPDX-License-Identifier: MIT
#include "os/pace.hpp"

#include <algorithm>

namespace kintrace::os {
namespace {

// Laps are counted in reports. A trial is timed only when the scheduler has settled, which takes longer for those that
// sleep: it moves them together bit by bit. The better way is kept for longer and longer, so that trials cost little in
// the end.
struct Trial {
  std::size_t length, settling;
};
constexpr std::array<Trial, 2> trials{{{192, 64}, {1024, 512}}};  // by way
constexpr std::size_t beginning = 4096, first_stay = 16'384, longest_stay = 131'072;
// By what part of its cost a way must be the better one to be worth the change: the scheduler has to settle anew.
constexpr double worth = 0.1;
// What is longer was not ours to shorten: the tracees were busy with something else.
constexpr Nanoseconds pause = 1'000'000;
// So many spins in vain, and there are none for so many waits: idle tracees cost no CPU.
constexpr int most_missed = 8, rest = 64;

std::size_t index_of(Pace::Way way) { return static_cast<std::size_t>(way); }

}  // namespace

Pace::Pace(int cpus) : choice_(cpus > 1), length_(beginning), stay_(first_stay) {}

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
  if (gap < pause && reports_ > trials.at(index_of(way_)).settling) {
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
  const Way other = way_ == Way::spin ? Way::sleep : Way::spin;
  if (!trial_) {
    way_ = other;
    trial_ = true;
    length_ = trials.at(index_of(way_)).length;
  } else {
    const double tried = cost_.at(index_of(way_)), before = cost_.at(index_of(other));
    const bool better = tried != 0 && tried < before * (1 - worth);
    stay_ = better ? first_stay : std::min(stay_ * 2, longest_stay);
    if (!better) way_ = other;
    trial_ = false;
    length_ = stay_;
  }
  reports_ = counted_ = 0;
  spent_ = 0;
}

}  // namespace kintrace::os
