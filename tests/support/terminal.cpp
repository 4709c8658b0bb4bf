// SPDX-License-Identifier: MIT
#include "support/terminal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "support/run.hpp"

namespace kintrace::test {
namespace {

const std::string prompt_begin = "[prompt ", prompt_end = "]";

[[noreturn]] void become_shell(const std::string& marker) {
  ::alarm(0);
  for (const int signal : {SIGCHLD, SIGPIPE, SIGINT, SIGQUIT, SIGHUP, SIGTERM}) ::signal(signal, SIG_DFL);
  ::close_range(3, ~0U, 0);
  const auto at = marker.find('=');
  ::setenv(marker.substr(0, at).c_str(), marker.substr(at + 1).c_str(), 1);
  ::setenv("PS1", (prompt_begin + "$?" + prompt_end).c_str(), 1);
  ::setenv("LC_ALL", "C", 1);
  ::setenv("TERM", "vt100", 1);
  for (const char* name : {"PROMPT_COMMAND", "HISTFILE", "BASH_ENV", "ENV", "LESS", "VIMINIT"}) ::unsetenv(name);
  ::execlp("bash", "bash", "--norc", "--noprofile", "--noediting", "-i", nullptr);
  ::_exit(127);
}

}  // namespace

Terminal::Terminal(std::chrono::seconds limit)
    : marker_(new_marker()), deadline_(std::chrono::steady_clock::now() + limit) {
  const winsize size{24, 200, 0, 0};
  shell_ = ::forkpty(&fd_, nullptr, nullptr, &size);
  if (shell_ < 0) throw std::runtime_error("forkpty");
  if (shell_ == 0) become_shell(marker_);
  ::fcntl(fd_, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd_, F_SETFL, O_NONBLOCK);
  prompt();
  run("stty -echo");
}

Terminal::~Terminal() {
  if (late()) fmt::print(stderr, "--- what a terminal showed until it was too late:\n{}\n---\n", text_);
  hang_up();
  kill_all_with(marker_, shell_);
  ::waitpid(shell_, nullptr, 0);
}

void Terminal::hang_up() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

// Whether there may be more. On Linux the last process that closes its side makes it EIO.
bool Terminal::pump() {
  if (fd_ < 0 || late()) return false;
  pollfd ready{fd_, POLLIN, 0};
  ::poll(&ready, 1, 20);
  if (ready.revents == 0) return true;
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
  if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
  for (const char byte : std::string_view{buffer.data(), static_cast<std::size_t>(got)}) {
    if (byte != '\r') text_ += byte;
  }
  return true;
}

void Terminal::type(const std::string& keys) {
  [[maybe_unused]] const auto written = ::write(fd_, keys.data(), keys.size());  // far less than its buffer holds
}

bool Terminal::shows(const std::string& text) {
  for (;;) {
    if (const auto at = text_.find(text, found_); at != std::string::npos) {
      found_ = at + text.size();
      return true;
    }
    if (!pump()) return false;
  }
}

std::optional<int> Terminal::prompt() {
  if (!shows(prompt_begin)) return {};
  const std::size_t begin = found_;
  if (!shows(prompt_end)) return {};
  return std::atoi(text_.substr(begin, found_ - begin).c_str());
}

std::string Terminal::value(const std::string& name) {
  if (!shows(name + "=")) return {};
  const std::size_t begin = found_;
  if (!shows("\n")) return {};
  return text_.substr(begin, found_ - begin - 1);
}

pid_t Terminal::pid_value(const std::string& name) { return std::atoi(value(name).c_str()); }

std::string Terminal::run(const std::string& line) {
  const std::size_t begin = found_;
  type(line + "\n");
  if (!prompt()) return text_.substr(begin);
  return text_.substr(begin, text_.rfind(prompt_begin, found_) - begin);
}

bool Terminal::until(const std::function<bool()>& condition) {
  while (!condition()) {
    if (late()) return false;
    if (!pump()) ::usleep(5'000);
  }
  return true;
}

void Terminal::resize(unsigned short columns) {
  const winsize size{24, columns, 0, 0};
  ::ioctl(fd_, TIOCSWINSZ, &size);
}

std::vector<pid_t> Terminal::processes() const { return processes_with(marker_, shell_); }
pid_t Terminal::foreground() const { return ::tcgetpgrp(fd_); }

}  // namespace kintrace::test
