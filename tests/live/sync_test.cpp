// SPDX-License-Identifier: MIT
// Semaphores, queues, shared memory, locks, futexes and event descriptors of real programs: one object for all who use
// it, who let whom go on, what the end of a process does, and what a run leaves behind.
#include <algorithm>
#include <cerrno>
#include <map>
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

vector<Event> traced_events(const vector<string>& argv, const Scratch& scratch, const vector<string>& more = {}) {
  Command command;
  command.argv = argv;
  command.directory = scratch.directory();
  vector<string> options{"-qq", "-o", scratch.path("run.jsonl")};
  options.insert(options.end(), more.begin(), more.end());
  const Outcome outcome = run(traced(command, options));
  INFO(outcome.told());
  REQUIRE_FALSE(outcome.timed_out);
  REQUIRE(outcome.status == 0);
  auto events = events_of(scratch.path("run.jsonl"));
  CHECK(broken_promises(events) == vector<string>{});
  return events;
}

template <class F>
const F* fact_of(const Event& event) {
  return std::get_if<F>(&event.fact);
}

const Event* with_seq(const vector<Event>& events, Seq seq) {
  const auto at = std::find_if(events.begin(), events.end(), [&](const Event& event) { return event.seq == seq; });
  return at == events.end() ? nullptr : &*at;
}

// Those whose waker is told: that event is there, it is that task's, and no other's than the waiter's own.
vector<Event> woken(const vector<Event>& events) {
  vector<Event> found;
  for (const Event& event : events) {
    if (!event.woken_by) continue;
    const Event* by = with_seq(events, event.woken_by);
    INFO("seq " << event.seq.value << " woken by " << event.woken_by.value);
    REQUIRE(by != nullptr);
    CHECK(by->tid == event.waker);
    CHECK(by->tid != event.tid);
    found.push_back(event);
  }
  return found;
}

template <class F>
std::size_t count_woken(const vector<Event>& events) {
  return only<F>(woken(events)).size();
}

ObjectMet met(const vector<Event>& events, ObjectId id) {
  ObjectMet found;
  for (const Event& event : only<ObjectMet>(events)) {
    if (std::get<ObjectMet>(event.fact).obj == id) found = std::get<ObjectMet>(event.fact);
  }
  return found;
}

}  // namespace

TEST_CASE("sync: who raised the semaphore that a semop(2) waited for", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("sysv_semaphores")}, scratch);
  const Event* down = nullptr;
  for (const Event& event : events) {
    const auto* fact = fact_of<SemChanged>(event);
    if (fact != nullptr && fact->delta == -1) down = &event;
  }
  REQUIRE(down != nullptr);
  const auto& fact = std::get<SemChanged>(down->fact);
  CHECK(down->waited_for == fact.obj);
  CHECK(fact.value.value_or(0) == 0);  // nothing where both calls had not returned
  REQUIRE(down->woken_by);
  const Event* up = with_seq(events, down->woken_by);
  REQUIRE(up != nullptr);
  const auto& raised = std::get<SemChanged>(up->fact);
  CHECK(raised.obj == fact.obj);
  CHECK(raised.index == fact.index);
  CHECK(raised.delta == 1);
  const ObjectMet set = met(events, fact.obj);
  CHECK(set.kind == ObjectKind::sysv_sem);
  CHECK(set.key == 0);
  CHECK(set.ipcid.has_value());
  CHECK(only<ObjectRemoved>(events).size() == 1);
  CHECK(only<LeftBehind>(events).empty());
}

