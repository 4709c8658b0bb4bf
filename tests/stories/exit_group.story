# exit_group by one thread ends them all, and its status is the process's.
$ kintrace --stable {FIXTURES}/exit_group_from_thread
p1 exit_group_from
  exec {FIXTURES}/exit_group_from_thread
  fork → p1.1
  wait4 reaped p1.1 (exit 5)
  exit 0
p1.1 exit_group_from
  thread → p1.1/t2, shares memory, files, fs, signals
  thread → p1.1/t3
  exit 5
p1.1/t2 exit_group_from
  thread ended, with its process
p1.1/t3 exit_group_from
  thread ended: exit 5

p1 exit_group_from_thread          exit 0
└─ p1.1 exit_group_from (forked)   exit 5, reaped by p1
      · thread t2 exit_group_from  ended with its process, shares memory, files, fs, signals
      · thread t3 exit_group_from  exit 5
