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

TEST_CASE("shown: facts about an object are of its class") {
  const Choice pipes = of_classes({"pipe"}), sockets = of_classes({"socket"}), fifos = of_classes({"fifo"});
  for (const auto fact : {"object obj=OBJ#1 kind=OBJ", "fd_opened obj=OBJ#1 fd=3", "fd_duplicated obj=OBJ#1 fd=3 to=4",
                          "fd_closed obj=OBJ#1 fd=3", "sent obj=OBJ#1 bytes=1", "received obj=OBJ#1 bytes=1",
                          "blocked obj=OBJ#1 syscall=read waits_for="}) {
    const auto of = [&](const std::string& kind) {
      std::string line = std::string("10 ") + fact;
      for (auto at = line.find("OBJ"); at != std::string::npos; at = line.find("OBJ")) line.replace(at, 3, kind);
      return line;
    };
    INFO(fact);
    CHECK(is_shown(of("pipe"), {}));
    CHECK(is_shown(of("pipe"), pipes));
    CHECK_FALSE(is_shown(of("pipe"), sockets));
    CHECK(is_shown(of("fifo"), fifos));
    CHECK_FALSE(is_shown(of("fifo"), pipes));
    for (const auto* socket : {"unix", "inet", "socket"}) {
      CHECK(is_shown(of(socket), sockets));
      CHECK_FALSE(is_shown(of(socket), fifos));
    }
    CHECK(is_shown(of("pty"), pipes));
    CHECK(is_shown(of("file"), of_classes({"fd"})));
    CHECK_FALSE(is_shown(of("file"), {}));
  }
}

TEST_CASE("shown: facts about an object by their call, whichever of those alike it was") {
  constexpr std::pair<const char*, const char*> calls[] = {
      {"pipe2", "fd_opened obj=pipe#1 fd=3 how=pipe"},
      {"openat", "fd_opened obj=fifo#1 fd=3 how=open"},
      {"socketpair", "fd_opened obj=unix#1 fd=3 how=socketpair"},
      {"accept4", "accepted obj=unix#1 fd=3 listener=unix#2"},
      {"connect", "connected obj=unix#1 fd=3 addr=x"},
      {"close_range", "fd_closed obj=pipe#1 fd=3"},
      {"dup2", "fd_duplicated obj=pipe#1 fd=3 to=1 syscall=dup2"},
      {"write", "sent obj=pipe#1 fd=3 bytes=1 syscall=write"},
  };
  for (const auto& [call, fact] : calls) {
    INFO(call);
    const std::string line = std::string("10 ") + fact;
    Choice only = of_classes({});
    CHECK_FALSE(is_shown(line, only));
    only.calls = {call};
    CHECK(is_shown(line, only));
    only.calls = {"kill"};
    CHECK_FALSE(is_shown(line, only));
  }
  Choice no_writes;
  no_writes.without = {"write"};
  CHECK_FALSE(is_shown("10 sent obj=pipe#1 fd=3 bytes=1 syscall=write", no_writes));
  CHECK(is_shown("10 sent obj=pipe#1 fd=3 bytes=1 syscall=writev", no_writes));
  Choice no_closes;
  no_closes.without = {"close"};
  CHECK_FALSE(is_shown("10 fd_closed obj=pipe#1 fd=3", no_closes));
}

TEST_CASE("shown: what failed at an object, EAGAIN too") {
  const Choice successful = of_outcome(Outcome::successful), failed = of_outcome(Outcome::failed);
  for (const auto line :
       {"10 sent obj=pipe#1 syscall=write err=EPIPE", "10 received obj=pipe#1 syscall=read err=EAGAIN",
        "10 connected obj=unix#1 addr=x err=ENOENT", "10 bound obj=unix#1 addr=x err=EADDRINUSE",
        "10 listening obj=unix#1 err=EADDRINUSE", "10 shut_down obj=unix#1 err=ENOTCONN"}) {
    INFO(line);
    CHECK(is_shown(line, failed));
    CHECK_FALSE(is_shown(line, successful));
  }
  for (const auto line : {"10 sent obj=pipe#1 syscall=write bytes=1", "10 received obj=pipe#1 syscall=read eof=true",
                          "10 connected obj=unix#1 addr=x"}) {
    INFO(line);
    CHECK(is_shown(line, successful));
    CHECK_FALSE(is_shown(line, failed));
  }
}

