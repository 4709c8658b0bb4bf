// SPDX-License-Identifier: MIT
// What tasks wait for and share, in words.
#include "views/sync_words.hpp"

#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::stable;
using kintrace::test::view_of;

namespace {

// 10 sh with its children 11 ls and 12 cat, and what they share.
constexpr std::string_view family = R"(
    0+10 execed path=/bin/sh argv=sh comm=sh
    1+10 object obj=sysv_sem#1 kind=sysv_sem key=0 ipcid=5
    1+10 object obj=sysv_shm#1 kind=sysv_shm key=19229 ipcid=32769
    1+10 object obj=posix_shm#1 kind=posix_shm path=/dev/shm/x
    1+10 object obj=posix_sem#1 kind=posix_sem path=/dev/shm/sem.x
    1+10 object obj=mapping#1 kind=mapping
    1+10 object obj=futex#1 kind=futex in=mapping#1 offset=16
    1+10 object obj=file#1 kind=file path=/tmp/x
    1+10 object obj=pipe#1 kind=pipe
    1+10 object obj=eventfd#1 kind=eventfd
    2+10 forked child=11 child_pid=11 how=fork
    3+11 execed path=/bin/ls argv=ls comm=ls
    4+10 forked child=12 child_pid=12 how=fork
    5+12 execed path=/bin/cat argv=cat comm=cat
)";

// The words of the last line.
std::string last_words(std::string_view lines, const ViewOptions& options = {}) {
  const std::string text = view_of("timeline", std::string(family) + std::string(lines), options);
  const std::size_t line = text.rfind('\n', text.size() - 2) + 1;
  const std::size_t name = text.find_first_of("slc", line);  // sh, ls or cat, padded to six columns
  return text.substr(name + 8, text.size() - name - 9);
}

ViewOptions verbose() {
  ViewOptions options;
  options.verbose = true;
  return options;
}

