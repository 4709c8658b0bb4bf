# timeout(1) kills its child for taking too long, and says so by its own status.
$ kintrace --stable timeout 0.05 sleep 10
p1 timeout
  exec /usr/bin/timeout 0.05 sleep 10
  process group p1 is its own now
  fork → p1.1
  timer (timer_settime) in 50 ms
  SIGALRM from its timer: handler; rt_sigsuspend fails with EINTR
  kill SIGTERM → p1.1
  kill SIGTERM → its own process group
  kill SIGCONT → p1.1
  kill SIGCONT → its own process group
  wait4 reaped p1.1 (killed by SIGTERM)
  exit 124
p1.1 sleep
  exec /usr/bin/sleep 10
  SIGTERM from p1: default action (ends)
  killed by SIGTERM

p1 timeout 0.05 sleep 10  exit 124
└─ p1.1 sleep 10          killed by SIGTERM, reaped by p1
