# A descriptor in a message: while it waits, the message holds the pipe.
$ kintrace --stable {FIXTURES}/passes_descriptor
p1 passes_descript
  exec {FIXTURES}/passes_descriptor
  p1.unix#1 and p1.unix#2 made: a pair, fd 3 and fd 4
  p1.pipe#1 made: read fd 5, write fd 6
  write 5 B to p1.pipe#1 "hello"
  sendmsg p1.unix#1 10 B "take this\x00", with fd 5 (p1.pipe#1 read end)
  fork → p1.1
  wait4 reaped p1.1 (exit 0)
  exit 0
p1.1 passes_descript
  read 10 B of p1.unix#2, from p1
  receives p1.pipe#1 read end: fd 3
  read 5 B of p1.pipe#1, from p1
  read p1.pipe#1: end of file
  exit 0

p1 passes_descriptor              exit 0
└─ p1.1 passes_descript (forked)  exit 0, reaped by p1
