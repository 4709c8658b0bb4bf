// SPDX-License-Identifier: MIT
// What -e means, expression by expression.
#include "cli/choice.hpp"

#include <algorithm>

#include "kintrace/error.hpp"
#include "support/catch.hpp"

using namespace kintrace;
using namespace kintrace::cli;

namespace {

using Words = std::vector<std::string>;
using Set = Choice::Words;

Choice choice(const Words& expressions) { return choose(expressions).choice; }

std::string remarks(const Words& expressions) {
  std::string all;
  for (const std::string& remark : choose(expressions).remarks) all += remark + "\n";
  return all;
}

struct Refusal {
  std::string message, hint;
  int status = 0;
};

Refusal refusal(const Words& expressions) {
  try {
    choose(expressions);
  } catch (const UserError& error) {
    return {error.what(), error.hint(), error.status()};
  }
  return {};
}

}  // namespace

TEST_CASE("choice: the default, and what is said of it") {
  CHECK(choice({}).classes == Choice{}.classes);
  CHECK(choose({}).trace ==
        Words{"lifecycle", "signal", "pipe", "fifo", "sem", "shm", "msg", "socket", "lock", "event"});
  CHECK(choose({}).remarks.empty());
  CHECK_FALSE(choice({}).signals);
  CHECK_FALSE(choice({}).outcomes);
}

TEST_CASE("choice: classes, groups and calls") {
  CHECK(choice({"signal"}).classes == Set{"signal"});
  CHECK(choice({"trace=signal"}).classes == Set{"signal"});
  CHECK(choice({"t=signal"}).classes == Set{"signal"});
  CHECK(choice({"lifecycle,signal"}).classes == Set{"lifecycle", "signal"});
  CHECK(choice({"lifecycle", "signal"}).classes == Set{"lifecycle", "signal"});
  CHECK(choice({"%process"}).classes == Set{"lifecycle"});
  CHECK(choice({"process"}).classes == Set{"lifecycle"});
  CHECK(choice({"%signal"}).classes == Set{"signal"});
  const Choice calls = choice({"wait4,execve()"});
  CHECK(calls.classes.empty());
  CHECK(calls.calls == Set{"wait4", "execve"});
  CHECK(calls.asks_for("lifecycle", "wait4"));
  CHECK_FALSE(calls.asks_for("lifecycle", "waitid"));
  CHECK(choice({"wait4@64"}).calls == Set{"wait4"});
  CHECK(choice({"signal,wait4"}).classes == Set{"signal"});
  CHECK(choose({"signal,wait4"}).trace == Words{"signal", "wait4()"});
}

TEST_CASE("choice: regular expressions choose among the calls that are decoded") {
  const Set waits = choice({"/^wait"}).calls;
  CHECK(waits.contains("wait4"));
  CHECK(waits.contains("waitid"));
  CHECK(choice({"/exec(ve|veat)$"}).calls == Set{"execve", "execveat"});
  CHECK_THAT(refusal({"/("}).message, test::contains("no regular expression"));
  CHECK_THAT(refusal({"/^getcwd"}).message, test::contains("nothing is left"));
}

TEST_CASE("choice: ! takes away, from the default or from what others chose") {
  Set others = Choice{}.classes;
  others.erase("signal");
  CHECK(choice({"!signal"}).classes == others);
  CHECK(choice({"trace=!signal"}).classes == others);
  CHECK(choose({"!wait4"}).trace ==
        Words{"lifecycle", "signal", "pipe", "fifo", "sem", "shm", "msg", "socket", "lock", "event", "!wait4()"});
  CHECK_FALSE(choice({"!wait4"}).asks_for("lifecycle", "wait4"));
  CHECK(choice({"!wait4"}).asks_for("lifecycle", "waitid"));
  CHECK(choice({"!lifecycle,signal,ipc"}).classes.empty());
  CHECK(choice({"lifecycle", "!wait4"}).classes == Set{"lifecycle"});
  CHECK(choice({"!wait4", "lifecycle"}).classes == Set{"lifecycle"});
  CHECK(choice({"/^wait", "!waitid"}).calls == Set{"wait4"});
  CHECK(choice({"!none"}).classes == Choice{}.classes);
  CHECK_FALSE(refusal({"signal,!wait4"}).message.empty());
}

TEST_CASE("choice: none") {
  CHECK(choice({"none"}).classes.empty());
  CHECK(choose({"none"}).trace.empty());
  CHECK(choice({"none", "signal"}).classes == Set{"signal"});
}

TEST_CASE("choice: groups of classes") {
  CHECK(choice({"all"}).classes ==
        Set{"lifecycle", "signal", "pipe", "fifo", "sem", "shm", "msg", "socket", "lock", "futex", "event", "fd"});
  CHECK(choice({"%ipc"}).classes == Set{"sem", "shm", "msg"});
  CHECK(remarks({"all"}).empty());
  // Futexes of one process alone are for who asks for them.
  CHECK_FALSE(choice({"ipc"}).classes.contains("futex"));
  CHECK_FALSE(choice({"!sem"}).classes.contains("sem"));
}

