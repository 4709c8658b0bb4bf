// SPDX-License-Identifier: MIT
#include "sources/event_queue.hpp"

#include <chrono>
#include <iterator>

namespace kintrace::sources {
namespace {

// So long after it took something the taker takes again at the earliest: what comes alone is told at once, and a flood
// does not wake it for every event, which would take a CPU from the traced program.
constexpr std::chrono::milliseconds gathering{5};
constexpr std::size_t enough = 1024;

}  // namespace

void EventQueue::put(std::vector<Message>& messages) {
  if (messages.empty()) return;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = waiting_.empty();
    if (waiting_.empty()) {
      waiting_.swap(messages);
    } else {
      waiting_.insert(waiting_.end(), std::make_move_iterator(messages.begin()),
                      std::make_move_iterator(messages.end()));
    }
    wake = wake || waiting_.size() >= enough;
  }
  messages.clear();
  if (wake) ready_.notify_one();
}

void EventQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  ready_.notify_one();
}

bool EventQueue::take(std::vector<Message>& into) {
  into.clear();
  std::unique_lock lock(mutex_);
  busy_ = false;
  drained_.notify_all();
  ready_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
  ready_.wait_until(lock, taken_ + gathering, [this] { return closed_ || hurried_ || waiting_.size() >= enough; });
  taken_ = std::chrono::steady_clock::now();
  if (waiting_.empty()) return false;
  waiting_.swap(into);
  busy_ = true;
  return true;
}

void EventQueue::wait_until_drained() {
  std::unique_lock lock(mutex_);
  hurried_ = true;
  ready_.notify_one();
  drained_.wait(lock, [this] { return waiting_.empty() && !busy_; });
  hurried_ = false;
}

}  // namespace kintrace::sources
