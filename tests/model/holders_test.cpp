// SPDX-License-Identifier: MIT
#include "kintrace/holders.hpp"

#include <algorithm>
#include <random>

#include "support/catch.hpp"

using namespace kintrace;
using Held = Holders::Held;

namespace {

constexpr ObjectId one_pipe{ObjectKind::pipe, 1}, other_pipe{ObjectKind::pipe, 2}, fifo{ObjectKind::fifo, 1},
    stream_socket{ObjectKind::unix_socket, 1};

// The same, found by looking at everything.
class Naive {
 public:
  void make(TableIndex table) { tables_[table] = {{}, 1}; }
  void share(TableIndex table) { ++tables_[table].users; }
  void copy(TableIndex from, TableIndex to) { tables_[to] = {tables_[from].descriptors, 1}; }
  std::vector<Holders::Closed> leave(TableIndex table) {
    std::vector<Holders::Closed> closed;
    if (--tables_[table].users != 0) return closed;
    while (!tables_[table].descriptors.empty())
      closed.push_back(*close(table, tables_[table].descriptors.begin()->first));
    tables_.erase(table);
    return closed;
  }
  std::optional<Holders::Closed> open(TableIndex table, int fd, Held held) {
    auto& descriptors = tables_[table].descriptors;
    const auto before = descriptors.find(fd);
    if (before == descriptors.end() || before->second == held) {
      descriptors[fd] = held;
      return {};
    }
    const Held was = std::exchange(before->second, held);
    return Holders::Closed{fd, was, !this->held(was.obj, was.end)};
  }
  std::optional<Holders::Closed> close(TableIndex table, int fd) {
    auto& descriptors = tables_[table].descriptors;
    const auto found = descriptors.find(fd);
    if (found == descriptors.end()) return {};
    const Held was = found->second;
    descriptors.erase(found);
    return Holders::Closed{fd, was, !held(was.obj, was.end)};
  }
  bool held(ObjectId obj, End end) const {
    const auto all = of(obj);
    return std::any_of(all.begin(), all.end(), [&](const Holders::Holder& one) {
      return end == End::both || one.end == End::both || one.end == end;
    });
  }
  std::set<Holders::Holder> of(ObjectId obj) const {
    std::set<Holders::Holder> found;
    for (const auto& [table, contents] : tables_) {
      for (const auto& [fd, held] : contents.descriptors) {
        if (held.obj == obj) found.insert({table, fd, held.end});
      }
    }
    return found;
  }
  struct Table {
    std::map<int, Held> descriptors;
    std::size_t users = 1;
  };
  const std::map<TableIndex, Table>& tables() const { return tables_; }

 private:
  std::map<TableIndex, Table> tables_;
};

bool same(const Holders::Closed& a, const Holders::Closed& b) {
  return a.fd == b.fd && a.held == b.held && a.last == b.last;
}
bool same(const std::optional<Holders::Closed>& a, const std::optional<Holders::Closed>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

}  // namespace

TEST_CASE("holders: a shared table is one, a copied one goes its own way") {
  Holders holders;
  const TableIndex table = holders.make();
  CHECK_FALSE(holders.open(table, 3, {one_pipe, End::read}));
  const TableIndex child = holders.copy(table);
  CHECK(child != table);
  holders.share(table);
  CHECK(holders.users(table) == 2);
  CHECK(holders.users(child) == 1);
  CHECK(*holders.find(child, 3) == Held{one_pipe, End::read});
  CHECK_FALSE(holders.close(table, 3)->last);
  CHECK(holders.find(table, 3) == nullptr);
  CHECK(holders.held(one_pipe, End::read));
  CHECK(holders.of(one_pipe) == std::set<Holders::Holder>{{child, 3, End::read}});
  CHECK(holders.leave(table).empty());
  CHECK(holders.leave(table).empty());
  const auto closed = holders.leave(child);
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].last);
  CHECK(holders.users(child) == 0);
  CHECK(holders.of(one_pipe).empty());
  CHECK(holders.make().value > child.value);  // numbers are not used again
}

