# -q leaves the timeline alone.
$ kintrace --stable -q sh -c '(exit 3)'
p1 sh
  exec /usr/bin/sh -c '(exit 3)'
  fork → p1.1
  wait4 reaped p1.1 (exit 3)
  exit 3
p1.1 sh
  exit 3
