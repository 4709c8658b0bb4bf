# Threads have sections and branches of their own below their process.
$ kintrace --stable {FIXTURES}/threads
p1 threads
  exec {FIXTURES}/threads
  thread → p1/t2, shares memory, files, fs, signals
  thread → p1/t3
  thread → p1/t4
  exit 0
p1/t2 threads
  thread ended
p1/t3 threads
  thread ended
p1/t4 threads
  thread ended

p1 threads              exit 0
   · thread t2 threads  exit 0, shares memory, files, fs, signals
   · thread t3 threads  exit 0
   · thread t4 threads  exit 0
