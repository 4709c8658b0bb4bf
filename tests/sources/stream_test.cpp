// SPDX-License-Identifier: MIT
// Whose bytes a read got: told in words, and against a pipe that is simulated, so that the truth is known.
#include "sources/stream.hpp"

#include <deque>
#include <map>
#include <random>
#include <string>

#include "support/catch.hpp"

using namespace kintrace;
using sources::Stream;

namespace {

std::string words(const Stream::Taken& taken) {
  std::string out;
  for (const Part& part : taken.from) out += std::to_string(part.seq.value) + ":" + std::to_string(part.bytes) + " ";
  if (taken.before != 0) out += "before:" + std::to_string(taken.before) + " ";
  if (taken.order_unknown) out += "?";
  return out;
}

}  // namespace

TEST_CASE("stream: writes are split and merged") {
  Stream stream;
  stream.begin_write(Seq{1}, Tid{10}, 0, 10, {});
  stream.end_write(Seq{1}, 1, 10);
  stream.begin_write(Seq{2}, Tid{10}, 2, 5, {});
  stream.end_write(Seq{2}, 3, 5);
  CHECK(words(stream.read(4, 5, 4, {})) == "1:4 ");
  CHECK(stream.left() == 11);
  CHECK(words(stream.read(6, 7, 8, {})) == "1:6 2:2 ");
  CHECK(words(stream.read(8, 9, 5, {})) == "2:3 before:2 ");
  CHECK(stream.left() == 0);
}

TEST_CASE("stream: a read may come to its end before its write does") {
  Stream stream;
  stream.begin_write(Seq{1}, Tid{10}, 0, 100, {});
  CHECK(words(stream.read(0, 1, 30, {})) == "1:30 ");
  CHECK(words(stream.read(2, 3, 70, {})) == "1:70 ");
  stream.end_write(Seq{1}, 4, 100);
  CHECK(stream.pending() == 0);
  stream.begin_write(Seq{2}, Tid{10}, 5, 50, {});
  CHECK(words(stream.read(5, 6, 20, {})) == "2:20 ");
  stream.end_write(Seq{2}, 7, 20);  // it was cut short
  CHECK(stream.pending() == 0);
}

TEST_CASE("stream: bytes that were thought to be one's and are another's") {
  Stream stream;
  stream.begin_write(Seq{1}, Tid{10}, 0, 10, {});
  stream.begin_write(Seq{2}, Tid{11}, 0, 10, {});
  CHECK(words(stream.read(0, 1, 10, {})) == "1:10 ?");
  stream.end_write(Seq{1}, 2, {});  // it failed: so they were the other's
  stream.end_write(Seq{2}, 3, 10);
  CHECK(stream.left() == 0);
  CHECK(stream.pending() == 0);
}

TEST_CASE("stream: where writers overlap, the bytes decide, if they can") {
  const auto contest = [](const std::string& one, const std::string& other, const std::string& got) {
    Stream stream;
    stream.begin_write(Seq{1}, Tid{10}, 0, 3, one);
    stream.begin_write(Seq{2}, Tid{11}, 1, 3, other);
    stream.end_write(Seq{1}, 2, 3);
    stream.end_write(Seq{2}, 3, 3);
    CHECK(stream.contested(4));
    return words(stream.read(4, 5, 3, got));
  };
  CHECK(contest("aaa", "bbb", "bbb") == "2:3 ");
  CHECK(contest("aaa", "bbb", "aaa") == "1:3 ");
  CHECK(contest("aaa", "aaa", "aaa") == "1:3 ?");
  CHECK(contest("", "bbb", "bbb") == "2:3 ?");
  CHECK(contest("", "", "") == "1:3 ?");
}

TEST_CASE("stream: one write surely after another waits for its turn, whatever it says") {
  Stream stream;
  stream.begin_write(Seq{1}, Tid{10}, 0, 3, {});
  stream.end_write(Seq{1}, 1, 3);
  stream.begin_write(Seq{2}, Tid{11}, 2, 3, {});
  stream.end_write(Seq{2}, 3, 3);
  CHECK_FALSE(stream.contested(4));
  CHECK(words(stream.read(4, 5, 6, {})) == "1:3 2:3 ");
}

TEST_CASE("stream: a message is taken whole, and what did not fit is gone") {
  Stream stream{Stream::Kind::messages};
  stream.begin_write(Seq{1}, Tid{10}, 0, 10, {});
  stream.end_write(Seq{1}, 1, 10);
  stream.begin_write(Seq{2}, Tid{10}, 2, 7, {});
  stream.end_write(Seq{2}, 3, 7);
  CHECK(words(stream.peek(4, 5, 4, {})) == "1:4 ");
  CHECK(words(stream.read(4, 5, 4, {})) == "1:4 ");
  CHECK(words(stream.read(6, 7, 7, {})) == "2:7 ");
  CHECK(words(stream.read(8, 9, 1, {})) == "before:1 ");
}

