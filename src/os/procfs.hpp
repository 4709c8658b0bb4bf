// SPDX-License-Identifier: MIT
// proc(5), as text: parsing only, no opinion. Its root is a parameter, so that a test can be a directory of files. Any
// read may fail at any time: the task is gone, or its files are denied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kintrace/error.hpp"

namespace kintrace::os {

// The lines of /proc/TID/status that we use. A line that is not there stays empty (a zombie has no Vm lines).
struct TaskStatus {
  std::string name;  // unescaped; at most 15 bytes
  char state = '?';
  Tgid tgid;
  Tgid ppid;  // 0 for a task whose parent is in an outer pid namespace
  std::optional<std::int64_t> threads;
  std::optional<std::int64_t> vm_hwm;  // bytes: the peak resident set of the present program
};

class Procfs {
 public:
  explicit Procfs(std::string root = "/proc") : root_(std::move(root)) {}
  Result<TaskStatus> status(Tid tid) const;
  Result<std::string> comm(Tid tid) const;
  Result<std::vector<std::string>> cmdline(Tid tid) const;
  Result<std::string> exe(Tid tid) const;
  // A one-line file below the root, without its newline: sys/kernel/pid_max.
  Result<std::string> line(const std::string& path) const;

 private:
  std::string of(Tid tid, const char* file) const;
  Result<std::string> contents(const std::string& path) const;
  std::string root_;
};

}  // namespace kintrace::os
