// SPDX-License-Identifier: MIT
#include "support/run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "support/catch.hpp"

namespace kintrace::test {
namespace {

namespace fs = std::filesystem;
constexpr const char* marker_name = "KINTRACE_TEST_RUN";

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

// Both ends above the standard descriptors, and ours alone.
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  for (int& end : ends) {
    if (end > 2) continue;
    const int low = end;
    end = ::fcntl(low, F_DUPFD_CLOEXEC, 3);
    ::close(low);
  }
  return ends;
}

[[noreturn]] void become(const Command& command, const std::vector<std::string>& environment,
                         std::array<int, 3> standard) {
  ::setsid();
  ::alarm(0);
  for (int number = 0; number < 3; ++number) ::dup2(standard.at(static_cast<std::size_t>(number)), number);
  for (const int number : command.closed) ::close(number);
  ::signal(SIGCHLD, command.ignore_sigchld ? SIG_IGN : SIG_DFL);
  ::signal(SIGPIPE, SIG_DFL);
  if (!command.directory.empty() && ::chdir(command.directory.c_str()) != 0) ::_exit(99);
  std::vector<char*> argv, envp;
  for (const std::string& word : command.argv)
    argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT: execvpe's signature
  for (const std::string& variable : environment) envp.push_back(const_cast<char*>(variable.c_str()));  // NOLINT
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  ::execvpe(argv[0], argv.data(), envp.data());
  ::_exit(errno == ENOENT ? 127 : 126);
}

std::vector<std::string> environment_for(const Command& command, const std::string& marker) {
  std::vector<std::string> out;
  const auto changed = [&](const std::string& variable) {
    for (const auto& [name, value] : command.env) {
      if (variable.compare(0, name.size() + 1, name + "=") == 0) return true;
    }
    return false;
  };
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!changed(*variable)) out.emplace_back(*variable);
  }
  for (const auto& [name, value] : command.env) {
    if (value) out.push_back(name + "=" + *value);
  }
  // Shells and Python ask nscd, over a socket that would be in their story, what nobody has told them of themselves.
  for (const std::string told : {"HOME=/", "SHELL=/bin/sh"}) {
    const std::string name = told.substr(0, told.find('='));
    if (::getenv(name.c_str()) == nullptr && !changed(told)) out.push_back(told);
  }
  out.push_back(marker);
  return out;
}

// Whether `fd` gave something. It is closed when it has ended.
void take(int& fd, std::string& into) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) {
    into.append(buffer.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
    close_fd(fd);
  }
}

bool trace_a_child() {
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  const bool allowed = ::ptrace(PTRACE_SEIZE, child, nullptr, nullptr) == 0;
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, __WALL);
  return allowed;
}

}  // namespace

std::optional<int> Outcome::code() const {
  return WIFEXITED(status) ? std::optional{WEXITSTATUS(status)} : std::nullopt;
}
std::optional<int> Outcome::signal() const {
  return WIFSIGNALED(status) ? std::optional{WTERMSIG(status)} : std::nullopt;
}
std::string Outcome::told() const {
  const std::string end = timed_out ? "was killed by the test's time limit"
                          : code()  ? fmt::format("exit {}", *code())
                                    : fmt::format("signal {}", signal().value_or(0));
  return fmt::format("{}\n--- stdout:\n{}\n--- stderr:\n{}", end, out, err);
}

std::string new_marker() {
  static std::atomic<unsigned> number{0};
  return fmt::format("{}={}.{}", marker_name, ::getpid(), ++number);
}

std::vector<pid_t> processes_with(const std::string& marker, pid_t first) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0 || pid == ::getpid()) continue;
    const std::string environment = read_file(entry.path() / "environ");
    if (pid == first || environment.find(marker + '\0') != std::string::npos) found.push_back(pid);
  }
  return found;
}

void kill_all_with(const std::string& marker, pid_t first) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    int alive = 0;
    for (const pid_t pid : processes_with(marker, first)) {
      const std::string state = status_field(pid, "State");
      if (state.empty() || state[0] == 'Z' || state[0] == 'X') continue;
      ::kill(pid, SIGKILL);
      ++alive;
    }
    if (alive == 0) return;
    ::usleep(5000);
  }
}

Running::Running(const Command& command)
    : marker_(new_marker()),
      deadline_(std::chrono::steady_clock::now() + command.limit),
      input_(command.input),
      hold_input_(command.input == until_told) {
  if (hold_input_) input_.clear();
  const auto environment = environment_for(command, marker_);
  auto in = make_pipe(), out = make_pipe(), err = make_pipe();
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) become(command, environment, {in[0], out[1], err[1]});
  close_fd(in[0]);
  close_fd(out[1]);
  close_fd(err[1]);
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
  ::fcntl(in_, F_SETFL, O_NONBLOCK);
}

Running::~Running() {
  for (int* fd : {&in_, &out_, &err_}) close_fd(*fd);
  kill_all_with(marker_, reaped_ ? 0 : pid_);
  reap(0);
}

