// SPDX-License-Identifier: MIT
// How to wait for the next stop: to sleep in wait4(2) at once, or to ask it again and again for a while before. Which
// of them is faster depends on where the scheduler puts tracer and tracees, on how many CPUs are free, and on what the
// tracees do, by factors either way (docs/performance.md). So both are tried, spinning is kept where it is much faster,
// and the other way is tried again from time to time. What a spin takes from others who want the CPU shows in nobody's
// time but theirs: so there is none while the machine has more to do than CPUs. Knows no wait4(2): a clock's readings
// in, a decision out.
#pragma once

#include <array>
#include <cstddef>

#include "kintrace/ids.hpp"

namespace kintrace::os {

class Pace {
 public:
  enum class Way { spin, sleep };
  // `cpus`: that this process may use. On one CPU nobody can stop while we ask.
  explicit Pace(int cpus);
  // How to wait this time.
  Way way() const { return tired_ > 0 || overloaded() ? Way::sleep : way_; }
  // The wait is over, `now`: there are so many reports. `caught`: they came while it spun.
  void waited(Nanoseconds now, std::size_t reports, bool caught);

  // Seen now and then: the machine's runnable tasks, this one included, by its CPUs.
  void load_seen(double runnable) { load_ += (runnable - load_) / 4; }

  static constexpr Nanoseconds spin_time = 40'000;

 private:
  void next_lap();
  bool overloaded() const { return load_ > 1.5; }

  bool choice_;
  double load_ = 0;  // of late
  Way way_ = Way::sleep;
  Nanoseconds last_ = 0;          // the end of the wait before
  int missed_ = 0;                // spins in a row that caught nothing
  int tired_ = 0;                 // so many waits without a spin are left
  std::size_t reports_ = 0;       // of this lap
  Nanoseconds spent_ = 0;         // on them
  std::size_t counted_ = 0;       // of them, those that were timed
  std::size_t length_;            // of this lap
  int stay_;                      // laps that the better way is kept
  int laps_ = 1;                  // of them, those left
  bool trial_ = false;            // this lap tries a way
  std::array<double, 2> cost_{};  // of a report, by way: nanoseconds; 0: never tried
};

}  // namespace kintrace::os
