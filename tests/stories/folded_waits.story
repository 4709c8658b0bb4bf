# Equal neighbours in a section fold, with their number.
$ kintrace --stable perl -e 'wait for 1..3; exec "true"'
p1 true
  exec /usr/bin/perl -e 'wait for 1..3; exec "true"'
  wait4 failed: ECHILD (No child processes) (×3)
  exec /usr/bin/true
  exit 0

p1 true  exit 0
