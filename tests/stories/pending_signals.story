# Signals as messages: blocked, lost, accepted in their order.
$ kintrace --stable {FIXTURES}/signals_queue
p1 signals_queue
  exec {FIXTURES}/signals_queue
  p1.pipe#1 made: read fd 3, write fd 4
  p1.pipe#2 made: read fd 5, write fd 6
  fork → p1.1
  read 1 B of p1.pipe#1, from p1.1
  kill SIGUSR1 → p1.1
  rt_sigqueueinfo SIGRTMIN → p1.1
  write 1 B to p1.pipe#2 "\x00"
  read 1 B of p1.pipe#1, from p1.1
  kill SIGUSR2 → p1.1
  wait4 reaped p1.1 (exit 0)
  exit 0
p1.1 signals_queue
  write 1 B to p1.pipe#1 "\x00"
  read 1 B of p1.pipe#2, from p1
  sigwaitinfo accepts SIGUSR1 from p1
  sigwaitinfo accepts SIGRTMIN from p1 (×2)
  p1.1.signalfd#1 made: fd 7
  write 1 B to p1.pipe#1 "\x00"
  read p1.1.signalfd#1: SIGUSR2 from p1
  exit 0

p1 signals_queue                exit 0
└─ p1.1 signals_queue (forked)  exit 0, reaped by p1
