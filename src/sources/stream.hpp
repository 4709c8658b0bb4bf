// SPDX-License-Identifier: MIT
// The bytes within one pipe, FIFO or direction of a socket: which write each read's bytes came from. A tracer is told
// of the ends of calls in another order than that in which the kernel did them, so that a read may come to its end
// before the write that it was fed by, and writes that overlap have no known order. What can be told from times,
// amounts and the bytes themselves is told; otherwise the order is said to be unknown. Pure accounting: no tracee, no
// clock, no descriptors.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "kintrace/event.hpp"

namespace kintrace::sources {

class Stream {
 public:
  // `message`: each read takes one write, whole or cut (SOCK_DGRAM, SOCK_SEQPACKET, a pipe with O_DIRECT).
  enum class Kind { bytes, messages };
  explicit Stream(Kind kind = Kind::bytes) : kind_(kind) {}

  // A write has been entered: it may bring `most` bytes, the first of which are `head`.
  void begin_write(Seq seq, Tid tid, Nanoseconds now, std::int64_t most, std::string head);
  // It has brought so many; 0 where it failed.
  void end_write(Seq seq, Nanoseconds now, std::int64_t bytes);

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
  // Whether whose bytes come next depends on the bytes themselves: then a read's are worth looking at.
  bool contested() const;

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
  };
  Kind kind_;
  std::deque<Write> writes_;  // that are not taken whole, in order of their begin
};

}  // namespace kintrace::sources
