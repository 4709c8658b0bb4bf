// SPDX-License-Identifier: MIT
// The same program under Debian's strace and under kintrace: as many operations of each kind. Programs are fixtures,
// whose number of calls is determined.
#include <functional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "text/names.hpp"

using namespace kintrace;
using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

template <class F>
bool is(const Event& event) {
  return std::holds_alternative<F>(event.fact);
}

template <class F>
bool failed(const Event& event) {
  const auto* fact = std::get_if<F>(&event.fact);
  return fact != nullptr && std::optional<Errno>{fact->err}.has_value();
}

// Of messages through an object of this kind.
template <class F>
bool of(const Event& event, ObjectKind kind) {
  const auto* fact = std::get_if<F>(&event.fact);
  return fact != nullptr && fact->obj.kind == kind;
}

bool locks(const Event& event) {
  const auto* released = std::get_if<LockReleased>(&event.fact);
  return is<LockTaken>(event) || is<LockRefused>(event) ||
         (released != nullptr && released->how == ReleasedHow::unlock);
}

bool waited_by(const Event& event, const string& call) {
  const auto* fact = std::get_if<Waited>(&event.fact);
  return fact != nullptr && fact->syscall == call;
}

bool opened_by(const Event& event, const std::set<string>& calls) {
  const auto* fact = std::get_if<Opened>(&event.fact);
  return fact != nullptr && calls.contains(fact->syscall);
}

// What strace prints of one call of these, begun and ended, or begun alone.
struct Same {
  string fixture;
  string calls;  // a regular expression of what its lines begin with
  std::function<bool(const Event&)> facts;
};

int count_in(const string& log, const string& calls) {
  const std::regex line("^[0-9]+ +(" + calls + ").*");
  int count = 0;
  for (const string& one : lines_of(log)) {
    if (one.find("resumed>") == string::npos && std::regex_match(one, line)) ++count;
  }
  return count;
}

// A call that the kernel repeats after a signal, or one that never waits long enough to be seen asleep, is told by both
// tracers; what a fixture's watcher reads of /proc is not among these calls.
void compare(const Same& same) {
  Scratch scratch;
  Command alone;
  alone.argv = {fixture(same.fixture)};
  alone.directory = scratch.directory();
  Command observed = alone;
  observed.argv = {"strace", "-f", "-q", "-o", scratch.path("strace.log"), fixture(same.fixture)};
  const Outcome by_strace = run(observed);
  const Outcome by_kintrace = run(traced(alone, {"-qq", "-e", "all", "-o", scratch.path("run.jsonl")}));
  REQUIRE(by_strace.status == 0);
  INFO(by_kintrace.told());
  REQUIRE(by_kintrace.status == 0);
  CHECK(by_kintrace.out == by_strace.out);
  const string log = read_file(scratch.path("strace.log"));
  int told = 0;
  for (const Event& event : events_of(scratch.path("run.jsonl"))) told += same.facts(event) ? 1 : 0;
  INFO(same.fixture << ": " << same.calls << "\n" << log << "\n" << read_file(scratch.path("run.jsonl")));
  const int expected = count_in(log, same.calls);
  CHECK(expected > 0);
  CHECK(told == expected);
}

}  // namespace

TEST_CASE("ipc oracle: as many operations as strace sees", "[live]") {
  if (!ptrace_allowed()) return;
  const auto message = [](ObjectKind kind) {
    return [kind](const Event& event) { return of<Sent>(event, kind) || of<Received>(event, kind); };
  };
  const vector<Same> table{
      {"sysv_semaphores", "sem(timed)?op\\(",
       [](const Event& event) {
         const auto* fact = std::get_if<SemChanged>(&event.fact);
         return fact != nullptr && fact->delta && !fact->undone;
       }},
      {"sysv_semaphores", "semget\\(", [](const Event& event) { return opened_by(event, {"semget"}); }},
      {"sem_undo", "sem(timed)?op\\(.*EAGAIN", failed<SemChanged>},
      {"sem_removed_in_use", "semctl\\(.*IPC_RMID", is<ObjectRemoved>},
      {"sysv_queue", "msg(snd|rcv)\\(", message(ObjectKind::sysv_msg)},
      {"posix_queue", "mq_timed(send|receive)\\(", message(ObjectKind::posix_mq)},
      {"posix_queue", "mq_unlink\\(", is<ObjectRemoved>},
      {"sysv_memory", "shmat\\([^=]*= 0x", is<ShmAttached>},
      {"sysv_memory", "shmdt\\([^=]*= 0", is<ShmDetached>},
      {"posix_memory", "mmap\\(.*MAP_SHARED.*= 0x",
       [](const Event& event) {
         const auto* fact = std::get_if<Mapped>(&event.fact);
         return fact != nullptr && fact->syscall == "mmap";
       }},
      {"posix_memory", "memfd_create\\(|openat\\([^,]*, \"/dev/shm/",
       [](const Event& event) {
         return opened_by(event, {"memfd_create", "openat"});
       }},
      {"file_locks", "flock\\(|fcntl\\(.*F_(OFD_)?SETLKW?,", locks},
      {"futexes", "futex\\(.*FUTEX_WAIT", is<FutexWaited>},
      {"futexes", "futex\\(.*FUTEX_WAKE", is<FutexWoke>},
      {"shared_mutex", "futex\\(.*FUTEX_WAIT", is<FutexWaited>},
      {"eventfd_wakes", "(eventfd2|timerfd_create|epoll_create1)\\(",
       [](const Event& event) {
         return opened_by(event, {"eventfd2", "timerfd_create", "epoll_create1"});
       }},
      {"eventfd_wakes", "poll\\(", [](const Event& event) { return waited_by(event, "poll"); }},
      {"eventfd_wakes", "epoll_wait\\(", [](const Event& event) { return waited_by(event, "epoll_wait"); }},
      {"signals_queue", "rt_sigtimedwait\\(", [](const Event& event) { return waited_by(event, "rt_sigtimedwait"); }},
      {"signals_queue", "(kill|rt_sigqueueinfo)\\(", is<SignalSent>},
      {"polls", "pselect6\\(", [](const Event& event) { return waited_by(event, "pselect6"); }},
      {"polls", "ppoll\\(", [](const Event& event) { return waited_by(event, "ppoll"); }},
      {"polls", "clock_nanosleep\\(", [](const Event& event) { return waited_by(event, "clock_nanosleep"); }},
      {"polls", "pause\\(", [](const Event& event) { return waited_by(event, "pause"); }},
  };
  for (const Same& same : table) {
    DYNAMIC_SECTION(same.fixture << " " << same.calls) { compare(same); }
  }
}
