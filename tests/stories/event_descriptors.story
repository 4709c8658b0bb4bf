# What wakes who waits: an eventfd, a poll(2), an epoll instance, a timer.
$ kintrace --stable {FIXTURES}/eventfd_wakes
p1 eventfd_wakes
  exec {FIXTURES}/eventfd_wakes
  p1.eventfd#1 made: fd 3, value 0
  p1.pipe#1 made: read fd 4, write fd 5
  fork → p1.1
  write p1.eventfd#1
  write 1 B to p1.pipe#1 "\x00"
  wait4 reaped p1.1 (exit 0)
  exit 0
p1.1 eventfd_wakes
  read p1.eventfd#1
  poll: p1.eventfd#1 ready
  p1.1.epoll#1 made: fd 6
  epoll_wait: p1.pipe#1 ready
  p1.1.timerfd#1 made: fd 7
  timerfd in 20 ms
  read p1.1.timerfd#1
  exit 0

p1 eventfd_wakes                exit 0
└─ p1.1 eventfd_wakes (forked)  exit 0, reaped by p1
