// SPDX-License-Identifier: MIT
// Calls that fail with EINTR only because they are traced, as signals that nobody handles stop a traced task: that they
// do without the repair shows what the repair is for. docs/ptrace-notes.md, H6 and H7.
#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/same.hpp"

using namespace kintrace::test;
using kintrace::SignalDelivered;
using std::string;
using std::vector;

namespace {

const vector<string> fixtures{"blocked_in_epoll", "blocked_in_semop", "blocked_in_sigwait", "blocked_in_socket",
                              "blocked_in_aio"};

// By call: how many were made to go on.
std::map<string, int> repaired(const Recorded& found) {
  std::map<string, int> calls;
  for (const kintrace::Event& event : only<SignalDelivered>(found.events)) {
    const auto& fact = std::get<SignalDelivered>(event.fact);
    if (!fact.repaired) continue;
    CHECK_FALSE(fact.err);
    CHECK(fact.disposition == kintrace::Disposition::ignored);
    ++calls[fact.interrupts.value_or("?")];
  }
  return calls;
}

std::size_t count(const string& text, const string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("eintr: signals that nobody handles interrupt no call", "[live]") {
  if (!ptrace_allowed()) return;
  std::map<string, int> all;
  for (const string& name : fixtures) {
    for (const char* how : {"ignored", "long"}) {
      for (const auto& [call, times] : repaired(same_fixture(name, {how}))) all[call] += times;
    }
  }
  // The end of an unrelated child and four SIGWINCH, or as many as were told apart, in each of both ways.
  for (const char* call : {"epoll_wait", "epoll_pwait", "rt_sigtimedwait", "recvfrom", "accept", "io_getevents"}) {
    INFO(call);
    CHECK(all[call] >= 6);
  }
  CHECK(all["semop"] + all["semtimedop"] >= 6);
}

TEST_CASE("eintr: without the repair they do", "[live]") {
  if (!ptrace_allowed()) return;
  for (const string& name : fixtures) {
    for (const char* how : {"ignored", "long"}) {
      const Command command{{fixture(name), how}};
      const Outcome alone = run(command), with = run(traced(command, {"-qq", "--no-restart-repair"}));
      INFO("alone: " << alone.told() << "with: " << with.told());
      CHECK(alone.out.find("EINTR") == string::npos);
      const std::size_t calls = count(with.out, "handler ran 0") - count(with.out, "recv without a limit");
      CHECK(calls >= 1);
      CHECK(count(with.out, "EINTR") == calls);
    }
  }
}

TEST_CASE("eintr: nor any call of many threads", "[live]") {
  if (!ptrace_allowed()) return;
  for (int round = 0; round < 3; ++round) same_fixture("blocked_threads");
  // Its threads leave before their time.
  CHECK(run(traced({{fixture("blocked_threads")}}, {"-qq", "--no-restart-repair"})).code() == 1);
}

TEST_CASE("eintr: a stop interrupts what it interrupts", "[live]") {
  if (!ptrace_allowed()) return;
  for (int round = 0; round < 5; ++round) same_fixture("stopped_in_epoll");
}

TEST_CASE("eintr: a handler interrupts what it interrupts", "[live]") {
  if (!ptrace_allowed()) return;
  for (const string& name : fixtures) {
    for (const char* how : {"handled", "restart"}) {
      const Recorded found = same_fixture(name, {how});
      CHECK(repaired(found).empty());
      const vector<kintrace::Event> all = only<SignalDelivered>(found.events);
      CHECK(std::any_of(all.begin(), all.end(), [](const kintrace::Event& event) {
        const auto& fact = std::get<SignalDelivered>(event.fact);
        return fact.disposition == kintrace::Disposition::handler && fact.err == kintrace::Errno{EINTR};
      }));
    }
  }
}

TEST_CASE("eintr: time limits end calls, however many signals nobody handles", "[live]") {
  if (!ptrace_allowed()) return;
  const string name =
      GENERATE("blocked_in_epoll", "blocked_in_semop", "blocked_in_sigwait", "blocked_in_socket", "blocked_in_aio");
  CHECK_FALSE(repaired(same_fixture(name, {"timeout"})).empty());
}
