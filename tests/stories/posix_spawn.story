# posix_spawn is a vfork to the kernel; a program that is missing shows as the child's failed exec.
$ kintrace --stable {FIXTURES}/posix_spawn
p1 posix_spawn
  exec {FIXTURES}/posix_spawn
  vfork → p1.1, borrows the memory until its exec or end
  wait4 reaped p1.1 (exit 0)
  vfork → p1.2
  wait4 reaped p1.2 (exit 127)
  exit 0
p1.1 true
  exec /bin/true
  exit 0
p1.2 posix_spawn
  exec /nonexistent/missing failed: ENOENT (No such file or directory)
  exit 127

p1 posix_spawn                exit 0
├─ p1.1 true                  exit 0, reaped by p1
└─ p1.2 posix_spawn (forked)  exit 127, reaped by p1

note: exec-failed: p1.2 could not become '/nonexistent/missing': No such file or directory.
      Check the name, PATH and the permissions.