TEST_CASE("holders: a table is left by its users one by one, and closed by the last") {
  Holders holders;
  const TableIndex table = holders.make();
  holders.open(table, 4, {one_pipe, End::write});
  holders.open(table, 3, {one_pipe, End::read});
  holders.open(table, 5, {one_pipe, End::write});
  holders.share(table);
  CHECK(holders.leave(table).empty());
  CHECK(holders.held(one_pipe, End::write));
  const auto closed = holders.leave(table);
  REQUIRE(closed.size() == 3);
  CHECK((closed[0].fd == 3 && closed[0].last));
  CHECK((closed[1].fd == 4 && !closed[1].last));
  CHECK((closed[2].fd == 5 && closed[2].last));
}

TEST_CASE("holders: a descriptor for reading and writing is a reader and a writer") {
  Holders holders;
  const TableIndex table = holders.make();
  holders.open(table, 3, {fifo, End::both});
  CHECK(holders.held(fifo, End::read));
  CHECK(holders.held(fifo, End::write));
  holders.open(table, 4, {fifo, End::write});
  CHECK_FALSE(holders.close(table, 3)->last);  // a writer is left
  CHECK_FALSE(holders.held(fifo, End::read));
  CHECK(holders.held(fifo, End::both));
  CHECK(holders.close(table, 4)->last);
  CHECK_FALSE(holders.held(fifo, End::both));
}

TEST_CASE("holders: a socket is gone when nobody holds it") {
  Holders holders;
  const TableIndex table = holders.make();
  holders.open(table, 3, {stream_socket, End::both});
  holders.open(table, 4, {stream_socket, End::both});
  CHECK_FALSE(holders.close(table, 3)->last);
  CHECK(holders.close(table, 4)->last);
}

TEST_CASE("holders: what a descriptor replaces is closed, after it was opened") {
  Holders holders;
  const TableIndex table = holders.make();
  holders.open(table, 3, {one_pipe, End::read});
  CHECK_FALSE(holders.open(table, 3, {one_pipe, End::read}));
  const auto replaced = holders.open(table, 3, {other_pipe, End::write});
  REQUIRE(replaced);
  CHECK(replaced->held == Held{one_pipe, End::read});
  CHECK(replaced->last);
  holders.open(table, 4, {fifo, End::read});
  CHECK_FALSE(holders.open(table, 4, {fifo, End::both})->last);
  CHECK_FALSE(holders.close(table, 77));
}

TEST_CASE("holders: a table that is not there has nothing in it") {
  const Holders holders;
  CHECK(holders.find(TableIndex{9}, 0) == nullptr);
  CHECK(holders.descriptors(TableIndex{9}).empty());
  CHECK(holders.users(TableIndex{9}) == 0);
}

TEST_CASE("holders: at any time as one finds by looking at everything") {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    Holders holders;
    Naive naive;
    std::vector<TableIndex> tables;
    const ObjectId objects[] = {one_pipe, other_pipe, fifo, stream_socket};
    for (int step = 0; step < 500; ++step) {
      INFO("step " << step);
      if (tables.empty()) {
        tables.push_back(holders.make());
        naive.make(tables.back());
      }
      const TableIndex table = tables[below(tables.size())];
      const int fd = static_cast<int>(below(6));
      const Held held{objects[below(4)], static_cast<End>(below(3))};
      switch (below(9)) {
        case 0:
          holders.share(table);
          naive.share(table);
          break;
        case 1:
          tables.push_back(holders.copy(table));
          naive.copy(table, tables.back());
          break;
        case 2: {
          const auto closed = holders.leave(table), expected = naive.leave(table);
          REQUIRE(std::equal(closed.begin(), closed.end(), expected.begin(), expected.end(),
                             [](const auto& a, const auto& b) { return same(a, b); }));
          if (naive.tables().count(table) == 0) tables.erase(std::find(tables.begin(), tables.end(), table));
          break;
        }
        case 3:
        case 4:
        case 5: REQUIRE(same(holders.open(table, fd, held), naive.open(table, fd, held))); break;
        default: REQUIRE(same(holders.close(table, fd), naive.close(table, fd))); break;
      }
      for (const auto& [index, contents] : naive.tables()) {
        REQUIRE(holders.descriptors(index) == contents.descriptors);
        REQUIRE(holders.users(index) == contents.users);
      }
      for (const ObjectId obj : objects) {
        REQUIRE(holders.of(obj) == naive.of(obj));
        for (const End end : {End::read, End::write, End::both})
          REQUIRE(holders.held(obj, end) == naive.held(obj, end));
      }
    }
  }
}
