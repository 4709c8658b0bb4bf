// SPDX-License-Identifier: MIT
#include "cli/self_check.hpp"

#include <fmt/format.h>
#include <linux/sched.h>

#include <algorithm>

#include "os/ptrace.hpp"
#include "text/escape.hpp"
#include "text/units.hpp"

namespace kintrace::cli {
namespace {

constexpr std::size_t most_told = 20;

// The kernel runs a script as its interpreter, whose words come before the script's own (execve(2), "Interpreter
// scripts").
bool ends_with_arguments(const std::vector<std::string>& cmdline, const std::vector<Bytes>& argv) {
  if (argv.size() <= 1) return true;
  const std::size_t arguments = argv.size() - 1;
  return cmdline.size() > arguments &&
         std::equal(argv.begin() + 1, argv.end(), cmdline.end() - static_cast<std::ptrdiff_t>(arguments));
}

}  // namespace

void SelfCheck::compare(sources::Moment moment, Tid tid) {
  if (moment == sources::Moment::periodic) {
    for (const Task& task : world_.tasks()) {
      if (!task.exit) compare_task(task);
    }
    return;
  }
  const Task* task = world_.find(tid);
  if (task == nullptr) {
    ++comparisons_;
    ++differences_;
    told_.push_back(fmt::format("task {} is not known", tid.value));
    return;
  }
  compare_task(*task);
  if (moment == sources::Moment::exec) compare_exec(*task);
  if (moment == sources::Moment::exit) compare_exit(*task);
}

// What holds at any time: the tracer collects each task itself, so that none can be gone which the model has alive.
void SelfCheck::compare_task(const Task& task) {
  const Process& process = world_[task.process];
  const auto status = proc_.status(task.tid);
  same(status.has_value(), task, "is alive in the model and not in /proc");
  if (!status) return;
  same(status->tgid == process.pid, task,
       fmt::format("is in group {} for the model, {} in /proc", process.pid.value, status->tgid.value));
  // Between a parent's end and our hearing of it, /proc is ahead of us.
  const auto parent = proc_.status(leader_of(process.parent));
  const bool parent_ends = !parent || parent->state == 'Z' || parent->state == 'X';
  same(status->ppid == process.parent || parent_ends, task,
       fmt::format("has parent {} in the model, {} in /proc", process.parent.value, status->ppid.value));
}

void SelfCheck::compare_exec(const Task& task) {
  const Process& process = world_[task.process];
  if (const auto status = proc_.status(task.tid)) {
    same(status->threads == std::int64_t{process.live_tasks}, task,
         fmt::format("has {} tasks in the model, {} in /proc", process.live_tasks, status->threads.value_or(-1)));
    same(status->name == process.comm, task,
         fmt::format("is called {} in the model, {} in /proc", text::shell_word(process.comm),
                     text::shell_word(status->name)));
  }
  if (process.sid) {
    same(os::session(process.pid) == process.sid, task,
         fmt::format("is in session {} in the model", process.sid->value));
  }
  same(process.memory->users.size() <= 1, task, "shares its memory after an exec in the model");
  if (const auto cmdline = proc_.cmdline(task.tid)) {
    same(ends_with_arguments(*cmdline, process.argv), task, "has other arguments in the model than in /proc");
  }
}

// Not for a process of which kcmp(2) may not tell.
void SelfCheck::compare_exit(const Task& task) {
  const Process& process = world_[task.process];
  for (const ProcessIndex other : process.memory->users) {
    if (other == process.index) continue;
    const Process& user = world_[other];
    const std::uint64_t shared = os::shared_resources(task.tid, leader_of(user.pid));
    if (shared == 0) continue;
    same((shared & CLONE_VM) != 0, task, fmt::format("shares its memory with {} in the model only", user.pid.value));
  }
}

void SelfCheck::same(bool equal, const Task& task, const std::string& what) {
  ++comparisons_;
  if (equal) return;
  ++differences_;
  if (told_.size() < most_told) told_.push_back(fmt::format("task {} {}", task.tid.value, what));
}

std::string SelfCheck::summary() const {
  std::string out =
      fmt::format("self-check: {} comparisons, {} differences", text::count(comparisons_), text::count(differences_));
  for (const std::string& difference : told_) out += "\n  " + difference;
  return out;
}

}  // namespace kintrace::cli
