// SPDX-License-Identifier: MIT
// proc(5), as text: parsing only, no opinion. Its root is a parameter, so that a test can be a directory of files. Any
// read may fail at any time: the task is gone, or its files are denied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kintrace/error.hpp"
#include "os/fd.hpp"

namespace kintrace::os {

// The lines of /proc/TID/status that we use. A line that is not there stays empty (a zombie has no Vm lines).
struct TaskStatus {
  std::string name;  // unescaped; at most 15 bytes
  char state = '?';
  Tgid tgid;
  Tgid ppid;  // 0 for a task whose parent is in an outer pid namespace
  std::optional<std::int64_t> threads;
  std::uint64_t pending = 0;                      // for this task alone (SigPnd): bit 0 is signal 1
  std::uint64_t shared_pending = 0, blocked = 0;  // for its process (ShdPnd); SigBlk
  std::uint64_t ignored = 0, caught = 0;          // SigIgn, SigCgt
  std::optional<Tgid> ns_pid;                     // in its own pid namespace, if it is in one below that of this /proc
};

class Procfs {
 public:
  explicit Procfs(std::string root = "/proc") : root_(std::move(root)) {}
  Result<TaskStatus> status(Tid tid) const;
  // Of its process, the standard signals that are ignored and caught, as TaskStatus has them, at a fraction of its
  // cost; the more so if the same task is asked about again.
  struct Dispositions {
    std::uint64_t ignored = 0, caught = 0;
  };
  Result<Dispositions> dispositions(Tid tid) const;
  // The peak resident set of its present program, in bytes (VmHWM of status); nothing of a zombie.
  std::optional<std::int64_t> peak_memory(Tid tid) const;
  // The signal that its end sends to its parent; Signal{0} for none, nothing where that cannot be read.
  std::optional<Signal> exit_signal(Tid tid) const;
  Result<std::string> comm(Tid tid) const;
  Result<std::vector<std::string>> cmdline(Tid tid) const;
  Result<std::string> exe(Tid tid) const;
  // The mode and owner of the program's file: a link that may have been removed.
  struct FileOwner {
    std::uint32_t mode = 0, uid = 0, gid = 0;
  };
  Result<FileOwner> exe_owner(Tid tid) const;
  Result<std::string> cwd(Tid tid) const;
  // Where its next read of a file begins: bytes.
  std::optional<std::int64_t> position(Tid tid, int number) const;
  // What its descriptor refers to: a path, or as pipe:[1234].
  Result<std::string> fd(Tid tid, int number) const;
  // The process that its pidfd refers to: nothing if it is no pidfd, or the process is gone.
  std::optional<Tgid> pidfd(Tid tid, int number) const;
  // The number of the pty whose master it is, as in /dev/pts/4.
  std::optional<unsigned> pty(Tid tid, int number) const;
  // The number of the call that it is blocked in; nothing if it is in none, or that is denied.
  std::optional<std::uint64_t> blocked_in(Tid tid) const;
  // A one-line file below the root, without its newline: sys/kernel/pid_max.
  Result<std::string> line(const std::string& path) const;

 private:
  std::string of(Tid tid, std::string_view file) const;
  Result<std::string> link(const std::string& path) const;
  Result<std::string> contents(const std::string& path) const;
  Result<std::string> stat_of(Tid tid) const;

  struct Asked {
    Tid tid;
    Fd stat;
  };
  std::string root_;
  mutable Asked asked_;  // last
};

}  // namespace kintrace::os
