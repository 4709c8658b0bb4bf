// SPDX-License-Identifier: MIT
#include "syscalls/watch.hpp"

#include <sys/syscall.h>

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

}  // namespace

bool observed(const Row& row, const Choice& choice) {
  if (row.observed == Observed::asked && !choice.detail && !choice.calls.contains(row.name)) return false;
  return row.cls == Class::lifecycle || choice.asks_for(class_name(row.cls), row.name);
}

std::vector<Watched> watched(const Choice& choice, Repairs repairs) {
  std::vector<Watched> calls{std::begin(always), std::end(always)};
  for (const auto family : families()) {
    for (const Row& row : family) {
      if (observed(row, choice)) calls.push_back({row.nr, row.name, row.exit, row.only});
    }
  }
  if (repairs == Repairs::yes) {
    const auto disturbed = disturbed_calls();
    calls.insert(calls.end(), disturbed.begin(), disturbed.end());
  }
  return calls;
}

}  // namespace kintrace::syscalls
