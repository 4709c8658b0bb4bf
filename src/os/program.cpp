// SPDX-License-Identifier: MIT
#include "os/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <tuple>

#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::os {
namespace {

constexpr int failed_status = 125;  // kintrace's own failure, not the program's

int status_of(Errno error) { return error.value == ENOENT ? 127 : 126; }

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words)
    pointers.push_back(const_cast<char*>(word.c_str()));  // NOLINT: exec's signature
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) all.emplace_back(*one);
  for (const std::string& change : changes) {
    const std::string name = change.substr(0, change.find('='));
    const auto same = [&](const std::string& one) { return one.substr(0, one.find('=')) == name; };
    const auto at = std::find_if(all.begin(), all.end(), same);
    const bool sets = name.size() != change.size();
    if (sets && at != all.end()) {
      *at = change;
    } else if (sets) {
      all.push_back(change);
    } else {
      all.erase(std::remove_if(all.begin(), all.end(), same), all.end());
    }
  }
  return all;
}

// Groups first: afterwards we may not.
bool become_user(const User& user) {
  return ::setgroups(user.groups.size(), user.groups.data()) == 0 && ::setresgid(user.gid, user.gid, user.gid) == 0 &&
         ::setresuid(user.uid, user.uid, user.uid) == 0;
}

// Whether the tracer could hear it. It may have ended: that is no reason to die of SIGPIPE.
bool say(const Fd& gate, int number) {
  return ::send(gate.get(), &number, sizeof number, MSG_NOSIGNAL) == sizeof number;
}

bool readable_script(const std::string& path) {
  const auto fd = os::open(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return false;
  const auto start = read_all(fd->get(), 2);
  return start && *start == "#!";
}

std::string hint_not_found(const std::string& program, const std::string& shown, const struct stat* found) {
  const bool has_slash = program.find('/') != std::string::npos;
  if (found != nullptr && has_slash) return "it exists, but the interpreter or loader that it names does not";
  if (found != nullptr && S_ISDIR(found->st_mode)) return "there is a directory of that name here";
  if (found != nullptr) return fmt::format("there is one in this directory: say ./{}", shown);
  if (program.find_first_of(" |<>;&$*") != std::string::npos)
    return fmt::format("to run a shell command, say: kintrace sh -c {}", text::shell_word(program, 1024));
  return {};
}

std::string hint_refused(const Program& program, const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  const std::string shown = text::shell_word(path, 256);
  if (S_ISDIR(found.st_mode)) return "it is a directory";
  if (!S_ISREG(found.st_mode)) return "it is not a file that can be run";
  if ((found.st_mode & 0111U) == 0 && readable_script(path))
    return fmt::format("it is a script that is not executable: chmod +x {}, or name its interpreter", shown);
  if ((found.st_mode & 0111U) == 0) return fmt::format("it is not executable: chmod +x {}", shown);
  struct statvfs system {};
  if (::statvfs(path.c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0)
    return "its file system is mounted noexec: copy it elsewhere";
  if (program.user) return fmt::format("may {} run it, and enter its directory?", text::shell_word(program.user->name));
  return {};
}

UserError exec_error(const Program& program, Errno error) {
  const std::string& name = program.argv.at(0);
  const std::string shown = text::shell_word(name, 256);
  const bool in_path = name.find('/') == std::string::npos;
  const std::string message = error.value == ENOENT && in_path
                                  ? fmt::format("cannot find {} in PATH", shown)
                                  : fmt::format("cannot run {}: {}", shown, text::errno_text(error));
  std::string hint;
  if (error.value == ENOENT) {
    struct stat found {};
    hint = hint_not_found(name, shown, ::stat(name.c_str(), &found) == 0 ? &found : nullptr);
  } else if (error.value == EACCES) {
    hint = hint_refused(program, find_program(name).value_or(name));
  }
  return UserError{message, hint, status_of(error)};
}

}  // namespace

User user_named(const std::string& name) {
  if (::geteuid() != 0) throw UserError("-u needs root: only root may run a program as another user", "use sudo or su");
  errno = 0;
  const passwd* entry = ::getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe): before any thread
  if (entry == nullptr) throw UserError(fmt::format("-u: there is no user {}", text::shell_word(name, 64)));
  User user{name, entry->pw_uid, entry->pw_gid, {}};
  int count = 0;
  ::getgrouplist(name.c_str(), user.gid, nullptr, &count);  // fails, and says how many there are
  user.groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  if (::getgrouplist(name.c_str(), user.gid, user.groups.data(), &count) < 0) user.groups = {user.gid};
  return user;
}

void become_program(const Program& program, const Fd& gate, pid_t tracer, const Inherited& inherited) {
  const auto environment = environment_with(program.environment);
  const auto argv = pointers_to(program.argv), envp = pointers_to(environment);
  ::prctl(PR_SET_PTRACER, tracer, 0, 0, 0);  // fails where there is no Yama: then nothing needs to be allowed
  const pid_t self = ::getpid();
  char go = 0;
  if (!say(gate, self) || ::read(gate.get(), &go, 1) != 1) ::_exit(failed_status);
  ::prctl(PR_SET_PTRACER, 0, 0, 0, 0);
  ::sigaction(SIGCHLD, &inherited.sigchld, nullptr);
  ::sigprocmask(SIG_SETMASK, &inherited.mask, nullptr);
  // As long as we may: another user has to give up new privileges for it.
  if (program.filter) std::ignore = program.filter->install();
  if (program.user && !become_user(*program.user)) {
    say(gate, -errno);
    ::_exit(failed_status);
  }
  // The PATH that it searches is ours, whatever the program is given, as it is with strace.
  ::execvpe(argv[0], argv.data(), envp.data());
  const int error = errno;
  say(gate, error);
  ::_exit(status_of(Errno{error}));
}

Result<pid_t> fork_program(const Program& program, const Fd& gate, pid_t tracer, const Inherited& inherited) {
  const pid_t pid = ::fork();
  if (pid < 0) return Failure::last();
  if (pid == 0) become_program(program, gate, tracer, inherited);
  return pid;
}

std::optional<std::string> find_program(const std::string& name) {
  struct stat found {};
  const auto is_file = [&](const std::string& path) {
    return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode);
  };
  if (name.find('/') != std::string::npos) return is_file(name) ? std::optional{name} : std::nullopt;
  const char* variable = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): before any thread
  std::string_view path = variable != nullptr ? variable : "/bin:/usr/bin";
  std::optional<std::string> not_executable;
  while (true) {
    const std::string_view directory = path.substr(0, path.find(':'));
    const std::string full = directory.empty() ? name : fmt::format("{}/{}", directory, name);
    if (is_file(full)) {
      if (::access(full.c_str(), X_OK) == 0) return full;
      if (!not_executable) not_executable = full;
    }
    if (directory.size() == path.size()) return not_executable;
    path.remove_prefix(directory.size() + 1);
  }
}

UserError start_error(const Program& program, int error) {
  if (error >= 0 || !program.user) return exec_error(program, Errno{error});
  return UserError(fmt::format("cannot become the user {}: {}", text::shell_word(program.user->name, 64),
                               text::errno_text(Errno{-error})),
                   "-u needs root with CAP_SETUID and CAP_SETGID");
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