namespace {

// A pipe as the kernel keeps it, and a tracer that is told of each call's begin before it is done, and of its end
// after.
class Simulation {
 public:
  Simulation(unsigned seed, bool heads, int writers, int readers)
      : random_(seed), heads_(heads), actors_(static_cast<std::size_t>(writers + readers)), writers_(writers) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      const std::size_t which = below(actors_.size());
      ++now_;
      step(actors_[which], std::cmp_less(which, writers_));
    }
  }
  int messages = 0, doubtful = 0;

 private:
  struct Actor {
    enum class State { idle, begun, done } state = State::idle;
    Seq seq;
    Nanoseconds begun = 0;
    std::string bytes;
    std::vector<Part> truth;
  };

  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random_); }

  void step(Actor& actor, bool writes) {
    switch (actor.state) {
      case Actor::State::idle: return begin(actor, writes);
      case Actor::State::begun: return done(actor, writes);
      default: return end(actor, writes);
    }
  }
  void begin(Actor& actor, bool writes) {
    actor.seq = Seq{++seq_};
    actor.begun = now_;
    actor.truth.clear();
    actor.bytes.clear();
    if (writes) {
      actor.bytes.resize(1 + below(40));
      for (char& byte : actor.bytes) byte = static_cast<char>(below(256));
      stream_.begin_write(actor.seq, Tid{}, now_, static_cast<std::int64_t>(actor.bytes.size()),
                          heads_ ? actor.bytes : std::string{});
    }
    actor.state = Actor::State::begun;
  }
  void done(Actor& actor, bool writes) {
    if (writes) {
      for (const char byte : actor.bytes) pipe_.emplace_back(byte, actor.seq);
    } else {
      if (pipe_.empty()) return;  // it waits
      for (std::size_t size = std::min(pipe_.size(), 1 + below(50)); size > 0; --size) {
        const auto [byte, seq] = pipe_.front();
        pipe_.pop_front();
        actor.bytes += byte;
        if (actor.truth.empty() || actor.truth.back().seq != seq) actor.truth.push_back({seq, 0, Tid{}});
        ++actor.truth.back().bytes;
      }
    }
    actor.state = Actor::State::done;
  }
  void end(Actor& actor, bool writes) {
    actor.state = Actor::State::idle;
    const auto bytes = static_cast<std::int64_t>(actor.bytes.size());
    if (writes) return stream_.end_write(actor.seq, now_, bytes);
    const auto taken = stream_.read(actor.begun, now_, bytes, heads_ ? actor.bytes : std::string{});
    std::int64_t told = taken.before;
    for (const Part& part : taken.from) told += part.bytes;
    CHECK(told == bytes);
    ++messages;
    if (taken.order_unknown) {
      ++doubtful;
      return;
    }
    CHECK(taken.before == 0);
    CHECK(taken.from == actor.truth);
  }

  std::mt19937 random_;
  bool heads_;
  std::vector<Actor> actors_;
  int writers_;
  Stream stream_;
  std::deque<std::pair<char, Seq>> pipe_;
  Nanoseconds now_ = 0;
  std::uint64_t seq_ = 0;
};

}  // namespace

TEST_CASE("stream: one writer and one reader are never in doubt, and always right") {
  for (unsigned seed = 0; seed < 50; ++seed) {
    INFO("seed " << seed);
    Simulation simulation(seed, false, 1, 1);
    simulation.run(2'000);
    CHECK(simulation.messages > 100);
    CHECK(simulation.doubtful == 0);
  }
}

TEST_CASE("stream: several writers, whose bytes tell them apart, are hardly ever in doubt, and always right") {
  int messages = 0, doubtful = 0;
  for (unsigned seed = 0; seed < 50; ++seed) {
    INFO("seed " << seed);
    Simulation simulation(seed, true, 4, 1);
    simulation.run(2'000);
    messages += simulation.messages;
    doubtful += simulation.doubtful;
  }
  CHECK(doubtful * 20 < messages);
}

TEST_CASE("stream: several writers of whose bytes nothing is known: who is not in doubt is right") {
  int messages = 0, doubtful = 0;
  for (unsigned seed = 0; seed < 50; ++seed) {
    INFO("seed " << seed);
    Simulation simulation(seed, false, 3, 1);
    simulation.run(2'000);
    messages += simulation.messages;
    doubtful += simulation.doubtful;
  }
  CHECK(doubtful > 0);
  CHECK(messages > 0);
}
