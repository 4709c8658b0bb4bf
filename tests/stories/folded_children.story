# So do children that ran the same and ended the same; another one among them is shown by itself.
$ kintrace --stable --view tree sh -c 'for i in 1 2 3 4 5; do /bin/true; done; /bin/false; /bin/true'
p1 sh -c 'for i in 1 2 3 4 5; do /bin/true; done; /bin/fals…  exit 0
├─ p1.1 true                                                  exit 0, reaped by p1
├─ … 4 more like it                                           exit 0
├─ p1.6 false                                                 exit 1, reaped by p1
└─ p1.7 true                                                  exit 0, reaped by p1
