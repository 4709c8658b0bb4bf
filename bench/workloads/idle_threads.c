// SPDX-License-Identifier: MIT
// THREADS threads wait for the end of a pipe, while one sends signal 0 to this process COUNT times, which is traced;
// it prints the time that this took, as "own_ns N".
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int ends[2];
static sem_t there;

static void* be_idle(void* nothing) {
  char byte;
  sem_post(&there);
  return read(ends[0], &byte, 1) == 0 ? nothing : NULL;
}

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const long threads = atol(argv[1]);
  const long count = atol(argv[2]);
  pthread_attr_t small;
  if (pipe(ends) != 0 || sem_init(&there, 0, 0) != 0) return 1;
  if (pthread_attr_init(&small) != 0 || pthread_attr_setstacksize(&small, 64 * 1024) != 0) return 1;
  for (long i = 0; i < threads; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &small, be_idle, NULL) != 0) return 1;
  }
  for (long i = 0; i < threads; ++i) sem_wait(&there);
  const long long start = now_ns();
  for (long i = 0; i < count; ++i) kill(getpid(), 0);
  printf("own_ns %lld\n", now_ns() - start);
  return 0;
}
