// SPDX-License-Identifier: MIT
// The bytes within one pipe, FIFO or direction of a socket: which write each read's bytes came from. A tracer is told
// of the ends of calls in another order than that in which the kernel did them, so that a read may come to its end
// before the write that it was fed by, and writes that overlap have no known order. What can be told from times,
// amounts and the bytes themselves is told; otherwise the order is said to be unknown. Pure accounting: no tracee, no
// clock, no descriptors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kintrace/event.hpp"

namespace kintrace::sources {

class Stream {
 public:
  // `messages`: each read takes one write, whole or cut (SOCK_DGRAM, SOCK_SEQPACKET).
  enum class Kind { bytes, messages };
  explicit Stream(Kind kind = Kind::bytes) : kind_(kind) {}

  // A write has been entered: it may bring `most` bytes, the first of which are `head`.
  void begin_write(Seq seq, Tid tid, Nanoseconds now, std::int64_t most, std::string head);
  // It has brought so many; nothing: it failed.
  void end_write(Seq seq, Nanoseconds now, std::optional<std::int64_t> sent);

  struct Taken {
    std::vector<Part> from;
    bool order_unknown = false;
    std::int64_t before = 0;  // bytes that no write is known for
  };
  // A read that was entered at `begun` has returned `bytes`, the first of which are `head`.
  Taken read(Nanoseconds begun, Nanoseconds now, std::int64_t bytes, std::string_view head);
  // The same, where the bytes stay: MSG_PEEK, tee(2).
  Taken peek(Nanoseconds begun, Nanoseconds now, std::int64_t bytes, std::string_view head) const;
  // Bytes that are still in it, as far as is known.
  std::int64_t left() const;
  // Writes that are not taken whole.
  std::size_t pending() const { return writes_.size(); }
  // Whether whose bytes come next depends on the bytes themselves: then a read's are worth looking at.
  bool contested(Nanoseconds begun) const;

 private:
  struct Write {
    Seq seq;
    Tid tid;
    Nanoseconds begun = 0;
    std::int64_t most = 0;   // that it may still bring, or has brought
    std::int64_t taken = 0;  // of them
    bool ended = false;
    Nanoseconds end = 0;
    std::string head;
    bool doubtful = false;  // another may have been taken for it, or it for another
    std::int64_t rest() const { return most - taken; }
  };
  enum class Fit { no, unknown, yes };
  static Fit fit(const Write& write, std::string_view bytes);
  std::size_t candidates() const;
  struct Choice {
    std::size_t index = 0;
    bool certain = true;
    bool confirmed = false;  // by the bytes
  };
  Choice choose(std::size_t candidates, std::string_view bytes) const;
  void doubt(std::size_t candidates);
  void take(std::size_t index, std::int64_t bytes);

  Kind kind_;
  std::deque<Write> writes_;    // that are not taken whole, in order of their begin
  std::vector<Write> spent_;    // that are, and have not ended
  std::int64_t forgotten_ = 0;  // bytes of writes before them, which were too many to remember
  Nanoseconds last_read_ = 0;   // the end of the read that ended last
  Seq last_from_;               // whose bytes it got, if they were one write's
};

}  // namespace kintrace::sources