bool told(std::string_view words, std::string_view lines, const ViewOptions& options = {}) {
  return view_of("timeline", std::string(family) + std::string(lines), options).find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("sync words: what is made, and what is found by its key or name") {
  CHECK(last_words("10 opened obj=sysv_sem#1 made=true size=2 syscall=semget") ==
        "sysv_sem#1 made: semget(IPC_PRIVATE), 2 semaphores, id 5");
  CHECK(last_words("10 opened obj=sysv_shm#1 made=true size=8192 syscall=shmget") ==
        "sysv_shm#1 made: shmget(0x4b1d), 8.0 kB, id 32769");
  CHECK(last_words("11 opened obj=sysv_shm#1 syscall=shmget") == "shmget(0x4b1d) → sysv_shm#1");
  CHECK(last_words("10 opened obj=posix_shm#1 made=true fd=3 syscall=openat") ==
        "posix_shm#1 /dev/shm/x made: shm_open, fd 3");
  CHECK(last_words("11 opened obj=posix_shm#1 fd=3 syscall=openat") == "shm_open → posix_shm#1 /dev/shm/x: fd 3");
  CHECK(last_words("10 opened obj=posix_sem#1 made=true fd=3 size=1 syscall=openat") ==
        "posix_sem#1 /x made: sem_open, value 1");
  CHECK(last_words("10 object obj=fifo#1 kind=fifo path=/tmp/f\n10 opened obj=fifo#1 made=true syscall=mknodat") ==
        "fifo#1 /tmp/f made: mknodat");
  CHECK(last_words("10 object obj=memfd#1 kind=memfd path=/memfd:x\\x20(deleted)\n"
                   "10 opened obj=memfd#1 made=true fd=3 syscall=memfd_create") == "memfd#1 memfd:x made: fd 3");
}

TEST_CASE("sync words: what only is a descriptor is made by one line") {
  CHECK(last_words("10 fd_opened fd=3 obj=eventfd#1 end=both how=open\n"
                   "10 opened obj=eventfd#1 made=true fd=3 size=0 syscall=eventfd2") ==
        "eventfd#1 made: fd 3, value 0");
  CHECK_FALSE(told("open eventfd#1", "10 fd_opened fd=3 obj=eventfd#1 end=both how=open"));
  CHECK(last_words("10 opened obj=epoll#1 made=true fd=4 syscall=epoll_create1") == "epoll#1 made: fd 4");
}

TEST_CASE("sync words: a semaphore is changed, or waited for") {
  const auto changed = [](std::string_view fields) {
    return last_words(fmt::format("12 sem_changed obj=sysv_sem#1 {}", fields));
  };
  CHECK(changed("index=1 delta=-1 value=0 syscall=semop") == "semop sysv_sem#1[1] -1 → 0");
  CHECK(changed("index=1 delta=1 value=1 undo=true syscall=semop") == "semop sysv_sem#1[1] +1 → 1 (SEM_UNDO)");
  CHECK(changed("index=0 delta=0 value=0 syscall=semop") == "semop sysv_sem#1[0] is 0");
  CHECK(changed("index=0 delta=-1 value=0 syscall=semop dur=2100000 waited_for=sysv_sem#1 woken_by=1 waker=10") ==
        "semop sysv_sem#1[0] -1 → 0, waited 2.1 ms, let go on by sh 10");
  CHECK(changed("index=0 delta=-1 value=0 syscall=semop dur=2100 waker=10") ==
        "semop sysv_sem#1[0] -1 → 0, let go on by sh 10");
  CHECK(changed("index=0 value=1 syscall=semctl") == "semctl sysv_sem#1[0] = 1");
  CHECK(changed("index=0 delta=1 value=1 undone=true") == "SEM_UNDO: sysv_sem#1[0] +1 → 1");
  CHECK(changed("index=0 delta=-1 syscall=semop err=EAGAIN") ==
        "semop sysv_sem#1[0] -1 failed: EAGAIN (Resource temporarily unavailable)");
  CHECK(changed("index=0 delta=0 syscall=semop err=EIDRM dur=30000000") ==
        "semop sysv_sem#1[0] wait for 0 failed: EIDRM (Identifier removed), waited 30 ms");
  CHECK(changed("index=0 delta=-1 syscall=semop unfinished=true") == "semop sysv_sem#1[0] -1 never returned");
}

TEST_CASE("sync words: memory that is shared") {
  const std::string attached = "12 shm_attached obj=sysv_shm#1 addr=0x7f0000000000 bytes=8192 prot=rw\n";
  const std::string mapped = "12 mapped obj=posix_shm#1 addr=0x1000 bytes=4096 offset=0 prot=rw fd=3 syscall=mmap\n";
  CHECK(last_words(attached) == "shmat sysv_shm#1: 8.0 kB, rw");
  CHECK(last_words(attached, verbose()) == "shmat sysv_shm#1: 8.0 kB, rw at 0x7f0000000000");
  CHECK(last_words("12 shm_attached obj=sysv_shm#1 addr=0x0 bytes=0 err=EACCES") ==
        "shmat sysv_shm#1 failed: EACCES (Permission denied)");
  CHECK(last_words(attached + "12 shm_detached obj=sysv_shm#1 addr=0x7f0000000000 bytes=8192") == "shmdt sysv_shm#1");
  CHECK(last_words(mapped) == "mmap posix_shm#1 4.0 kB, rw, MAP_SHARED");
  CHECK(last_words(mapped + "12 unmapped obj=posix_shm#1 addr=0x1000 bytes=4096 syscall=munmap") ==
        "munmap posix_shm#1 4.0 kB");
  CHECK(last_words("12 mapped obj=file#1 addr=0x1000 bytes=4096 offset=4096 prot=rw fd=3 syscall=mmap") ==
        "mmap file#1 /tmp/x 4.0 kB, rw, MAP_SHARED, from 4.0 kB on");
  const std::string_view cache = "12 mapped obj=file#1 addr=0x1000 bytes=4096 offset=0 prot=r fd=3 syscall=mmap";
  CHECK_FALSE(told("mmap", cache));
  CHECK_THAT(last_words(cache, verbose()), test::contains("mmap file#1 /tmp/x 4.0 kB, r, MAP_SHARED"));
}

TEST_CASE("sync words: what is removed, and what an end takes out of memory") {
  const std::string attached = "12 shm_attached obj=sysv_shm#1 addr=0x7f0000000000 bytes=8192 prot=rw\n";
  CHECK(last_words("10 object_removed obj=sysv_sem#1 syscall=semctl") == "semctl removes sysv_sem#1");
  CHECK(last_words("10 object_removed obj=posix_shm#1 syscall=unlink") == "unlink removes posix_shm#1 /dev/shm/x");
  CHECK(last_words("10 object_removed obj=sysv_sem#1 syscall=semctl err=EPERM") ==
        "semctl removing sysv_sem#1 failed: EPERM (Operation not permitted)");
  CHECK(last_words(attached + "10 object_removed obj=sysv_shm#1 syscall=shmctl") ==
        "shmctl removes sysv_shm#1, still attached by 1 process");
  CHECK(last_words(attached + "12 mapped obj=posix_shm#1 addr=0x1000 bytes=4096 offset=0 prot=rw fd=3 syscall=mmap\n"
                              "12 mapped obj=file#1 addr=0x9000 bytes=4096 offset=0 prot=r fd=3 syscall=mmap\n"
                              "12 exited code=0 group=true") ==
        "exit 0; memory released; detaches sysv_shm#1; unmaps posix_shm#1; SIGCHLD → 10");
}

TEST_CASE("sync words: what is left behind, and where") {
  CHECK(last_words("10 left_behind obj=sysv_sem#1") == "still there: sysv_sem#1, id 5");
  CHECK(last_words("10 left_behind obj=sysv_shm#1 inside=0") == "still there: sysv_shm#1, id 32769");
  CHECK(last_words("10 left_behind obj=posix_shm#1 path=/dev/shm/x") == "still there: posix_shm#1 /dev/shm/x");
  CHECK(last_words("10 object obj=sysv_msg#1 kind=sysv_msg key=0 ipcid=7\n10 left_behind obj=sysv_msg#1 inside=3") ==
        "still there: sysv_msg#1, id 7, 3 messages in it");
}

TEST_CASE("sync words: a lock is taken, refused, and given up") {
  CHECK(last_words("11 lock_taken obj=file#1 kind=flock mode=write fd=3 syscall=flock") ==
        "flock file#1 /tmp/x: write lock taken");
  CHECK(last_words("11 lock_taken obj=file#1 kind=posix mode=read range=0-99 fd=3 syscall=fcntl") ==
        "fcntl file#1 /tmp/x: read lock on 0-99 taken");
  CHECK(last_words("11 lock_taken obj=file#1 kind=ofd mode=write fd=3 syscall=fcntl") ==
        "fcntl file#1 /tmp/x: OFD write lock taken");
  CHECK(
      last_words("11 lock_taken obj=file#1 kind=flock mode=write holder=12 fd=3 syscall=flock dur=2100000 waker=12") ==
      "flock file#1 /tmp/x: write lock taken, waited 2.1 ms for cat 12 who had it");
  CHECK(last_words("11 lock_refused obj=file#1 kind=flock mode=write holder=12 fd=3 syscall=flock err=EAGAIN") ==
        "flock file#1 /tmp/x: write lock refused: EAGAIN (Resource temporarily unavailable): held by cat 12");
  CHECK(last_words("11 lock_released obj=file#1 kind=flock how=unlock fd=3 syscall=flock") == "flock file#1 unlocked");
  CHECK(last_words("11 lock_released obj=file#1 kind=ofd range=0-99 how=unlock fd=3 syscall=fcntl") ==
        "fcntl file#1: 0-99 unlocked (OFD)");
  CHECK(last_words("11 lock_released obj=file#1 kind=posix how=close fd=4 syscall=close") ==
        "close fd 4 of file#1: its POSIX locks are gone");
  CHECK(last_words("11 lock_released obj=file#1 kind=flock how=exit fd=4") == "lock on file#1 dropped");
}

TEST_CASE("sync words: a wait at a futex, and who ended it") {
  CHECK(last_words("12 futex_waited obj=futex#1 dur=3200000 waker=10") ==
        "futex futex#1 waited 3.2 ms, woken by sh 10");
  CHECK(last_words("12 futex_waited obj=futex#1 owner=10 dur=3200000 waker=10") ==
        "futex futex#1 waited 3.2 ms for its owner sh 10");
  CHECK(last_words("12 futex_waited obj=futex#1 dur=3200000", verbose()) ==
        "futex futex#1 (mapping#1+16) waited 3.2 ms");
  CHECK(last_words("12 futex_waited obj=futex#1 err=ETIMEDOUT dur=10000000") == "futex futex#1 timed out after 10 ms");
  const std::string threads = "10 forked child=13 child_pid=10 how=thread\n";
  CHECK(last_words(threads + "10 futex_waited obj=futex#2 joins=13 dur=2000000 waker=13") ==
        "joins thread 13, waited 2.0 ms");
  CHECK(last_words(threads + "10 futex_waited obj=futex#2 joins=13 dur=2000000 err=EINTR") ==
        "join of thread 13 interrupted, waited 2.0 ms");
  CHECK(last_words(threads + "10 futex_waited obj=futex#2 joins=13 dur=2000000 err=ETIMEDOUT") ==
        "join of thread 13 timed out after 2 ms");
  CHECK(last_words(threads + "10 futex_waited joins=13 unfinished=true") == "join of thread 13 never returned");
  CHECK(last_words("12 futex_woke obj=futex#1 woken=1") == "futex futex#1 wakes 1");
  CHECK(last_words("12 futex_woke obj=futex#1 woken=1 requeued_to=futex#2") ==
        "futex futex#1 wakes 1, moves others to futex#2");
  CHECK(last_words("12 futex_waited obj=posix_sem#1 dur=3200000 waker=10") ==
        "sem_wait posix_sem#1 /x, waited 3.2 ms, let go on by sh 10");
  CHECK(last_words("10 futex_woke obj=posix_sem#1 woken=1") == "sem_post posix_sem#1 /x");
}

TEST_CASE("sync words: a futex that nobody waits at is not worth a line") {
  const std::string_view changed = "12 futex_waited obj=futex#1 err=EAGAIN";
  CHECK_FALSE(told("EAGAIN", changed));
  CHECK_THAT(last_words(changed, verbose()), test::contains(" has changed: no wait (EAGAIN)"));
  ViewOptions failed;
  failed.choice.outcomes = {Outcome::failed};
  CHECK(told("EAGAIN", changed, failed));
  CHECK_FALSE(told("wakes", "12 futex_woke obj=futex#1 woken=0"));
  CHECK(told("wakes 0", "12 futex_woke obj=futex#1 woken=0", verbose()));
}

TEST_CASE("sync words: waits for any of several things, or for time") {
  CHECK(last_words("12 waited syscall=poll objs=pipe#1,eventfd#1 ready=pipe#1 result=1 dur=2000000000") ==
        "poll waited 2.0 s for pipe#1 or eventfd#1: pipe#1 ready");
  CHECK(last_words("12 waited syscall=epoll_wait objs= ready= timeout_ns=10000000 result=0 dur=10060000") ==
        "epoll_wait: timed out after 10 ms");
  CHECK(last_words("12 waited syscall=nanosleep timeout_ns=10000000 result=0 dur=10060000") == "slept 10 ms");
  CHECK(last_words("12 waited syscall=pause err=EINTR") == "pause ended: EINTR");
  CHECK(last_words("12 waited syscall=rt_sigtimedwait signal=SIGUSR1 from=10 result=10") ==
        "sigwaitinfo accepts SIGUSR1 from sh 10");
  CHECK(last_words("12 waited syscall=poll objs=pipe#1 ready=pipe#1 result=1", verbose()) ==
        "poll pipe#1: pipe#1 ready");
  CHECK(last_words("12 waited syscall=nanosleep timeout_ns=100000 dur=160000", verbose()) == "nanosleep 100 µs");
  CHECK_FALSE(told("poll", "12 waited syscall=poll objs=pipe#1 ready=pipe#1 result=1"));
  CHECK_FALSE(told("nanosleep", "12 waited syscall=nanosleep timeout_ns=100000 dur=160000"));
}

TEST_CASE("sync words: waits that have not ended") {
  const auto waits = [](std::string_view fields) {
    return last_words(fmt::format("12 blocked dur=2000000 {}", fields));
  };
  CHECK(waits("syscall=semop obj=sysv_sem#1 waits_for=") == "semop waits for sysv_sem#1");
  CHECK(waits("syscall=futex obj=futex#1 waits_for=") == "futex waits at futex#1");
  CHECK(waits("syscall=futex obj=futex#1 waits_for=10") == "futex waits at futex#1 held by sh 10");
  CHECK(waits("syscall=futex obj=posix_sem#1 waits_for=") == "sem_wait waits for posix_sem#1 /x");
  CHECK(waits("syscall=flock obj=file#1 waits_for=10,11") ==
        "flock waits for a lock on file#1 /tmp/x held by sh 10 or ls 11");
  CHECK(waits("syscall=poll obj=pipe#1 waits_for=") == "poll waits for pipe#1");
  CHECK(waits("syscall=read obj=eventfd#1 waits_for=") == "read waits for eventfd#1");
  CHECK(waits("syscall=msgrcv obj=sysv_msg#1 waits_for=") == "msgrcv waits for a message of sysv_msg#1");
  CHECK(waits("syscall=mq_timedsend obj=posix_mq#1 waits_for=") == "mq_timedsend waits: posix_mq#1 is full");
}

TEST_CASE("sync words: messages of queues, and the numbers of an eventfd") {
  CHECK(last_words("11 sent obj=sysv_msg#1 bytes=3 data=two type=2 syscall=msgsnd") ==
        R"(msgsnd sysv_msg#1 3 B "two", type 2)");
  CHECK(last_words("12 received obj=posix_mq#1 bytes=1 priority=7 from=1:1:11 syscall=mq_timedreceive") ==
        "mq_timedreceive posix_mq#1 1 B, priority 7, from ls 11");
  const std::string_view five = R"(bytes=8 data="\u0005\\x00\\x00\\x00\\x00\\x00\\x00\\x00")";
  CHECK(last_words(fmt::format("11 sent obj=eventfd#1 fd=4 {} syscall=write", five)) == "write eventfd#1 +5");
  CHECK(last_words(fmt::format("11 received obj=eventfd#1 fd=4 {} syscall=read waker=10", five)) ==
        "read eventfd#1: value 5, let go on by sh 10");
  CHECK(last_words(fmt::format("11 received obj=timerfd#1 fd=4 {} syscall=read", five)) ==
        "read timerfd#1: 5 expirations");
  CHECK(last_words("11 received obj=signalfd#1 fd=4 bytes=128 data=xyz cut=true syscall=read") ==
        "read signalfd#1 128 B");
}

TEST_CASE("sync words: who let a call go on, unless it is said already") {
  CHECK(last_words("11 sent obj=pipe#1 fd=4 bytes=9 syscall=write dur=2100000 waker=12") ==
        "write pipe#1 9 B, waited 2.1 ms as it was full, until cat 12 read");
  CHECK(last_words("11 sent obj=posix_mq#1 fd=4 bytes=9 syscall=mq_timedsend dur=2100000 waker=12") ==
        "mq_timedsend posix_mq#1 9 B, waited 2.1 ms as it was full, until cat 12 took one");
  CHECK(last_words("12 received obj=pipe#1 fd=3 bytes=9 from=1:9:11 syscall=read dur=2100000 waker=11") ==
        "read pipe#1 9 B, from ls 11, waited 2.1 ms");
  CHECK(last_words("12 received obj=pipe#1 fd=3 eof=true eof_by=11 syscall=read dur=2100000 waker=11") ==
        "read pipe#1: end of file: ls 11 was the last writer, waited 2.1 ms");
}

TEST_CASE("sync words: with --stable nothing of chance is told") {
  CHECK(view_of("timeline",
                R"(
    10 execed path=/bin/sh argv=sh comm=sh
    10 object obj=sysv_sem#1 kind=sysv_sem key=0 ipcid=5
    10 opened obj=sysv_sem#1 made=true size=2 syscall=semget
    10 object obj=sysv_shm#1 kind=sysv_shm key=19229 ipcid=6
    10 opened obj=sysv_shm#1 made=true size=8192 syscall=shmget
    10 sem_changed obj=sysv_sem#1 index=0 value=1 syscall=semctl
    10 forked child=11 child_pid=11 how=fork
    10 left_behind obj=sysv_sem#1
    11 shm_attached obj=sysv_shm#1 addr=0x7f0000000000 bytes=8192 prot=rw
    11 sem_changed obj=sysv_sem#1 index=0 delta=-1 value=0 syscall=semop dur=2100000 waker=10
    11 sem_changed obj=sysv_sem#1 index=0 delta=-1 value=3 syscall=semop
    11 object obj=file#1 kind=file path=/tmp/x
    11 lock_taken obj=file#1 kind=flock mode=write holder=10 fd=3 syscall=flock dur=5000000
    11 object obj=eventfd#1 kind=eventfd
    11 waited syscall=poll objs=eventfd#1 ready=eventfd#1 result=1 dur=5000000
    11 waited syscall=poll objs=eventfd#1 ready=eventfd#1 result=1
    11 waited syscall=nanosleep timeout_ns=10000000 dur=10060000
    11 exited code=0 group=true)",
                stable()) ==
        "p1 sh\n"
        "  exec /bin/sh\n"
        "  p1.sysv_sem#1 made: semget(IPC_PRIVATE), 2 semaphores\n"
        "  sysv_shm 0x4b1d made: shmget, 8.0 kB\n"
        "  semctl p1.sysv_sem#1[0] = 1\n"
        "  fork → p1.1\n"
        "  still there: p1.sysv_sem#1\n"
        "p1.1 sh\n"
        "  shmat sysv_shm 0x4b1d: 8.0 kB, rw\n"
        "  semop p1.sysv_sem#1[0] -1 (×2)\n"
        "  flock file /tmp/x: write lock taken\n"
        "  poll: p1.1.eventfd#1 ready\n"
        "  slept\n"
        "  exit 0\n");
}
