// SPDX-License-Identifier: MIT
// An interactive bash on a terminal of its own, for what only a terminal and a shell's jobs do: keys that are signals,
// foreground and background. Text is waited for in the order in which it comes, with one deadline for all of it. Not
// an emulation: what programs write is kept as it is, escape sequences and all.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kintrace::test {

inline const std::string ctrl_c = "\x03", ctrl_d = "\x04", ctrl_z = "\x1a", ctrl_backslash = "\x1c";

// Destroyed, it leaves no process behind. Nothing typed is echoed.
class Terminal {
 public:
  explicit Terminal(std::chrono::seconds limit = std::chrono::seconds{60});
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // A key that is a signal throws away what is typed and not yet read: whoever reads must have been waited for.
  void type(const std::string& keys);
  // These wait for what comes after that which the last of them found. False, or nothing: it did not come in time.
  bool shows(const std::string& text);
  std::optional<int> prompt();                 // the $? that it shows
  std::string value(const std::string& name);  // of a line NAME=VALUE
  pid_t pid_value(const std::string& name);    // 0: it did not come
  // Types a command line, waits for the prompt, and says what came before it.
  std::string run(const std::string& line);
  // Waits until it is true.
  bool until(const std::function<bool()>& condition);

  void resize(unsigned short columns);
  // Closes the terminal, as a window is closed or a connection lost.
  void hang_up();
  pid_t shell() const { return shell_; }
  pid_t foreground() const;              // the process group
  std::vector<pid_t> processes() const;  // all that were started here, the shell among them
  const std::string& all() const { return text_; }

 private:
  bool pump();
  bool late() const { return std::chrono::steady_clock::now() >= deadline_; }

  std::string marker_;
  std::chrono::steady_clock::time_point deadline_;
  pid_t shell_ = 0;
  int fd_ = -1;
  std::string text_;
  std::size_t found_ = 0;  // up to here
};

}  // namespace kintrace::test
