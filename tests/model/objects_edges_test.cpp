// SPDX-License-Identifier: MIT
// Objects in recordings that were joined late, cut or edited; how many of them are remembered; and all that is told of
// holders against a model that looks at everything.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "kintrace/world.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::world_from;

namespace {

constexpr ObjectId pipe_of(std::uint32_t number) { return {ObjectKind::pipe, number}; }

std::vector<ProcessIndex> holding(const World& world, ObjectId obj) { return world.holders(obj, End::both); }

// What a task has, shared with whoever shares it.
using Table = std::shared_ptr<std::map<int, Holders::Held>>;

// A few tasks that do at random what tasks do, and who holds what then.
class Crowd {
 public:
  explicit Crowd(unsigned seed) : random_(seed) { live_[10] = {10, std::make_shared<Table::element_type>()}; }

  void step() {
    const auto at = std::next(live_.begin(), static_cast<std::ptrdiff_t>(below(live_.size())));
    tid_ = at->first;
    pid_ = at->second.pid;
    Table& table = at->second.table;
    const ObjectId obj = objects[below(std::size(objects))];
    const End end = static_cast<End>(below(3));
    const int fd = static_cast<int>(below(5));
    const auto before = held_ends();
    bool closes = true;
    switch (below(live_.size() > 8 ? 16 : 12)) {
      case 0: birth(BirthHow::fork, {}); break;
      case 1: birth(BirthHow::clone, {"CLONE_FILES"}); break;
      case 2: birth(BirthHow::thread, {"CLONE_VM", "CLONE_FILES"}); break;
      case 3: birth(BirthHow::thread, {"CLONE_VM"}); break;
      case 4:
        table = std::make_shared<Table::element_type>(*table);
        apply(Set{"unshared", "CLONE_FILES"});
        break;
      case 5:
        if (alone()) {
          table = std::make_shared<Table::element_type>(*table);
          apply(Execed{});
        }
        break;
      case 6:
      case 7:
      case 8:
        (*table)[fd] = {obj, end};
        apply(FdOpened{fd, obj, end, OpenedHow::open});
        break;
      case 9:
        if (const auto from = table->find(fd); from != table->end()) {
          const Holders::Held held = from->second;
          const int to = static_cast<int>(below(5));
          (*table)[to] = held;
          apply(FdDuplicated{fd, to, held.obj, held.end, "dup2"});
        }
        break;
      case 10:
      case 11:
        if (const auto closed = table->find(fd); closed != table->end()) {
          const Holders::Held held = closed->second;
          table->erase(closed);
          apply(FdClosed{fd, held.obj, held.end});
        }
        break;
      case 12:
        if (alone()) {
          live_.erase(tid_);
          apply(Detached{"-b"});
          closes = false;
        }
        break;
      default: {
        Exited exit;
        exit.group = alone();
        exit.code = 0;
        live_.erase(tid_);
        apply(exit);
      }
    }
    for (const auto& [which, held] : held_ends()) {
      if (before.at(which) && !held && closes) last_[which] = pid_;
      if (!before.at(which) && held) last_.erase(which);
    }
    if (live_.empty()) live_[++newest_] = {newest_, std::make_shared<Table::element_type>()};
  }

  void compare() const {
    for (const auto& [tid, task] : live_) {
      const Task* const known = world_.find(Tid{tid});
      if (known == nullptr) continue;  // it has done nothing yet
      for (int fd = 0; fd < 5; ++fd) {
        const Holders::Held* const held = world_.descriptor(*known, fd);
        const auto expected = task.table->find(fd);
        REQUIRE((held != nullptr) == (expected != task.table->end()));
        if (held != nullptr) REQUIRE(*held == expected->second);
      }
    }
    for (const auto& [which, held] : held_ends()) {
      const auto& [obj, end] = which;
      std::set<int> expected, found;
      for (const auto& [tid, task] : live_) {
        for (const auto& [fd, one] : *task.table) {
          if (one.obj == obj && (one.end == End::both || one.end == end)) expected.insert(task.pid);
        }
      }
      for (const ProcessIndex process : world_.holders(obj, end)) found.insert(world_[process].pid.value);
      REQUIRE(found == expected);
      const Object* const object = world_.find(obj);
      if (object == nullptr) continue;
      const auto& last = end == End::read ? object->last_reader : object->last_writer;
      const auto expected_last = last_.find(which);
      REQUIRE(last.has_value() == (expected_last != last_.end()));
      if (last) REQUIRE(world_[*last].pid.value == expected_last->second);
    }
  }

