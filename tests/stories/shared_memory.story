# Shared memory of three kinds: with a name, without, and a memfd.
$ kintrace --stable {FIXTURES}/posix_memory
p1 posix_memory
  exec {FIXTURES}/posix_memory
  p1.posix_shm#1 made: shm_open, fd 3
  p1.memfd#1 made: fd 4
  mmap p1.posix_shm#1 4.0 kB, rw, MAP_SHARED
  mmap p1.memfd#1 4.0 kB, rw, MAP_SHARED
  mmap p1.mapping#1 4.0 kB, rw, MAP_SHARED
  fork → p1.1
  wait4 reaped p1.1 (exit 0)
  mremap p1.mapping#1 4.0 kB
  mremap p1.mapping#1 8.0 kB, rw, MAP_SHARED
  munmap p1.posix_shm#1 4.0 kB
  munmap p1.memfd#1 4.0 kB
  munmap p1.mapping#1 8.0 kB
  unlink removes p1.posix_shm#1
  exit 0
p1.1 posix_memory
  munmap p1.posix_shm#1 4.0 kB
  exit 0

p1 posix_memory                exit 0
└─ p1.1 posix_memory (forked)  exit 0, reaped by p1
