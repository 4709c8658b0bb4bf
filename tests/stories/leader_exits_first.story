# A process lives on without its leader, until its last thread ends.
$ kintrace --stable {FIXTURES}/leader_exits_first
p1 leader_exits_fi
  exec {FIXTURES}/leader_exits_first
  fork → p1.1
  wait4 reaped p1.1 (exit 4)
  exit 0
p1.1 leader_exits_fi
  thread → p1.1/t2, shares memory, files, fs, signals
  exit 4
p1.1/t2 leader_exits_fi
  thread ended: exit 4

p1 leader_exits_first              exit 0
└─ p1.1 leader_exits_fi (forked)   exit 4, reaped by p1
      · thread t2 leader_exits_fi  exit 4, shares memory, files, fs, signals
