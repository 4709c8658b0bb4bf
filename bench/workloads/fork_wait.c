// SPDX-License-Identifier: MIT
// COUNT children, one after the other: fork(2), _exit(2), waitpid(2).
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  for (long i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
  }
  return 0;
}
