// SPDX-License-Identifier: MIT
#include "views/shown.hpp"

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;

namespace {

bool is_shown(std::string_view line, const Choice& choice) {
  return views::shown(test::read(test::recording_of(line)).events.at(0), choice);
}
Choice of_classes(Choice::Words classes) {
  Choice choice;
  choice.classes = std::move(classes);
  return choice;
}
Choice of_outcome(Outcome outcome) {
  Choice choice;
  choice.outcomes = {outcome};
  return choice;
}

constexpr std::string_view birth = "10 forked child=11 child_pid=11 how=fork syscall=clone";
constexpr std::string_view failed_fork = "10 failed syscall=clone err=EAGAIN";
constexpr std::string_view kill = "10 signal_sent signal=SIGTERM target=11 syscall=kill";
constexpr std::string_view failed_kill = "10 signal_sent signal=SIGTERM target=11 syscall=kill err=ESRCH";
constexpr std::string_view delivery =
    "10 signal_delivered signal=SIGTERM code=SI_USER disposition=handler interrupts=read err=EINTR";
constexpr std::string_view death = "10 exited code=0 group=true";
constexpr std::string_view endless_wait = "10 wait_failed syscall=wait4 unfinished=true";

}  // namespace

TEST_CASE("shown: by class") {
  const Choice signals = of_classes({"signal"}), lives = of_classes({"lifecycle"});
  for (const auto line : {birth, failed_fork, death, endless_wait}) {
    CHECK(is_shown(line, {}));
    CHECK(is_shown(line, lives));
    CHECK_FALSE(is_shown(line, signals));
  }
  for (const auto line : {kill, delivery}) {
    CHECK(is_shown(line, {}));
    CHECK(is_shown(line, signals));
    CHECK_FALSE(is_shown(line, lives));
  }
}

TEST_CASE("shown: by call") {
  Choice choice = of_classes({});
  choice.calls = {"kill", "execve"};
  CHECK(is_shown(kill, choice));
  CHECK(is_shown("10 execed path=/bin/x argv=x comm=x", choice));
  CHECK_FALSE(is_shown(birth, choice));
  CHECK_FALSE(is_shown(delivery, choice));
  choice = {};
  choice.without = {"kill", "clone"};
  CHECK_FALSE(is_shown(kill, choice));
  CHECK_FALSE(is_shown(failed_fork, choice));
  CHECK(is_shown(delivery, choice));
}

TEST_CASE("shown: by signal") {
  Choice choice;
  choice.signals = {Signal{2}};
  CHECK_FALSE(is_shown(kill, choice));
  CHECK_FALSE(is_shown(delivery, choice));
  CHECK(is_shown(birth, choice));
  choice.signals->insert(Signal{15});
  CHECK(is_shown(kill, choice));
  CHECK(is_shown(delivery, choice));
}

TEST_CASE("shown: by outcome, which only calls have") {
  const Choice successful = of_outcome(Outcome::successful), failed = of_outcome(Outcome::failed),
               unfinished = of_outcome(Outcome::unfinished);
  CHECK(is_shown(birth, successful));
  CHECK(is_shown(kill, successful));
  CHECK_FALSE(is_shown(failed_fork, successful));
  CHECK_FALSE(is_shown(failed_kill, successful));
  CHECK_FALSE(is_shown(endless_wait, successful));
  CHECK_FALSE(is_shown(birth, failed));
  CHECK(is_shown(failed_fork, failed));
  CHECK(is_shown(failed_kill, failed));
  CHECK(is_shown(endless_wait, unfinished));
  for (const Choice& choice : {successful, failed, unfinished}) {
    CHECK(is_shown(death, choice));
    CHECK(is_shown(delivery, choice));
  }
}
