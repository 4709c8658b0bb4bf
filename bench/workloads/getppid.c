// SPDX-License-Identifier: MIT
// COUNT calls of getppid(2), the shortest call there is: what a seccomp filter alone costs shows here at its worst.
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  for (long i = 0; i < count; ++i) syscall(SYS_getppid);
  return 0;
}
