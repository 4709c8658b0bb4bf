// SPDX-License-Identifier: MIT
#include "views/exit_words.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <csignal>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/names.hpp"
#include "text/units.hpp"
#include "views/ipc_words.hpp"
#include "views/sync_words.hpp"

namespace kintrace::views {
namespace {

constexpr std::size_t most_named = 3;

// "child 4103", "children 4103, 4104", "12 children".
std::string listed(const std::set<ProcessIndex>& those, std::string_view one, std::string_view many, const World& world,
                   const Naming& naming) {
  if (those.size() > most_named) return text::counted(those.size(), one, many);
  std::vector<std::string> names;
  names.reserve(those.size());
  for (const ProcessIndex each : those) names.push_back(naming.process(world[each], world));
  return fmt::format("{} {}", those.size() == 1 ? one : many, fmt::join(names, ", "));
}

std::string memory_words(const Process& process, const World& world, const Naming& naming) {
  const auto& others = process.memory->users;
  if (others.empty()) return "memory released";
  const Task& first = world[*process.tasks.begin()];
  if (first.how == BirthHow::vfork && process.execs == 0 && others.size() == 1)
    return fmt::format("memory given back to {}", naming.process(world[*others.begin()], world));
  if (others.size() > most_named) return fmt::format("memory still shared with {} others", others.size());
  std::vector<std::string> names;
  names.reserve(others.size());
  for (const ProcessIndex other : others) names.push_back(naming.process(world[other], world));
  return fmt::format("memory still shared with {}", fmt::join(names, ", "));
}

// Nothing where the parent is not one of the run: kintrace itself, or whoever started what it joined.
std::string signal_words(const Process& process, const World& world, const Naming& naming) {
  const bool outside = world.find(process.parent) == nullptr;
  if (outside && (process.adopters.empty() || process.tasks.empty())) return {};
  std::optional<Signal> signal = process.exit_signal;
  if (!signal && world[*process.tasks.begin()].how != BirthHow::clone) signal = Signal{SIGCHLD};
  if (!signal) return "no signal: its clone asked for none";
  return fmt::format(FMT_COMPILE("{} → {}"), text::signal_name(*signal),
                     process.parent == Tgid{1} ? "init" : naming.process(process.parent, world));
}

Sentence process_words(const Exited& fact, const Process& process, const World& world, const Manner& manner) {
  const Tone tone = fact.signal ? Tone::bad : fact.code.value_or(0) != 0 ? Tone::notable : Tone::plain;
  std::string out = ending_words(fact.code, fact.signal, fact.core);
  if (fact.by == EndedBy::namespace_init) out += ", as the init of its pid namespace ended";
  // Who else lives at that moment is chance.
  if (manner.naming.stable() || process.tasks.empty()) return {std::move(out), tone};
  const auto add = [&out](std::string_view step) {
    out += "; ";
    out += step;
  };
  add(memory_words(process, world, manner.naming));
  if (const auto detached = detached_words(process, world, manner); !detached.empty()) add(detached);
  std::size_t ends = 0;
  for (const FdClosed& closed : World::closed_by_end(process)) {
    const auto last = words_of_last(closed, world, manner);
    if (!last.empty() && (++ends <= most_named || manner.verbose)) add(last);
  }
  if (ends > most_named && !manner.verbose) add(text::counted(ends - most_named, "more such end", "more such ends"));
  const std::string heir = fact.children_to ? " → " + manner.naming.adopter(*fact.children_to, world) : "";
  if (const auto& living = process.offspring; !living.empty())
    add((heir.empty() ? "leaves " : "") + listed(living, "child", "children", world, manner.naming) + heir);
  if (const auto& dead = process.zombies; !dead.empty())
    add(listed(dead, "zombie", "zombies", world, manner.naming) + (heir.empty() ? " never reaped" : heir));
  if (const auto signal = signal_words(process, world, manner.naming); !signal.empty()) add(signal);
  return {std::move(out), tone};
}

}  // namespace

Sentence words_of(const Exited& fact, const Event& event, const World& world, const Manner& manner) {
  if (fact.by == EndedBy::superseded) return {"ended: another thread's exec has taken its place", Tone::quiet};
  if (fact.by == EndedBy::exec) return {"ended by another thread's exec", Tone::quiet};
  const Process* process = world.find(event.pid);
  if (fact.group && process != nullptr) return process_words(fact, *process, world, manner);
  if (fact.by == EndedBy::exit_group) return {"thread ended, with its process", Tone::quiet};
  const bool plain = !fact.signal && fact.code.value_or(0) == 0;
  const std::string how = plain ? "" : ": " + ending_words(fact.code, fact.signal, false);
  if (process == nullptr || event.tid != leader_of(event.pid) || process->live_tasks == 0)
    return {"thread ended" + how, Tone::quiet};
  const std::string others = manner.naming.stable()     ? "others live on"
                             : process->live_tasks == 1 ? "another lives on"
                                                        : fmt::format("{} threads live on", process->live_tasks);
  return {fmt::format("the first thread has ended{}; {}", how, others)};
}

}  // namespace kintrace::views
