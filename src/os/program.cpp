// SPDX-License-Identifier: MIT
#include "os/program.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::os {
namespace {

int status_of(Errno error) { return error.value == ENOENT ? 127 : 126; }

[[noreturn]] void become(const std::vector<char*>& argv, const Fd& gate, pid_t tracer, const struct sigaction& sigchld,
                         const sigset_t& mask) {
  ::prctl(PR_SET_PTRACER, tracer, 0, 0, 0);  // fails where there is no Yama: then nothing needs to be allowed
  const pid_t self = ::getpid();
  char go = 0;
  if (::write(gate.get(), &self, sizeof self) != sizeof self || ::read(gate.get(), &go, 1) != 1) ::_exit(125);
  ::prctl(PR_SET_PTRACER, 0, 0, 0, 0);
  ::sigaction(SIGCHLD, &sigchld, nullptr);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(argv[0], argv.data());
  const int error = errno;
  [[maybe_unused]] const auto told = ::write(gate.get(), &error, sizeof error);
  ::_exit(status_of(Errno{error}));
}

}  // namespace

Result<pid_t> fork_program(const std::vector<std::string>& argv, const Fd& gate, pid_t tracer,
                           const struct sigaction& sigchld, const sigset_t& mask) {
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));  // NOLINT: execvp's signature
  words.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return Failure::last();
  if (pid == 0) become(words, gate, tracer, sigchld, mask);
  return pid;
}

UserError exec_error(const std::string& program, Errno error) {
  const std::string shown = text::shell_word(program, 256);
  const bool has_slash = program.find('/') != std::string::npos;
  struct stat found {};
  const bool in_cwd = ::stat(program.c_str(), &found) == 0;
  const std::string message = error.value == ENOENT && !has_slash
                                  ? fmt::format("cannot find {} in PATH", shown)
                                  : fmt::format("cannot run {}: {}", shown, text::errno_text(error));
  std::string hint;
  if (error.value == ENOENT && in_cwd && has_slash) {
    hint = "it exists, but the interpreter or loader that it names does not";
  } else if (error.value == ENOENT && in_cwd) {
    hint = fmt::format("there is one in this directory: say ./{}", shown);
  } else if (error.value == ENOENT && program.find_first_of(" |<>;&$*") != std::string::npos) {
    hint = fmt::format("to run a shell command, say: kintrace sh -c {}", text::shell_word(program, 1024));
  } else if (error.value == EACCES && in_cwd && S_ISDIR(found.st_mode)) {
    hint = "it is a directory";
  } else if (error.value == EACCES && in_cwd && (found.st_mode & 0111U) == 0) {
    hint = fmt::format("it is not executable: chmod +x {}", shown);
  }
  return UserError{message, hint, status_of(error)};
}

void end_as(const Ending& ending) {
  if (!ending.signal) ::_exit(ending.code.value_or(125));
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(ending.signal->value, SIG_DFL);
  // Not by glibc's functions: they leave out 32 and 33, which it keeps to itself.
  static constexpr std::uint64_t none = 0;
  ::syscall(SYS_kill, ::getpid(), ending.signal->value);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  ::_exit(128 + ending.signal->value);  // a signal that does not kill by default cannot have ended the program; be safe
}

}  // namespace kintrace::os
