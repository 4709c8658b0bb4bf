# Stops are not ends: waits that report a stop or its end collect nobody.
$ kintrace --stable -e lifecycle,signal {FIXTURES}/stop_and_continue
p1 stop_and_contin
  exec {FIXTURES}/stop_and_continue
  fork → p1.1
  kill SIGCONT → p1.1
  wait4 reaped p1.1 (exit 7)
  exit 0
p1.1 stop_and_contin
  tgkill SIGSTOP → itself
  SIGSTOP from itself: default action (stops)
  stopped by SIGSTOP, which it sent itself
  continued
  SIGCONT from p1: default action (continues)
  exit 7

p1 stop_and_continue              exit 0
└─ p1.1 stop_and_contin (forked)  exit 7, reaped by p1
