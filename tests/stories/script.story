# A script is its interpreter to the kernel, but keeps the name that was given.
$ kintrace --stable sh -c 'exec /usr/bin/which sh >/dev/null'
p1 which
  exec /usr/bin/sh -c 'exec /usr/bin/which sh >/dev/null'
  exec /usr/bin/which sh
  exit 0

p1 which sh  exit 0
