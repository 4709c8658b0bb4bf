// SPDX-License-Identifier: MIT
#include "sources/event_queue.hpp"

#include <iterator>

namespace kintrace::sources {

void EventQueue::put(std::vector<Message>& messages) {
  if (messages.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      waiting_.swap(messages);
    } else {
      waiting_.insert(waiting_.end(), std::make_move_iterator(messages.begin()),
                      std::make_move_iterator(messages.end()));
    }
  }
  messages.clear();
  ready_.notify_one();
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
  if (waiting_.empty()) return false;
  waiting_.swap(into);
  busy_ = true;
  return true;
}

void EventQueue::wait_until_drained() {
  std::unique_lock lock(mutex_);
  drained_.wait(lock, [this] { return waiting_.empty() && !busy_; });
}

}  // namespace kintrace::sources
