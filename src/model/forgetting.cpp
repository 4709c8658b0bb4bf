// SPDX-License-Identifier: MIT
// Whom the world forgets, and when: a thread some time after its end, a process some time after it has been reaped or
// nobody who is followed is left to reap it. A process's first task stays as long as the process.
#include <algorithm>
#include <numeric>
#include <variant>

#include "kintrace/world.hpp"

namespace kintrace {
namespace {

std::size_t words_of(const Process& process) {
  return std::accumulate(process.argv.begin(), process.argv.end(), process.path.size(),
                         [](std::size_t sum, const Bytes& word) { return sum + sizeof(Bytes) + word.size(); });
}

}  // namespace

// Whether its reaping would be told.
bool World::awaited(const Process& dead) const {
  if (dead.reaped || !dead.guardian) return false;
  const Process* const parent = find(*dead.guardian);
  return parent != nullptr && !parent->exit && !parent->untraced && parent->detached.empty();
}

void World::consider(Process& process) {
  if (process.exit && !process.buried && !process.bereaved && !awaited(process)) bury(process);
}

void World::bury(Process& process) {
  process.buried = true;
  graves_.push_back({process.index, words_of(process)});
  buried_words_ += graves_.back().words;
}

// Reparenting is told at once, child by child. What is not told by then is not known, or was given to nobody followed.
void World::bury_orphaned_zombies(const Event& event) {
  if (bereaved_.empty() || std::holds_alternative<Reparented>(event.fact) || std::holds_alternative<Reaped>(event.fact))
    return;
  for (const ProcessIndex index : bereaved_) {
    Process* const parent = processes_.find(index);
    if (parent == nullptr) continue;
    for (const ProcessIndex zombie : parent->zombies) consider(*processes_.find(zombie));
    parent->bereaved = false;
    consider(*parent);
  }
  bereaved_.clear();
}

void World::choose_leaving() {
  while (graves_.size() > most_dead || buried_words_ > most_dead_words) {
    const Grave grave = graves_.front();
    graves_.pop_front();
    buried_words_ -= grave.words;
    Process* const process = processes_.find(grave.process);
    if (process == nullptr || !process->buried || process->leaving) continue;  // another has reaped it since
    process->leaving = true;
    leaving_.push_back(process->index);
  }
  while (dead_threads_.size() > most_dead) {
    Task* const task = tasks_.find(dead_threads_.front());
    dead_threads_.pop_front();
    if (task == nullptr || processes_.find(task->process)->leaving) continue;
    task->leaving = true;
    leaving_threads_.push_back(task->index);
  }
}

void World::forget_leaving() {
  for (const TaskIndex thread : leaving_threads_) {
    Task& task = *tasks_.find(thread);
    processes_.find(task.process)->tasks.erase(thread);
    forget(task);
  }
  for (const ProcessIndex process : leaving_) forget(*processes_.find(process));
  leaving_threads_.clear();
  leaving_.clear();
}

void World::forget(Task& task) {
  const auto named = by_tid_.find(task.tid);  // the number may be another's by now
  if (named != by_tid_.end() && named->second == task.index) by_tid_.erase(named);
  tasks_.erase(task.index);
}

void World::forget(Process& process) {
  for (const TaskIndex task : process.tasks) forget(*tasks_.find(task));
  const auto named = by_pid_.find(process.pid);
  if (named != by_pid_.end() && named->second == process.index) by_pid_.erase(named);
  for (const auto* children : {&process.offspring, &process.zombies}) {
    for (const ProcessIndex child : *children) processes_.find(child)->guardian.reset();
  }
  if (process.guardian) {
    Process& guardian = *processes_.find(*process.guardian);
    guardian.offspring.erase(process.index);
    guardian.zombies.erase(process.index);
  }
  process.memory->users.erase(process.index);
  processes_.erase(process.index);
}

}  // namespace kintrace
