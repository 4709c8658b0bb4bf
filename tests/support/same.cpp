// SPDX-License-Identifier: MIT
#include "support/same.hpp"

#include <regex>

#include "support/catch.hpp"

namespace kintrace::test {
namespace {

// For whoever reads why a test failed: the lines of a recording that name the first task of which a promise is broken.
std::string lines_about(const std::vector<std::string>& broken, const std::string& recording) {
  const std::regex task("task ([0-9]+)");
  std::smatch found;
  std::string lines;
  if (broken.empty() || !std::regex_search(broken.front(), found, task)) return lines;
  const std::regex number("[:,]" + found[1].str() + "[,}]");
  for (const std::string& line : lines_of(recording)) {
    if (std::regex_search(line, number)) lines += line + "\n";
  }
  return lines;
}

Recorded compared(const Outcome& alone, const Command& command, const std::vector<std::string>& options) {
  Scratch scratch;
  // With -qq even standard error is the program's alone.
  std::vector<std::string> all{"-qq", "-o", scratch.path("x.jsonl")};
  all.insert(all.end(), options.begin(), options.end());
  const Outcome with = run(traced(command, all));
  INFO("alone: " << alone.told());
  INFO("traced: " << with.told());
  CHECK_FALSE(alone.timed_out);
  REQUIRE_FALSE(with.timed_out);
  CHECK(with.out == alone.out);
  CHECK(with.err == alone.err);
  CHECK(with.status == alone.status);
  Recorded found = recorded(scratch.path("x.jsonl"));
  REQUIRE(found.end);
  CHECK(found.end->why == "done");
  const std::vector<std::string> broken = broken_promises(found.events);
  INFO(lines_about(broken, read_file(scratch.path("x.jsonl"))));
  CHECK(broken == std::vector<std::string>{});
  return found;
}

}  // namespace

Recorded same(const Command& command, const std::vector<std::string>& options) {
  INFO("command: " << command.argv.at(0) << " " << command.argv.back());
  return compared(run(command), command, options);
}

Recorded same_fixture(const std::string& name, const std::vector<std::string>& arguments,
                      const std::vector<std::string>& options) {
  Command command{{fixture(name)}};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  INFO("fixture: " << name << " " << (arguments.empty() ? "" : arguments.back()));
  const Outcome alone = run(command);
  INFO("alone: " << alone.told());
  REQUIRE(alone.code() == 0);
  REQUIRE(alone.out.size() >= 3);
  REQUIRE(alone.out.substr(alone.out.size() - 3) == "ok\n");
  return compared(alone, command, options);
}

}  // namespace kintrace::test
