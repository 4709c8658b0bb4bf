// SPDX-License-Identifier: MIT
#include "os/mapping.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "os/fd.hpp"

namespace kintrace::os {
namespace {

// A number, and the one character after it.
template <class Number>
bool take(std::string_view& text, Number& number, int base, char after) {
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  if (parsed.ec != std::errc{} || parsed.ptr == end || *parsed.ptr != after) return false;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()) + 1);
  return true;
}

// A line, as numbers; what it says in words is read of those only that are wanted.
struct Line {
  MemoryMap map;
  std::string_view permissions;  // rwxs
  std::string_view path;
};

// BEGIN-END rwxs OFFSET MAJOR:MINOR INODE, then blanks, then the path if there is one.
std::optional<Line> line_of(std::string_view text) {
  Line line;
  constexpr std::size_t letters = 4;
  if (!take(text, line.map.begin, 16, '-') || !take(text, line.map.end, 16, ' ') || text.size() <= letters) return {};
  line.permissions = text.substr(0, letters);
  line.map.shared = line.permissions.back() == 's';
  text.remove_prefix(letters + 1);
  unsigned major = 0, minor = 0;
  if (!take(text, line.map.offset, 16, ' ') || !take(text, major, 16, ':') || !take(text, minor, 16, ' ')) return {};
  line.map.dev = makedev(major, minor);
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, line.map.inode);
  if (parsed.ec != std::errc{}) return {};
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));  // no path begins with a blank
  line.path = text;
  return line;
}

Bytes unescaped(std::string_view path) {
  constexpr std::string_view newline = "\\012";
  Bytes out;
  for (;;) {
    const std::size_t at = path.find(newline);
    out += path.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += '\n';
    path.remove_prefix(at + newline.size());
  }
}

MemoryMap whole(Line line) {
  constexpr std::string_view deleted = " (deleted)";
  for (const char letter : line.permissions.substr(0, 3)) {
    if (letter != '-') line.map.prot += letter;
  }
  line.map.removed = line.path.ends_with(deleted);
  if (line.map.removed) line.path.remove_suffix(deleted.size());
  line.map.path = unescaped(line.path);
  return std::move(line.map);
}

// Until `each` says that it has what it wants. A task can have 65,530 and more: no more of them is kept than was read
// at once.
void for_each_line(Tid tid, const auto& each) {
  const auto fd = open(fmt::format("/proc/{}/maps", tid.value), O_RDONLY);
  if (!fd) return;
  std::string text;
  std::array<char, 16384> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): read(2) fills it
  for (;;) {
    const ssize_t got = ::read(fd->get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    text.append(part.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const auto line = line_of(std::string_view{text}.substr(begin, end - begin));
      if (line && each(*line)) return;
    }
    text.erase(0, begin);
  }
}

}  // namespace

std::optional<MemoryMap> map_at(Tid tid, std::uint64_t address) {
  std::optional<MemoryMap> found;
  for_each_line(tid, [&](const Line& line) {
    if (address >= line.map.end) return false;
    if (address >= line.map.begin) found = whole(line);
    return true;  // they are in order
  });
  return found;
}

std::vector<MemoryMap> shared_maps(Tid tid) {
  std::vector<MemoryMap> found;
  for_each_line(tid, [&](const Line& line) {
    if (line.map.shared) found.push_back(whole(line));
    return false;
  });
  return found;
}

}  // namespace kintrace::os
