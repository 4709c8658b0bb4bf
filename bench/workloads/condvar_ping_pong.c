// SPDX-License-Identifier: MIT
// Two threads take COUNT turns each, handed over with a mutex and a condition variable.
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int players[2] = {0, 1};
static int turn;
static long count;

static void* take_turns(void* player) {
  const int me = *(const int*)player;
  for (long i = 0; i < count; ++i) {
    pthread_mutex_lock(&mutex);
    while (turn != me) pthread_cond_wait(&changed, &mutex);
    turn = 1 - me;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  count = atol(argv[1]);
  pthread_t second;
  if (pthread_create(&second, NULL, take_turns, &players[1]) != 0) return 1;
  take_turns(&players[0]);
  return pthread_join(second, NULL) != 0;
}
