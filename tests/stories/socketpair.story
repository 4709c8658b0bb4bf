# Two ends of a connection, an end shut down.
$ kintrace --stable perl -MSocket -e 'socketpair(A,B,AF_UNIX,SOCK_STREAM,0);if(fork){close B;syswrite A,q(ping);shutdown(A,1);sysread A,$x,9;wait}else{close A;sysread B,$x,9;sysread B,$y,9;syswrite B,q(pong)}'
p1 perl
  exec /usr/bin/perl -MSocket -e 'socketpair(A,B,AF_UNIX,SOCK_STREAM,0);if(fork){close B;syswrite A,q(ping);shutdown(A,1);sysread A,$x,9;wait}else{close A;sysread B,$x,9;sysread B,$y,9;syswrite B,q(pong)}'
  p1.unix#1 and p1.unix#2 made: a pair, fd 3 and fd 4
  fork → p1.1
  write 4 B to p1.unix#1 "ping"
  shut down p1.unix#1 for writing: its peer gets EOF
  read 4 B of p1.unix#1, from p1.1
  wait4 reaped p1.1 (exit 0)
  exit 0
p1.1 perl
  read 4 B of p1.unix#2, from p1
  read p1.unix#2: end of file
  write 4 B to p1.unix#2 "pong"
  exit 0

p1 perl -MSocket -e 'socketpair(A,B,AF_UNIX,SOCK_STREAM,0);…  exit 0
└─ p1.1 perl (forked)                                         exit 0, reaped by p1
