// SPDX-License-Identifier: MIT
// COUNT calls of getrandom(2) for 1 KiB: calls of two microseconds and more that no tracer of processes looks at.
#include <stdlib.h>
#include <sys/random.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  static char bytes[1024];
  for (long i = 0; i < count; ++i)
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) return 1;
  return 0;
}