TEST_CASE("shown: what tasks wait for and share, by class") {
  constexpr std::pair<const char*, const char*> facts[] = {
      {"sem", "opened obj=sysv_sem#1 syscall=semget"},
      {"sem", "sem_changed obj=sysv_sem#1 index=0 delta=-1 syscall=semop"},
      {"sem", "futex_waited obj=posix_sem#1"},
      {"sem", "blocked obj=posix_sem#1 syscall=futex waits_for="},
      {"sem", "failed syscall=semget err=ENOENT"},
      {"futex", "futex_waited obj=futex#1"},
      {"futex", "blocked obj=futex#1 syscall=futex waits_for="},
      {"shm", "shm_attached obj=sysv_shm#1 addr=0x0 bytes=1 prot=rw"},
      {"shm", "mapped obj=file#1 addr=0x0 bytes=1 prot=rw syscall=mmap"},
      {"shm", "object_removed obj=posix_shm#1 syscall=unlink"},
      {"msg", "sent obj=sysv_msg#1 bytes=1 syscall=msgsnd"},
      {"msg", "left_behind obj=posix_mq#1"},
      {"lock", "lock_taken obj=file#1 kind=flock mode=write syscall=flock"},
      {"lock", "lock_released obj=file#1 kind=flock how=exit"},
      {"lock", "blocked obj=file#1 syscall=fcntl waits_for="},
      {"event", "opened obj=eventfd#1 made=true fd=3 syscall=eventfd2"},
      {"event", "waited syscall=poll objs=pipe#1 ready=pipe#1"},
      {"event", "blocked obj=pipe#1 syscall=poll waits_for="},
      {"event", "blocked syscall=epoll_wait waits_for="},
      {"fd", "blocked obj=file#1 syscall=read waits_for="},
  };
  for (const auto& [cls, fact] : facts) {
    INFO(cls << " " << fact);
    const std::string line = std::string("10 ") + fact;
    CHECK(is_shown(line, of_classes({cls})));
    CHECK_FALSE(is_shown(line, of_classes({"pipe"})));
    CHECK_FALSE(is_shown(line, of_classes({"lifecycle"})));
  }
}

TEST_CASE("shown: a futex that is shared is one of the means of semaphores") {
  CHECK(is_shown("10 futex_waited obj=futex#1", of_classes({"sem"})));
  CHECK(is_shown("10 futex_woke obj=futex#1 woken=1", {}));
  CHECK_FALSE(is_shown("10 futex_waited obj=posix_sem#1", of_classes({"futex"})));
  Choice choice;
  choice.without = {"futex"};
  CHECK_FALSE(is_shown("10 futex_waited obj=futex#1", choice));
}

TEST_CASE("shown: waits and locks by call, outcome and signal") {
  Choice calls = of_classes({});
  calls.calls = {"shmat", "futex", "flock", "close"};
  CHECK(is_shown("10 shm_attached obj=sysv_shm#1 addr=0x0 bytes=1 prot=rw", calls));
  CHECK(is_shown("10 futex_waited obj=futex#1", calls));
  CHECK(is_shown("10 lock_taken obj=file#1 kind=flock mode=write syscall=flock", calls));
  CHECK(is_shown("10 lock_released obj=file#1 kind=posix how=close fd=3", calls));
  CHECK_FALSE(is_shown("10 shm_detached obj=sysv_shm#1 addr=0x0 bytes=1", calls));
  CHECK_FALSE(is_shown("10 lock_released obj=file#1 kind=posix how=exit", calls));
  const Choice failed = of_outcome(Outcome::failed);
  CHECK(is_shown("10 sem_changed obj=sysv_sem#1 index=0 delta=1 undone=true syscall=exit", failed));  // no call
  CHECK(is_shown("10 lock_refused obj=file#1 kind=flock mode=write syscall=flock err=EAGAIN", failed));
  CHECK(is_shown("10 futex_waited obj=futex#1 err=ETIMEDOUT", failed));
  CHECK(is_shown("10 sem_changed obj=sysv_sem#1 index=0 delta=-1 syscall=semop err=EAGAIN", failed));
  CHECK_FALSE(is_shown("10 lock_taken obj=file#1 kind=flock mode=write syscall=flock", failed));
  Choice signals;
  signals.signals = {Signal{15}};
  CHECK(is_shown("10 waited syscall=rt_sigtimedwait signal=SIGTERM", signals));
  CHECK_FALSE(is_shown("10 waited syscall=rt_sigtimedwait signal=SIGUSR1", signals));
  CHECK(is_shown("10 waited syscall=poll", signals));
}
