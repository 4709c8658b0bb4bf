# The same below a subreaper, which gets the daemon and collects it.
$ kintrace --stable -e lifecycle,signal {FIXTURES}/double_fork_daemon subreaper
p1 double_fork_dae
  exec {FIXTURES}/double_fork_daemon subreaper
  is a subreaper now: orphans among its descendants become its children
  fork → p1.1
  wait4 reaped p1.1 (exit 0)
  wait4 reaped p1.1.1 (exit 0)
  exit 0
p1.1 double_fork_dae
  new session p1.1 (setsid)
  fork → p1.1.1
  exit 0
p1.1.1 double_fork_dae
  wants SIGUSR1 when its parent ends
  its parent p1.1 has ended: adopted by p1
  exit 0

p1 double_fork_daemon subreaper        exit 0, subreaper
└─ p1.1 double_fork_dae (forked)       exit 0, reaped by p1
   └─ p1.1.1 double_fork_dae (forked)  exit 0, adopted by p1, reaped by p1
