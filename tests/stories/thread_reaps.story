# Children belong to the process: any of its threads may collect them.
$ kintrace --stable {FIXTURES}/thread_reaps
p1 thread_reaps
  exec {FIXTURES}/thread_reaps
  fork → p1.1
  thread → p1/t2, shares memory, files, fs, signals
  exit 0
p1/t2 thread_reaps
  wait4 reaped p1.1 (exit 2)
  thread ended
p1.1 thread_reaps
  exit 2

p1 thread_reaps                exit 0
│  · thread t2 thread_reaps    exit 0, shares memory, files, fs, signals
└─ p1.1 thread_reaps (forked)  exit 2, reaped by p1
