# Both ends of a pipe and who holds them; whose bytes; which close ends it.
$ kintrace --stable sh -c 'echo one | cat >/dev/null'
p1 sh
  exec /usr/bin/sh -c 'echo one | cat >/dev/null'
  p1.pipe#1 made: read fd 3, write fd 4
  fork → p1.1
  fork → p1.2
  wait4 reaped p1.1 (exit 0)
  wait4 reaped p1.2 (exit 0)
  exit 0
p1.1 sh
  fd 1 ← p1.pipe#1 write end (dup2 4→1)
  write 4 B to p1.pipe#1 "one\n"
  exit 0
p1.2 cat
  fd 0 ← p1.pipe#1 read end (dup2 3→0)
  exec /usr/bin/cat
  read 4 B of p1.pipe#1, from p1.1
  read p1.pipe#1: end of file
  exit 0

p1 sh -c 'echo one | cat >/dev/null'  exit 0
├─ p1.1 sh (forked)                   exit 0, reaped by p1
└─ p1.2 cat                           exit 0, reaped by p1
