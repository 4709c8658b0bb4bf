# A session of its own takes a child out of its parent's job, not out of its care.
$ kintrace --stable {FIXTURES}/own_session
p1 own_session
  exec {FIXTURES}/own_session
  fork → p1.1
  wait4 reaped p1.1 (exit 2)
  exit 0
p1.1 own_session
  new session p1.1 (setsid)
  exit 2

p1 own_session                exit 0
└─ p1.1 own_session (forked)  exit 2, reaped by p1
