# A command substitution is a child; its status becomes the shell's.
$ kintrace --stable sh -c 'x=$(exit 2); exit $?'
p1 sh
  exec /usr/bin/sh -c 'x=$(exit 2); exit $?'
  fork → p1.1
  wait4 reaped p1.1 (exit 2)
  exit 2
p1.1 sh
  exit 2

p1 sh -c 'x=$(exit 2); exit $?'  exit 2
└─ p1.1 sh (forked)              exit 2, reaped by p1
