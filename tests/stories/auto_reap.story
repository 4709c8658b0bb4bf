# SIGCHLD is ignored: no zombies, and the wait finds nobody. The child is gone before the wait fails for want of one.
$ kintrace --stable {FIXTURES}/auto_reap
p1 auto_reap
  exec {FIXTURES}/auto_reap
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

p1 auto_reap                exit 0
├─ p1.1 auto_reap (forked)  exit 4, reaped by the kernel
└─ p1.2 auto_reap (forked)  exit 5, reaped by the kernel
