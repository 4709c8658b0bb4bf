# A command substitution is a child; its status becomes the shell's.
$ kintrace --stable sh -c 'x=$(exit 2); exit $?'
p1 sh
  exec /usr/bin/sh -c 'x=$(exit 2); exit $?'
  p1.pipe#1 made: read fd 3, write fd 4
  fork → p1.1
  read p1.pipe#1: end of file
  wait4 reaped p1.1 (exit 2)
  exit 2
p1.1 sh
  fd 1 ← p1.pipe#1 write end (dup2 4→1)
  exit 2

p1 sh -c 'x=$(exit 2); exit $?'  exit 2
└─ p1.1 sh (forked)              exit 2, reaped by p1
