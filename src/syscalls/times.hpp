// SPDX-License-Identifier: MIT
// Lengths of time as programs give them to the kernel.
#pragma once

#include <sys/time.h>

#include <algorithm>
#include <cstdint>
#include <ctime>

#include "kintrace/ids.hpp"

namespace kintrace::syscalls {

// A program may write anything there, and a recording holds numbers below 2^53 only.
constexpr Nanoseconds nanoseconds(std::int64_t seconds, std::int64_t rest) {
  constexpr std::int64_t longest = 9'000'000, second = 1'000'000'000;
  return std::clamp<std::int64_t>(seconds, 0, longest) * second + std::clamp<std::int64_t>(rest, 0, second);
}
constexpr Nanoseconds nanoseconds(const timeval& time) {
  return nanoseconds(time.tv_sec, std::clamp<std::int64_t>(time.tv_usec, 0, 1'000'000) * 1'000);
}
constexpr Nanoseconds nanoseconds(const timespec& time) { return nanoseconds(time.tv_sec, time.tv_nsec); }

}  // namespace kintrace::syscalls
