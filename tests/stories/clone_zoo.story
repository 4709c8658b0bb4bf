# Births by clone are told by what is shared and by whose child it is.
$ kintrace --stable -e lifecycle,signal {FIXTURES}/clone_zoo
p1 clone_zoo
  exec {FIXTURES}/clone_zoo
  clone → p1.1; no exit signal: only a wait with __WALL or __WCLONE finds it
  wait4 failed: ECHILD (No child processes)
  wait4 reaped p1.1 (exit 1)
  clone → p1.2, shares memory, files
  wait4 reaped p1.2 (exit 0)
  fork → p1.3
  wait4 reaped p1.3 (exit 3)
  wait4 reaped p1.3.1 (exit 2)
  exit 0
p1.1 clone_zoo
  exit 1
p1.2 clone_zoo
  exit 0
p1.3 clone_zoo
  clone → p1.3.1, whose parent is p1
  exit 3
p1.3.1 clone_zoo
  exit 2

p1 clone_zoo                     exit 0
├─ p1.1 clone_zoo (forked)       exit 1, reaped by p1
├─ p1.2 clone_zoo (forked)       exit 0, shares memory, files with p1, reaped by p1
└─ p1.3 clone_zoo (forked)       exit 3, reaped by p1
   └─ p1.3.1 clone_zoo (forked)  exit 2, reaped by p1
