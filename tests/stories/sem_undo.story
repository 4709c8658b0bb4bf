# What a process took with SEM_UNDO is given back at its end, by semaphore, before the end is told.
$ kintrace --stable {FIXTURES}/sem_undo
p1 sem_undo
  exec {FIXTURES}/sem_undo
  p1.sysv_sem#1 made: semget(IPC_PRIVATE), 1 semaphore
  semctl p1.sysv_sem#1[0] = 1
  fork → p1.1
  wait4 reaped p1.1 (exit 0)
  semop p1.sysv_sem#1[0] -1
  semop p1.sysv_sem#1[0] -1 failed: EAGAIN (Resource temporarily unavailable)
  semctl removes p1.sysv_sem#1
  exit 0
p1.1 sem_undo
  semop p1.sysv_sem#1[0] -1 (SEM_UNDO)
  SEM_UNDO: p1.sysv_sem#1[0] +1
  exit 0

p1 sem_undo                exit 0
└─ p1.1 sem_undo (forked)  exit 0, reaped by p1
