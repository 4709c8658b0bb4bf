// SPDX-License-Identifier: MIT
#include "text/units.hpp"

#include "support/catch.hpp"
#include "text/columns.hpp"
#include "text/names.hpp"

using namespace kintrace;
using namespace kintrace::text;

TEST_CASE("units: lengths of time") {
  CHECK(duration(0) == "0 ns");
  CHECK(duration(999) == "999 ns");
  CHECK(duration(190'400) == "190 µs");
  CHECK(duration(999'499) == "999 µs");
  CHECK(duration(999'600) == "1.0 ms");
  CHECK(duration(12'400'000) == "12 ms");
  CHECK(duration(2'100'000'000) == "2.1 s");
  CHECK(duration(200'000'000'000) == "3 min 20 s");
  CHECK(duration(7'260'000'000'000) == "2 h 1 min");
}

TEST_CASE("units: a column of times") {
  CHECK(seconds(0) == "0.000000");
  CHECK(seconds(499) == "0.000000");
  CHECK(seconds(500) == "0.000001");
  CHECK(seconds(12'000'190'400) == "12.000190");
  CHECK(seconds(59'999'999'600) == "60.000000");
  CHECK(seconds(-1'500'000) == "-0.001500");
}

TEST_CASE("units: sizes and counts") {
  CHECK(size(0) == "0 B");
  CHECK(size(1023) == "1023 B");
  CHECK(size(1536) == "1.5 kB");
  CHECK(size(1'048'576) == "1.0 MB");
  CHECK(size(24 * 1'048'576) == "24 MB");
  CHECK(count(7) == "7");
  CHECK(count(1'204) == "1,204");
  CHECK(count(10'000'000) == "10,000,000");
  CHECK(counted(1, "process") == "1 process");
  CHECK(counted(3, "process") == "3 processes");
  CHECK(counted(1'000, "task") == "1,000 tasks");
  CHECK(counted(2, "child", "children") == "2 children");
}

TEST_CASE("columns: wrapping breaks at blanks, indents, and breaks a word that cannot fit") {
  CHECK(wrap("one two three", 0, {}) == "one two three");
  CHECK(wrap("aaaa bbbb cccc dddd eeee ffff", 5, 25) == "aaaa bbbb cccc dddd\n     eeee ffff");
  CHECK(wrap("ééééééééééééééééééééxx", 0, 20) == "éééééééééééééééééééé\nxx");
  CHECK(wrap("too narrow to bother", 10, 25) == "too narrow to bother");
}

TEST_CASE("columns: a list breaks only between its items") {
  const std::vector<std::string> items{"exit 0", "5.9 ms", "peak 2.1 MB"};
  CHECK(wrap_list(items, 4, {}) == "exit 0, 5.9 ms, peak 2.1 MB");
  CHECK(wrap_list(items, 4, 20) == "exit 0, 5.9 ms,\n    peak 2.1 MB");
  CHECK(wrap_list(items, 4, 5) == "exit 0,\n    5.9 ms,\n    peak 2.1 MB");
}

TEST_CASE("columns: colour only where it is wanted") {
  CHECK(Palette(false).paint("x", Style::red) == "x");
  CHECK(Palette(true).paint("x", Style::red) == "\x1b[31mx\x1b[0m");
  CHECK(Palette(true).paint("x", Style::plain) == "x");
  CHECK(Palette(true).paint("x", Style::task, 1) != Palette(true).paint("x", Style::task, 2));
  CHECK(pad_left("é", 3) == "  é");
  CHECK(pad_right("é", 3) == "é  ");
  CHECK(Palette(false).begin(Style::red).empty());
  CHECK(Palette(true).end(Style::plain).empty());
  for (std::size_t i = 0; i < 20; ++i) {
    const Palette palette(true);
    CHECK(palette.paint("x", Style::task, i) ==
          std::string{palette.begin(Style::task, i)} + "x" + std::string{palette.end(Style::task)});
  }
}

TEST_CASE("names: errors and signals, both ways") {
  CHECK(errno_name(Errno{2}) == "ENOENT");
  CHECK(errno_name(Errno{517}) == "errno 517");
  for (int i = 1; i < 134; ++i) CHECK(errno_named(errno_name(Errno{i})) == Errno{i});
  CHECK_FALSE(errno_named("ENONE"));
  CHECK(signal_name(Signal{9}) == "SIGKILL");
  CHECK(signal_name(Signal{34}) == "SIGRTMIN");
  CHECK(signal_name(Signal{37}) == "SIGRTMIN+3");
  for (int i = 1; i <= 64; ++i) CHECK(signal_named(signal_name(Signal{i})) == Signal{i});
  CHECK_FALSE(signal_named("SIGNONE"));
  CHECK_FALSE(signal_named(""));
}
