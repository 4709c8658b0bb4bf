# A search through PATH is a row of failed execs until one succeeds: no mistake, so no finding.
$ kintrace --stable env PATH=/nonexistent:/usr:/bin true
p1 true
  exec /usr/bin/env PATH=/nonexistent:/usr:/bin true
  exec /nonexistent/true failed: ENOENT (No such file or directory)
  exec /usr/true failed: ENOENT (No such file or directory)
  exec /bin/true
  exit 0

p1 true  exit 0
