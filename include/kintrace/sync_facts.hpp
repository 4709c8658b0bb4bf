// SPDX-License-Identifier: MIT
// The part of the vocabulary (event.hpp) that is about what tasks wait for and share without sending bytes: semaphores,
// shared memory, file locks, futexes, and waits for several things at once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kintrace/object_facts.hpp"

namespace kintrace {

// An object that is found by a key or a name was made or looked up. semget(2), shmget(2), msgget(2), shm_open(3),
// mq_open(3), memfd_create(2), eventfd(2) and their like.
struct Opened {
  static constexpr std::string_view name = "opened", cls{};
  ObjectId obj;
  bool made = false;                 // by this call
  std::optional<std::int64_t> size;  // of a set: semaphores; of a segment: bytes; of an eventfd: its first value
  int fd = -1;                       // where it is one
  std::string syscall;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Opened::obj}, Field{"made", &Opened::made}, Field{"size", &Opened::size},
                      Field{"fd", &Opened::fd}, Field{"syscall", &Opened::syscall}};
  };
};

// A semaphore of a set was changed, or an attempt made. semop(2), semctl(2), and SEM_UNDO at the end of a process. One
// fact for each semaphore that a call names; those of one call succeed or fail together.
struct SemChanged {
  static constexpr std::string_view name = "sem_changed", cls = "sem";
  ObjectId obj;
  int index = 0;
  std::optional<std::int64_t>
      delta;  // 0: it waits until the value is 0. Nothing: it is set to `value` (SETVAL, SETALL)
  std::optional<std::int64_t> value;  // when the call had returned; nothing: others were changing it as well
  bool undo = false;                  // SEM_UNDO: to be taken back when the process ends
  bool undone = false;                // this takes back, at its end, what the process had done
  std::string syscall;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &SemChanged::obj},         Field{"index", &SemChanged::index},
                      Field{"delta", &SemChanged::delta},     Field{"value", &SemChanged::value},
                      Field{"undo", &SemChanged::undo},       Field{"undone", &SemChanged::undone},
                      Field{"syscall", &SemChanged::syscall}, Field{"err", &SemChanged::err}};
  };
};

// A segment was attached to the memory of the event's process, and detached. shmat(2), shmdt(2). What an exec or an end
// detaches is not told: it is all there was.
struct ShmAttached {
  static constexpr std::string_view name = "shm_attached", cls = "shm";
  ObjectId obj;
  Address addr;
  std::int64_t bytes = 0;
  std::string prot;  // r, rw, rx, rwx; empty: none (PROT_NONE)
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &ShmAttached::obj}, Field{"addr", &ShmAttached::addr},
                      Field{"bytes", &ShmAttached::bytes}, Field{"prot", &ShmAttached::prot},
                      Field{"err", &ShmAttached::err}};
  };
};
struct ShmDetached {
  static constexpr std::string_view name = "shm_detached", cls = "shm";
  ObjectId obj;
  Address addr;
  std::int64_t bytes = 0;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &ShmDetached::obj}, Field{"addr", &ShmDetached::addr},
                      Field{"bytes", &ShmDetached::bytes}, Field{"err", &ShmDetached::err}};
  };
};

// A file, a memfd or memory without a name was mapped MAP_SHARED, and unmapped. mmap(2), mremap(2), munmap(2).
struct Mapped {
  static constexpr std::string_view name = "mapped", cls = "shm";
  ObjectId obj;
  Address addr;
  std::int64_t bytes = 0;
  std::int64_t offset = 0;  // into the object: bytes
  std::string prot;
  int fd = -1;
  std::string syscall;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Mapped::obj},         Field{"addr", &Mapped::addr}, Field{"bytes", &Mapped::bytes},
                      Field{"offset", &Mapped::offset},   Field{"prot", &Mapped::prot}, Field{"fd", &Mapped::fd},
                      Field{"syscall", &Mapped::syscall}, Field{"err", &Mapped::err}};
  };
};
struct Unmapped {
  static constexpr std::string_view name = "unmapped", cls = "shm";
  ObjectId obj;
  Address addr;
  std::int64_t bytes = 0;
  std::string syscall;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Unmapped::obj}, Field{"addr", &Unmapped::addr}, Field{"bytes", &Unmapped::bytes},
                      Field{"syscall", &Unmapped::syscall}};
  };
};

// An object, or its name, was removed: IPC_RMID, unlink(2), mq_unlink(3). Who has it open or attached keeps it.
struct ObjectRemoved {
  static constexpr std::string_view name = "object_removed", cls{};
  ObjectId obj;
  std::string syscall;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &ObjectRemoved::obj}, Field{"syscall", &ObjectRemoved::syscall},
                      Field{"err", &ObjectRemoved::err}};
  };
};

