# Who joins a thread waits for its end: through signals, until its time has passed, or until another ends the process.
$ kintrace --stable {FIXTURES}/joins
p1 joins
  exec {FIXTURES}/joins
  p1.pipe#1 made: read fd 3, write fd 4
  p1.pipe#2 made: read fd 5, write fd 6
  thread → p1/t2, shares memory, files, fs, signals
  SIGUSR1 from itself: handler; futex fails with EINTR
  write 1 B to p1.pipe#1 "\x00"
  thread → p1/t3
  write 1 B to p1.pipe#2 "\x00"
  fork → p1.1
  wait4 reaped p1.1 (exit 3)
  exit 0
p1/t2 joins
  tgkill SIGUSR1 → its thread t1
  read 1 B of p1.pipe#1, from p1
  thread ended
p1/t3 joins
  read 1 B of p1.pipe#2, from p1
  thread ended
p1.1 joins
  thread → p1.1/t2, shares memory, files, fs, signals
  exit 3
p1.1/t2 joins
  thread ended: exit 3

p1 joins                 exit 0
│  · thread t2 joins     exit 0, shares memory, files, fs, signals
│  · thread t3 joins     exit 0
└─ p1.1 joins (forked)   exit 3, reaped by p1
      · thread t2 joins  exit 3, shares memory, files, fs, signals
