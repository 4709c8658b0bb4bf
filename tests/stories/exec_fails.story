# Failed execs are told with their reason; the process goes on.
$ kintrace --stable {FIXTURES}/exec_fails
p1 exec_fails
  exec {FIXTURES}/exec_fails
  exec ./missing argument failed: ENOENT (No such file or directory)
  exec ./not_executable argument failed: EACCES (Permission denied)
  exec ./no_format argument failed: ENOEXEC (Exec format error)
  exec ./no_format/below argument failed: ENOTDIR (Not a directory)
  exec / argument failed: EACCES (Permission denied)
  exit 0

p1 exec_fails  exit 0

note: exec-failed: p1 could not become '/': Permission denied.
      Check the name, PATH and the permissions.
