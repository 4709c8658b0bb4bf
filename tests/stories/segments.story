# A segment is attached by two, inherited by fork(2), removed while it is attached.
$ kintrace --stable {FIXTURES}/sysv_memory
p1 sysv_memory
  exec {FIXTURES}/sysv_memory
  p1.sysv_shm#1 made: shmget(IPC_PRIVATE), 8.0 kB
  shmat p1.sysv_shm#1: 8.0 kB, rw
  fork → p1.1
  wait4 reaped p1.1 (exit 0)
  shmctl removes p1.sysv_shm#1
  shmdt p1.sysv_shm#1
  exit 0
p1.1 sysv_memory
  shmat p1.sysv_shm#1: 8.0 kB, r
  shmdt p1.sysv_shm#1
  exit 0

p1 sysv_memory                exit 0
└─ p1.1 sysv_memory (forked)  exit 0, reaped by p1
