// SPDX-License-Identifier: MIT
// Who and when: the strong types that every room uses instead of bare integers.
// Not here: what happened (event.hpp) and what the world looks like after it (world.hpp).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace kintrace {

// A number that cannot be mistaken for another kind of number.
template <class Tag, class Rep>
struct Id {
  Rep value{};
  friend constexpr auto operator<=>(Id, Id) = default;
  constexpr explicit operator bool() const { return value != Rep{}; }
};

// A task: what the kernel calls a pid internally and gettid(2) returns. As the tracer's pid namespace sees it.
using Tid = Id<struct TidTag, std::int32_t>;
// A thread group: what getpid(2) returns, the tid of its leader.
using Tgid = Id<struct TgidTag, std::int32_t>;
// The number of an event, given when the thing begins; never repeats within a recording. 0 is none.
using Seq = Id<struct SeqTag, std::uint64_t>;

constexpr Tid leader_of(Tgid group) { return Tid{group.value}; }
constexpr Tgid led_by(Tid leader) { return Tgid{leader.value}; }

// Nanoseconds of CLOCK_MONOTONIC: since the start of the run for an event, or a length of time.
using Nanoseconds = std::int64_t;

// A signal(7) number; 0 is none.
using Signal = Id<struct SignalTag, std::int32_t>;
// An errno(3) number as the kernel's own ABI has it; 0 is success.
using Errno = Id<struct ErrnoTag, std::int32_t>;

}  // namespace kintrace

template <class Tag, class Rep>
struct std::hash<kintrace::Id<Tag, Rep>> {
  std::size_t operator()(kintrace::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};
