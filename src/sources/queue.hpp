// SPDX-License-Identifier: MIT
// The messages within one queue (System V or POSIX): which send each receive got. As with a Stream, a tracer is told of
// the ends of calls in another order than that in which the kernel did them. Pure accounting: no tracee, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "kintrace/event.hpp"

namespace kintrace::sources {

class Queue {
 public:
  // A send has been entered. `rank`: its type (msgsnd(2)) or priority (mq_send(3)).
  void begin_send(Seq seq, Tid tid, Nanoseconds now, std::int64_t rank, std::int64_t bytes, std::string head);
  // It has put its message there, or failed.
  void end_send(Seq seq, Nanoseconds now, bool sent);

  struct Got {
    std::optional<Part> from;  // nothing: nobody was seen to send it
    bool order_unknown = false;
  };
  // A receive has returned a message of `bytes`, the first of which are `head`. It may have
  // been cut (MSG_NOERROR). `rank`: nothing if the caller did not ask for it.
  Got receive(std::optional<std::int64_t> rank, std::int64_t bytes, std::string_view head);
  std::size_t pending() const { return sends_.size(); }

 private:
  struct Send {
    Seq seq;
    Tid tid;
    Nanoseconds begun = 0;
    std::optional<Nanoseconds> ended;
    std::int64_t rank = 0, bytes = 0;
    std::string head;
  };
  static bool fits(const Send& send, std::optional<std::int64_t> rank, std::int64_t bytes, std::string_view head);

  std::deque<Send> sends_;  // that nobody has received, in order of their begin
};

}  // namespace kintrace::sources
