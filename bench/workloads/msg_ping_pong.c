// SPDX-License-Identifier: MIT
// A parent and its child send each other COUNT messages in turn, through one System V queue.
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
  long type;
  char text[64];
};

static int post(int queue, long type) {
  struct message message = {type, "turn"};
  return msgsnd(queue, &message, sizeof message.text, 0);
}
static int take(int queue, long type) {
  struct message message;
  return msgrcv(queue, &message, sizeof message.text, type, 0) == sizeof message.text ? 0 : -1;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  const int queue = msgget(IPC_PRIVATE, 0600);
  if (queue < 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    for (long i = 0; i < count; ++i)
      if (take(queue, 1) != 0 || post(queue, 2) != 0) _exit(1);
    _exit(0);
  }
  int failed = child < 0;
  for (long i = 0; i < count && !failed; ++i) failed = post(queue, 1) != 0 || take(queue, 2) != 0;
  msgctl(queue, IPC_RMID, NULL);  // before the wait: a child that is left behind comes out of msgrcv(2)
  int status = 0;
  return waitpid(child, &status, 0) != child || status != 0 || failed;
}
