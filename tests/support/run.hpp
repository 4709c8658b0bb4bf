// SPDX-License-Identifier: MIT
// Runs a command with a hard time limit and says how it ended. Every process that a run started can be found again, as
// it inherits a variable that is unique to the run: so that what hangs is killed, and what is left behind is noticed.
// Not a shell, and no assertions but those about ptrace: what an outcome should be is for the tests.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kintrace::test {

struct Command {
  std::vector<std::string> argv;                                             // argv[0] is looked up in our PATH
  std::vector<std::pair<std::string, std::optional<std::string>>> env = {};  // set, or unset
  std::string input = {};                                                    // on standard input, then it ends
  std::string directory = {};                                                // to run in; empty: ours
  std::vector<int> closed = {};                                              // of 0, 1 and 2
  bool ignore_sigchld = false;                                               // SIGCHLD is ignored, which an exec keeps
  std::chrono::seconds limit{60};
};

struct Outcome {
  std::string out, err;
  int status = 0;  // as waitpid(2) gives it
  bool timed_out = false;
  std::optional<int> code() const;
  std::optional<int> signal() const;
  std::string told() const;  // for INFO: the whole of it
};

// A variable, NAME=VALUE, that is unique to one run: what is started with it in its environment is found by it.
std::string new_marker();
// All that have it, alive or zombies, but ourselves. `first`, if not 0, is one of them whatever it has.
std::vector<pid_t> processes_with(const std::string& marker, pid_t first = 0);
// Until none is left: one may fork while we look.
void kill_all_with(const std::string& marker, pid_t first = 0);

// A command that runs. Destroyed, it leaves no process behind.
class Running {
 public:
  explicit Running(const Command& command);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  pid_t pid() const { return pid_; }
  // Waits until a whole line is on standard output. False: it ended, or the limit has passed.
  bool wait_for_line(const std::string& line);
  void end_input();
  // All processes of this run that are alive or zombies, the command itself among them.
  std::vector<pid_t> processes() const;
  // Waits until the command has ended and all of its output has been read, or kills all when the limit has passed.
  Outcome finish();

 private:
  bool pump(int milliseconds);  // moves what there is to move; false: both outputs have ended
  bool late() const { return std::chrono::steady_clock::now() >= deadline_; }
  bool reap(int options);

  std::string marker_;
  std::chrono::steady_clock::time_point deadline_;
  pid_t pid_ = 0;
  bool reaped_ = false;
  int in_ = -1, out_ = -1, err_ = -1;
  std::string input_;
  bool hold_input_;
  Outcome outcome_;
};

// Input that does not end by itself: Running::end_input() ends it.
inline const std::string until_told = {"\0until told", 11};

Outcome run(const Command& command);

// Those of a run's processes that are traced. Not kintrace itself, which LeakSanitizer traces for a moment at its end.
std::vector<pid_t> tracees(const Running& running);

// Of `before`, in words, all that are still there after a while: running, stopped, or zombies of one of them. Whoever
// adopted an orphan from outside reaps it when it likes.
std::vector<std::string> left_of(const std::vector<pid_t>& before);

// What KINTRACE_TEST_OPTIONS adds to every traced run (--no-seccomp: the whole suite without the filter).
std::vector<std::string> added_options();
bool filtered();                 // it does not say --no-seccomp
std::string kintrace_command();  // kintrace and those options, for a shell

// The same under kintrace: `options` before the command's argv.
Command traced(Command command, const std::vector<std::string>& options = {});

// False where the kernel or container forbids ptrace. Then a test is to return; this has said so aloud. With
// KINTRACE_REQUIRE_PTRACE set it is a failure instead.
bool ptrace_allowed();

// A directory of its own, removed with all that is in it.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
};

std::string read_file(const std::string& path);  // empty if there is none
void write_file(const std::string& path, const std::string& text, mode_t mode = 0600);
std::vector<std::string> lines_of(const std::string& text);
std::string fixture(const std::string& name);  // its path

// A field of /proc/PID/status, without its name and blanks; empty if there is none.
std::string status_field(pid_t pid, const std::string& name);

}  // namespace kintrace::test
