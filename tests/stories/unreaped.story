# A parent that ends without having waited: its dead children are nobody's but init's.
$ kintrace --stable {FIXTURES}/unreaped_children
p1 unreaped_childr
  exec {FIXTURES}/unreaped_children
  fork → p1.1
  fork → p1.2
  fork → p1.3
  exit 0
p1.1 unreaped_childr
  exit 1
p1.2 unreaped_childr
  exit 2
p1.3 unreaped_childr
  exit 3

p1 unreaped_children              exit 0
├─ p1.1 unreaped_childr (forked)  exit 1, never reaped by p1
├─ p1.2 unreaped_childr (forked)  exit 2, never reaped by p1
└─ p1.3 unreaped_childr (forked)  exit 3, never reaped by p1
