# The double fork: the one between ends, and the daemon is given to init.
$ kintrace --stable -e lifecycle,signal {FIXTURES}/double_fork_daemon
p1 double_fork_dae
  exec {FIXTURES}/double_fork_daemon
  fork → p1.1
  wait4 reaped p1.1 (exit 0)
  exit 0
p1.1 double_fork_dae
  new session p1.1 (setsid)
  fork → p1.1.1
  exit 0
p1.1.1 double_fork_dae
  wants SIGUSR1 when its parent ends
  its parent p1.1 has ended: adopted by an outsider
  exit 0

p1 double_fork_daemon                  exit 0
└─ p1.1 double_fork_dae (forked)       exit 0, reaped by p1
   └─ p1.1.1 double_fork_dae (forked)  exit 0, adopted by an outsider
