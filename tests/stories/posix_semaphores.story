# A named POSIX semaphore goes by its name, not by that of the file that glibc makes first; one in
# shared memory is a futex.
$ kintrace --stable {FIXTURES}/posix_semaphores
p1 posix_semaphore
  exec {FIXTURES}/posix_semaphores
  p1.posix_sem#1 made: sem_open
  fork → p1.1
  sem_post p1.posix_sem#1
  wait4 reaped p1.1 (exit 0)
  unlink removes p1.posix_sem#1
  mmap p1.mapping#1 4.0 kB, rw, MAP_SHARED
  fork → p1.2
  futex p1.mapping#1+0 wakes
  wait4 reaped p1.2 (exit 0)
  munmap p1.mapping#1 4.0 kB
  exit 0
p1.1 posix_semaphore
  sem_wait p1.posix_sem#1
  exit 0
p1.2 posix_semaphore
  futex p1.mapping#1+0 waited
  exit 0

p1 posix_semaphores               exit 0
├─ p1.1 posix_semaphore (forked)  exit 0, reaped by p1
└─ p1.2 posix_semaphore (forked)  exit 0, reaped by p1
