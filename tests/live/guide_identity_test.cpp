// SPDX-License-Identifier: MIT
// Who traces and who is traced: users, rights, names and namespaces. See guide_births_test.cpp.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/same.hpp"

using namespace kintrace::test;
using kintrace::Event;
using kintrace::Forked;
using std::string;
using std::vector;

namespace {

// A directory that user 65534 can use, with kintrace and a set-user-ID helper in it. Nothing where that cannot be had.
class ForNobody {
 public:
  bool possible() {
    if (::geteuid() != 0) return skipped("only root can become another user");
    if (run({{"setpriv", "--version"}}).code() != 0) return skipped("there is no setpriv(1)");
    namespace fs = std::filesystem;
    fs::permissions(scratch.directory(), fs::perms{0777});
    fs::copy_file(KINTRACE, scratch.path("kintrace"));
    for (const char* name : {"who_am_i", "not_dumpable"}) {
      if (fs::exists(fixture(name))) fs::copy_file(fixture(name), scratch.path(name));
    }
    fs::copy_file(fixture("who_am_i"), scratch.path("raised"));
    return ::chmod(scratch.path("raised").c_str(), 04755) == 0 && raises();
  }
  Command as_nobody(const vector<string>& argv) const {
    Command command{{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}};
    command.argv.insert(command.argv.end(), argv.begin(), argv.end());
    return command;
  }
  Scratch scratch;

 private:
  bool raises() const {
    if (run(as_nobody({scratch.path("raised")})).out.find("effective 0 ") != string::npos) return true;
    return skipped("an exec of a set-user-ID program raises nothing here");
  }
  static bool skipped(const char* why) {
    WARN("SKIPPED: " << why);
    return false;
  }
};

vector<string> privileges_kept(const Recorded& found) {
  vector<string> values;
  for (const Event& event : only<kintrace::Set>(found.events)) {
    const auto& set = std::get<kintrace::Set>(event.fact);
    if (set.what == "privileges") values.push_back(set.value);
  }
  return values;
}

}  // namespace

TEST_CASE("guide D6: a set-user-ID program, with root as the tracer", "[live]") {
  if (!ptrace_allowed()) return;
  ForNobody nobody;
  if (!nobody.possible()) return;
  const Recorded found = same(nobody.as_nobody({nobody.scratch.path("raised")}));
  CHECK(privileges_kept(found).empty());
}

TEST_CASE("guide D6: a set-user-ID program, with a tracer of no privileges", "[live]") {
  if (!ptrace_allowed()) return;
  ForNobody nobody;
  if (!nobody.possible()) return;
  const string recording = nobody.scratch.path("x.jsonl");
  const Outcome outcome = run(nobody.as_nobody({nobody.scratch.path("kintrace"), "-o", recording, "sh", "-c",
                                                "\"$1\"; \"$1\"", "sh", nobody.scratch.path("raised")}));
  INFO(outcome.told() << read_file(recording));
  CHECK(outcome.code() == 0);
  CHECK(lines_of(outcome.out).at(0) == "real 65534 effective 65534 saved 65534");
  CHECK(privileges_kept(recorded(recording)).size() == 2);
}

TEST_CASE("guide K2: a tracer of no privileges, and a process that nobody may look into", "[live]") {
  if (!ptrace_allowed()) return;
  ForNobody nobody;
  if (!nobody.possible()) return;
  const string recording = nobody.scratch.path("x.jsonl");
  const Outcome outcome = run(
      nobody.as_nobody({nobody.scratch.path("kintrace"), "-qq", "-o", recording, nobody.scratch.path("not_dumpable")}));
  INFO(outcome.told() << read_file(recording));
  CHECK(outcome.code() == 0);
  CHECK(outcome.out == "ok\n");
  CHECK(outcome.err.empty());
  const Recorded found = recorded(recording);
  CHECK(broken_promises(found.events) == vector<string>{});
  const Lives lives = lives_of(found.events);
  CHECK(words(lives.births) == "fork ×2, thread ×1");
  CHECK(words(lives.ends) == "exit 0 ×1, exit 3 ×1, exit 4 ×1");
  CHECK(lives.collected == 2);
}

TEST_CASE("guide K2: the same with root as the tracer", "[live]") {
  if (!ptrace_allowed()) return;
  const Lives lives = lives_of(same_fixture("not_dumpable").events);
  CHECK(words(lives.births) == "fork ×2, thread ×1");
  CHECK(words(lives.failed_execs) == "/nonexistent ENOENT ×1");
}

TEST_CASE("guide K3: names that look like what /proc says", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const Recorded found = same_fixture("hostile_name");
  const Lives lives = lives_of(found.events);
  CHECK(words(lives.births) == "fork ×14, thread ×6");
  CHECK(lives.collected == 13);
  REQUIRE(only<kintrace::Reparented>(found.events).size() == 1);
  const Outcome checked = run(traced({{fixture("hostile_name")}}, {"--self-check"}));
  INFO(checked.told());
  CHECK(checked.code() == 0);
}

TEST_CASE("guide L1: pid namespaces, one in the other", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<string> inner{"unshare", "--fork", "--pid",
                             "sh",      "-c",     "echo $$; (exit 4); (kill -TERM $$; exit 5) & wait; exit 6"};
  if (run({{"unshare", "--fork", "--pid", "true"}}).code() != 0) {
    WARN("SKIPPED: no pid namespace can be made here");
    return;
  }
  Command command{{"unshare", "--fork", "--pid"}};
  command.argv.insert(command.argv.end(), inner.begin(), inner.end());
  const Recorded found = same(command);
  const Lives lives = lives_of(found.events);
  CHECK(words(lives.births) == "fork ×4");
  CHECK(lives.collected == 4);
  // Tasks go by our own numbers; their own are told where they differ.
  std::set<kintrace::Tid> tasks;
  int with_own_number = 0, first_of_their_namespace = 0;
  for (const Event& event : only<Forked>(found.events)) {
    const auto& birth = std::get<Forked>(event.fact);
    CHECK(tasks.insert(birth.child).second);
    with_own_number += birth.ns_pid.has_value();
    first_of_their_namespace += birth.ns_pid == kintrace::Tgid{1};
  }
  CHECK(with_own_number == 4);
  CHECK(first_of_their_namespace == 2);
}
