/* Random councils and histories, dense in time and full of what senders get wrong; everything follows from one seed. */
#ifndef WAITLIST_TESTS_GENERATOR_H
#define WAITLIST_TESTS_GENERATOR_H

#include "daemon/core/policy.h"

#include <stdio.h>

#define HISTORY_WAITS_MAX 12
#define HISTORY_EVENTS_MAX 320
#define HISTORY_STEPS_MAX 700
#define HISTORY_POLICIES_MAX 4
#define HISTORY_ID_SIZE 8

struct random {
    uint64_t state;
};

struct random random_of(uint64_t seed);
uint64_t random_next(struct random *random);
uint32_t random_below(struct random *random, uint32_t bound); /* 0 to bound - 1 */
int32_t random_between(struct random *random, int32_t low, int32_t high);
bool random_chance(struct random *random, uint32_t percent);

/* London's midnights from 1970 to 2040 and the bank holidays of two years; made once, freed with world_destroy. */
struct world {
    struct calendar_tables tables;
    struct calendar *calendar;
    instant_t *midnights;
};

void world_create(struct world *world);
void world_destroy(struct world *world);

enum step_kind { STEP_EVENT, STEP_SETTLE, STEP_ADVANCE, STEP_POLICY, STEP_ACKNOWLEDGE };

struct step {
    enum step_kind kind;
    uint32_t number; /* of the event, or of the policy */
    uint64_t seed;   /* what the checks after this step choose by: it stays when other steps are taken away */
};

struct history {
    uint64_t seed;
    day_t first_day; /* today when the register begins */
    size_t policy_count;
    struct policy policies[HISTORY_POLICIES_MAX];
    size_t step_count;
    struct step steps[HISTORY_STEPS_MAX];
    size_t event_count;
    struct event events[HISTORY_EVENTS_MAX];
    char ids[HISTORY_EVENTS_MAX][HISTORY_ID_SIZE];
};

/* Borrowed texts of the pools from which histories are made. */
struct pool {
    const char *const *names;
    uint32_t count;
};
struct pool generator_teams(void);
struct pool generator_districts(void);
struct pool generator_groups(void);
struct pool generator_workers(void);
struct pool generator_dimensions(void);
struct pool generator_values(void);
struct pool generator_subjects(void);
struct text pool_pick(struct random *random, struct pool pool);

void history_generate(struct history *history, const struct world *world, uint64_t seed);
/* In words, one line a step. */
void history_print(const struct history *history, FILE *out);

#endif
