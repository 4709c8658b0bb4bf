// SPDX-License-Identifier: MIT
// The queue gives what was put, in order, whatever the reader does; and says what it had to drop.
#include "sources/event_queue.hpp"

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "os/fd.hpp"
#include "support/catch.hpp"

using namespace kintrace;
using namespace kintrace::sources;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t many = 100'000;

Event event(std::uint64_t seq) {
  Event event;
  event.seq = Seq{seq};
  event.t = static_cast<Nanoseconds>(seq) * 1000;
  event.pid = Tgid{10};
  event.tid = Tid{11};
  event.fact = ExecFailed{"/bin/\xff\n" + std::to_string(seq), {"a", ""}, "execve", Errno{ENOENT}};
  return event;
}

void put_run(EventQueue& queue, std::uint64_t events) {
  std::vector<Message> batch;
  RunHeader header;
  header.version = "x";
  batch.emplace_back(header);
  for (std::uint64_t seq = 1; seq <= events; ++seq) {
    batch.emplace_back(event(seq));
    if (seq % 7 == 0) queue.put(batch);
  }
  RunEnd end;
  end.events = static_cast<std::int64_t>(events);
  end.why = "done";
  batch.emplace_back(end);
  queue.put(batch);
  queue.close();
}

struct Got {
  int headers = 0;
  std::uint64_t events = 0, wrong = 0;  // wrong: not as put, or not in order
  Seq last;
  std::optional<RunEnd> end;
  std::size_t most = 0;  // at once
};

template <class Meanwhile>
Got take_all(EventQueue& queue, Meanwhile meanwhile) {
  Got got;
  std::vector<Message> messages;
  while (queue.take(messages)) {
    got.most = std::max(got.most, messages.size());
    for (const Message& message : messages) {
      if (std::holds_alternative<Header>(message)) {
        got.wrong += got.events != 0 || got.end ? 1 : 0;
        ++got.headers;
      } else if (const auto* one = std::get_if<Event>(&message)) {
        const Event expected = event(one->seq.value);
        const auto* fact = std::get_if<ExecFailed>(&one->fact);
        const bool right = one->seq > got.last && one->t == expected.t && one->pid == expected.pid && fact != nullptr &&
                           fact->path == std::get<ExecFailed>(expected.fact).path && fact->argv.size() == 2 && !got.end;
        got.last = one->seq;
        got.wrong += right ? 0 : 1;
        ++got.events;
      } else {
        got.end = std::get<RunEnd>(message);
      }
    }
    meanwhile();
  }
  return got;
}

Result<recording::Spool> no_spool() { return Failure{Errno{EACCES}}; }

Result<recording::Spool> full_spool() {
  auto fd = os::open("/dev/full", O_RDWR);
  if (!fd) return fd.error();
  return recording::Spool{std::move(*fd), "/dev"};
}

}  // namespace

TEST_CASE("queue: all that was put before anything was taken comes in its order") {
  for (const std::size_t limit : {std::size_t{1}, std::size_t{100}, EventQueue::in_memory, std::size_t{1'000'000}}) {
    int spools = 0;
    EventQueue queue(limit, [&] {
      ++spools;
      return recording::Spool::make();
    });
    put_run(queue, many);
    const Got got = take_all(queue, [] {});
    INFO("limit " << limit);
    CHECK(spools == (limit > many ? 0 : 1));
    CHECK((queue.spilled() > 0) == (limit < many));
    CHECK(got.headers == 1);
    CHECK(got.events == many);
    CHECK(got.wrong == 0);
    REQUIRE(got.end);
    CHECK(got.end->lost == 0);
    CHECK_FALSE(got.end->lost_why);
    CHECK(got.end->events == many);
    if (limit < many) CHECK(got.most <= std::max<std::size_t>(limit + 7, 1024));
  }
}

TEST_CASE("queue: a taker that is now slow, now fast, gets all in order") {
  for (const std::size_t limit : {1, 50, 5000}) {
    int spools = 0;
    EventQueue queue(limit, [&] {
      ++spools;
      return recording::Spool::make();
    });
    std::thread putter([&] {
      // The taker keeps up with most of it.
      std::vector<Message> batch;
      batch.emplace_back(RunHeader{});
      for (std::uint64_t seq = 1; seq <= many; ++seq) {
        batch.emplace_back(event(seq));
        if (seq % 3 == 0) queue.put(batch);
        if (seq % 2000 == 0) std::this_thread::sleep_for(1ms);
      }
      batch.emplace_back(RunEnd{});
      queue.put(batch);
      queue.close();
    });
    int takes = 0;
    const Got got = take_all(queue, [&] {
      if (++takes % 16 == 0) std::this_thread::sleep_for(10ms);
    });
    putter.join();
    INFO("limit " << limit << ", " << spools << " files");
    CHECK(got.headers == 1);
    CHECK(got.events == many);
    CHECK(got.wrong == 0);
    REQUIRE(got.end);
    CHECK(got.end->lost == 0);
  }
}

