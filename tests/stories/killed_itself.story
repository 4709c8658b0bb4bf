# The program's own death by a signal, which is kintrace's as well.
$ kintrace --stable sh -c 'kill -9 $$'
p1 sh
  exec /usr/bin/sh -c 'kill -9 $$'
  kill SIGKILL → itself
  killed by SIGKILL

p1 sh -c 'kill -9 $$'  killed by SIGKILL
