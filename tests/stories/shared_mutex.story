# A mutex of two processes is a word of memory that both map.
$ kintrace --stable {FIXTURES}/shared_mutex
p1 shared_mutex
  exec {FIXTURES}/shared_mutex
  mmap p1.mapping#1 4.0 kB, rw, MAP_SHARED
  fork → p1.1
  futex p1.mapping#1+0 wakes
  wait4 reaped p1.1 (exit 0)
  munmap p1.mapping#1 4.0 kB
  exit 0
p1.1 shared_mutex
  futex p1.mapping#1+0 waited
  exit 0

p1 shared_mutex                exit 0
└─ p1.1 shared_mutex (forked)  exit 0, reaped by p1
