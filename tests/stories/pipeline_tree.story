# Who ends first in a pipeline is chance, the tree is not.
$ kintrace --stable --view tree sh -c 'ls | sort | head -1 >/dev/null'
p1 sh -c 'ls | sort | head -1 >/dev/null'  exit 0
├─ p1.1 ls                                 exit 0, reaped by p1
├─ p1.2 sort                               exit 0, reaped by p1
└─ p1.3 head -1                            exit 0, reaped by p1
