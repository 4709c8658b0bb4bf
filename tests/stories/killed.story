# The signal that ended a process is its fate, in its own section and in its parent's wait.
$ kintrace --stable {FIXTURES}/killed_by_signal
p1 killed_by_signa
  exec {FIXTURES}/killed_by_signal
  fork → p1.1
  kill SIGKILL → p1.1
  wait4 reaped p1.1 (killed by SIGKILL)
  fork → p1.2
  wait4 reaped p1.2 (killed by SIGSEGV)
  exit 0
p1.1 killed_by_signa
  killed by SIGKILL
p1.2 killed_by_signa
  SIGSEGV, its own fault: no memory is mapped there; default action (ends, dumps core)
  killed by SIGSEGV

p1 killed_by_signal               exit 0
├─ p1.1 killed_by_signa (forked)  killed by SIGKILL, reaped by p1
└─ p1.2 killed_by_signa (forked)  killed by SIGSEGV, reaped by p1
