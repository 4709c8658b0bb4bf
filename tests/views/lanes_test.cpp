// SPDX-License-Identifier: MIT
// Lanes by their drawings: a script of what happens, a line of it each.
#include "views/lanes.hpp"

#include <string>

#include "support/catch.hpp"

using namespace kintrace;
using views::Lanes;

namespace {

std::string text_of(const Lanes::Drawing& line) {
  std::string out;
  for (const Lanes::Cell& cell : line) out += cell.glyph;
  return out.substr(0, out.find_last_not_of(' ') + 1);
}

TaskIndex task(unsigned number) { return TaskIndex{number}; }

// Lanes that write down what they draw.
class Pad {
 public:
  explicit Pad(std::size_t most) : lanes_(most) {}
  void fork(unsigned from, unsigned to) {
    lanes_.open(task(to));
    add(lanes_.branch(task(from), task(to)));
  }
  void death(unsigned dead) {
    add(lanes_.mark(task(dead), "✖"));
    lanes_.fade(task(dead));
  }
  void reap(unsigned into, unsigned from) {
    add(lanes_.join(task(into), task(from)));
    lanes_.close(task(from));
  }
  void mark(unsigned who) { add(lanes_.mark(task(who), "├")); }
  void add(const Lanes::Drawing& line) { drawn += text_of(line) + "\n"; }
  Lanes& lanes() { return lanes_; }
  std::string drawn = "\n";

 private:
  Lanes lanes_;
};

}  // namespace

TEST_CASE("lanes: births branch off, deaths are dotted until they are reaped") {
  Pad pad(12);
  pad.lanes().open(task(0));
  pad.add(pad.lanes().mark(task(0), "●"));
  pad.fork(0, 1);
  pad.fork(0, 2);
  pad.death(1);
  pad.mark(2);
  pad.reap(0, 1);
  pad.fork(2, 3);
  pad.death(3);
  pad.reap(2, 3);
  pad.death(2);
  pad.reap(0, 2);
  pad.mark(0);
  CHECK(pad.drawn == R"(
●
├─╮
├─┼─╮
│ ✖ │
│ ┊ ├
├─╯ │
│ ╭─┤
│ ✖ │
│ ╰─┤
│   ✖
├───╯
├
)");
}

TEST_CASE("lanes: an arm crosses what is between, alive or dead") {
  Pad pad(12);
  for (const unsigned lane : {0, 1, 2, 3, 4}) pad.lanes().open(task(lane));
  pad.lanes().close(task(3));
  pad.death(1);
  pad.reap(0, 4);
  pad.fork(0, 5);
  pad.reap(5, 1);
  CHECK(pad.drawn == R"(
│ ✖ │   │
├─┼─┼───╯
├─┼─┼─╮
│ ╰─┼─┤
)");
}

TEST_CASE("lanes: those that find none free share the last column") {
  Pad pad(3);
  pad.lanes().open(task(0));
  pad.fork(0, 1);
  pad.fork(1, 2);
  pad.fork(0, 3);
  pad.fork(3, 4);
  pad.mark(4);
  pad.mark(1);
  pad.death(4);
  pad.reap(3, 4);
  pad.reap(1, 3);
  pad.mark(2);
  CHECK(pad.drawn == R"(
├─╮
│ ├─╮
├─┼─┼─*
│ │ │ *
│ │ │ *
│ ├ │ ┆
│ │ │ ✖
│ │ │ *
│ ├─┼─*
│ │ ├
)");
}

TEST_CASE("lanes: lines grow and never shrink") {
  Lanes lanes(12);
  lanes.open(task(0));
  CHECK(lanes.between().size() == 8);
  for (unsigned i = 1; i < 5; ++i) lanes.open(task(i));
  CHECK(lanes.between().size() == 16);
  for (unsigned i = 1; i < 5; ++i) lanes.close(task(i));
  CHECK(lanes.between().size() == 16);
  for (unsigned i = 5; i < 50; ++i) lanes.open(task(i));
  CHECK(lanes.between().size() == 26);
}

TEST_CASE("lanes: there are never more than can be told apart") {
  Lanes lanes(100);
  for (unsigned i = 0; i < 50; ++i) lanes.open(task(i));
  CHECK(lanes.between().size() == 2 * (Lanes::limit + 1));
}

TEST_CASE("lanes: who has none is not drawn") {
  Pad pad(4);
  pad.lanes().open(task(0));
  pad.mark(7);
  pad.reap(0, 7);
  pad.reap(7, 0);
  pad.fork(7, 8);
  CHECK(pad.drawn == R"(
│
├
╵
●
)");
}

TEST_CASE("lanes: arrows go either way, over what is between, and from each of several") {
  Pad pad(12);
  for (const unsigned lane : {0, 1, 2, 3, 4}) pad.lanes().open(task(lane));
  pad.lanes().close(task(3));
  const auto arrow = [&](const std::vector<TaskIndex>& from, unsigned to) {
    pad.add(pad.lanes().arrow(from, task(to)));
  };
  arrow({task(1)}, 2);
  arrow({task(2)}, 1);
  arrow({task(0)}, 4);
  arrow({task(4)}, 0);
  arrow({task(2), task(0)}, 4);
  arrow({task(2), task(4)}, 0);
  arrow({task(0), task(4), task(1)}, 2);
  arrow({task(2)}, 2);
  arrow({task(7)}, 2);
  arrow({task(0)}, 7);
  CHECK(pad.drawn == R"(
│ ├─▶   │
│ ◀─┤   │
├─┼─┼───▶
◀─┼─┼───┤
├─┼─├───▶
◀─┼─┤───┤
├─├─◆───┤
│ │ ├   │
│ │ ├   │
│ │ │   │
)");
}

TEST_CASE("lanes: arrows from the dead, and from and to those that share a column, and none makes a line wider") {
  Pad pad(3);
  for (const unsigned lane : {0, 1, 2, 3, 4}) pad.lanes().open(task(lane));
  const std::size_t wide = pad.lanes().between().size();
  pad.death(1);
  pad.add(pad.lanes().arrow({task(1)}, task(2)));
  pad.add(pad.lanes().arrow({task(3)}, task(0)));
  pad.add(pad.lanes().arrow({task(0)}, task(4)));
  pad.add(pad.lanes().arrow({task(3)}, task(4)));
  CHECK(pad.lanes().arrow({task(3), task(0)}, task(2)).size() == wide);
  CHECK(pad.drawn == R"(
│ ✖ │ ┆
│ ├─▶ ┆
◀─┼─┼─*
├─┼─┼─▶
│ ┊ │ *
)");
}
