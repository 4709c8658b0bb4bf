# The same by SA_NOCLDWAIT, where SIGCHLD has a handler and is not ignored at all.
$ kintrace --stable {FIXTURES}/auto_reap nocldwait
p1 auto_reap
  exec {FIXTURES}/auto_reap nocldwait
  fork → p1.1
  p1.1 (exit 4) reaped by the kernel (SIGCHLD is ignored, or SA_NOCLDWAIT set)
  wait4 failed: ECHILD (No child processes)
  fork → p1.2
  p1.2 (exit 5) reaped by the kernel (SIGCHLD is ignored, or SA_NOCLDWAIT set)
  wait4 failed: ECHILD (No child processes)
  exit 0
p1.1 auto_reap
  exit 4
p1.2 auto_reap
  exit 5

p1 auto_reap nocldwait      exit 0
├─ p1.1 auto_reap (forked)  exit 4, reaped by the kernel
└─ p1.2 auto_reap (forked)  exit 5, reaped by the kernel
