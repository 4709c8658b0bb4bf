// SPDX-License-Identifier: MIT
#include "os/procfs.hpp"

#include <fcntl.h>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

namespace kintrace::os {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{}) return {};
  return value;
}

std::int32_t id(std::string_view text) { return static_cast<std::int32_t>(number(text).value_or(0)); }

// The kernel writes a newline in a name as \n and a backslash as \\ (fs/proc/array.c, proc_task_name).
std::string unescaped(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size()) {
      ++i;
      out += name[i] == 'n' ? '\n' : name[i];
    } else {
      out += name[i];
    }
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

std::uint64_t mask(std::string_view hexadecimal) {
  const std::string_view digits = trimmed(hexadecimal);
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

// A field of stat from the third on, as proc(5) counts them: the second may hold anything, but ends at the last
// parenthesis.
std::string_view stat_field(std::string_view text, int field) {
  text = text.substr(std::min(text.rfind(')'), text.size()));
  for (int at = 2; at < field && !text.empty(); ++at) {
    text.remove_prefix(std::min(text.find(' '), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  return text;
}

// What stands behind `key`: the rest of the text. Empty if it is not there.
std::string_view value_of(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  return at == std::string_view::npos ? std::string_view{} : text.substr(at + key.size());
}

}  // namespace

std::string Procfs::of(Tid tid, std::string_view file) const {
  std::string path = root_;
  path.append("/").append(fmt::format_int(tid.value).c_str()).append("/").append(file);
  return path;
}

Result<std::string> Procfs::contents(const std::string& path) const {
  const auto fd = open(path, O_RDONLY);
  if (!fd) return fd.error();
  return read_record(fd->get());
}

Result<TaskStatus> Procfs::status(Tid tid) const {
  const auto text = contents(of(tid, "status"));
  if (!text) return text.error();
  TaskStatus status;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 1);
    if (key == "Name") {
      status.name = unescaped(value.starts_with('\t') ? value.substr(1) : value);
    } else if (key == "State") {
      status.state = trimmed(value).empty() ? '?' : trimmed(value)[0];
    } else if (key == "Tgid") {
      status.tgid = Tgid{id(value)};
    } else if (key == "PPid") {
      status.ppid = Tgid{id(value)};
    } else if (key == "Threads") {
      status.threads = number(value);
    } else if (key == "NSpid") {  // one number a namespace, the reader's first
      const std::size_t last = value.find_last_of('\t');
      if (last != std::string_view::npos && last != 0) status.ns_pid = Tgid{id(value.substr(last))};
    } else if (key == "SigPnd") {
      status.pending = mask(value);
    } else if (key == "ShdPnd") {
      status.shared_pending = mask(value);
    } else if (key == "SigBlk") {
      status.blocked = mask(value);
    } else if (key == "SigIgn") {
      status.ignored = mask(value);
    } else if (key == "SigCgt") {
      status.caught = mask(value);
    }
  }
  if (!status.tgid) return Failure{Errno{ESRCH}};  // read as the task was going: empty
  return status;
}

std::optional<std::int64_t> Procfs::peak_memory(Tid tid) const {
  const auto text = contents(of(tid, "status"));
  const auto kib = text ? number(value_of(*text, "\nVmHWM:")) : std::nullopt;
  return kib ? std::optional{*kib * 1024} : std::nullopt;
}

std::optional<Signal> Procfs::exit_signal(Tid tid) const {
  const auto text = contents(of(tid, "stat"));
  const auto signal = text ? number(stat_field(*text, 38)) : std::nullopt;
  return signal && *signal >= 0 ? std::optional{Signal{static_cast<std::int32_t>(*signal)}} : std::nullopt;
}

// The file of the task, not of its process: that one sums up all of its threads. Kept open: a descriptor of a task that
// has gone reads nothing, even if another has its number.
Result<std::string> Procfs::stat_of(Tid tid) const {
  if (asked_.tid == tid) {
    if (auto text = read_record(asked_.stat.get())) return text;
  }
  auto fd = open(of(tid, fmt::format(FMT_COMPILE("task/{}/stat"), tid.value)), O_RDONLY);
  if (!fd) return fd.error();
  asked_ = {tid, std::move(*fd)};
  return read_record(asked_.stat.get());
}

Result<Procfs::Dispositions> Procfs::dispositions(Tid tid) const {
  const auto text = stat_of(tid);
  if (!text) return text.error();
  const auto ignored = number(stat_field(*text, 33)), caught = number(stat_field(*text, 34));
  if (!ignored || !caught) return Failure{Errno{EINVAL}};
  return Dispositions{static_cast<std::uint64_t>(*ignored), static_cast<std::uint64_t>(*caught)};
}

Result<std::string> Procfs::comm(Tid tid) const {
  auto text = contents(of(tid, "comm"));
  if (text && text->ends_with('\n')) text->pop_back();
  return text;
}

Result<std::vector<std::string>> Procfs::cmdline(Tid tid) const {
  const auto text = contents(of(tid, "cmdline"));
  if (!text) return text.error();
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\0', at), text->size());
    words.push_back(text->substr(at, end - at));
    at = end + 1;
  }
  return words;
}

Result<std::string> Procfs::link(const std::string& path) const {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length < 0) return Failure::last();
  return std::string(target.data(), static_cast<std::size_t>(length));
}

Result<std::string> Procfs::cwd(Tid tid) const { return link(of(tid, "cwd")); }

Result<std::string> Procfs::exe(Tid tid) const { return link(of(tid, "exe")); }

Result<std::string> Procfs::fd(Tid tid, int number) const { return link(of(tid, fmt::format("fd/{}", number))); }

Result<Procfs::FileOwner> Procfs::exe_owner(Tid tid) const {
  struct stat found {};
  if (::stat(of(tid, "exe").c_str(), &found) != 0) return Failure::last();
  return FileOwner{found.st_mode, found.st_uid, found.st_gid};
}

std::optional<Tgid> Procfs::pidfd(Tid tid, int number) const {
  const auto text = contents(of(tid, fmt::format("fdinfo/{}", number)));
  if (!text) return {};
  const Tgid pid{id(value_of(*text, "\nPid:"))};
  return pid.value > 0 ? std::optional{pid} : std::nullopt;
}

std::optional<std::int64_t> Procfs::position(Tid tid, int descriptor) const {
  const auto text = contents(of(tid, fmt::format("fdinfo/{}", descriptor)));
  return text && text->starts_with("pos:") ? number(std::string_view{*text}.substr(4)) : std::nullopt;
}

std::optional<unsigned> Procfs::pty(Tid tid, int descriptor) const {
  const auto text = contents(of(tid, fmt::format("fdinfo/{}", descriptor)));
  const auto index = text ? number(value_of(*text, "\ntty-index:")) : std::nullopt;
  return index ? std::optional{static_cast<unsigned>(*index)} : std::nullopt;
}

std::optional<std::uint64_t> Procfs::blocked_in(Tid tid) const {
  const auto text = contents(of(tid, "syscall"));
  if (!text) return {};
  const auto nr = number(*text);  // "running", or -1 for a task that is in none
  return nr && *nr >= 0 ? std::optional{static_cast<std::uint64_t>(*nr)} : std::nullopt;
}

Result<std::string> Procfs::line(const std::string& path) const {
  auto text = contents(root_ + "/" + path);
  if (text) text->resize(std::min(text->find('\n'), text->size()));
  return text;
}

}  // namespace kintrace::os
