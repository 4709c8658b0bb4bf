# A reader that gets EOF from whose close it was, a writer that gets EPIPE and SIGPIPE.
$ kintrace --stable {FIXTURES}/pipe_ends
p1 pipe_ends
  exec {FIXTURES}/pipe_ends
  p1.pipe#1 made: read fd 3, write fd 4
  p1.pipe#2 made: read fd 5, write fd 6
  fork → p1.1
  wait4 reaped p1.1 (exit 0)
  fork → p1.2
  write 1 B to p1.pipe#2 "\x00"
  read 2 B of p1.pipe#1, from p1.1 and p1.2
  read p1.pipe#1: end of file
  wait4 reaped p1.2 (exit 0)
  p1.pipe#3 made: read fd 3, write fd 4
  p1.pipe#4 made: read fd 7, write fd 8
  fork → p1.3
  read 1 B of p1.pipe#3, from p1.3
  write 1 B to p1.pipe#4 "c"
  wait4 reaped p1.3 (killed by SIGPIPE)
  exit 0
p1.1 pipe_ends
  write 1 B to p1.pipe#1 "a"
  exit 0
p1.2 pipe_ends
  read 1 B of p1.pipe#2, from p1
  write 1 B to p1.pipe#1 "b"
  exit 0
p1.3 pipe_ends
  write 1 B to p1.pipe#3 "c"
  read 1 B of p1.pipe#4, from p1
  write p1.pipe#3 failed: EPIPE (Broken pipe)
  SIGPIPE from its write to p1.pipe#3, which nobody can read: default action (ends)
  killed by SIGPIPE

p1 pipe_ends                exit 0
├─ p1.1 pipe_ends (forked)  exit 0, reaped by p1
├─ p1.2 pipe_ends (forked)  exit 0, reaped by p1
└─ p1.3 pipe_ends (forked)  killed by SIGPIPE, reaped by p1
