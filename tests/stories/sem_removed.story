# A set that is removed while another waits at it: EIDRM.
$ kintrace --stable {FIXTURES}/sem_removed_in_use
p1 sem_removed_in_
  exec {FIXTURES}/sem_removed_in_use
  p1.sysv_sem#1 made: semget(IPC_PRIVATE), 1 semaphore
  semctl p1.sysv_sem#1[0] = 0
  fork → p1.1
  semctl removes p1.sysv_sem#1
  wait4 reaped p1.1 (exit 0)
  exit 0
p1.1 sem_removed_in_
  semop p1.sysv_sem#1[0] -1 failed: EIDRM (Identifier removed)
  exit 0

p1 sem_removed_in_use             exit 0
└─ p1.1 sem_removed_in_ (forked)  exit 0, reaped by p1
