/* Random test cases that can be had again: the seed is printed, and taken from the environment's SEED when that is set. */
#ifndef WAITLIST_TESTS_SEEDED_H
#define WAITLIST_TESTS_SEEDED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static inline uint64_t seed_of_run(void) {
    const char *given = getenv("SEED");
    uint64_t seed = 0;

    if (given != NULL)
        seed = strtoull(given, NULL, 10);
    else if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        abort();
    seed |= 1;
    printf("SEED=%llu\n", (unsigned long long)seed);
    (void)fflush(stdout);
    return seed;
}

/* The next number of xorshift64*; the state is never 0. */
static inline uint64_t draw(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dULL;
}

#endif
