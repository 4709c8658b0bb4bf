// SPDX-License-Identifier: MIT
// Whoever has strace in the fingers can type any option of it: none is unknown, and each takes the operand that it
// takes there, so that the program after it is still the program.
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "kintrace/error.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace;
using namespace kintrace::cli;

namespace {

using Words = std::vector<std::string>;

Options parsed(std::vector<const char*> words) {
  words.insert(words.begin(), "kintrace");
  return parse(static_cast<int>(words.size()), words.data());
}

std::set<std::string> options_of_strace() {
  static const std::regex head("^ {1,3}(-.*)$"), name("(?:^|[ ,])(--[a-z][a-z0-9-]*|-[A-Za-z](?![A-Za-z]))");
  std::set<std::string> found;
  for (const std::string& line : test::lines_of(test::run({{"strace", "-h"}}).out)) {
    std::smatch match;
    if (!std::regex_match(line, match, head)) continue;
    const std::string words = match.str(1);
    for (std::sregex_iterator at(words.begin(), words.end(), name), end; at != end; ++at) found.insert(at->str(1));
  }
  return found;
}

// By strace's own word.
bool takes_the_next_word(const std::string& name) {
  return test::run({{"strace", name}}).err.find("requires an argument") != std::string::npos;
}

}  // namespace

TEST_CASE("options: every option of strace's is known, and swallows what strace's does") {
  const auto all = options_of_strace();
  if (all.empty()) {
    WARN("skipped: there is no strace here");
    return;
  }
  CHECK(all.size() > 70);
  const std::map<std::string, std::string> operands{
      {"-e", "signal=HUP"}, {"--signal", "HUP"},     {"--status", "failed"},   {"--trace", "signal"},
      {"-p", "1"},          {"--attach", "1"},       {"-b", "execve"},         {"--detach-on", "execve"},
      {"-s", "5"},          {"--string-limit", "5"}, {"--decode-pids", "comm"}};
  const std::set<std::string> answers{"-h", "--help", "-V", "--version"}, refused{"--inject", "--fault"};
  for (const std::string& name : all) {
    if (name == "--read") continue;  // ours: a recording
    const bool takes = answers.count(name) == 0 && takes_the_next_word(name);
    INFO(name << (takes ? " takes the next word" : " does not take the next word"));
    std::vector<const char*> words{name.c_str()};
    const auto operand = operands.find(name);
    if (takes) words.push_back(operand != operands.end() ? operand->second.c_str() : "x");
    words.insert(words.end(), {"ls", "-l"});
    if (refused.count(name) != 0) {
      CHECK_THROWS_AS(parsed(words), UserError);
    } else if (answers.count(name) != 0) {
      CHECK_FALSE(parsed(words).answer.empty());
    } else {
      CHECK(parsed(words).program == Words{"ls", "-l"});
    }
  }
}