TEST_CASE("sync: what SEM_UNDO takes back is told before the end of its process", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("sem_undo")}, scratch);
  int undone = 0;
  for (auto at = events.begin(); at != events.end(); ++at) {
    const auto* fact = fact_of<SemChanged>(*at);
    if (fact == nullptr || !fact->undone) continue;
    ++undone;
    CHECK(fact->delta == 1);
    CHECK(fact->value == 1);
    const auto end = std::find_if(events.begin(), events.end(), [&](const Event& event) {
      return event.tid == at->tid && fact_of<Exited>(event) != nullptr;
    });
    CHECK(at < end);
  }
  CHECK(undone == 1);
  CHECK(std::any_of(events.begin(), events.end(), [](const Event& event) {
    const auto* fact = fact_of<SemChanged>(event);
    return fact != nullptr && fact->err == Errno{EAGAIN};
  }));
}

TEST_CASE("sync: a set that is removed under a waiter", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("sem_removed_in_use")}, scratch);
  CHECK(std::any_of(events.begin(), events.end(), [](const Event& event) {
    const auto* fact = fact_of<SemChanged>(event);
    return fact != nullptr && fact->err == Errno{EIDRM};
  }));
  CHECK(only<ObjectRemoved>(events).size() == 1);
}

TEST_CASE("sync: a POSIX semaphore is one object for all, by the name it was given", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("posix_semaphores")}, scratch);
  const auto waits = only<FutexWaited>(events);
  const auto wakes = only<FutexWoke>(events);
  REQUIRE(waits.size() >= 2);
  std::map<ObjectKind, int> kinds;
  for (const Event& event : waits) ++kinds[std::get<FutexWaited>(event.fact).obj.kind];
  CHECK(kinds[ObjectKind::posix_sem] == 1);
  CHECK(kinds[ObjectKind::futex] >= 1);
  for (const Event& event : waits) {
    const ObjectId obj = std::get<FutexWaited>(event.fact).obj;
    CHECK(std::any_of(wakes.begin(), wakes.end(), [&](const Event& wake) {
      return std::get<FutexWoke>(wake.fact).obj == obj && wake.pid != event.pid;
    }));
    const ObjectMet object = met(events, obj);
    if (obj.kind == ObjectKind::posix_sem) CHECK(object.path.starts_with("/dev/shm/sem.kintrace."));
    if (obj.kind == ObjectKind::futex) CHECK(object.in.has_value());
  }
  CHECK(count_woken<FutexWaited>(events) == 2);
  CHECK(only<ObjectRemoved>(events).size() == 1);
  CHECK(only<LeftBehind>(events).empty());
}

TEST_CASE("sync: which send each receive of a queue got", "[live]") {
  if (!ptrace_allowed()) return;
  for (const char* name : {"sysv_queue", "posix_queue"}) {
    INFO(name);
    Scratch scratch;
    const auto events = traced_events({fixture(name)}, scratch);
    std::size_t received = 0;
    bool for_room = false, for_message = false;
    for (const Event& event : events) {
      const auto* sent = fact_of<Sent>(event);
      if (sent != nullptr && event.woken_by && class_of(sent->obj.kind) == "msg") for_room = true;
      const auto* got = fact_of<Received>(event);
      if (got == nullptr || class_of(got->obj.kind) != "msg" || got->err) continue;
      ++received;
      for_message = for_message || event.woken_by;
      REQUIRE(got->from.size() == 1);
      const Event* send = with_seq(events, got->from.front().seq);
      REQUIRE(send != nullptr);
      const auto& brought = std::get<Sent>(send->fact);
      CHECK(brought.obj == got->obj);
      CHECK(brought.data == got->data);
      if (got->type) CHECK(brought.type == got->type);
      if (got->priority) CHECK((brought.priority == got->priority || got->priority == 0));
    }
    CHECK(received >= 4);
    CHECK(for_room);
    CHECK(for_message);
    woken(events);
    CHECK(only<ObjectRemoved>(events).size() == 1);
    CHECK(only<LeftBehind>(events).empty());
  }
}

