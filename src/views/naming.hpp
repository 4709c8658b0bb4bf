// SPDX-License-Identifier: MIT
// What tasks are called: by number, or, where chance must not show (--stable), by descent: p1, p1.2 its second child,
// p1/t2 its second thread.
#pragma once

#include <string>

#include "kintrace/world.hpp"

namespace kintrace::views {

class Naming {
 public:
  explicit Naming(bool stable) : stable_(stable) {}
  bool stable() const { return stable_; }
  std::string process(const Process& process, const World& world) const;
  // Whoever created it, which may be forgotten.
  std::string creator(const Process& process) const;
  // 4101 for a leader, 4101/4105 for another thread.
  std::string task(const Task& task, const World& world) const;
  std::string task(const Who& who) const;
  // The same where its group is known from the line it stands on: 4105, t2.
  std::string thread(const Task& task) const;
  // A process by its pid, which need not be one of the run's: "an outsider" then, where the number would be chance.
  std::string process(Tgid pid, const World& world) const;
  // The same with its name at present: "4102 sleep". Only its number where the name may be chance.
  std::string named(Tgid pid, const World& world) const;
  // The same for one that is given children: "init", "subreaper 4100 x".
  std::string adopter(Tgid pid, const World& world) const;
  // pipe#1; by its maker, or what it is found by, where the number would be chance: p1.pipe#1, fifo /tmp/f, sysv_sem
  // 0x4b1d.
  std::string object(ObjectId id, const World& world) const;

 private:
  std::string name(Tgid pid, const Descent& descent) const;
  std::string place(const Object& object, const World& world) const;
  bool stable_;
};

// Whether an object of this kind is found by its path.
bool is_found_by_path(ObjectKind kind);
// The path, or what the program gave instead: of a named semaphore its name (sem_overview(7)), of a memfd memfd:NAME.
Bytes path_of(const Object& object);

}  // namespace kintrace::views
