# A path that leads to a pipe.
$ kintrace --stable bash -c 'read -r word < <(echo one)'
p1 bash
  exec /usr/bin/bash -c 'read -r word < <(echo one)'
  p1.pipe#1 made: read fd 3, write fd 4
  fork → p1.1
  open p1.pipe#1 for reading: fd 3
  fd 0 ← p1.pipe#1 read end (dup2 3→0)
  read 1 B of p1.pipe#1, from p1.1
  wait4 reaped p1.1 (exit 0)
  read 3 B of p1.pipe#1, from p1.1
  exit 0
p1.1 bash
  fd 1 ← p1.pipe#1 write end (dup2 4→1)
  write 4 B to p1.pipe#1 "one\n"
  exit 0

p1 bash -c 'read -r word < <(echo one)'  exit 0
└─ p1.1 bash (forked)                    exit 0, reaped by p1
