# A search that finds nothing: the finding names what was looked for, not where it was looked for last.
$ kintrace --stable -e lifecycle,signal env nonexistent_program
env: 'nonexistent_program': No such file or directory
p1 env
  exec /usr/bin/env nonexistent_program
  exec nonexistent_program failed in 2 directories of PATH: ENOENT (No such file or directory)
  exit 127

p1 env nonexistent_program  exit 127

note: exec-failed: p1 could not become 'nonexistent_program': No such file or directory.
      Check the name, PATH and the permissions.
