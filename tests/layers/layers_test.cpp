// SPDX-License-Identifier: MIT
// The direction of the data, as the includes show it: os -> syscalls -> sources -> EVENT -> model -> analysis -> views,
// cli before all, text behind all, recording the written form of EVENT on either side of it. Also what must hold for
// each file: its licence, and a size that can be read.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

// What a room may include besides itself: other rooms, all contracts (kintrace), or single ones.
const std::map<std::string, Strings> allowed{
    {"kintrace", {}},
    {"os", {"kintrace/ids.hpp", "kintrace/error.hpp", "kintrace/event.hpp", "text"}},
    {"syscalls", {"kintrace", "os", "text"}},
    {"recording", {"kintrace", "os/fd.hpp", "text"}},
    {"sources", {"kintrace", "os", "syscalls", "recording", "text"}},
    {"model", {"kintrace", "text"}},
    {"analysis", {"kintrace", "text"}},
    {"views", {"kintrace", "text", "analysis", "recording/encode.hpp"}},
    {"text", {"kintrace/ids.hpp"}},
};

std::string room_of(const std::string& path) { return path.substr(0, path.find('/')); }

// `file` as it would be included: views/tree.cpp, kintrace/event.hpp. main.cpp, which is in no room, may include all.
bool may_include(const std::string& file, const std::string& header) {
  const auto room = allowed.find(room_of(file));
  if (room == allowed.end() || room_of(header) == room->first) return true;
  return std::any_of(room->second.begin(), room->second.end(),
                     [&](const std::string& one) { return header == one || room_of(header) == one; });
}

Strings lines_of(const fs::path& path) {
  std::ifstream file(path);
  Strings lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// What points the wrong way, as FILE:LINE: INCLUDE.
Strings offences(const std::string& file, const Strings& lines) {
  static const std::regex include("\\s*#\\s*include\\s*\"([^\"]+)\".*");
  Strings found;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_match(lines[i], match, include) || may_include(file, match.str(1))) continue;
    found.push_back(file + ":" + std::to_string(i + 1) + ": " + match.str(1));
  }
  return found;
}

bool is_source(const fs::path& path) {
  return path.extension() == ".cpp" || path.extension() == ".hpp" || path.extension() == ".c";
}

// Every source file below a directory, and its path relative to that.
std::map<std::string, fs::path> sources_in(const std::string& directory) {
  const fs::path root = fs::path{SOURCE_DIR} / directory;
  std::map<std::string, fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (is_source(entry.path())) files.emplace(entry.path().lexically_relative(root).string(), entry.path());
  }
  return files;
}

}  // namespace

TEST_CASE("layers: no include points upstream") {
  Strings found;
  std::size_t read = 0;
  for (const char* directory : {"src", "include"}) {
    for (const auto& [name, path] : sources_in(directory)) {
      const Strings in_file = offences(name, lines_of(path));
      found.insert(found.end(), in_file.begin(), in_file.end());
      ++read;
    }
  }
  CHECK(found == Strings{});
  CHECK(read > 50);
}

TEST_CASE("layers: every room is known") {
  for (const auto& entry : fs::directory_iterator(fs::path{SOURCE_DIR} / "src")) {
    const std::string room = entry.path().filename().string();
    if (!entry.is_directory() || room == "cli") continue;
    INFO(room);
    CHECK(allowed.count(room) == 1);
  }
}

TEST_CASE("layers: an include that points upstream is found") {
  const Strings text{"// x", "#include <vector>", "#include \"kintrace/event.hpp\"", "#  include \"os/ptrace.hpp\""};
  CHECK(offences("views/tree.cpp", text) == Strings{"views/tree.cpp:4: os/ptrace.hpp"});
  CHECK(offences("sources/engine.cpp", text).empty());
  CHECK(offences("text/escape.cpp", text).size() == 2);
  CHECK_FALSE(may_include("os/ptrace.cpp", "kintrace/world.hpp"));
  CHECK_FALSE(may_include("model/world.cpp", "sources/engine.hpp"));
  CHECK_FALSE(may_include("analysis/exec_failed.cpp", "views/words.hpp"));
  CHECK_FALSE(may_include("sources/engine.cpp", "cli/options.hpp"));
  CHECK_FALSE(may_include("kintrace/event.hpp", "text/names.hpp"));
  CHECK_FALSE(may_include("recording/spool.cpp", "sources/event_queue.hpp"));
  CHECK_FALSE(may_include("views/jsonl.cpp", "recording/spool.hpp"));
  CHECK_FALSE(may_include("syscalls/wait.cpp", "version.hpp"));
  CHECK(may_include("cli/story.cpp", "sources/engine.hpp"));
  CHECK(may_include("main.cpp", "cli/run.hpp"));
}

TEST_CASE("layers: every file has its licence and a size that can be read") {
  for (const char* directory : {"src", "include", "tests", "fixtures"}) {
    for (const auto& [name, path] : sources_in(directory)) {
      const Strings lines = lines_of(path);
      INFO(directory << "/" << name);
      REQUIRE_FALSE(lines.empty());
      CHECK(lines.front() == "// SPDX-License-Identifier: MIT");
      CHECK(lines.size() <= 500);
    }
  }
}
