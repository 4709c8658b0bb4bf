// SPDX-License-Identifier: MIT
#include "syscalls/watch.hpp"

#include <sys/syscall.h>

#include <algorithm>

#include "syscalls/registry.hpp"
#include "syscalls/repair.hpp"

namespace kintrace::syscalls {
namespace {

constexpr Watched always[] = {
    // The rest of a call that a signal interrupted: it continues one that is watched, or does not matter.
    {SYS_restart_syscall, "restart_syscall", Exit::never},
    // The old forms of i386: not decoded, but whoever calls them is known to be of that kind.
    {-1, "waitpid", Exit::never},
    {-1, "signal", Exit::never},
    {-1, "sigaction", Exit::never},
};

// Where descriptors come from and go to: without these calls nothing could be said of the others.
bool leads_to_descriptors(const Row& row) {
  switch (row.cls) {
    case Class::socket:
    case Class::pipe:
    case Class::opening:
    case Class::stream: return row.exit != Exit::on_object;
    default: return false;
  }
}

}  // namespace

bool observed(const Row& row, const Choice& choice) {
  if (row.observed == Observed::asked && !choice.detail && !choice.calls.contains(row.name)) return false;
  if (row.cls == Class::lifecycle) return true;
  const auto names = class_names(row.cls);
  if (std::any_of(names.begin(), names.end(), [&](auto name) { return choice.asks_for(name, row.name); })) return true;
  return leads_to_descriptors(row) && follows_objects(choice);
}

bool follows_objects(const Choice& choice) {
  const auto wanted = [&](const Row& row) {
    const auto names = class_names(row.cls);
    return has_descriptors(row.cls) &&
           std::any_of(names.begin(), names.end(), [&](auto name) { return choice.asks_for(name, row.name); });
  };
  const auto all = families();
  return std::any_of(all.begin(), all.end(),
                     [&](auto family) { return std::any_of(family.begin(), family.end(), wanted); });
}

std::vector<Watched> watched(const Choice& choice, Repairs repairs) {
  std::vector<Watched> calls{std::begin(always), std::end(always)};
  for (const auto family : families()) {
    for (const Row& row : family) {
      if (!observed(row, choice)) continue;
      const bool all = !row.all_with.empty() && choice.asks_for(row.all_with, row.name);
      calls.push_back({row.nr, row.name, row.exit, all ? std::span<const Only>{} : row.only});
    }
  }
  if (repairs == Repairs::yes) {
    const auto disturbed = disturbed_calls();
    calls.insert(calls.end(), disturbed.begin(), disturbed.end());
  }
  return calls;
}

}  // namespace kintrace::syscalls
