// SPDX-License-Identifier: MIT
// The dead whom their parent has not collected: who reaps them, with which call, or whether the kernel did because the
// parent ignores SIGCHLD. Pure bookkeeping, without ptrace: the engine says what it saw.
#pragma once

#include <cstddef>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kintrace/event.hpp"
#include "sources/tracee.hpp"

namespace kintrace::sources {

struct Dead {
  Tgid pid;
  Tgid parent;
  Ending ending;
  Nanoseconds died = 0;
  std::optional<Tgid> ns_pid;  // in its own pid namespace, if that is not kintrace's
  std::optional<Usage> usage;  // its own, and of the children that it waited for; nothing: its last moment was missed
  bool vanished = false;       // it left no zombie, and it is not known yet why
};

class Graves {
 public:
  // A process ended whose parent is traced.
  void add(const Dead& dead);
  // A wait of `parent` named this child. Nothing if it is not dead (a wait may also report a stop).
  std::optional<Dead> collected(Tgid parent, Tgid child);
  // A wait of `parent` collected a child but did not name it, or not as we number it: the one that is gone now.
  // `is_it` is asked of each of its dead.
  template <class IsIt>
  std::optional<Dead> collected_by(Tgid parent, IsIt&& is_it) {
    for (const auto& [pid, dead] : dead_) {
      if (dead.parent == parent && is_it(dead)) return take(pid);
    }
    return {};
  }
  // Which of the dead of `parent` has this number in its own pid namespace.
  std::optional<Tgid> seen_from(Tgid parent, Tgid number) const;
  bool any_vanished() const { return !vanished_.empty(); }
  // No wait of `parent` is under way: what vanished before now was reaped by the kernel.
  std::vector<Dead> reaped_by_kernel(Tgid parent);
  // The dead has a new parent, which is traced too.
  void move(Tgid pid, Tgid parent);
  void forget(Tgid pid) { std::ignore = take(pid); }

 private:
  std::optional<Dead> take(Tgid pid);
  std::unordered_map<Tgid, Dead> dead_;
  std::unordered_set<Tgid> vanished_;  // of them
};

}  // namespace kintrace::sources
