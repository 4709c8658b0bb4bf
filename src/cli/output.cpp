// SPDX-License-Identifier: MIT
#include "cli/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::cli {
namespace {

constexpr std::size_t flush_at = 1U << 16U;

UserError cannot_write(const std::string& name, Errno error) {
  return UserError(fmt::format("cannot write {}: {}", text::shell_word(name), text::errno_text(error)));
}

std::unique_ptr<Output> open_command(const std::string& command) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw cannot_write("|" + command, Errno{errno});
  const os::Fd reading{ends[0]};
  os::Fd writing{ends[1]};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, reading.get(), STDIN_FILENO);
  std::string shell = "sh", flag = "-c", text = command;
  std::array<char*, 4> argv{shell.data(), flag.data(), text.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/bin/sh", &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw cannot_write("|" + command, Errno{error});
  return std::make_unique<Output>("|" + command, std::move(writing), pid);
}

}  // namespace

void Output::write(std::string_view bytes) {
  if (error_ || bytes.empty()) return;
  if (std::exchange(separate_, false)) buffer_ += '\n';
  buffer_ += bytes;
  used_ = true;
  if (buffer_.size() >= flush_at) flush();
}

void Output::flush() {
  std::string_view left = buffer_;
  while (!left.empty() && !error_) {
    const ssize_t written = ::write(fd_.get(), left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno ==
               EAGAIN) {  // the terminal or pipe is shared with the program, which may have made it non-blocking
      pollfd wait{fd_.get(), POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      error_ = Errno{errno};
    }
  }
  buffer_.clear();
}

void Output::close() {
  flush();
  fd_.reset();
}

std::optional<UserError> Output::error() const {
  if (!error_ || error_->value == EPIPE) return {};
  auto error = cannot_write(name_, *error_);
  return UserError(fmt::format("{}; it ends before the program did", error.what()));
}

bool Output::is_terminal() const { return ::isatty(fd_.get()) == 1; }

bool Output::is_file() const {
  struct stat ours {};
  return ::fstat(fd_.get(), &ours) == 0 && S_ISREG(ours.st_mode);
}

bool Output::is_same_file(int descriptor) const {
  struct stat ours {
  }, other{};
  return ::fstat(fd_.get(), &ours) == 0 && ::fstat(descriptor, &other) == 0 && ours.st_dev == other.st_dev &&
         ours.st_ino == other.st_ino;
}

std::optional<int> Output::columns() const {
  winsize size{};
  if (!is_terminal() || ::ioctl(fd_.get(), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return size.ws_col;
}

std::unique_ptr<Output> open_output(const std::string& target, Writing writing) {
  if (target == "-") return standard_output(STDOUT_FILENO);
  if (target.starts_with('|')) return open_command(target.substr(1));
  auto fd = os::open(target, O_WRONLY | O_CREAT | (writing == Writing::append ? O_APPEND : O_TRUNC), 0600);
  if (!fd) throw cannot_write(target, fd.error().error());
  return std::make_unique<Output>(target, std::move(*fd));
}

std::unique_ptr<Output> standard_output(int number) {
  auto fd = os::duplicate(number);
  const std::string name = number == STDOUT_FILENO ? "standard output" : "standard error";
  if (!fd) throw cannot_write(name, fd.error().error());
  return std::make_unique<Output>(name, std::move(*fd));
}

}  // namespace kintrace::cli
