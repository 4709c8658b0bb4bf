// SPDX-License-Identifier: MIT
// COUNT reads of 64 bytes of a regular file, this program itself, from its start again at its end.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  const int file = open("/proc/self/exe", O_RDONLY);
  char bytes[64];
  for (long i = 0; i < count; ++i) {
    const ssize_t got = read(file, bytes, sizeof bytes);
    if (got < 0) return 1;
    if (got == 0 && lseek(file, 0, SEEK_SET) != 0) return 1;
  }
  return 0;
}
