# A handler without SA_RESTART makes the wait fail; with it the wait goes on as one and the same call.
$ kintrace --stable -e lifecycle,signal {FIXTURES}/wait_interrupted
p1 wait_interrupte
  exec {FIXTURES}/wait_interrupted
  fork → p1.1
  SIGUSR1 from p1.1: handler
  wait4 failed: EINTR (Interrupted system call)
  SIGUSR1 from p1.1: handler
  wait4 reaped p1.1 (exit 8)
  exit 0
p1.1 wait_interrupte
  kill SIGUSR1 → p1
  exit 8

p1 wait_interrupted               exit 0
└─ p1.1 wait_interrupte (forked)  exit 8, reaped by p1