TEST_CASE("sync: who held the lock that was waited for, and how it was given back", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("file_locks")}, scratch);
  std::map<LockKind, int> taken_after_a_wait, refused;
  for (const Event& event : events) {
    // One that had no holder was merely slow.
    if (const auto* fact = fact_of<LockTaken>(event); fact != nullptr && fact->holder) {
      INFO("seq " << event.seq.value);
      ++taken_after_a_wait[fact->kind];
      CHECK(event.waited_for == fact->obj);
      CHECK(event.woken_by);
      const Event* by = with_seq(events, event.woken_by);
      REQUIRE(by != nullptr);
      CHECK(fact_of<LockReleased>(*by) != nullptr);
    }
    if (const auto* fact = fact_of<LockRefused>(event)) {
      ++refused[fact->kind];
      CHECK(fact->holder.has_value() == (fact->kind != LockKind::ofd || fact->holder.has_value()));
    }
  }
  for (const LockKind kind : {LockKind::posix, LockKind::ofd, LockKind::flock}) {
    INFO("kind " << static_cast<int>(kind));
    CHECK(taken_after_a_wait[kind] == 1);
    CHECK(refused[kind] == 1);
  }
  std::map<ReleasedHow, int> how;
  for (const Event& event : only<LockReleased>(events)) ++how[std::get<LockReleased>(event.fact).how];
  CHECK(how[ReleasedHow::unlock] >= 1);
  CHECK(how[ReleasedHow::close] >= 2);
  CHECK(how[ReleasedHow::exit] >= 1);
}

TEST_CASE("sync: a join ends with its thread, whatever comes between", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("joins")}, scratch);
  std::vector<Tid> threads;
  std::map<Tid, int> joined, interrupted, given_up, cut;
  for (const Event& event : events) {
    if (const auto* fact = fact_of<Forked>(event); fact != nullptr && fact->how == BirthHow::thread)
      threads.push_back(fact->child);
    const auto* fact = fact_of<FutexWaited>(event);
    if (fact == nullptr || !fact->joins) continue;
    ++(event.unfinished                ? cut
       : fact->err == Errno{EINTR}     ? interrupted
       : fact->err == Errno{ETIMEDOUT} ? given_up
                                       : joined)[*fact->joins];
  }
  REQUIRE(threads.size() == 3);
  CHECK(interrupted[threads[0]] == 1);
  CHECK(joined[threads[0]] == 1);
  CHECK(given_up[threads[1]] == 1);
  CHECK(joined[threads[1]] <= 1);  // it may have ended before
  CHECK(cut[threads[2]] == 1);
  CHECK(joined[threads[2]] == 0);
}

TEST_CASE("sync: a lock stays when who took it has ended, and goes with the last descriptor", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("kept_lock")}, scratch);
  const auto taken = only<LockTaken>(events), released = only<LockReleased>(events);
  REQUIRE(taken.size() == 2);
  REQUIRE(released.size() == 2);
  CHECK(std::get<LockReleased>(released[0].fact).how == ReleasedHow::close);
  CHECK(std::get<LockReleased>(released[1].fact).how == ReleasedHow::exit);
  for (std::size_t i = 0; i < 2; ++i) CHECK(taken[i].pid != released[i].pid);
}

TEST_CASE("sync: threads that wait for each other, with -e futex", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("futexes")}, scratch, {"-e", "all"});
  int joins = 0, owners = 0;
  for (const Event& event : only<FutexWaited>(events)) {
    const auto& fact = std::get<FutexWaited>(event.fact);
    if (fact.joins) ++joins;
    if (fact.owner) {
      ++owners;
      CHECK(*fact.owner != event.tid);
    }
  }
  CHECK(joins >= 1);
  CHECK(owners >= 1);
  CHECK(count_woken<FutexWaited>(events) >= 2);
  // By default private futexes are not observed; a join is.
  Scratch other;
  for (const Event& event : only<FutexWaited>(traced_events({fixture("futexes")}, other)))
    CHECK(std::get<FutexWaited>(event.fact).joins.has_value());
}