TEST_CASE("choice: a class wins over the call of its name") {
  CHECK(choice({"pipe"}).classes == Set{"pipe"});
  CHECK(choice({"pipe"}).calls.empty());
  CHECK(choice({"pipe()"}).calls == Set{"pipe"});
  CHECK(choice({"pipe()"}).classes.empty());
}

TEST_CASE("choice: what strace alone shows is said in one line") {
  CHECK(remarks({"wait4,uname,getcwd"}) == "kintrace does not show uname, getcwd: strace -e does\n");
  CHECK(remarks({"signal,%file,memory"}) == "kintrace does not show %file, memory: strace -e does\n");
  CHECK(refusal({"%file"}).status == 125);
  CHECK(refusal({"uname"}).status == 125);
}

TEST_CASE("choice: what is misspelt is refused with the nearest names") {
  const Refusal wrong = refusal({"wiat4"});
  CHECK(wrong.status == 125);
  CHECK_THAT(wrong.message, test::contains("no class or system call wiat4"));
  CHECK_THAT(wrong.hint, test::contains("did you mean wait4?"));
  CHECK_THAT(refusal({"lifecycel"}).hint, test::contains("lifecycle"));
  CHECK_THAT(refusal({"%proces"}).hint, test::contains("%process"));
  CHECK_THAT(refusal({"zzzzzzzz"}).hint, test::contains("kintrace(1)"));
  CHECK_THAT(refusal({"tarce=signal"}).hint, test::contains("trace="));
  CHECK_THAT(refusal({"foo=bar"}).message, test::contains("no qualifier foo="));
  CHECK(choice({"?nosuch,signal"}).classes == Set{"signal"});
  for (const char* empty : {"", "trace=", "signal,,wait4", "!", "s="}) CHECK_FALSE(refusal({empty}).message.empty());
}

TEST_CASE("choice: signals") {
  using Signals = std::set<Signal>;
  CHECK(choice({"signal=SIGHUP,int,15"}).signals == Signals{Signal{1}, Signal{2}, Signal{15}});
  CHECK(choice({"s=RTMIN+1"}).signals == Signals{Signal{35}});
  CHECK(choice({"signals=none"}).signals == Signals{});
  CHECK(choice({"signal=all"}).signals->size() == 64);
  const auto but_one = choice({"signal=!CHLD"}).signals;
  CHECK(but_one->size() == 63);
  CHECK_FALSE(but_one->contains(Signal{17}));
  CHECK(choice({"signal=HUP"}).classes == Choice{}.classes);
  CHECK_THAT(refusal({"signal=TREM"}).hint, test::contains("SIGTERM"));
  CHECK_FALSE(refusal({"signal=65"}).message.empty());
  CHECK_FALSE(refusal({"signal=0"}).message.empty());
}

TEST_CASE("choice: outcomes") {
  using Outcomes = std::set<Outcome>;
  CHECK(choice({"status=failed"}).outcomes == Outcomes{Outcome::failed});
  CHECK(choice({"status=successful,unfinished"}).outcomes == Outcomes{Outcome::successful, Outcome::unfinished});
  CHECK(choice({"status=!failed"}).outcomes->size() == 3);
  CHECK(choice({"status=all"}).outcomes->size() == 4);
  CHECK(choice({"status=failed", "status=detached"}).outcomes == Outcomes{Outcome::detached});  // the last, as strace
  CHECK_THAT(remarks({"status=unavailable"}), test::contains("there is none"));
  CHECK_THAT(refusal({"status=fialed"}).hint, test::contains("failed"));
}

TEST_CASE("choice: strace's other qualifiers") {
  for (const char* name : {"quiet", "q", "abbrev", "verbose", "raw", "read", "write", "decode-fds", "kvm"}) {
    INFO(name);
    const Chosen chosen = choose({std::string{name} + "=all"});
    CHECK(chosen.remarks.size() == 1);
    CHECK(chosen.choice.classes == Choice{}.classes);
  }
  for (const char* name : {"inject=read:error=EIO", "fault=read"}) {
    CHECK(refusal({name}).status == 125);
    CHECK_THAT(refusal({name}).hint, test::contains("use strace -e"));
  }
}

TEST_CASE("choice: every class has a name and a summary, and the default are classes") {
  CHECK(classes().size() == 12);
  for (const ClassSpec& one : classes()) CHECK_FALSE(one.summary.empty());
  for (const std::string& one : Choice{}.classes) CHECK(std::ranges::count(classes(), one, &ClassSpec::name) == 1);
}
