// SPDX-License-Identifier: MIT
// COUNT rounds of a xorshift generator, in thousands: no system call between the start and the end.
#include <stdint.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const long rounds = atol(argv[1]) * 1000;
  volatile uint64_t result;
  uint64_t state = 88172645463325252ULL;
  for (long i = 0; i < rounds; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  result = state;
  return result == 0;
}
