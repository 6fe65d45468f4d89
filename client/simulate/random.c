/* The simulation's own random numbers: xoshiro256** (Blackman and Vigna, 2018), seeded through splitmix64 (Steele, Lea and Flood, 2014). */
#include "client/simulate/random.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

uint64_t random_mix(uint64_t value) {
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

void random_seed(struct random *random, uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        seed += GOLDEN_GAMMA;
        random->state[i] = random_mix(seed);
    }
}

static uint64_t rotate_left(uint64_t value, int bits) {
    return (value << bits) | (value >> (64 - bits));
}

uint64_t random_next(struct random *random) {
    uint64_t *state = random->state;
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

uint32_t random_below(struct random *random, uint32_t bound) {
    /* Multiply and shift; the bias is below bound / 2^32, far under anything the simulation shows. */
    return (uint32_t)(((random_next(random) >> 32) * bound) >> 32);
}

int32_t random_between(struct random *random, int32_t low, int32_t high) {
    return low + (int32_t)random_below(random, (uint32_t)(high - low) + 1);
}

double random_unit(struct random *random) {
    return (double)(random_next(random) >> 11) * 0x1.0p-53;
}

bool random_chance(struct random *random, double probability) {
    return random_unit(random) < probability;
}

/* The n-th power series term by term instead of exp(): no mathematical library, whose last bit differs between machines. */
static double exp_of_negative(double mean) {
    double halves = mean / 64.0;
    double power = 1.0;
    double term = 1.0;
    for (int i = 1; i <= 24; i++) {
        term *= halves / i;
        power += term;
    }
    for (int i = 0; i < 6; i++) {
        power *= power;
    }
    return 1.0 / power;
}

int32_t random_poisson(struct random *random, double mean) {
    int32_t count = 0;
    while (mean > 30.0) { /* the sum of Poisson draws is one: keep exp(-mean) far from underflow */
        count += random_poisson(random, 30.0);
        mean -= 30.0;
    }
    double limit = exp_of_negative(mean);
    for (double product = random_unit(random); product > limit; product *= random_unit(random)) {
        count++;
    }
    return count;
}

double random_normal(struct random *random) {
    double sum = -6.0; /* twelve even draws have variance 1 */
    for (int i = 0; i < 12; i++) {
        sum += random_unit(random);
    }
    return sum;
}

int32_t random_geometric(struct random *random, double chance, int32_t most) {
    int32_t failures = 0;
    while (failures < most && !random_chance(random, chance)) {
        failures++;
    }
    return failures;
}
