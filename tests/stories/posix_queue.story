# The same of a POSIX queue: the highest priority first.
$ kintrace --stable {FIXTURES}/posix_queue
p1 posix_queue
  exec {FIXTURES}/posix_queue
  p1.posix_mq#1 made: mq_open, fd 3, room for 2 messages
  mq_timedsend p1.posix_mq#1 3 B "one", priority 1
  mq_timedsend p1.posix_mq#1 5 B "seven", priority 7
  fork → p1.1
  mq_timedsend p1.posix_mq#1 5 B "three", priority 3
  wait4 reaped p1.1 (exit 0)
  mq_timedsend p1.posix_mq#1 4 B "four", priority 4
  mq_timedsend p1.posix_mq#1 4 B "five", priority 5
  fork → p1.2
  mq_timedreceive p1.posix_mq#1 4 B, priority 5, from p1
  wait4 reaped p1.2 (exit 0)
  mq_timedreceive p1.posix_mq#1 3 B, priority 6, from p1.2
  mq_unlink removes p1.posix_mq#1
  exit 0
p1.1 posix_queue
  mq_timedreceive p1.posix_mq#1 5 B, priority 7, from p1
  mq_timedreceive p1.posix_mq#1 3 B, priority 1, from p1
  mq_timedreceive p1.posix_mq#1 5 B, priority 3, from p1
  exit 0
p1.2 posix_queue
  mq_timedsend p1.posix_mq#1 3 B "six", priority 6
  exit 0

p1 posix_queue                exit 0
├─ p1.1 posix_queue (forked)  exit 0, reaped by p1
└─ p1.2 posix_queue (forked)  exit 0, reaped by p1