// Whose a file lock is (fcntl(2), flock(2)): the process's, gone with any of its descriptors for the file; that of an
// open file description, gone with the last of its descriptors (F_OFD_SETLK; flock(2)).
enum class LockKind { posix, ofd, flock };
template <>
struct Names<LockKind> {
  static constexpr std::array<std::string_view, 3> value{"posix", "ofd", "flock"};
};
enum class LockMode { read, write };
template <>
struct Names<LockMode> {
  static constexpr std::array<std::string_view, 2> value{"read", "write"};
};
// What ended a lock: its own call; a close of a descriptor for its file; the end of its process.
enum class ReleasedHow { unlock, close, exit };
template <>
struct Names<ReleasedHow> {
  static constexpr std::array<std::string_view, 3> value{"unlock", "close", "exit"};
};

// `range`: "0-99", "100-" to the end of the file however it grows; empty: all of it.
struct LockTaken {
  static constexpr std::string_view name = "lock_taken", cls = "lock";
  ObjectId obj;
  LockKind kind = LockKind::flock;
  LockMode mode = LockMode::write;
  std::string range;
  std::optional<Tgid> holder;  // who had it when the call began to wait for it
  int fd = -1;
  std::string syscall;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &LockTaken::obj},        Field{"kind", &LockTaken::kind},
                      Field{"mode", &LockTaken::mode},      Field{"range", &LockTaken::range},
                      Field{"holder", &LockTaken::holder},  Field{"fd", &LockTaken::fd},
                      Field{"syscall", &LockTaken::syscall}};
  };
};
struct LockReleased {
  static constexpr std::string_view name = "lock_released", cls = "lock";
  ObjectId obj;
  LockKind kind = LockKind::flock;
  std::string range;
  ReleasedHow how = ReleasedHow::unlock;
  int fd = -1;
  std::string syscall;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &LockReleased::obj},     Field{"kind", &LockReleased::kind},
                      Field{"range", &LockReleased::range}, Field{"how", &LockReleased::how},
                      Field{"fd", &LockReleased::fd},       Field{"syscall", &LockReleased::syscall}};
  };
};
struct LockRefused {
  static constexpr std::string_view name = "lock_refused", cls = "lock";
  ObjectId obj;
  LockKind kind = LockKind::flock;
  LockMode mode = LockMode::write;
  std::string range;
  std::optional<Tgid> holder;
  int fd = -1;
  std::string syscall;
  Errno err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &LockRefused::obj},         Field{"kind", &LockRefused::kind},
                      Field{"mode", &LockRefused::mode},       Field{"range", &LockRefused::range},
                      Field{"holder", &LockRefused::holder},   Field{"fd", &LockRefused::fd},
                      Field{"syscall", &LockRefused::syscall}, Field{"err", &LockRefused::err}};
  };
};

// A task has waited at a futex, or found that it need not (EAGAIN); and one has let others go on. futex(2). `obj`: the
// semaphore, where the futex is the word of a named POSIX semaphore.
struct FutexWaited {
  static constexpr std::string_view name = "futex_waited", cls = "futex";
  ObjectId obj;
  std::optional<Tid> joins;  // the thread whose end it waits for (pthread_join(3))
  std::optional<Tid> owner;  // of the mutex, when it began to wait, where its memory says so
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &FutexWaited::obj}, Field{"joins", &FutexWaited::joins},
                      Field{"owner", &FutexWaited::owner}, Field{"err", &FutexWaited::err}};
  };
};
struct FutexWoke {
  static constexpr std::string_view name = "futex_woke", cls = "futex";
  ObjectId obj;
  std::int64_t woken = 0;               // tasks
  std::optional<ObjectId> requeued_to;  // at which further ones wait from now on
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &FutexWoke::obj}, Field{"woken", &FutexWoke::woken},
                      Field{"requeued_to", &FutexWoke::requeued_to}, Field{"err", &FutexWoke::err}};
  };
};

// A wait for any of several things, or for time to pass, has ended. poll(2), select(2), epoll_wait(2), nanosleep(2),
// pause(2), sigtimedwait(2).
struct Waited {
  static constexpr std::string_view name = "waited", cls = "event";
  std::string syscall;
  std::vector<ObjectId> objs;             // that were waited for, as far as they are objects
  std::vector<ObjectId> ready;            // of them
  std::optional<Nanoseconds> timeout_ns;  // nothing: for ever
  std::optional<std::int64_t> result;     // what the call returned
  std::optional<Signal> signal;           // that was accepted: sigwait(3), signalfd(2)
  std::optional<Tgid> from;               // its sender; of SIGCHLD whom it is about
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"syscall", &Waited::syscall}, Field{"objs", &Waited::objs},
                      Field{"ready", &Waited::ready},     Field{"timeout_ns", &Waited::timeout_ns},
                      Field{"result", &Waited::result},   Field{"signal", &Waited::signal},
                      Field{"from", &Waited::from},       Field{"err", &Waited::err}};
  };
};

// When the run had ended, an object that it made was still there. Of the process that made it.
struct LeftBehind {
  static constexpr std::string_view name = "left_behind", cls{};
  ObjectId obj;
  Bytes path;               // that leads to it; empty: it has an ipcid
  std::int64_t inside = 0;  // messages that wait in a queue
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &LeftBehind::obj}, Field{"path", &LeftBehind::path},
                      Field{"inside", &LeftBehind::inside}};
  };
};

}  // namespace kintrace
