// SPDX-License-Identifier: MIT
// COUNT threads, one after the other: pthread_create(3), pthread_join(3).
#include <pthread.h>
#include <stdlib.h>

static void* end_at_once(void* nothing) { return nothing; }

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long count = atol(argv[1]);
  for (long i = 0; i < count; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, end_at_once, NULL) != 0 || pthread_join(thread, NULL) != 0) return 1;
  }
  return 0;
}
