# A semaphore set is one object for both; who waits in semop(2) is let go on by who raises it.
$ kintrace --stable {FIXTURES}/sysv_semaphores
p1 sysv_semaphores
  exec {FIXTURES}/sysv_semaphores
  p1.sysv_sem#1 made: semget(IPC_PRIVATE), 2 semaphores
  semctl p1.sysv_sem#1[0] = 0
  semctl p1.sysv_sem#1[1] = 0 (×2)
  fork → p1.1
  semop p1.sysv_sem#1[1] +1
  wait4 reaped p1.1 (exit 0)
  semctl removes p1.sysv_sem#1
  exit 0
p1.1 sysv_semaphores
  semop p1.sysv_sem#1[1] -1
  exit 0

p1 sysv_semaphores                exit 0
└─ p1.1 sysv_semaphores (forked)  exit 0, reaped by p1
