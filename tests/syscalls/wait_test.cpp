// SPDX-License-Identifier: MIT
// Whom a wait collected, from what it returned.
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <span>

#include "support/catch.hpp"
#include "support/deaf_keeper.hpp"
#include "syscalls/registry.hpp"

using namespace kintrace;
using namespace kintrace::syscalls;

namespace {

class Listening final : public test::DeafKeeper {
 public:
  void tell(const Call& /*call*/, Fact fact) override { facts.push_back(std::move(fact)); }
  void tell_of(Tgid /*whom*/, const Call& /*call*/, Fact fact) override { facts.push_back(std::move(fact)); }
  void collected(const Call& /*call*/, std::optional<Tgid> child, const std::optional<Ending>& ending) override {
    children.push_back(child);
    endings.push_back(ending);
  }
  std::vector<Fact> facts;
  std::vector<std::optional<Tgid>> children;
  std::vector<std::optional<Ending>> endings;
};

template <class T>
Bytes bytes_of(const T& value) {
  Bytes bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

Listening hear(Call call) {
  Listening keeper;
  call.row->effect(call, keeper);
  return keeper;
}

Call wait4_returning(std::int64_t result) {
  Call call;
  call.row = find(SYS_wait4);
  call.result = result;
  return call;
}

Call waitid_with(int code, int pid) {
  siginfo_t info{};
  info.si_code = code;
  info.si_pid = pid;
  Call call;
  call.row = find(SYS_waitid);
  call.result = 0;
  call.captured[2] = bytes_of(info);
  return call;
}

using Children = std::vector<std::optional<Tgid>>;

}  // namespace

TEST_CASE("wait: wait4 names the child, with or without a place for the status") {
  Call call = wait4_returning(11);
  CHECK(hear(call).children == Children{Tgid{11}});
  call.captured[1] = bytes_of(3 << 8);
  CHECK(hear(call).children == Children{Tgid{11}});
}

TEST_CASE("wait: a stop or a continuation collects nobody") {
  Call call = wait4_returning(11);
  call.captured[1] = bytes_of((SIGSTOP << 8) | 0x7F);
  CHECK(hear(call).children.empty());
  call.captured[1] = bytes_of(0xFFFF);
  CHECK(hear(call).children.empty());
  for (const int code : {CLD_STOPPED, CLD_CONTINUED, CLD_TRAPPED}) CHECK(hear(waitid_with(code, 11)).children.empty());
  for (const int code : {CLD_EXITED, CLD_KILLED, CLD_DUMPED}) {
    CHECK(hear(waitid_with(code, 11)).children == Children{Tgid{11}});
  }
}

TEST_CASE("wait: WNOHANG with nobody dead says nothing") {
  CHECK(hear(wait4_returning(0)).children.empty());
  CHECK(hear(wait4_returning(0)).facts.empty());
  CHECK(hear(waitid_with(0, 0)).children.empty());
}

TEST_CASE("wait: waitid without a place for the answer names the child only if it was asked for") {
  Call call;
  call.row = find(SYS_waitid);
  call.result = 0;
  call.args = {P_PID, 11, 0, WEXITED};
  CHECK(hear(call).children == Children{Tgid{11}});
  call.args[0] = P_ALL;
  CHECK(hear(call).children == Children{std::nullopt});
  call.args[3] |= WNOWAIT;
  CHECK(hear(call).children.empty());
}

TEST_CASE("wait: a failure and a wait that never returned are facts") {
  const auto failed = hear(wait4_returning(-ECHILD));
  REQUIRE(failed.facts.size() == 1);
  CHECK(std::get<WaitFailed>(failed.facts[0]).err == Errno{ECHILD});
  Call cut = wait4_returning(0);
  cut.result.reset();
  const auto never = hear(cut);
  REQUIRE(never.facts.size() == 1);
  CHECK_FALSE(std::get<WaitFailed>(never.facts[0]).err);
}
