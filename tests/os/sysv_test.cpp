// SPDX-License-Identifier: MIT
// Real semaphores, segments and queues, removed whatever a test finds.
#include "os/sysv.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace;
using os::SysV;

namespace {

// One of them, until it goes out of scope. `key`: IPC_PRIVATE, or one that nobody has.
class Made {
 public:
  Made(SysV kind, int size, int mode = 0600, key_t key = IPC_PRIVATE)
      : kind_(kind), id_(make(kind, size, mode | IPC_CREAT | IPC_EXCL, key)) {
    REQUIRE(id_ >= 0);
  }
  ~Made() { remove(); }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  int id() const { return id_; }
  void remove() const {
    switch (kind_) {
      case SysV::sem: ::semctl(id_, 0, IPC_RMID); break;
      case SysV::shm: ::shmctl(id_, IPC_RMID, nullptr); break;
      case SysV::msg: ::msgctl(id_, IPC_RMID, nullptr); break;
    }
  }

 private:
  static int make(SysV kind, int size, int flags, key_t key) {
    switch (kind) {
      case SysV::sem: return ::semget(key, size, flags);
      case SysV::shm: return ::shmget(key, static_cast<std::size_t>(size), flags);
      default: return ::msgget(key, flags);
    }
  }
  SysV kind_;
  int id_;
};

constexpr std::array<SysV, 3> kinds{SysV::sem, SysV::shm, SysV::msg};

key_t key_of_nobody(SysV kind) {
  key_t key = 0x6b000000 + ::getpid();
  while (os::sysv_key_exists(kind, key)) ++key;
  return key;
}

// Whether it holds in a process that may not read what is of mode 0: root reads all.
bool holds_for_others(const std::function<bool()>& holds) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    ::_exit(holds() ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void set(const Made& set, int index, int value) { REQUIRE(::semctl(set.id(), index, SETVAL, value) == 0); }

}  // namespace

TEST_CASE("sysv: a set of semaphores") {
  const Made made(SysV::sem, 3);
  const auto status = os::sysv_status(SysV::sem, made.id());
  REQUIRE(status);
  CHECK(status->key == IPC_PRIVATE);
  CHECK(status->size == 3);
  CHECK_FALSE(status->creator);
  CHECK_FALSE(status->removed);
  set(made, 0, 7);
  set(made, 2, 32767);
  CHECK(os::semaphore_value(made.id(), 0) == 7);
  CHECK(os::semaphore_value(made.id(), 1) == 0);
  CHECK(os::semaphore_values(made.id()) == std::vector<int>{7, 0, 32767});
  for (const int index : {3, -1, INT_MAX, INT_MIN}) CHECK_FALSE(os::semaphore_value(made.id(), index));
  made.remove();
  CHECK_FALSE(os::sysv_status(SysV::sem, made.id()));
  CHECK_FALSE(os::semaphore_value(made.id(), 0));
  CHECK(os::semaphore_values(made.id()).empty());
}

TEST_CASE("sysv: a segment, which outlives its removal while it is attached") {
  const Made made(SysV::shm, 5000);
  auto status = os::sysv_status(SysV::shm, made.id());
  REQUIRE(status);
  CHECK(status->size == 5000);
  CHECK(status->creator == Tgid{::getpid()});
  CHECK(status->attached == 0);
  CHECK_FALSE(status->removed);
  const void* const memory = ::shmat(made.id(), nullptr, SHM_RDONLY);
  REQUIRE(memory != reinterpret_cast<void*>(-1));
  CHECK(os::sysv_status(SysV::shm, made.id())->attached == 1);
  made.remove();
  status = os::sysv_status(SysV::shm, made.id());
  CHECK(::shmdt(memory) == 0);
  REQUIRE(status);
  CHECK(status->removed);
  CHECK(status->attached == 1);
  CHECK_FALSE(os::sysv_status(SysV::shm, made.id()));
}

TEST_CASE("sysv: a queue") {
  const Made made(SysV::msg, 0);
  REQUIRE(os::sysv_status(SysV::msg, made.id()));
  CHECK(os::sysv_status(SysV::msg, made.id())->size == 0);
  const struct {
    long type;
    char text[5];
  } message{1, "abcd"};
  for (int i = 0; i < 2; ++i) REQUIRE(::msgsnd(made.id(), &message, sizeof message.text, IPC_NOWAIT) == 0);
  CHECK(os::sysv_status(SysV::msg, made.id())->size == 2);
}

TEST_CASE("sysv: keys") {
  for (const SysV kind : kinds) {
    INFO("kind " << static_cast<int>(kind));
    const key_t key = key_of_nobody(kind);
    const Made made(kind, 1, 0600, key);
    CHECK(os::sysv_key_exists(kind, key));
    CHECK(os::sysv_status(kind, made.id())->key == key);
    made.remove();
    CHECK_FALSE(os::sysv_key_exists(kind, key));
    const std::string list = kind == SysV::sem ? "sem" : kind == SysV::shm ? "shm" : "msg";
    const std::string before = test::read_file("/proc/sysvipc/" + list);
    CHECK_FALSE(os::sysv_key_exists(kind, IPC_PRIVATE));
    CHECK(test::read_file("/proc/sysvipc/" + list) == before);
  }
}

TEST_CASE("sysv: what we may not read is listed all the same") {
  for (const SysV kind : kinds) {
    INFO("kind " << static_cast<int>(kind));
    const key_t key = key_of_nobody(kind);
    const Made others(kind, 4), made(kind, 9, 0, key);
    const auto expected = [&] {
      auto status = os::SysVStatus{};
      status.key = key;
      status.size = kind == SysV::msg ? 0 : 9;
      if (kind == SysV::shm) status.creator = Tgid{::getpid()};
      return status;
    }();
    CHECK(holds_for_others([&] { return os::sysv_status(kind, made.id()) == expected; }));
    CHECK(holds_for_others([&] { return os::sysv_key_exists(kind, key); }));
    CHECK(holds_for_others([&] { return !os::semaphore_value(made.id(), 0); }));
    CHECK(holds_for_others([&] { return os::semaphore_values(made.id()).empty(); }));
  }
}

TEST_CASE("sysv: a segment that is removed is listed so") {
  const Made owned(SysV::shm, 1);
  // To attach it needs a right, which is taken away again; to remove it does not.
  shmid_ds status{};
  REQUIRE(::shmctl(owned.id(), IPC_STAT, &status) == 0);
  const void* const memory = ::shmat(owned.id(), nullptr, 0);
  REQUIRE(memory != reinterpret_cast<void*>(-1));
  status.shm_perm.mode = 0;
  CHECK(::shmctl(owned.id(), IPC_SET, &status) == 0);
  owned.remove();
  CHECK(holds_for_others([&] {
    const auto found = os::sysv_status(SysV::shm, owned.id());
    return found && found->removed && found->key == 0 && found->attached >= 1;
  }));
  CHECK(::shmdt(memory) == 0);
  CHECK(holds_for_others([&] { return !os::sysv_status(SysV::shm, owned.id()); }));
}

TEST_CASE("sysv: ids that are none") {
  for (const int id : {-1, INT_MAX, INT_MIN}) {
    for (const SysV kind : kinds) CHECK_FALSE(os::sysv_status(kind, id));
    CHECK_FALSE(os::semaphore_value(id, 0));
    CHECK(os::semaphore_values(id).empty());
  }
}

TEST_CASE("sysv: the namespace of a task") {
  struct stat ours {};
  REQUIRE(::stat("/proc/self/ns/ipc", &ours) == 0);
  CHECK(os::ipc_namespace(Tid{::getpid()}) == ours.st_ino);
  for (const Tid tid : {Tid{0}, Tid{-1}, Tid{INT_MAX}}) CHECK(os::ipc_namespace(tid) == 0);
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const char done = ::unshare(CLONE_NEWIPC) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWIPC) == 0 ? 'y' : 'n';
    if (::write(ends[1], &done, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char done = 0;
  const bool told = ::read(ends[0], &done, 1) == 1;
  const auto theirs = os::ipc_namespace(Tid{pid});
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  REQUIRE(told);
  if (done == 'n') return;
  CHECK(theirs != ours.st_ino);
  CHECK(theirs != 0);
}
