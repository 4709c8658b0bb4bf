// SPDX-License-Identifier: MIT
// The two clocks: one to measure by, one to tell the date.
#pragma once

#include <ctime>

#include "kintrace/ids.hpp"

namespace kintrace::os {

inline Nanoseconds read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return Nanoseconds{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
inline Nanoseconds monotonic() { return read_clock(CLOCK_MONOTONIC); }
inline Nanoseconds realtime() { return read_clock(CLOCK_REALTIME); }

}  // namespace kintrace::os
