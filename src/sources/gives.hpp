// SPDX-License-Identifier: MIT
// What lets others go on at an object: a semaphore raised, bytes written, a lock given back. Kept so that a wait which
// ends can name whoever ended it, where only one can have been it. Of calls that have begun: their ends are told in
// another order than that in which the kernel did them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "kintrace/ids.hpp"

namespace kintrace::sources {

struct Give {
  Seq seq;
  Tid tid;
  Nanoseconds at = 0;  // when its call began
};

class Gives {
 public:
  void note(const Give& give) { last_.at(count_++ % last_.size()) = give; }
  // The first since `begun`, if all of them are of one task, which is not `waiter`. Nothing: none, or who can tell.
  std::optional<Give> since(Nanoseconds begun, Tid waiter) const {
    std::optional<Give> first;
    const std::size_t kept = std::min(count_, last_.size());
    for (std::size_t back = 1; back <= kept; ++back) {
      const Give& give = last_.at((count_ - back) % last_.size());
      if (give.at < begun) return first;
      if (give.tid == waiter) continue;
      if (first && first->tid != give.tid) return {};
      first = give;
    }
    return count_ > kept ? std::nullopt : first;  // there may have been more
  }

 private:
  std::array<Give, 4> last_{};
  std::size_t count_ = 0;
};

}  // namespace kintrace::sources
