// SPDX-License-Identifier: MIT
#include "os/descriptor.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <linux/major.h>
#include <linux/openat2.h>
#include <mqueue.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "os/procfs.hpp"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL  // Linux 6.9
#endif

namespace kintrace::os {
namespace {

using PathText = std::array<char, 48>;

PathText link_to(Tid tid, int fd) {
  PathText text{};
  fmt::format_to(text.begin(), FMT_COMPILE("/proc/{}/fd/{}"), tid.value, fd);
  return text;
}

PathText cwd_of(Tid tid) {
  PathText text{};
  fmt::format_to(text.begin(), FMT_COMPILE("/proc/{}/cwd"), tid.value);
  return text;
}

// AT_STATX_DONT_SYNC: as the kernel has it, without a question to a server.
std::optional<struct statx> attributes(const PathText& path, int flags, unsigned wanted) {
  struct statx found;  // NOLINT(cppcoreguidelines-pro-type-member-init): statx(2) fills it
  if (::statx(AT_FDCWD, path.data(), flags | AT_STATX_DONT_SYNC, wanted, &found) != 0) return {};
  return found;
}

std::uint64_t device_of(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 ? found.st_dev : 0;
}

// The kernel's own file systems for what has no name. A socket's or FIFO's file that was opened with O_PATH is
// elsewhere.
std::uint64_t pipefs() {
  static const std::uint64_t device = [] {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::uint64_t{0};
    const Fd reader{ends[0]}, writer{ends[1]};
    return device_of(reader.get());
  }();
  return device;
}

std::uint64_t sockfs() {
  static const std::uint64_t device = device_of(Fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}.get());
  return device;
}

// Of eventfds, epolls and all else that shares one inode, so that only the text of its link tells what it is.
std::uint64_t anon_inodefs() {
  static const std::uint64_t device = device_of(Fd{::eventfd(0, EFD_CLOEXEC)}.get());
  return device;
}

int pidfd_open(Tid tid, unsigned flags) { return static_cast<int>(::syscall(SYS_pidfd_open, tid.value, flags)); }

// Only pidfds are there; before Linux 6.9 they are among all that is anonymous.
std::uint64_t pidfs() {
  static const std::uint64_t device = device_of(Fd{pidfd_open(Tid{::getpid()}, 0)}.get());
  return device;
}

// Each IPC namespace has one of its own, mounted or not (mq_overview(7)); what is mounted here may be another's. So it
// is learnt from a queue of ours. Where that is refused, queues are files as any other.
std::uint64_t mqueuefs() {
  static const std::uint64_t device = [] {
    std::uint64_t chance = 0;
    [[maybe_unused]] const ssize_t drawn = ::getrandom(&chance, sizeof chance, GRND_NONBLOCK);
    const std::string name = fmt::format("/kintrace-{}-{:x}", ::getpid(), chance);
    mq_attr least{};
    least.mq_maxmsg = least.mq_msgsize = 1;
    const Fd queue{::mq_open(name.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &least)};
    if (queue) ::mq_unlink(name.c_str());
    return device_of(queue.get());
  }();
  return device;
}

FileType terminal(unsigned major, unsigned minor) {
  if (major == TTYAUX_MAJOR) return minor == 2 ? FileType::pty_master : FileType::other_terminal;
  if (major == TTY_MAJOR) return FileType::other_terminal;
  const bool pts = major >= UNIX98_PTY_SLAVE_MAJOR && major < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT;
  return pts ? FileType::pty_slave : FileType::other;
}

FileType type_of(const struct statx& file, std::uint64_t dev) {
  switch (file.stx_mode & S_IFMT) {
    case S_IFIFO: return dev == pipefs() ? FileType::pipe : FileType::fifo;
    case S_IFSOCK: return dev == sockfs() ? FileType::socket : FileType::other;
    case S_IFCHR: return terminal(file.stx_rdev_major, file.stx_rdev_minor);
    // Not asked for a file of a block device, so that most runs make no queue.
    case S_IFREG: return file.stx_dev_major == 0 && dev == mqueuefs() ? FileType::mqueue : FileType::other;
    default: return FileType::other;
  }
}

// Whether it has a type in its mode depends on the kernel.
FileType anonymous_type(const PathText& path, std::uint64_t dev) {
  static constexpr std::pair<std::string_view, FileType> names[] = {{"anon_inode:[eventfd]", FileType::eventfd},
                                                                    {"anon_inode:[eventpoll]", FileType::epoll},
                                                                    {"anon_inode:[signalfd]", FileType::signalfd},
                                                                    {"anon_inode:[timerfd]", FileType::timerfd},
                                                                    {"anon_inode:[pidfd]", FileType::pidfd}};
  if (dev != anon_inodefs()) return dev == pidfs() ? FileType::pidfd : FileType::other;
  std::array<char, 32> text{};
  const ssize_t size = ::readlink(path.data(), text.data(), text.size());
  const std::string_view name{text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  for (const auto& [called, type] : names) {
    if (called == name) return type;
  }
  return FileType::other;
}

std::uint64_t number_of_eventfd(Tid tid, int fd) {
  constexpr std::string_view field = "\neventfd-id:";
  const auto file = open(fmt::format(FMT_COMPILE("/proc/{}/fdinfo/{}"), tid.value, fd), O_RDONLY);
  if (!file) return 0;
  const auto text = read_record(file->get()).value_or({});
  const std::size_t at = text.find(field);
  if (at == std::string::npos) return 0;
  const std::size_t digits = std::min(text.find_first_not_of(' ', at + field.size()), text.size());
  std::uint64_t number = 0;
  std::from_chars(text.data() + digits, text.data() + text.size(), number);
  return number;
}

// The permissions of the link are the access mode: neither for O_PATH.
std::optional<End> end_of(const PathText& path) {
  const auto link = attributes(path, AT_SYMLINK_NOFOLLOW, STATX_MODE);
  const unsigned mode = link ? link->stx_mode & (S_IRUSR | S_IWUSR) : 0;
  if (mode == (S_IRUSR | S_IWUSR)) return End::both;
  if (mode == 0) return {};
  return mode == S_IRUSR ? End::read : End::write;
}

// Of the task: its table may be its own, and the leader of its process may have ended. Before Linux 6.9 there is none
// but the process's.
Fd pidfd_of(Tid tid) {
  Fd task{pidfd_open(tid, PIDFD_THREAD)};
  if (task || errno != EINVAL) return task;
  const auto status = Procfs{}.status(tid);
  return Fd{status ? pidfd_open(leader_of(status->tgid), 0) : -1};
}

}  // namespace

std::optional<OpenFile> open_file(Tid tid, int fd) {
  const PathText path = link_to(tid, fd);
  const auto found = attributes(path, 0, STATX_TYPE | STATX_INO);
  if (!found) return {};
  OpenFile file{FileType::other, End::both, makedev(found->stx_dev_major, found->stx_dev_minor), found->stx_ino,
                makedev(found->stx_rdev_major, found->stx_rdev_minor)};
  file.type = type_of(*found, file.dev);
  if (file.type == FileType::other) file.type = anonymous_type(path, file.dev);
  if (file.type == FileType::other || file.type == FileType::socket) return file;
  const auto end = end_of(path);
  file.type = end ? file.type : FileType::other;
  file.end = end.value_or(End::both);
  if (file.type == FileType::pty_master) {
    if (const auto number = Procfs{}.pty(tid, fd)) file.rdev = makedev(UNIX98_PTY_SLAVE_MAJOR, *number);
  } else if (file.type == FileType::eventfd) {
    file.rdev = number_of_eventfd(tid, fd);
  } else if (file.type == FileType::pidfd) {
    file.rdev = static_cast<std::uint64_t>(Procfs{}.pidfd(tid, fd).value_or(Tgid{}).value);
  }
  return file;
}

Result<OpenFile> file_at(Tid tid, int directory, const std::string& path) {
  // A link of these leads each task to itself.
  static constexpr std::pair<std::string_view, std::string_view> own[] = {
      {"/dev/fd/", "fd/"},    {"/proc/self/fd/", "fd/"}, {"/proc/thread-self/fd/", "fd/"},
      {"/dev/stdin", "fd/0"}, {"/dev/stdout", "fd/1"},   {"/dev/stderr", "fd/2"}};
  for (const auto& [link, target] : own) {
    if (!path.starts_with(link)) continue;
    int fd = -1;
    const std::string number = std::string{target.substr(3)} + path.substr(link.size());
    if (std::from_chars(number.data(), number.data() + number.size(), fd).ec != std::errc{}) break;
    const auto file = open_file(tid, fd);
    return file ? Result<OpenFile>{*file} : Failure{Errno{ENOENT}};
  }
  Fd base;
  if (!path.starts_with('/')) {
    const PathText from = directory == AT_FDCWD ? cwd_of(tid) : link_to(tid, directory);
    base = Fd{::open(from.data(), O_PATH | O_CLOEXEC)};
    if (!base) return Failure::last();
  }
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_CACHED;
  const Fd found{
      static_cast<int>(::syscall(SYS_openat2, base ? base.get() : AT_FDCWD, path.c_str(), &how, sizeof how))};
  if (!found) return Failure::last();
  struct statx file;  // NOLINT(cppcoreguidelines-pro-type-member-init): statx(2) fills it
  if (::statx(found.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &file) != 0)
    return Failure::last();
  OpenFile is{FileType::other, End::both, makedev(file.stx_dev_major, file.stx_dev_minor), file.stx_ino,
              makedev(file.stx_rdev_major, file.stx_rdev_minor)};
  is.type = type_of(file, is.dev);
  return is;
}

Bytes path(Tid tid, int fd) {
  constexpr std::string_view removed = " (deleted)";
  auto text = Procfs{}.fd(tid, fd);
  if (!text) return {};
  if (text->ends_with(removed)) {  // a name may end so by itself
    const auto file = attributes(link_to(tid, fd), 0, STATX_NLINK);
    if (file && file->stx_nlink == 0) text->resize(text->size() - removed.size());
  }
  return std::move(*text);
}

std::optional<std::int64_t> size_of(Tid tid, int fd) {
  const auto found = attributes(link_to(tid, fd), 0, STATX_SIZE);
  return found ? std::optional{static_cast<std::int64_t>(found->stx_size)} : std::nullopt;
}

std::vector<int> open_fds(Tid tid) {
  std::vector<int> numbers;
  const auto directory = open(fmt::format(FMT_COMPILE("/proc/{}/fd"), tid.value), O_RDONLY | O_DIRECTORY);
  if (!directory) return numbers;
  std::array<char, 4096> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): getdents64(2) fills it
  for (;;) {
    const ssize_t got = ::getdents64(directory->get(), part.data(), part.size());
    if (got <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const char* const entry = part.data() + at;
      const std::string_view name = entry + offsetof(dirent64, d_name);
      int number = 0;
      if (std::from_chars(name.begin(), name.end(), number).ec == std::errc{}) numbers.push_back(number);
      unsigned short length = 0;
      std::memcpy(&length, entry + offsetof(dirent64, d_reclen), sizeof length);
      at += length;
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Fd borrow(Tid tid, int fd) {
  const auto file = open_file(tid, fd);
  if (!file || (file->type != FileType::pipe && file->type != FileType::fifo && file->type != FileType::socket))
    return Fd{};
  const Fd task = pidfd_of(tid);
  Fd ours{task ? static_cast<int>(::syscall(SYS_pidfd_getfd, task.get(), fd, 0)) : -1};
  // Before Linux 6.9 it may be of another table; and threads that share it may have changed it meanwhile.
  struct stat found {};
  if (!ours || ::fstat(ours.get(), &found) != 0 || found.st_dev != file->dev || found.st_ino != file->inode)
    return Fd{};
  return ours;
}

std::optional<std::int64_t> bytes_inside(Tid tid, int fd) {
  const Fd ours = borrow(tid, fd);
  int bytes = 0;
  if (!ours || ::ioctl(ours.get(), FIONREAD, &bytes) != 0) return {};
  return bytes;
}

}  // namespace kintrace::os
