// SPDX-License-Identifier: MIT
#include "sources/queue.hpp"

#include <algorithm>
#include <utility>

namespace kintrace::sources {
namespace {

// More wait in no queue for long; what nobody who is followed receives is forgotten.
constexpr std::size_t most_pending = 1024;
constexpr std::size_t most_head = 15;  // bytes, to tell messages apart: as many as need no memory of their own

}  // namespace

void Queue::begin_send(Seq seq, Tid tid, Nanoseconds now, std::int64_t rank, std::int64_t bytes, std::string head) {
  if (sends_.size() == most_pending) sends_.pop_front();
  head.resize(std::min(head.size(), most_head));
  sends_.push_back({seq, tid, now, {}, rank, bytes, Bytes{head}});
}

// One that has been received by now has been forgotten.
void Queue::end_send(Seq seq, Nanoseconds now, bool sent) {
  const auto at = std::find_if(sends_.rbegin(), sends_.rend(), [&](const Send& send) { return send.seq == seq; });
  if (at == sends_.rend()) return;
  if (sent) {
    at->ended = now;
  } else {
    sends_.erase(std::next(at).base());
  }
}

bool Queue::fits(const Send& send, std::optional<std::int64_t> rank, std::int64_t bytes, std::string_view head) {
  if ((rank && send.rank != *rank) || bytes > send.bytes) return false;
  const std::size_t known = std::min(head.size(), send.head.size());
  return head.substr(0, known) == std::string_view{send.head}.substr(0, known);
}

// Of one rank the oldest comes first: that of those which were entered one after the other. Which of two that overlap
// was first nobody knows, unless their bytes differ.
Queue::Got Queue::receive(std::optional<std::int64_t> rank, std::int64_t bytes, std::string_view head) {
  const auto first =
      std::find_if(sends_.begin(), sends_.end(), [&](const Send& send) { return fits(send, rank, bytes, head); });
  if (first == sends_.end()) return {};
  Got got;
  got.from = Part{first->seq, bytes, first->tid};
  got.order_unknown = std::any_of(std::next(first), sends_.end(), [&](const Send& send) {
    return fits(send, rank, bytes, head) && (!first->ended || send.begun < *first->ended);
  });
  sends_.erase(first);
  return got;
}

}  // namespace kintrace::sources