TEST_CASE("sync: a mutex of two processes is one object", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("shared_mutex")}, scratch);
  const auto waits = only<FutexWaited>(events);
  REQUIRE(waits.size() == 1);
  const auto& fact = std::get<FutexWaited>(waits.front().fact);
  REQUIRE(fact.owner);
  CHECK(*fact.owner != waits.front().tid);
  CHECK(waits.front().waker == *fact.owner);
  CHECK(met(events, fact.obj).in.has_value());
}

TEST_CASE("sync: what woke a poll, an epoll_wait and a read of an eventfd", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("eventfd_wakes")}, scratch);
  CHECK(count_woken<Waited>(events) == 2);
  for (const Event& event : only<Waited>(events)) {
    const auto& fact = std::get<Waited>(event.fact);
    if (!event.woken_by) continue;
    REQUIRE(fact.ready.size() == 1);
    const Event* by = with_seq(events, event.woken_by);
    REQUIRE(fact_of<Sent>(*by) != nullptr);
    CHECK(std::get<Sent>(by->fact).obj == fact.ready.front());
  }
  const auto reads = only<Received>(woken(events));
  CHECK(std::any_of(reads.begin(), reads.end(),
                    [](const Event& event) { return std::get<Received>(event.fact).obj.kind == ObjectKind::eventfd; }));
}

TEST_CASE("sync: signals that wait, and those that are lost meanwhile", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  std::map<SignalFate, int> fates;
  std::set<std::int32_t> told;
  int accepted = 0;
  for (const Event& event : traced_events({fixture("signals_queue")}, scratch)) {
    if (const auto* sent = fact_of<SignalSent>(event)) {
      ++fates[sent->fate];
      if (sent->signal) told.insert(sent->signal->value);
    }
    const auto* waited = fact_of<Waited>(event);
    if (waited == nullptr || !waited->signal) continue;
    ++accepted;
    CHECK(waited->from.has_value());
    CHECK(told.contains(waited->signal->value));  // never before it was sent
  }
  CHECK(fates[SignalFate::coalesced] == 1);
  CHECK(fates[SignalFate::pending] >= 3);
  CHECK(accepted == 4);  // the last by a read of a signalfd
}

TEST_CASE("sync: what is left behind, and its correct twin", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  Command command;
  command.directory = scratch.directory();
  command.argv = {fixture("left_nothing"), std::to_string(::getpid())};
  const Outcome nothing = run(traced(command, {"--view", "findings"}));
  INFO(nothing.told());
  CHECK(nothing.status == 0);
  CHECK(nothing.err.find("left") == string::npos);
  command.argv[0] = fixture("left_behind");
  const Outcome left = run(traced(command, {"--view", "findings", "-o", scratch.path("run.jsonl")}));
  INFO(left.told());
  CHECK(left.status == 0);
  CHECK(only<LeftBehind>(events_of(scratch.path("run.jsonl"))).size() == 8);
  for (const char* code : {"sysv-leftover", "posix-leftover", "fifo-left"}) {
    INFO(code);
    CHECK(left.err.find(code) != string::npos);
  }
  // The commands do what they say.
  string commands;
  int told = 0;
  for (const string& line : lines_of(left.err)) {
    const std::size_t at = line.find_first_not_of(' ');
    if (at == string::npos || at == 0) continue;
    const auto begins = [&](const string& word) { return line.compare(at, word.size(), word) == 0; };
    if (!begins("ipcrm ") && !begins("rm ") && !begins("mkdir ")) continue;
    commands += line.substr(at) + " || exit 4\n";
    ++told;
  }
  CHECK(told == 8);
  Command clean;
  clean.argv = {"/usr/bin/unshare", "--mount", "/bin/sh", "-c", commands};
  clean.directory = scratch.directory();
  const Outcome cleaned = run(clean);
  INFO(cleaned.told());
  CHECK(cleaned.status == 0);
}
