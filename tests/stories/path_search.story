# A search through PATH is a row of failed execs until one succeeds: no mistake, so no finding.
$ kintrace --stable env PATH=/nonexistent:/usr:/bin true
p1 true
  exec /usr/bin/env PATH=/nonexistent:/usr:/bin true
  exec /bin/true (3rd directory of PATH)
  exit 0

p1 true  exit 0
