// SPDX-License-Identifier: MIT
// Compares the model with /proc at moments when a task is stopped: is what kintrace tells what the kernel says?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kintrace/world.hpp"
#include "os/procfs.hpp"
#include "sources/engine.hpp"

namespace kintrace::cli {

class SelfCheck {
 public:
  explicit SelfCheck(const World& world) : world_(world) {}
  void compare(sources::Moment moment, Tid tid);
  // "1,204 comparisons, 0 differences", and each difference on a line of its own (the first twenty).
  std::string summary() const;
  std::uint64_t differences() const { return differences_; }

 private:
  void compare_task(const Task& task);
  void compare_exec(const Task& task);
  void compare_exit(const Task& task);
  void same(bool equal, const Task& task, const std::string& what);

  const World& world_;
  os::Procfs proc_;
  std::uint64_t comparisons_ = 0;
  std::uint64_t differences_ = 0;
  std::vector<std::string> told_;
};

}  // namespace kintrace::cli