 private:
  struct Member {
    int pid;
    Table table;
  };
  using Which = std::pair<ObjectId, End>;
  static constexpr ObjectId objects[] = {pipe_of(1), pipe_of(2), {ObjectKind::fifo, 1}};

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool alone() const {
    return std::count_if(live_.begin(), live_.end(), [&](const auto& one) { return one.second.pid == pid_; }) == 1;
  }
  std::map<Which, bool> held_ends() const {
    std::map<Which, bool> held;
    for (const ObjectId obj : objects) {
      for (const End end : {End::read, End::write}) {
        bool& is = held[{obj, end}];
        for (const auto& [tid, task] : live_) {
          for (const auto& [fd, one] : *task.table) is |= one.obj == obj && (one.end == End::both || one.end == end);
        }
      }
    }
    return held;
  }
  void birth(BirthHow how, std::vector<std::string> flags) {
    Forked forked;
    forked.child = Tid{++newest_};
    forked.child_pid = how == BirthHow::thread ? Tgid{pid_} : led_by(forked.child);
    forked.how = how;
    forked.flags = std::move(flags);
    const Table table = live_.at(tid_).table;
    const bool shared = std::find(forked.flags.begin(), forked.flags.end(), "CLONE_FILES") != forked.flags.end();
    live_[newest_] = {forked.child_pid.value, shared ? table : std::make_shared<Table::element_type>(*table)};
    apply(forked);
  }
  void apply(Fact fact) {
    world_.apply({Seq{++seq_}, static_cast<Nanoseconds>(seq_), 0, false, Tgid{pid_}, Tid{tid_}, std::move(fact)});
  }

  std::mt19937 random_;
  World world_;
  std::map<int, Member> live_;  // by tid
  std::map<Which, int> last_;
  int tid_ = 10, pid_ = 10, newest_ = 10;
  std::uint64_t seq_ = 0;
};

}  // namespace

TEST_CASE("objects: at any time as one finds by looking at every task") {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    Crowd crowd(seed);
    for (int step = 0; step < 400; ++step) {
      INFO("step " << step);
      crowd.step();
      crowd.compare();
    }
  }
}

TEST_CASE("objects: of a recording that was joined late, who uses a descriptor holds it") {
  const World world = world_from(R"(
      10 sent obj=pipe#1 fd=4 bytes=1 syscall=write
      11 received obj=pipe#1 fd=3 bytes=1 syscall=read
      10 sent obj=unix#1 fd=5 bytes=1 syscall=sendto
      12 fd_closed fd=9 obj=pipe#2 end=write how=close last=true
      13/12 fd_duplicated fd=7 to=8 obj=pipe#1 end=write syscall=dup2
      10 forked child=14 child_pid=14 how=fork)");
  CHECK(world.holders(pipe_of(1), End::read) == std::vector{world.find(Tgid{11})->index});
  CHECK(world.holders(pipe_of(1), End::write).size() == 3);
  CHECK(world.descriptor(*world.find(Tid{10}), 5)->end == End::both);
  CHECK(world.descriptor(*world.find(Tid{12}), 7) != nullptr);  // a thread that nobody announced shares
  CHECK(world.find(pipe_of(2))->last_writer == world.find(Tgid{12})->index);
}

