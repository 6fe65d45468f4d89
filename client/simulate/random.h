/* The simulation's own random numbers: xoshiro256**, seeded through splitmix64, the same on every machine. */
#ifndef WAITLIST_SIMULATE_RANDOM_H
#define WAITLIST_SIMULATE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state[4];
};

/* A bijection of 64 bits that spreads them: neighbouring numbers become unrelated ones. */
uint64_t random_mix(uint64_t value);

void random_seed(struct random *random, uint64_t seed);
uint64_t random_next(struct random *random);
/* Evenly 0 … bound - 1; `bound` is at least 1. */
uint32_t random_below(struct random *random, uint32_t bound);
/* Evenly from `low` to `high`, both included. */
int32_t random_between(struct random *random, int32_t low, int32_t high);
/* Evenly in [0, 1). */
double random_unit(struct random *random);
bool random_chance(struct random *random, double probability);
/* A Poisson draw; `mean` up to a few hundred. */
int32_t random_poisson(struct random *random, double mean);
/* Nearly normal with mean 0 and deviation 1, between -6 and 6. */
double random_normal(struct random *random);
/* How many failures before the first success, cut at `most`: the waiting time of a daily chance. */
int32_t random_geometric(struct random *random, double chance, int32_t most);

#endif
