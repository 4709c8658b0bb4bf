# One process, three programs: by name, by descriptor (fexecve), and under another argv[0].
$ kintrace --stable {FIXTURES}/exec_chain
p1 exec_chain
  exec {FIXTURES}/exec_chain
  exec {FIXTURES}/exec_chain second {FIXTURES}/exec_chain
  exec {FIXTURES}/exec_chain (as -nickname) third
  exit 0

p1 -nickname third  exit 0
