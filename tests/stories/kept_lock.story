# A lock outlives who took it, as others share its open file description.
$ kintrace --stable {FIXTURES}/kept_lock
p1 kept_lock
  exec {FIXTURES}/kept_lock
  p1.memfd#1 made: fd 3
  fork → p1.1
  wait4 reaped p1.1 (exit 0)
  flock p1.memfd#1: write lock refused: EAGAIN (Resource temporarily unavailable)
  close p1.memfd#1: its lock is gone
  fork → p1.2
  wait4 reaped p1.2 (exit 0)
  lock on p1.memfd#1 dropped
  exit 0
p1.1 kept_lock
  flock p1.memfd#1: write lock taken
  exit 0
p1.2 kept_lock
  flock p1.memfd#1: write lock taken
  exit 0

p1 kept_lock                exit 0
├─ p1.1 kept_lock (forked)  exit 0, reaped by p1
└─ p1.2 kept_lock (forked)  exit 0, reaped by p1
