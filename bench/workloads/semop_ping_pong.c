// SPDX-License-Identifier: MIT
// A parent and its child take COUNT turns each, handed over with two System V semaphores.
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

static int set;

static int change(unsigned short which, short by) {
  struct sembuf operation = {which, by, 0};
  return semop(set, &operation, 1);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  set = semget(IPC_PRIVATE, 2, 0600);
  if (set < 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    for (long i = 0; i < count; ++i)
      if (change(0, -1) != 0 || change(1, 1) != 0) _exit(1);
    _exit(0);
  }
  int failed = child < 0;
  for (long i = 0; i < count && !failed; ++i) failed = change(0, 1) != 0 || change(1, -1) != 0;
  semctl(set, 0, IPC_RMID);  // before the wait: a child that is left behind comes out of semop(2)
  int status = 0;
  return waitpid(child, &status, 0) != child || status != 0 || failed;
}
