/* A table of tallies by what their waits have in common: the queues (pathway × team) and the cells (every grouping at once). */
#ifndef WAITLIST_CORE_GROUPS_H
#define WAITLIST_CORE_GROUPS_H

#include "daemon/core/tally.h"

/* Of a queue only pathway and team are set, the rest is 0. */
struct group_key {
    uint32_t team;
    uint32_t district;
    uint32_t client_group;
    uint8_t pathway;
    uint8_t priority;
    uint8_t stage;
    uint8_t unused; /* 0: keys are compared as bytes */
};

struct group {
    struct group_key key;
    struct tally *tally;
};

struct groups;

struct groups *groups_create(void);
void groups_destroy(struct groups **groups);
/* The number of the group, from 0; made when new. */
uint32_t groups_of(struct groups *groups, const struct group_key *key);
size_t groups_count(const struct groups *groups);
const struct group *groups_at(const struct groups *groups, uint32_t group);
size_t groups_bytes(const struct groups *groups);

#endif
