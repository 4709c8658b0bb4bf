// SPDX-License-Identifier: MIT
// From the thread that must not wait (the engine) to the one that may (the views). Never blocks the one that puts: a
// reader that does not drain us, a pager or a stopped terminal, does not stop the traced program.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <variant>
#include <vector>

#include "kintrace/event.hpp"

namespace kintrace::sources {

using Message = std::variant<RunHeader, Event, RunEnd>;

class EventQueue {
 public:
  // Takes all of `messages` and leaves it empty.
  void put(std::vector<Message>& messages);
  // No more will come.
  void close();
  // Waits for messages and moves all there are into `into`. False: closed and drained. A call means that what the one
  // before gave has been dealt with.
  bool take(std::vector<Message>& into);
  // Waits until everything put so far has been dealt with. For the self-check only: it stops the program meanwhile.
  void wait_until_drained();

 private:
  std::mutex mutex_;
  std::condition_variable ready_, drained_;
  std::vector<Message> waiting_;
  bool closed_ = false;
  bool hurried_ = false;  // somebody waits for the taker
  std::chrono::steady_clock::time_point taken_{};
  bool busy_ = false;  // the taker is at work on what it took
};

}  // namespace kintrace::sources
