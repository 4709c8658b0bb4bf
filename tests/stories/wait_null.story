# Who was collected and how it ended is told even if the caller did not ask for either.
$ kintrace --stable {FIXTURES}/wait_null
p1 wait_null
  exec {FIXTURES}/wait_null
  fork → p1.1
  wait4 reaped p1.1 (exit 1)
  fork → p1.2
  waitid reaped p1.2 (exit 2)
  kill asks whether p1.2 is there: no (ESRCH)
  fork → p1.3
  waitid reaped p1.3 (exit 3)
  kill asks whether p1.3 is there: no (ESRCH)
  fork → p1.4
  kill asks whether p1.4 is there: yes
  wait4 reaped p1.4 (exit 4)
  exit 0
p1.1 wait_null
  exit 1
p1.2 wait_null
  exit 2
p1.3 wait_null
  exit 3
p1.4 wait_null
  exit 4

p1 wait_null                exit 0
├─ p1.1 wait_null (forked)  exit 1, reaped by p1
├─ p1.2 wait_null (forked)  exit 2, reaped by p1
├─ p1.3 wait_null (forked)  exit 3, reaped by p1
└─ p1.4 wait_null (forked)  exit 4, reaped by p1
