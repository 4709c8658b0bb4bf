# The least there is: a child, its status, and who collected it.
$ kintrace --stable {FIXTURES}/fork_exit
p1 fork_exit
  exec {FIXTURES}/fork_exit
  fork → p1.1
  wait4 reaped p1.1 (exit 3)
  exit 0
p1.1 fork_exit
  exit 3

p1 fork_exit                exit 0
└─ p1.1 fork_exit (forked)  exit 3, reaped by p1