TEST_CASE("queue: what is being put aside while the rest is read out stays older than what comes next") {
  constexpr std::uint64_t rounds = 30;
  const std::vector<std::string> long_argv(2000, "word");  // takes its time to be written down
  EventQueue queue(1);
  std::atomic<std::uint64_t> seen = 0;
  std::thread putter([&] {
    std::vector<Message> batch;
    std::uint64_t seq = 0;
    const auto put = [&](bool slow) {
      Event one = event(++seq);
      if (slow) std::get<ExecFailed>(one.fact).argv = long_argv;
      batch.emplace_back(std::move(one));
      queue.put(batch);
    };
    for (std::uint64_t round = 0; round < rounds; ++round) {
      put(false);
      put(false);                                     // put aside
      while (seen != seq) std::this_thread::yield();  // all is read, and the taker about to find that out
      put(true);
      put(false);
      while (seen != seq) std::this_thread::yield();
    }
    queue.close();
  });
  std::vector<std::uint64_t> order;
  std::vector<Message> messages;
  while (queue.take(messages)) {
    for (const Message& message : messages) order.push_back(std::get<Event>(message).seq.value);
    seen = order.size();
    const auto soon = std::chrono::steady_clock::now() + 50us;  // while the putter is at the long one
    while (std::chrono::steady_clock::now() < soon) {
    }
  }
  putter.join();
  CHECK(order.size() == 4 * rounds);
  CHECK(std::ranges::is_sorted(order));
}

TEST_CASE("queue: where there is no room to put events aside they are counted, and header and end get through") {
  for (const auto& make : {no_spool, full_spool}) {
    EventQueue queue(100, make);
    put_run(queue, many);
    const Got got = take_all(queue, [] {});
    CHECK(got.headers == 1);
    CHECK(got.wrong == 0);
    CHECK(got.events >= 100);
    CHECK(got.events < 2000);  // those, and what was to be written first
    REQUIRE(got.end);
    CHECK(got.end->why == "done");
    CHECK(got.end->events == static_cast<std::int64_t>(got.events));
    CHECK(got.end->events + got.end->lost == many);
    REQUIRE(got.end->lost_why);
    CHECK_THAT(*got.end->lost_why,
               test::contains(make == full_spool ? ": No space left on device" : ": Permission denied"));
  }
}

TEST_CASE("queue: what comes alone comes at once") {
  EventQueue queue;
  using Clock = std::chrono::steady_clock;
  std::vector<Clock::time_point> put, taken;
  std::thread putter([&] {
    for (std::uint64_t seq = 1; seq <= 20; ++seq) {
      std::vector<Message> one;
      one.emplace_back(event(seq));
      put.push_back(Clock::now());
      queue.put(one);
      std::this_thread::sleep_for(20ms);
    }
    queue.close();
  });
  for (std::vector<Message> messages; queue.take(messages);) taken.insert(taken.end(), messages.size(), Clock::now());
  putter.join();
  REQUIRE(taken.size() == put.size());
  auto quickest = Clock::duration::max();  // the machine may be busy with something else
  for (std::size_t i = 0; i < put.size(); ++i) quickest = std::min(quickest, taken[i] - put[i]);
  CHECK(quickest < 5ms);
}

TEST_CASE("queue: it is known when all has been dealt with") {
  for (const std::size_t limit : {std::size_t{1}, EventQueue::in_memory}) {
    EventQueue queue(limit);
    std::atomic<std::uint64_t> dealt_with{0};
    std::thread putter([&] {
      std::vector<Message> batch;
      for (std::uint64_t seq = 1; seq <= 5000; ++seq) {
        batch.emplace_back(event(seq));
        if (seq % 10 == 0) queue.put(batch);
        if (seq % 1000 != 0) continue;
        queue.wait_until_drained();
        CHECK(dealt_with == seq);
      }
      queue.close();
    });
    for (std::vector<Message> messages; queue.take(messages);) dealt_with += messages.size();
    putter.join();
    CHECK(dealt_with == 5000);
  }
}
