# Both ends of a pipe and who holds them; whose bytes; what ends it.
$ kintrace --stable sh -c 'one=$(echo one)'
p1 sh
  exec /usr/bin/sh -c 'one=$(echo one)'
  p1.pipe#1 made: read fd 3, write fd 4
  fork → p1.1
  read 4 B of p1.pipe#1, from p1.1
  read p1.pipe#1: end of file
  wait4 reaped p1.1 (exit 0)
  exit 0
p1.1 sh
  fd 1 ← p1.pipe#1 write end (dup2 4→1)
  write 4 B to p1.pipe#1 "one\n"
  exit 0

p1 sh -c 'one=$(echo one)'  exit 0
└─ p1.1 sh (forked)         exit 0, reaped by p1
