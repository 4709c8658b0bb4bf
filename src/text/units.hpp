// SPDX-License-Identifier: MIT
// Numbers as people read them: lengths of time, sizes, counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kintrace/ids.hpp"

namespace kintrace::text {

// Two or three significant digits in the unit that suits: 190 µs, 2.1 ms, 14 s, 3 min 20 s.
std::string duration(Nanoseconds length);
// In seconds, to the microsecond, as a column of them has it: 12.000190.
std::string seconds(Nanoseconds length);
// Binary units as du -h has them, with a blank: 812 B, 1.6 MB.
std::string size(std::int64_t bytes);
// Of sizes that a file may say anything about: the largest number where there is no sum.
std::int64_t sum(std::int64_t a, std::int64_t b);
// 1,204
std::string count(std::uint64_t number);
// "1 process", "3 processes"; the plural is `one` + "s" (or "es" after s) unless given.
std::string counted(std::uint64_t number, std::string_view one, std::string_view many = {});

}  // namespace kintrace::text