bool Running::pump(int milliseconds) {
  if (!hold_input_ && input_.empty()) close_fd(in_);
  std::array<pollfd, 3> fds{{{out_, POLLIN, 0}, {err_, POLLIN, 0}, {input_.empty() ? -1 : in_, POLLOUT, 0}}};
  ::poll(fds.data(), fds.size(), milliseconds);
  if (fds[0].revents != 0) take(out_, outcome_.out);
  if (fds[1].revents != 0) take(err_, outcome_.err);
  if (fds[2].revents != 0) {
    const ssize_t written = ::write(in_, input_.data(), input_.size());  // the test's main has SIGPIPE ignored here
    if (written > 0) input_.erase(0, static_cast<std::size_t>(written));
    if (written < 0 && errno != EAGAIN && errno != EINTR) input_.clear();
  }
  return out_ >= 0 || err_ >= 0;
}

bool Running::wait_for_line(const std::string& line) {
  while (("\n" + outcome_.out).find("\n" + line + "\n") == std::string::npos) {
    if (late() || !pump(20)) return false;
  }
  return true;
}

void Running::end_input() {
  hold_input_ = false;
  close_fd(in_);
  input_.clear();
}

bool Running::reap(int options) {
  if (!reaped_) reaped_ = ::waitpid(pid_, &outcome_.status, options) == pid_;
  return reaped_;
}

Outcome Running::finish() {
  while (pump(20) || !reap(WNOHANG)) {
    if (out_ < 0 && err_ < 0) ::usleep(500);
    if (!late()) continue;
    outcome_.timed_out = true;
    kill_all_with(marker_, reaped_ ? 0 : pid_);
    for (int* fd : {&out_, &err_}) close_fd(*fd);
    reap(0);
    break;
  }
  return outcome_;
}

std::vector<pid_t> Running::processes() const { return processes_with(marker_, reaped_ ? 0 : pid_); }

Outcome run(const Command& command) { return Running(command).finish(); }

std::vector<pid_t> tracees(const Running& running) {
  std::vector<pid_t> found;
  for (const pid_t pid : running.processes()) {
    const std::string tracer = status_field(pid, "TracerPid");
    if (!tracer.empty() && tracer != "0" && status_field(pid, "Name") != "kintrace") found.push_back(pid);
  }
  return found;
}

std::vector<std::string> left_of(const std::vector<pid_t>& before) {
  std::vector<std::string> left;
  for (int moment = 0; moment < 100; ++moment) {
    left.clear();
    for (const pid_t pid : before) {
      const std::string state = status_field(pid, "State"), parent = status_field(pid, "PPid");
      const bool adopted =
          std::none_of(before.begin(), before.end(), [&](pid_t other) { return std::to_string(other) == parent; });
      if (state.empty() || (state[0] == 'Z' && adopted)) continue;
      left.push_back(fmt::format("{} {}, traced by {}", pid, state, status_field(pid, "TracerPid")));
    }
    if (left.empty()) break;
    ::usleep(10'000);
  }
  return left;
}

std::vector<std::string> added_options() {
  const char* words = std::getenv("KINTRACE_TEST_OPTIONS");
  std::istringstream text(words != nullptr ? words : "");
  return {std::istream_iterator<std::string>(text), {}};
}

bool filtered() {
  const auto options = added_options();
  return std::find(options.begin(), options.end(), "--no-seccomp") == options.end();
}

std::string kintrace_command() {
  std::string command = KINTRACE;
  for (const std::string& option : added_options()) command += " " + option;
  return command;
}

Command traced(Command command, const std::vector<std::string>& options) {
  std::vector<std::string> argv{KINTRACE};
  const auto added = added_options();
  argv.insert(argv.end(), added.begin(), added.end());
  argv.insert(argv.end(), options.begin(), options.end());
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());
  command.argv = std::move(argv);
  return command;
}

bool ptrace_allowed() {
  static const bool allowed = trace_a_child();
  if (allowed) return true;
  if (std::getenv("KINTRACE_REQUIRE_PTRACE") != nullptr)
    FAIL("ptrace is forbidden here, and KINTRACE_REQUIRE_PTRACE is set");
  WARN("SKIPPED: ptrace is forbidden here, so nothing that traces is tested");
  return false;
}

Scratch::Scratch() {
  std::string name = (fs::temp_directory_path() / "kintrace_test.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  directory_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& text, mode_t mode) {
  std::ofstream(path, std::ios::binary) << text;
  if (::chmod(path.c_str(), mode) != 0) throw std::runtime_error("chmod " + path);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string fixture(const std::string& name) { return std::string(FIXTURES) + "/" + name; }

std::string status_field(pid_t pid, const std::string& name) {
  for (const std::string& line : lines_of(read_file(fmt::format("/proc/{}/status", pid)))) {
    if (line.compare(0, name.size() + 1, name + ":") != 0) continue;
    const std::size_t begin = line.find_first_not_of(" \t", name.size() + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return {};
}

}  // namespace kintrace::test
