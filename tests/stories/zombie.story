# WNOWAIT only looks: the child stays a zombie until wait4 collects it.
$ kintrace --stable {FIXTURES}/zombie_then_wait
p1 zombie_then_wai
  exec {FIXTURES}/zombie_then_wait
  fork → p1.1
  wait4 reaped p1.1 (exit 9)
  exit 0
p1.1 zombie_then_wai
  exit 9

p1 zombie_then_wait               exit 0
└─ p1.1 zombie_then_wai (forked)  exit 9, reaped by p1
