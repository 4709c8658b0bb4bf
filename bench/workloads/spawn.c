// SPDX-License-Identifier: MIT
// COUNT times /bin/true, one after the other: posix_spawn(3), waitpid(2).
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  char* words[] = {"true", NULL};
  char* environment[] = {NULL};
  for (long i = 0; i < count; ++i) {
    pid_t child;
    int status;
    if (posix_spawn(&child, "/bin/true", NULL, NULL, words, environment) != 0) return 1;
    if (waitpid(child, &status, 0) != child || status != 0) return 1;
  }
  return 0;
}
