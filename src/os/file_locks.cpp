// SPDX-License-Identifier: MIT
#include "os/file_locks.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

#include "os/fd.hpp"

namespace kintrace::os {
namespace {

// The next of the words that are separated by this; empty if there is none.
std::string_view next(std::string_view& text, char separator = ' ') {
  text.remove_prefix(std::min(text.find_first_not_of(separator), text.size()));
  const std::string_view word = text.substr(0, text.find(separator));
  text.remove_prefix(word.size());
  return word;
}

template <class Number>
bool parse(std::string_view text, Number& number, int base = 10) {
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

std::optional<LockKind> kind_of(std::string_view word) {
  if (word == "POSIX") return LockKind::posix;
  if (word == "OFDLCK") return LockKind::ofd;
  if (word == "FLOCK") return LockKind::flock;
  return {};
}

std::optional<LockMode> mode_of(std::string_view word) {
  if (word == "WRITE") return LockMode::write;
  if (word == "READ") return LockMode::read;
  return {};
}

// MAJOR:MINOR:INODE, the device in hexadecimal; <none>:0 of a file that is going.
bool parse_file(std::string_view text, FileLock& lock) {
  unsigned major = 0, minor = 0;
  const auto major_word = next(text, ':'), minor_word = next(text, ':'), inode = next(text, ':');
  if (!parse(major_word, major, 16) || !parse(minor_word, minor, 16) || !parse(inode, lock.inode)) return false;
  lock.dev = makedev(major, minor);
  return text.empty();
}

bool parse_range(std::string_view first, std::string_view last, FileLock& lock) {
  if (!parse(first, lock.first)) return false;
  if (last == "EOF") return true;
  return parse(last, lock.last.emplace()) && *lock.last >= lock.first;
}

// ID: [->] KIND ADVISORY MODE PID FILE FIRST LAST
std::optional<FileLock> lock_of(std::string_view line) {
  FileLock lock;
  if (!next(line).ends_with(':')) return {};
  std::string_view word = next(line);
  lock.waits = word == "->";
  const auto kind = kind_of(lock.waits ? next(line) : word);
  next(line);
  const auto mode = mode_of(next(line));
  std::int32_t pid = 0;
  if (!kind || !mode || !parse(next(line), pid)) return {};
  lock.kind = *kind;
  lock.mode = *mode;
  if (pid > 0) lock.holder = Tgid{pid};
  if (!parse_file(next(line), lock)) return {};
  const auto first = next(line), last = next(line);
  if (!parse_range(first, last, lock)) return {};
  return lock;
}

bool same_file(const FileLock& one, const FileLock& other) {
  if (one.inode != other.inode) return false;
  return one.dev == other.dev || major(one.dev) == 0 || major(other.dev) == 0;
}

bool meet(const FileLock& one, const FileLock& other) {
  constexpr auto end = std::numeric_limits<std::int64_t>::max();
  return one.first <= other.last.value_or(end) && other.first <= one.last.value_or(end);
}

bool in_the_way(const FileLock& held, const FileLock& wanted, Tgid self) {
  if (held.waits || !same_file(held, wanted)) return false;
  if ((held.kind == LockKind::flock) != (wanted.kind == LockKind::flock)) return false;
  if (held.mode == LockMode::read && wanted.mode == LockMode::read) return false;
  // A process is one owner, and an open file description of its own another.
  if (held.holder == self && held.kind == wanted.kind) return false;
  return held.kind == LockKind::flock || meet(held, wanted);
}

}  // namespace

std::vector<FileLock> file_locks(const std::string& path) {
  std::vector<FileLock> locks;
  const auto fd = open(path, O_RDONLY);
  if (!fd) return locks;
  const auto text = read_all(fd->get());
  if (!text) return locks;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (const auto lock = lock_of(line)) locks.push_back(*lock);
  }
  return locks;
}

bool tells_of_the_dead() {
  static const bool first = [] {
    constexpr ino_t number = 0xEFFFFFFC;  // PROC_PID_INIT_INO, linux/proc_ns.h
    struct stat found {};
    return ::stat("/proc/self/ns/pid", &found) == 0 && found.st_ino == number;
  }();
  return first;
}

std::optional<FileLock> standing_in_the_way(std::span<const FileLock> locks, const FileLock& wanted, Tgid self) {
  std::optional<FileLock> nameless;
  for (const FileLock& held : locks) {
    if (!in_the_way(held, wanted, self)) continue;
    if (held.holder) return held;
    if (!nameless) nameless = held;
  }
  return nameless;
}

}  // namespace kintrace::os
