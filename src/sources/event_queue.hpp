// SPDX-License-Identifier: MIT
// From the thread that must not wait (the engine) to the one that may (the views). Never blocks the one that puts: a
// reader that does not drain us, a pager or a stopped terminal, does not stop the traced program. Nor does it fill the
// memory: what is too much is put aside in a temporary file, and read back from there in its order. Only where that
// fails are events lost, and RunEnd says how many and why.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kintrace/event.hpp"
#include "recording/decode.hpp"
#include "recording/lines.hpp"
#include "recording/spool.hpp"

namespace kintrace::sources {

// There is one in a run, and it is twice as large as an event: it stays out of their way.
class Header {
 public:
  Header(const RunHeader& header)  // NOLINT(google-explicit-constructor): a message is made of one
      : header_(std::make_unique<RunHeader>(header)) {}
  const RunHeader& operator*() const { return *header_; }

 private:
  std::unique_ptr<RunHeader> header_;
};

using Message = std::variant<Event, Header, RunEnd>;

class EventQueue {
 public:
  using MakeSpool = std::function<Result<recording::Spool>()>;
  // So many messages and one batch are kept in memory, some 3 MB where commands are short. The engine makes them in a
  // fifth of a second at the least: shorter than that a terminal or disk may well be busy.
  static constexpr std::size_t in_memory = 16'000;

  explicit EventQueue(std::size_t limit = in_memory, MakeSpool make_spool = recording::Spool::make)
      : limit_(limit), make_spool_(std::move(make_spool)) {}

  // Takes all of `messages` and leaves it empty, with room for as many. The header must be the first of all, and the
  // end the last. To be called by one thread.
  void put(std::vector<Message>& messages);
  // So many messages had to be put aside so far. For the one that puts.
  std::int64_t spilled() const { return spilled_; }
  // No more will come.
  void close();
  // Waits for messages and moves some into `into`, in order. False: closed and drained. A call means that what the one
  // before gave has been dealt with. To be called by one thread.
  bool take(std::vector<Message>& into);
  // Waits until everything put so far has been dealt with. For the self-check only: it stops the program meanwhile.
  void wait_until_drained();

 private:
  using Lock = std::unique_lock<std::mutex>;
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

  std::size_t backlog() const { return waiting_.size() + in_file_ + in_tail_ + (end_ ? 1 : 0); }
  void keep(std::vector<Message>& messages);
  void put_aside(Lock& lock, const std::vector<Message>& messages);
  void write_tail(Lock& lock);
  std::optional<std::string> write(std::string_view lines);
  void rest(Lock& lock);
  void take_back(Lock& lock, std::vector<Message>& into);
  bool take_line(std::vector<Message>& into);
  std::size_t read(char* bytes, std::size_t most);
  bool has_been_read() const;
  std::unique_ptr<recording::Spool> finish_spilling();
  void lose(std::size_t events, const std::string& why);
  RunEnd final_end();

  const std::size_t limit_;
  const MakeSpool make_spool_;

  std::mutex mutex_;
  std::condition_variable ready_, drained_;
  std::vector<Message> waiting_;  // older than what was put aside
  std::size_t in_file_ = 0;       // messages put aside
  std::int64_t appended_ = 0;     // bytes of the file that the taker has not been told of
  std::string tail_;              // lines that are to be appended: younger
  std::size_t in_tail_ = 0;       // messages there
  std::optional<RunEnd> end_;     // younger than all
  std::int64_t lost_ = 0;         // events
  std::optional<std::string> why_lost_;
  std::optional<std::string> broken_;  // why the file cannot be written
  bool spilling_ = false;              // from the first message that was too many until all that was put aside is read
  bool aside_ = false;                 // the putter holds messages that are not counted: more is to be read
  bool closed_ = false;
  bool hurried_ = false;         // somebody waits for the taker
  bool busy_ = false;            // the taker is at work on what it took
  std::size_t wake_at_ = never;  // the taker sleeps until there are so many

  // Made by the putter, closed by the taker, used by both without the lock.
  std::unique_ptr<recording::Spool> spool_;
  std::string lines_out_;     // the putter's
  std::int64_t spilled_ = 0;  // the putter's

  std::chrono::steady_clock::time_point taken_{};  // the taker's, as all that follows
  std::int64_t unread_ = 0;                        // bytes of the file
  bool unreadable_ = false;
  std::string tail_in_;
  std::size_t tail_read_ = 0;
  std::optional<recording::Lines> lines_in_;
  recording::Decoder decoder_;
};

}  // namespace kintrace::sources
