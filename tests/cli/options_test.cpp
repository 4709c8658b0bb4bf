// SPDX-License-Identifier: MIT
// Command lines as people type them.
#include "cli/options.hpp"

#include <vector>

#include "kintrace/error.hpp"
#include "support/catch.hpp"

using namespace kintrace;
using namespace kintrace::cli;

namespace {

Options parsed(std::vector<const char*> words) {
  words.insert(words.begin(), "kintrace");
  return parse(static_cast<int>(words.size()), words.data());
}

std::string refusal(std::vector<const char*> words) {
  try {
    parsed(std::move(words));
  } catch (const UserError& error) {
    return error.what();
  }
  return {};
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("options: they stop at the first operand") {
  CHECK(parsed({"ls"}).program == Words{"ls"});
  CHECK(parsed({"ls", "-l", "-o", "x", "--stable"}).program == Words{"ls", "-l", "-o", "x", "--stable"});
  CHECK_FALSE(parsed({"ls", "--stable"}).stable);
  CHECK(parsed({"-o", "x", "ls", "-l"}).program == Words{"ls", "-l"});
  CHECK(parsed({"-ox", "ls"}).outputs.at(0).target == "x");
  CHECK(parsed({"-qqo", "x", "ls"}).quiet == 2);
  CHECK(parsed({"--", "ls"}).program == Words{"ls"});
  CHECK(parsed({"--", "-x"}).program == Words{"-x"});
  CHECK(parsed({"--", "--", "x"}).program == Words{"--", "x"});
  CHECK(parsed({"-q", "--", "ls", "--", "x"}).program == Words{"ls", "--", "x"});
  CHECK(parsed({"{}", "''", "[a,b]", ""}).program == Words{"{}", "''", "[a,b]", ""});
  CHECK(parsed({"[a,b]"}).program == Words{"[a,b]"});
  CHECK(parsed({"timeline", "--view"}).program == Words{"timeline", "--view"});
}

TEST_CASE("options: what was typed is kept for the recording, without the program") {
  CHECK(parsed({"-q", "-o", "x", "--", "ls", "-q"}).given == Words{"-q", "-o", "x"});
  CHECK(parsed({"ls"}).given.empty());
}

TEST_CASE("options: values") {
  CHECK(parsed({"-s0", "ls"}).string_limit == 0);
  CHECK(parsed({"-s", "100", "ls"}).string_limit == 100);
  CHECK_FALSE(parsed({"ls"}).string_limit);
  CHECK(parsed({"-t", "ls"}).clock == Clock::of_day);
  CHECK(parsed({"-tt", "ls"}).clock == Clock::of_day_us);
  CHECK(parsed({"-t", "-t", "-t", "ls"}).clock == Clock::epoch_us);
  CHECK(parsed({"-r", "ls"}).clock == Clock::delta);
  CHECK(parsed({"--color=always", "ls"}).color == ColorWhen::always);
  CHECK(parsed({"--color", "never", "ls"}).color == ColorWhen::never);
  CHECK(parsed({"--read", "x.jsonl"}).read == "x.jsonl");
}

TEST_CASE("options: the name of a file picks its view") {
  const auto view = [](const char* target) { return parsed({"-o", target, "ls"}).outputs.at(0).view; };
  CHECK(view("run.jsonl") == "jsonl");
  CHECK(view("run.txt") == "timeline");
  CHECK(view("run.log") == "timeline");
  CHECK(view("run") == "timeline");
  CHECK(view("run.jsonl.bak") == "timeline");
  CHECK(view("-") == "timeline");
  CHECK(view("|less x.jsonl") == "timeline");
  const Options both = parsed({"--view", "tree=t", "-o", "x.jsonl", "ls"});
  REQUIRE(both.outputs.size() == 2);
  CHECK(both.outputs[1].view == "tree");
}

TEST_CASE("options: what the terminal shows") {
  CHECK(parsed({"ls"}).terminal_views == Words{"timeline", "tree", "findings"});
  CHECK(parsed({"-q", "ls"}).terminal_views == Words{"timeline"});
  CHECK(parsed({"-qq", "ls"}).terminal_views.empty());
  CHECK(parsed({"-o", "x", "ls"}).terminal_views == Words{"findings"});
  CHECK(parsed({"-q", "-o", "x", "ls"}).terminal_views.empty());
  CHECK(parsed({"--view", "tree", "ls"}).terminal_views == Words{"tree"});
  CHECK(parsed({"--view", "tree,timeline", "-o", "x", "ls"}).terminal_views == Words{"tree", "timeline"});
  CHECK(parsed({"--view", "tree=t", "ls"}).terminal_views == Words{"findings"});
}

TEST_CASE("options: answers") {
  CHECK_FALSE(parsed({"-h"}).answer.empty());
  CHECK_FALSE(parsed({"--help"}).answer.empty());
  CHECK_FALSE(parsed({"-V"}).answer.empty());
  CHECK_THAT(parsed({"--view", "list"}).answer, test::contains("timeline"));
}

TEST_CASE("options: slips are refused with what is wrong") {
  CHECK_THAT(refusal({}), test::contains("what shall be run"));
  CHECK_THAT(refusal({"--"}), test::contains("what shall be run"));
  CHECK_THAT(refusal({"-Z", "ls"}), test::contains("no option -Z"));
  CHECK_THAT(refusal({"--nosuch"}), test::contains("no option --nosuch"));
  CHECK_THAT(refusal({"-s", "many", "ls"}), test::contains("many"));
  CHECK_THAT(refusal({"-s", "-1", "ls"}), test::contains("-1"));
  CHECK_FALSE(refusal({"-o"}).empty());
  CHECK_THAT(refusal({"-tttt", "ls"}), test::contains("tttt"));
  CHECK_FALSE(refusal({"-t", "-r", "ls"}).empty());
  CHECK_THAT(refusal({"--color=blue", "ls"}), test::contains("--color"));
  CHECK_THAT(refusal({"--view", "tre", "ls"}), test::contains("no view named tre"));
  CHECK_THAT(refusal({"-o", "x", "-o", "x", "ls"}), test::contains("two outputs to one file"));
  CHECK_THAT(refusal({"--read", "x", "ls"}), test::contains("exclude each other"));
  CHECK_THAT(refusal({""}), test::contains("empty"));
  CHECK_FALSE(refusal({"-o", "", "ls"}).empty());
}
