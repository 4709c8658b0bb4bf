# Messages of a System V queue: each receive names the send that it got, whatever their order by type.
$ kintrace --stable {FIXTURES}/sysv_queue
p1 sysv_queue
  exec {FIXTURES}/sysv_queue
  p1.sysv_msg#1 made: msgget(IPC_PRIVATE)
  msgsnd p1.sysv_msg#1 64 B "two\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"…, type 2
  msgsnd p1.sysv_msg#1 64 B "one\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"…, type 1
  fork → p1.1
  msgsnd p1.sysv_msg#1 64 B "three\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"…, type 3
  wait4 reaped p1.1 (exit 0)
  msgsnd p1.sysv_msg#1 64 B "four\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"…, type 4 (×4)
  fork → p1.2
  msgrcv p1.sysv_msg#1 64 B, type 4, from p1
  wait4 reaped p1.2 (exit 0)
  msgrcv p1.sysv_msg#1 64 B, type 5, from p1.2
  msgctl removes p1.sysv_msg#1
  exit 0
p1.1 sysv_queue
  msgrcv p1.sysv_msg#1 64 B, type 1, from p1
  msgrcv p1.sysv_msg#1 64 B, type 2, from p1
  msgrcv p1.sysv_msg#1 64 B, type 3, from p1
  exit 0
p1.2 sysv_queue
  msgsnd p1.sysv_msg#1 64 B "five\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"…, type 5
  exit 0

p1 sysv_queue                exit 0
├─ p1.1 sysv_queue (forked)  exit 0, reaped by p1
└─ p1.2 sysv_queue (forked)  exit 0, reaped by p1
