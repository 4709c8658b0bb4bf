// SPDX-License-Identifier: MIT
// Which send each receive of a message queue got.
#include "sources/queue.hpp"

#include <string>

#include "support/catch.hpp"

using namespace kintrace;
using kintrace::sources::Queue;

namespace {

// Sends that follow one another, each over before the next begins.
void send(Queue& queue, std::uint64_t seq, std::int64_t rank, const std::string& text) {
  const auto now = static_cast<Nanoseconds>(seq * 100);
  queue.begin_send(Seq{seq}, Tid{10}, now, rank, static_cast<std::int64_t>(text.size()), text);
  queue.end_send(Seq{seq}, now + 10, true);
}

std::uint64_t from(Queue& queue, std::optional<std::int64_t> rank, const std::string& text) {
  const auto got = queue.receive(rank, static_cast<std::int64_t>(text.size()), text);
  CHECK_FALSE(got.order_unknown);
  return got.from ? got.from->seq.value : 0;
}

}  // namespace

TEST_CASE("queue: of one type the oldest comes first") {
  Queue queue;
  send(queue, 1, 2, "two");
  send(queue, 2, 1, "one");
  send(queue, 3, 2, "two");
  CHECK(from(queue, 1, "one") == 2);
  CHECK(from(queue, 2, "two") == 1);
  CHECK(from(queue, 2, "two") == 3);
  CHECK(queue.pending() == 0);
  CHECK(from(queue, 2, "two") == 0);  // somebody else sent it
}

TEST_CASE("queue: what was received tells it apart where the type is not known") {
  Queue queue;
  send(queue, 1, 1, "low");
  send(queue, 2, 7, "high");
  CHECK(from(queue, {}, "high") == 2);
  CHECK(from(queue, {}, "low") == 1);
}

TEST_CASE("queue: a receive may be told before its send has ended, and a cut message is its send's") {
  Queue queue;
  queue.begin_send(Seq{1}, Tid{10}, 100, 1, 10, "0123456789");
  const auto got = queue.receive(1, 4, "0123");
  REQUIRE(got.from);
  CHECK(got.from->seq == Seq{1});
  CHECK(got.from->bytes == 4);
  CHECK(got.from->tid == Tid{10});
  queue.end_send(Seq{1}, 300, true);
  CHECK(queue.pending() == 0);
}

TEST_CASE("queue: a send that failed has brought nothing") {
  Queue queue;
  queue.begin_send(Seq{1}, Tid{10}, 100, 1, 3, "abc");
  queue.end_send(Seq{1}, 200, false);
  CHECK_FALSE(queue.receive(1, 3, "abc").from);
}

TEST_CASE("queue: the order of sends that overlap is unknown unless their bytes differ") {
  const auto overlapping = [](const std::string& first, const std::string& second) {
    Queue queue;
    queue.begin_send(Seq{1}, Tid{10}, 100, 1, 3, first);
    queue.begin_send(Seq{2}, Tid{11}, 110, 1, 3, second);
    queue.end_send(Seq{1}, 200, true);
    queue.end_send(Seq{2}, 210, true);
    return queue;
  };
  Queue same = overlapping("abc", "abc");
  CHECK(same.receive(1, 3, "abc").order_unknown);
  CHECK_FALSE(same.receive(1, 3, "abc").order_unknown);  // only one is left
  Queue different = overlapping("abc", "xyz");
  const auto got = different.receive(1, 3, "xyz");
  REQUIRE(got.from);
  CHECK(got.from->seq == Seq{2});
  CHECK_FALSE(got.order_unknown);
}

TEST_CASE("queue: of messages that nobody who is followed receives the last are remembered") {
  Queue queue;
  for (std::uint64_t seq = 1; seq <= 3000; ++seq) send(queue, seq, 1, "x");
  CHECK(queue.pending() == 1024);
  CHECK(from(queue, 1, "x") == 3000 - 1024 + 1);
}
