# The shell writes a short here-document into a pipe that the command reads.
$ kintrace --stable bash -c 'read -r word <<< here'
p1 bash
  exec /usr/bin/bash -c 'read -r word <<< here'
  p1.pipe#1 made: read fd 3, write fd 4
  write 5 B to p1.pipe#1 "here\n"
  fd 0 ← p1.pipe#1 read end (dup2 3→0)
  read 5 B of p1.pipe#1, from p1
  exit 0

p1 bash -c 'read -r word <<< here'  exit 0
