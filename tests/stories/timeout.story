# timeout(1) kills its child for taking too long, and says so by its own status.
$ kintrace --stable timeout 0.05 sleep 10
p1 timeout
  exec /usr/bin/timeout 0.05 sleep 10
  fork → p1.1
  wait4 reaped p1.1 (killed by SIGTERM)
  exit 124
p1.1 sleep
  exec /usr/bin/sleep 10
  killed by SIGTERM

p1 timeout 0.05 sleep 10  exit 124
└─ p1.1 sleep 10          killed by SIGTERM, reaped by p1