TEST_CASE("objects: a call that comes to its end after another thread's close does not bring the descriptor back") {
  const World world = world_from(R"(
      10 object obj=pipe#1 kind=pipe inode=1
      10 fd_opened fd=3 obj=pipe#1 end=read how=pipe
      10 fd_opened fd=4 obj=pipe#1 end=write how=pipe
      10 forked child=11 child_pid=10 how=thread
      11/10 fd_closed fd=3 obj=pipe#1 end=read how=close last=true
      10 received obj=pipe#1 fd=3 bytes=1 syscall=read
      10 object obj=pipe#2 kind=pipe inode=2
      10 fd_opened fd=4 obj=pipe#2 end=read how=pipe
      11/10 fd_closed fd=4 obj=pipe#1 end=write how=close last=true)");
  CHECK(holding(world, pipe_of(1)).empty());
  CHECK(world.descriptor(*world.find(Tid{10}), 3) == nullptr);
  CHECK(world.descriptor(*world.find(Tid{10}), 4)->obj == pipe_of(2));
  CHECK(world.find(pipe_of(1))->last_writer);
}

TEST_CASE("objects: events that make no sense do no harm") {
  const World world = world_from(R"(
      10 fd_closed fd=3 obj=pipe#1 end=read how=replaced
      10 fd_opened fd=3 end=read how=open
      10 sent fd=3 bytes=5 syscall=write
      10 sent obj=pipe#2 fd=-1 bytes=-5 syscall=write
      10 sent obj=pipe#2 fd=4 bytes=9007199254740991 syscall=write
      10 exited code=0 group=true
      10 fd_opened fd=3 obj=pipe#1 end=read how=open
      10 received obj=pipe#3 fd=3 bytes=5 syscall=read
      10 fd_closed fd=3 obj=pipe#4 end=both how=exit last=true
      10/12 forked child=13 child_pid=13 how=fork
      13 connected obj=unix#1 fd=3 addr=x peer=unix#1
      13 accepted fd=3 listener=pipe#1 addr=x peer=pipe#1)");
  CHECK(holding(world, pipe_of(1)).empty());
  CHECK(holding(world, pipe_of(3)).empty());  // the dead hold nothing
  CHECK(world.find(pipe_of(2))->bytes_written == 9007199254740991);
  CHECK(world.find(pipe_of(2))->writes == 1);
  CHECK(world.find(pipe_of(4))->last_writer);
  World full;
  for (const Event& event : test::read(test::recording_of("10 sent obj=pipe#1 fd=4 bytes=9007199254740991")).events) {
    for (int i = 0; i < 2000; ++i) full.apply(event);
  }
  CHECK(full.find(pipe_of(1))->bytes_written == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("objects: those that nobody holds are forgotten in their order, once each, and the held are not") {
  constexpr std::uint32_t many = 3000;
  std::string lines = "10 fd_opened fd=3 obj=fifo#1 end=read how=open\n";
  for (std::uint32_t i = 1; i <= many; ++i) {
    lines += fmt::format("10 object obj=pipe#{} kind=pipe inode={}\n", i, i);
    if (i % 3 == 0) continue;  // never opened: the recording was edited
    lines += fmt::format("10 fd_opened fd=5 obj=pipe#{} end=read how=pipe\n", i);
    lines += fmt::format("10 fd_closed fd=5 obj=pipe#{} end=read how=close last=true\n", i);
  }
  World world;
  std::vector<ObjectId> gone;
  for (const Event& event : test::read(test::recording_of(lines)).events) {
    world.apply(event);
    for (const ObjectId obj : world.leaving_objects()) {
      REQUIRE(world.find(obj) != nullptr);
      CHECK(world.find(obj)->leaving);
      gone.push_back(obj);
    }
    REQUIRE(world.objects().size() <= 1026);
  }
  REQUIRE(gone.size() == many - 1024);
  for (std::uint32_t i = 0; i < gone.size(); ++i) CHECK(gone[i] == pipe_of(i + 1));
  CHECK(world.find(pipe_of(1)) == nullptr);
  CHECK(world.find(pipe_of(many))->ordinal == many);
  CHECK(world.find(ObjectId{ObjectKind::fifo, 1}) != nullptr);
  CHECK(world.leaving_objects().empty() == (many % 3 != 0));
}
