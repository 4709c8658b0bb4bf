// SPDX-License-Identifier: MIT
// Stories: one file = why, command, expected text (tests/stories/*.story). A story's program has a determined fate, so
// its text must be the same 50 times of 50. KINTRACE_REWRITE_STORIES=1 writes down what is seen instead: read the diff.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace::test;
namespace fs = std::filesystem;

namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr int repetitions = 5;  // for the sanitizers' sake; what is chance is found by the other build
#else
constexpr int repetitions = 50;
#endif
constexpr std::size_t at_once = 4;  // also puts them under load
constexpr std::size_t longest = 40;
const std::string prompt = "$ kintrace --stable ";

struct Story {
  std::string path, why, command, expected;
};

Story read_story(const std::string& path) {
  Story story{path, {}, {}, {}};
  for (const std::string& line : lines_of(read_file(path))) {
    std::string& part = story.command.empty() ? story.why : story.expected;
    if (line.compare(0, prompt.size(), prompt) == 0 && story.command.empty()) {
      story.command = line.substr(prompt.size());
    } else {
      part += line + "\n";
    }
  }
  return story;
}

std::vector<std::string> story_files() {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(std::string(SOURCE_DIR) + "/tests/stories")) {
    if (entry.path().extension() == ".story") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// The program's output is a file: what it writes into a pipe would be part of its story, as are the numbers of its
// descriptors, which depend on what whoever runs the tests has left open.
Command command_of(const Story& story, const std::string& output) {
  Command command;
  command.argv = {"/bin/sh", "-c",
                  std::string{"exec \"$0\" "} + (filtered() ? "" : "--no-seccomp ") + "--stable " +
                      replaced(story.command, "{FIXTURES}", FIXTURES) + " </dev/null >" + output +
                      " 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-",
                  KINTRACE};
  command.env = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}};
  command.directory = "/";
  return command;
}

// What each run told, and how often.
std::map<std::string, int> tell(const Story& story, int times) {
  std::map<std::string, int> told;
  const Scratch scratch;
  for (int left = times; left > 0;) {
    std::vector<std::pair<std::unique_ptr<Running>, std::string>> batch;
    for (; batch.size() < at_once && left > 0; --left) {
      const std::string output = scratch.path(std::to_string(left));
      batch.emplace_back(std::make_unique<Running>(command_of(story, output)), output);
    }
    for (const auto& [running, output] : batch) {
      const Outcome outcome = running->finish();
      std::string text = replaced(outcome.err, FIXTURES, "{FIXTURES}");
      if (outcome.timed_out) text = "it hung\n" + text;
      // A fixture that saw something wrong does not say "ok": then the story is not the program's any more.
      if (story.command.find("{FIXTURES}") != std::string::npos && read_file(output) != "ok\n")
        text = "its program was not right\n" + text;
      ++told[text];
    }
  }
  return told;
}

}  // namespace

TEST_CASE("stories: what is determined is told the same 50 times of 50", "[live]") {
  if (!ptrace_allowed()) return;
  const auto files = story_files();
  REQUIRE(files.size() >= 20);
  const bool rewrite = std::getenv("KINTRACE_REWRITE_STORIES") != nullptr;
  for (const std::string& file : files) {
    DYNAMIC_SECTION(fs::path(file).stem().string()) {
      const Story story = read_story(file);
      REQUIRE_FALSE(story.why.empty());
      REQUIRE_FALSE(story.command.empty());
      if (rewrite) {
        const auto told = tell(story, 1);
        write_file(file, story.why + prompt + story.command + "\n" + told.begin()->first, 0644);
        continue;
      }
      CHECK(lines_of(read_file(file)).size() <= longest);
      for (const auto& [text, times] : tell(story, repetitions)) {
        INFO(file << ": " << times << " times of " << repetitions << ":\n" << text);
        CHECK(text == story.expected);
      }
    }
  }
}
