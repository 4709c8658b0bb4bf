# Threads that wait for each other, with their private futexes.
$ kintrace --stable -e lifecycle,futex {FIXTURES}/futexes
p1 futexes
  exec {FIXTURES}/futexes
  thread → p1/t2, shares memory, files, fs, signals
  futex p1.futex#1 wakes
  futex p1.futex#3 wakes
  thread → p1/t3
  exit 0
p1/t2 futexes
  futex p1.futex#1 waited
  futex p1.futex#3 waited
  thread ended
p1/t3 futexes
  thread ended

p1 futexes              exit 0
   · thread t2 futexes  exit 0, shares memory, files, fs, signals
   · thread t3 futexes  exit 0
