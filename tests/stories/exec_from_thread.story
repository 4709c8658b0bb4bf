# Another thread's exec: the leader is replaced, the bystander ended, and the caller is the leader from then on.
$ kintrace --stable {FIXTURES}/exec_from_thread
p1 exec_from_threa
  exec {FIXTURES}/exec_from_thread
  thread → p1/t2, shares memory, files, fs, signals
  thread → p1/t3
  ended: another thread's exec has taken its place
p1/t2 exec_from_threa
  ended by another thread's exec
p1/t3 exec_from_threa
  exec {FIXTURES}/exec_from_thread after, as the leader from now on
  exit 0

p1 exec_from_thread after       exit 0
   · thread t1 exec_from_threa  superseded by another thread's exec
   · thread t2 exec_from_threa  ended by another thread's exec, shares memory, files, fs, signals
