# vfork, with an exec and without.
$ kintrace --stable {FIXTURES}/vfork_exec
p1 vfork_exec
  exec {FIXTURES}/vfork_exec
  vfork → p1.1, borrows the memory until its exec or end
  wait4 reaped p1.1 (exit 0)
  vfork → p1.2
  wait4 reaped p1.2 (exit 6)
  exit 0
p1.1 true
  exec /bin/true
  exit 0
p1.2 vfork_exec
  exit 6

p1 vfork_exec                exit 0
├─ p1.1 true                 exit 0, reaped by p1
└─ p1.2 vfork_exec (forked)  exit 6, reaped by p1
