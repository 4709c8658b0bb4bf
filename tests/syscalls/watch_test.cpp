// SPDX-License-Identifier: MIT
// Which calls the filter is made from, for which choice of the user's.
#include "syscalls/watch.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "os/syscall_names.hpp"
#include "support/catch.hpp"
#include "syscalls/registry.hpp"

using namespace kintrace;
using namespace kintrace::syscalls;
using CallNames = std::set<std::string>;

namespace {

Choice choice(const Choice::Words& classes, const Choice::Words& calls = {}) {
  Choice made;
  made.classes = classes;
  made.calls = calls;
  return made;
}

CallNames names(const Choice& asked, Repairs repairs = Repairs::no) {
  CallNames found;
  for (const Watched& call : watched(asked, repairs)) found.insert(std::string{call.name});
  return found;
}

CallNames beyond(const CallNames& more, const CallNames& less) {
  CallNames found;
  std::set_difference(more.begin(), more.end(), less.begin(), less.end(), std::inserter(found, found.end()));
  return found;
}

// What nothing can be understood without.
const CallNames births_execs_and_waits{"clone", "clone3", "execve", "execveat", "wait4", "waitid"};

}  // namespace

TEST_CASE("watch: births, execs and waits whatever is asked for") {
  Choice less;
  less.without = {"kill"};
  Choice detailed;
  detailed.detail = true;
  for (const Choice& asked : {Choice{}, choice({}), choice({"lifecycle"}), choice({"signal"}), detailed, less}) {
    CHECK(beyond(births_execs_and_waits, names(asked)).empty());
    // Frequent, and asked for nowhere but by -v: its effect is read when a signal comes.
    CHECK(names(asked).contains("rt_sigaction") == asked.detail);
    CHECK(names(asked).contains("restart_syscall"));
    // An end has an event of its own.
    CHECK_FALSE(names(asked).contains("exit_group"));
  }
}

TEST_CASE("watch: signals when they are asked for") {
  const CallNames lifecycle = names(choice({"lifecycle"})), both = names(Choice{});
  for (const char* call : {"kill", "tgkill", "rt_sigqueueinfo", "alarm", "setitimer"}) {
    INFO(call);
    CHECK(both.contains(call));
    CHECK_FALSE(lifecycle.contains(call));
  }
  CHECK(names(choice({"lifecycle"}, {"kill"})).contains("kill"));
  CHECK_FALSE(names(choice({"lifecycle"}, {"kill"})).contains("tgkill"));
  Choice without;
  without.without = {"kill"};
  CHECK_FALSE(names(without).contains("kill"));
  CHECK(names(without).contains("tgkill"));
}

TEST_CASE("watch: futexes of one process alone only for who asks for them") {
  const auto conditions = [](const Choice& asked) {
    for (const Watched& call : watched(asked, Repairs::no)) {
      if (call.name == "futex") return std::optional{call.only.size()};
    }
    return std::optional<std::size_t>{};
  };
  CHECK(conditions(Choice{}) == 1);
  CHECK(conditions(choice({"sem"})) == 1);
  CHECK(conditions(choice({"futex"})) == 0);
  CHECK_FALSE(conditions(choice({"pipe"})));
}

TEST_CASE("watch: what is mostly noise only when it is asked for") {
  Choice detailed;
  detailed.detail = true;
  const CallNames standard = names(Choice{}), all = names(detailed);
  CHECK(beyond(standard, all).empty());
  CallNames rows;
  for (const auto family : families()) {
    for (const Row& row : family) {
      rows.insert(std::string{row.name});
      if (row.observed == Observed::standard || row.name == "rt_sigaction") continue;
      INFO(row.name);
      CHECK_FALSE(standard.contains(std::string{row.name}));
      CHECK(all.contains(std::string{row.name}));
      CHECK(names(choice({"lifecycle", "signal"}, {std::string{row.name}})).contains(std::string{row.name}));
    }
  }
  CHECK(beyond(rows, all).empty());
}

TEST_CASE("watch: what tracing would make fail, unless it is not to be repaired") {
  CallNames repaired = beyond(names(Choice{}, Repairs::yes), names(Choice{}, Repairs::no));
  // The others are observed already.
  CHECK(repaired == CallNames{"io_getevents", "io_pgetevents", "io_uring_enter", "setsockopt"});
  const Choice less = choice({"lifecycle"});
  repaired = beyond(names(less, Repairs::yes), names(less, Repairs::no));
  repaired.erase("epoll_wait");  // arm64 has none
  CHECK(repaired == CallNames{"epoll_pwait", "epoll_pwait2", "semop", "semtimedop", "rt_sigtimedwait", "io_getevents",
                              "io_pgetevents", "io_uring_enter", "setsockopt"});
}

TEST_CASE("watch: a name and its number are those of one call") {
  Choice detailed;
  detailed.detail = true;
  for (const Watched& call : watched(detailed, Repairs::yes)) {
    INFO(call.name);
    const auto nr = os::syscall_number(call.name);
    CHECK(nr == (call.nr < 0 ? std::nullopt : std::optional<std::int64_t>{call.nr}));
    for (const Only& only : call.only) CHECK(only.arg < 6);
  }
}

TEST_CASE("watch: the filter of everything is one that the kernel takes") {
  Choice detailed;
  detailed.detail = true;
  std::vector<os::FilteredCall> calls;
  for (const Watched& call : watched(detailed, Repairs::yes)) calls.push_back({call.name, call.only});
  const std::size_t size = os::SeccompFilter::of(calls).program().size();
  CHECK(size > calls.size());
  CHECK(size < 1000);  // at most 4096 (BPF_MAXINSNS)
}
