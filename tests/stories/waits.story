# Waits that others, time, or a signal end.
$ kintrace --stable {FIXTURES}/polls
p1 polls
  exec {FIXTURES}/polls
  p1.pipe#1 made: read fd 3, write fd 4
  fork → p1.1
  write 1 B to p1.pipe#1 "\x00"
  kill SIGUSR1 → p1.1
  kill SIGUSR2 → p1.1
  wait4 reaped p1.1 (exit 0)
  exit 0
p1.1 polls
  pselect: p1.pipe#1 ready
  SIGUSR1 from p1: handler; pause fails with EINTR
  SIGUSR2 from p1: handler; rt_sigsuspend fails with EINTR
  ppoll: timed out
  slept
  exit 0

p1 polls                exit 0
└─ p1.1 polls (forked)  exit 0, reaped by p1
