# Locks of all three kinds: refused, waited for, given back, lost by a close and by an end.
$ kintrace --stable {FIXTURES}/file_locks
p1 file_locks
  exec {FIXTURES}/file_locks
  p1.memfd#1 made: fd 3
  flock p1.memfd#1: write lock taken
  fork → p1.1
  flock p1.memfd#1 unlocked
  wait4 reaped p1.1 (exit 0)
  fcntl p1.memfd#1: write lock on 0-99 taken
  fork → p1.2
  close fd 4 of p1.memfd#1: its POSIX locks are gone
  wait4 reaped p1.2 (exit 0)
  fcntl p1.memfd#1: OFD write lock on 0-99 taken
  fork → p1.3
  close p1.memfd#1: its lock is gone
  wait4 reaped p1.3 (exit 0)
  exit 0
p1.1 file_locks
  flock p1.memfd#1: write lock refused: EAGAIN (Resource temporarily unavailable)
  flock p1.memfd#1: write lock taken
  lock on p1.memfd#1 dropped
  exit 0
p1.2 file_locks
  fcntl p1.memfd#1: write lock on 50-149 refused: EAGAIN (Resource temporarily unavailable)
  fcntl p1.memfd#1: write lock on 50-149 taken
  lock on 50-149 of p1.memfd#1 dropped
  exit 0
p1.3 file_locks
  fcntl p1.memfd#1: OFD write lock on 50-149 refused: EAGAIN (Resource temporarily unavailable)
  fcntl p1.memfd#1: OFD write lock on 50-149 taken
  lock on 50-149 of p1.memfd#1 dropped
  exit 0

p1 file_locks                exit 0
├─ p1.1 file_locks (forked)  exit 0, reaped by p1
├─ p1.2 file_locks (forked)  exit 0, reaped by p1
└─ p1.3 file_locks (forked)  exit 0, reaped by p1
