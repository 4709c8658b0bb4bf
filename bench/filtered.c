// SPDX-License-Identifier: MIT
// What a filter costs by itself: the yardstick's filter (bare_loop.c), which lets everything pass, and no tracer.
//   filtered [-n NR[,NR…]] [-x NR[,NR…]] -- PROGRAM [ARG…]
// The same instructions for the same numbers, but that what would stop is allowed too.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { most = 120 };  // as many as the yardstick takes

static unsigned numbers[most];
static unsigned count;

static void add(char* list) {
  for (char* word = strtok(list, ","); word != NULL && count < most; word = strtok(NULL, ","))
    numbers[count++] = (unsigned)strtoul(word, NULL, 10);
}

int main(int argc, char** argv) {
  for (int option; (option = getopt(argc, argv, "+n:x:")) != -1;) {
    if (option == '?') return 2;
    add(optarg);
  }
  struct sock_filter code[most + 3];
  unsigned short size = 0;
  code[size++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
  for (unsigned i = 0; i < count; ++i)
    code[size++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], (unsigned char)(count - i), 0);
  code[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  code[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {size, code};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) != 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) != 0) return 99;
  }
  execvp(argv[optind], argv + optind);
  return 127;
}
