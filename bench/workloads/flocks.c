// SPDX-License-Identifier: MIT
// COUNT times: a file is locked and unlocked with flock(2).
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  char name[] = "/tmp/kintrace-lock-XXXXXX";
  const int file = mkstemp(name);
  if (file < 0 || unlink(name) != 0) return 1;
  for (long i = 0; i < count; ++i)
    if (flock(file, LOCK_EX) != 0 || flock(file, LOCK_UN) != 0) return 1;
  return 0;
}
