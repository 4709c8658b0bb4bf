// SPDX-License-Identifier: MIT
// Eight children write COUNT messages of 64 bytes, together, into one pipe, which their parent reads to its end.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { writers = 8, size = 64 };

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long each = atol(argv[1]) / writers;
  int ends[2];
  if (pipe(ends) != 0) return 1;
  char message[size] = "message";
  for (int writer = 0; writer < writers; ++writer) {
    if (fork() != 0) continue;
    for (long i = 0; i < each; ++i)
      if (write(ends[1], message, size) != size) _exit(1);
    _exit(0);
  }
  close(ends[1]);
  long bytes = 0;
  for (ssize_t got; (got = read(ends[0], message, size)) > 0;) bytes += got;
  while (wait(NULL) > 0) {
  }
  return bytes != each * writers * size;
}
