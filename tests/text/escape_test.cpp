// SPDX-License-Identifier: MIT
#include "text/escape.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace kintrace::text;
using namespace std::string_literals;

TEST_CASE("escape: no control byte reaches a terminal") {
  CHECK(printable("plain") == "plain");
  CHECK(printable("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(printable("\x1b[31mred\x07") == "\\x1b[31mred\\x07");
  CHECK(printable("\x7f\0"s) == "\\x7f\\x00");
  CHECK(printable("grün ☂") == "grün ☂");
  CHECK(printable("\xc2\x9b"
                  "31m") ==
        "\\xc2\\x9b"
        "31m");  // C1: CSI in UTF-8
  CHECK(printable("\xe2\x80\xae"
                  "gpj") ==
        "\\xe2\\x80\\xae"
        "gpj");                                    // right-to-left override
  CHECK(printable("\xff\xc3(") == "\\xff\\xc3(");  // not UTF-8
}

TEST_CASE("escape: what is printable stays as it is, however it is mixed") {
  for (const std::string& part : {""s, "a"s, "→"s, "\n"s, "\xff"s, "\xe2\x80\xae"s, "\xe2\x82"s}) {
    for (const std::string& before : {""s, "plain"s, "ü"s, "\x80"s}) {
      for (const std::string& behind : {""s, "plain"s, "→"s, "\x80"s}) {
        const std::string all = before + part + behind;
        CHECK(is_printable(all) == (printable(all) == all));
        CHECK(is_printable(printable(all)));
        CHECK(from_recorded(to_recorded(all)) == all);
      }
    }
  }
  CHECK(printable("one\ntwo\xff three") == "one\\ntwo\\xff three");
}

TEST_CASE("escape: every string of bytes comes back from its recorded form") {
  for (const std::string& bytes : {"plain"s, "\0"s, "back\\slash"s, "\\x41"s, "\xff\xfe"s, "\xed\xa0\x80"s, "\xc0\x80"s,
                                   "\xf4\x90\x80\x80"s, "grün"s, "\xe2\x82"s, "a\nb\x1b"s}) {
    const std::string recorded = to_recorded(bytes);
    CHECK(utf8_sequence(recorded) != 0);
    CHECK(from_recorded(recorded) == bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(from_recorded(to_recorded(all)) == all);
  CHECK(to_recorded("a\\b\0"s) == "a\\x5cb\\x00");
}

TEST_CASE("escape: a backslash that begins no byte is refused") {
  CHECK_FALSE(from_recorded("\\"));
  CHECK_FALSE(from_recorded("\\x4"));
  CHECK_FALSE(from_recorded("\\xzz"));
  CHECK_FALSE(from_recorded("\\n"));
  CHECK_FALSE(from_recorded("plain\\"));
  CHECK_FALSE(from_recorded("\\x41\\x4"));
}

TEST_CASE("escape: JSON strings") {
  std::string out;
  append_json(out, "a\"b\\c\n\x01");
  append_json(out, "\"\x7fplain, grün\t");
  append_json(out, "");
  CHECK(out == R"("a\"b\\c\n\u0001""\"\u007fplain, grün\t""")");
}

TEST_CASE("escape: commands are shown as one could type them") {
  CHECK(shell_word("ls") == "ls");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("ls | wc") == "'ls | wc'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("a\nb'c\\d") == "$'a\\nb\\'c\\\\d'");
  CHECK(shell_word("abcdef", 3) == "'abc'…");
  CHECK(shell_word("grün", 3) == "'gr'…");  // never half of a character
  const std::vector<std::string> words{"a", "b c", "d"};
  CHECK(shell_line(words, {std::string::npos, 2}) == "a 'b c' … 1 more");
}
