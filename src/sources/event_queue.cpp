// SPDX-License-Identifier: MIT
#include "sources/event_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "kintrace/error.hpp"
#include "recording/encode.hpp"
#include "text/names.hpp"

namespace kintrace::sources {
namespace {

// So long after it took something the taker takes again at the earliest: what comes alone is told at once, and a flood
// does not wake it for every event, which would take a CPU from the traced program. Meanwhile it sleeps by the clock:
// whoever puts wakes it only if it has seen nothing for so long, or if there is enough, as the program waits while it
// is woken.
constexpr std::chrono::milliseconds gathering{20};
constexpr std::size_t enough = 1024;

// Lines that are put aside are written so many bytes at a time.
constexpr std::size_t block = 1U << 16U;

}  // namespace

void EventQueue::put(std::vector<Message>& messages) {
  if (messages.empty()) return;
  std::optional<RunEnd> end;
  if (auto* last = std::get_if<RunEnd>(&messages.back())) {
    end = std::move(*last);
    messages.pop_back();
  }
  Lock lock(mutex_);
  if (!spilling_ && waiting_.size() < limit_) {
    keep(messages);
  } else if (!messages.empty()) {
    put_aside(lock, messages);
  }
  if (end) end_ = std::move(end);
  const bool wake = backlog() >= wake_at_;
  if (wake) wake_at_ = never;
  lock.unlock();
  if (wake) ready_.notify_one();
  messages.clear();
}

void EventQueue::keep(std::vector<Message>& messages) {
  if (waiting_.empty()) {
    waiting_.swap(messages);
  } else {
    waiting_.insert(waiting_.end(), std::make_move_iterator(messages.begin()), std::make_move_iterator(messages.end()));
  }
}

void EventQueue::put_aside(Lock& lock, const std::vector<Message>& messages) {
  spilling_ = true;
  if (broken_) return lose(messages.size(), *broken_);
  aside_ = true;
  lock.unlock();
  lines_out_.clear();
  for (const Message& message : messages) {
    const auto* event = std::get_if<Event>(&message);
    KINTRACE_CHECK(event != nullptr, "a header that is not the first message");
    recording::append_line(lines_out_, *event);
  }
  lock.lock();
  aside_ = false;
  tail_ += lines_out_;
  in_tail_ += messages.size();
  spilled_ += static_cast<std::int64_t>(messages.size());
  if (tail_.size() >= block) write_tail(lock);
}

void EventQueue::write_tail(Lock& lock) {
  lines_out_.clear();
  lines_out_.swap(tail_);
  const std::size_t lines = std::exchange(in_tail_, 0);
  aside_ = true;
  lock.unlock();
  auto why = write(lines_out_);
  lock.lock();
  aside_ = false;
  if (!why) {
    in_file_ += lines;
    appended_ += static_cast<std::int64_t>(lines_out_.size());
  } else {
    // Not tried again before all has been read: what fits into the last of a disk's space would be events without those
    // before them.
    broken_ = std::move(why);
    tail_.swap(lines_out_);
    in_tail_ = lines;
  }
}

// Why it could not be, or nothing.
std::optional<std::string> EventQueue::write(std::string_view lines) {
  const auto told = [](const std::string& directory, const Failure& failure) {
    return fmt::format("a temporary file in {} could not be written: {}", directory, text::errno_text(failure.error()));
  };
  if (!spool_) {
    auto made = make_spool_();
    if (!made) return told(recording::spool_directory(), made.error());
    spool_ = std::make_unique<recording::Spool>(std::move(*made));
  }
  if (const auto appended = spool_->append(lines); !appended) return told(spool_->directory(), appended.error());
  return {};
}

void EventQueue::lose(std::size_t events, const std::string& why) {
  lost_ += static_cast<std::int64_t>(events);
  if (!why_lost_) why_lost_ = why;
}

void EventQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  ready_.notify_one();
}

bool EventQueue::take(std::vector<Message>& into) {
  into.clear();
  std::unique_ptr<recording::Spool> emptied;  // closed when the lock is open again: that may take its time
  Lock lock(mutex_);
  busy_ = false;
  while (into.empty()) {
    if (has_been_read()) emptied = finish_spilling();
    if (backlog() == 0) drained_.notify_all();
    rest(lock);
    if (!waiting_.empty()) {
      waiting_.swap(into);
    } else if (in_file_ + in_tail_ != 0) {
      take_back(lock, into);
    } else if (end_) {
      into.emplace_back(final_end());
    } else if (closed_) {
      return false;
    }
  }
  busy_ = true;
  taken_ = std::chrono::steady_clock::now();
  return true;
}

void EventQueue::rest(Lock& lock) {
  wake_at_ = enough;
  ready_.wait_until(lock, taken_ + gathering, [this] { return closed_ || hurried_ || backlog() >= enough; });
  wake_at_ = 1;
  ready_.wait(lock, [this] { return closed_ || backlog() != 0; });
  wake_at_ = never;
}

bool EventQueue::has_been_read() const { return spilling_ && !aside_ && waiting_.empty() && in_file_ + in_tail_ == 0; }

std::unique_ptr<recording::Spool> EventQueue::finish_spilling() {
  spilling_ = false;
  broken_.reset();
  unreadable_ = false;
  lines_in_.reset();
  appended_ = unread_ = 0;
  return std::move(spool_);
}

// What was in the file at this moment, as more is being appended; and when that has been read, the tail.
void EventQueue::take_back(Lock& lock, std::vector<Message>& into) {
  unread_ += std::exchange(appended_, 0);
  const bool from_file = in_file_ != 0;
  const std::size_t lines = from_file ? std::min(in_file_, enough) : std::exchange(in_tail_, 0);
  if (!from_file) {
    tail_in_.clear();
    tail_in_.swap(tail_);
    tail_read_ = 0;
  }
  lock.unlock();
  if (!lines_in_) lines_in_.emplace([this](char* bytes, std::size_t most) { return read(bytes, most); });
  std::size_t gone = 0;
  for (std::size_t line = 0; line < lines; ++line) gone += unreadable_ || !take_line(into) ? 1 : 0;
  lock.lock();
  if (from_file) in_file_ -= lines;
  if (gone != 0) lose(gone, "a temporary file could not be read");
}

bool EventQueue::take_line(std::vector<Message>& into) {
  try {
    if (const auto line = lines_in_->next()) {
      auto told = decoder_.line(*line);
      if (auto* event = std::get_if<Event>(&told)) {
        into.emplace_back(std::move(*event));
        return true;
      }
    }
  } catch (const recording::Malformed&) {  // the disk's fault: we wrote it
  }
  return false;
}

std::size_t EventQueue::read(char* bytes, std::size_t most) {
  if (unread_ == 0) {
    const std::size_t rest = tail_in_.copy(bytes, most, tail_read_);
    tail_read_ += rest;
    return rest;
  }
  const auto got = spool_->read(bytes, std::min(most, static_cast<std::size_t>(unread_)));
  unreadable_ = !got || *got == 0;
  if (unreadable_) return 0;
  unread_ -= static_cast<std::int64_t>(*got);
  return *got;
}

RunEnd EventQueue::final_end() {
  RunEnd end = std::move(*end_);
  end_.reset();
  end.events -= lost_;
  end.lost += lost_;
  end.lost_why = why_lost_;
  return end;
}

void EventQueue::wait_until_drained() {
  Lock lock(mutex_);
  hurried_ = true;
  ready_.notify_one();
  drained_.wait(lock, [this] { return backlog() == 0 && !busy_; });
  hurried_ = false;
}

}  // namespace kintrace::sources
