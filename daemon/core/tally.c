/* Counters of one group of waits by clock-start day, in lanes of sorted (key, count) pairs. */
#include "daemon/core/tally.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

enum lane_kind { LANE_RUNNING, LANE_FROZEN, LANE_CONTACT };

struct pair {
    int32_t key;
    uint32_t count;
};

/* Waits of one kind and one limit: the standard of the first two kinds, the contact interval of the third. */
struct lane {
    uint8_t kind;
    int32_t limit;
    uint32_t used;
    size_t capacity;
    struct pair *pairs; /* by rising key, no count is 0 */
};

struct tally {
    uint32_t stages[STAGE_COUNT];
    uint32_t waiting;
    uint32_t paused;
    uint32_t scheduled;
    uint32_t lane_count;
    size_t lane_capacity;
    struct lane *lanes;
};

struct tally *tally_create(void) {
    return memory_new(1, sizeof(struct tally));
}

void tally_destroy(struct tally **tally) {
    if (*tally == NULL)
        return;
    for (uint32_t i = 0; i < (*tally)->lane_count; i++)
        free((*tally)->lanes[i].pairs);
    free((*tally)->lanes);
    free(*tally);
    *tally = NULL;
}

bool tally_is_empty(const struct tally *tally) {
    return tally->waiting == 0 && tally->scheduled == 0;
}

static struct lane *lane_of(struct tally *tally, enum lane_kind kind, int32_t limit) {
    for (uint32_t i = 0; i < tally->lane_count; i++)
        if (tally->lanes[i].kind == kind && tally->lanes[i].limit == limit)
            return &tally->lanes[i];
    memory_reserve((void **)&tally->lanes, &tally->lane_capacity, tally->lane_count + (size_t)1, sizeof *tally->lanes);
    struct lane *lane = &tally->lanes[tally->lane_count++];
    *lane = (struct lane){.kind = (uint8_t)kind, .limit = limit};
    return lane;
}

/* The first pair whose key is not below `key`. */
static uint32_t find_pair(const struct lane *lane, int32_t key) {
    uint32_t low = 0, high = lane->used;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lane->pairs[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void lane_add(struct lane *lane, int32_t key) {
    uint32_t place = find_pair(lane, key);
    if (place < lane->used && lane->pairs[place].key == key) {
        lane->pairs[place].count++;
        return;
    }
    memory_reserve((void **)&lane->pairs, &lane->capacity, lane->used + (size_t)1, sizeof *lane->pairs);
    memmove(&lane->pairs[place + 1], &lane->pairs[place], (lane->used - place) * sizeof *lane->pairs);
    lane->pairs[place] = (struct pair){key, 1};
    lane->used++;
}

static void lane_remove(struct lane *lane, int32_t key) {
    uint32_t place = find_pair(lane, key);
    ENSURE(place < lane->used && lane->pairs[place].key == key);
    if (--lane->pairs[place].count > 0)
        return;
    lane->used--;
    memmove(&lane->pairs[place], &lane->pairs[place + 1], (lane->used - place) * sizeof *lane->pairs);
}

static void change(struct tally *tally, const struct contribution *contribution, uint32_t by, void (*change_lane)(struct lane *, int32_t)) {
    if (contribution->status == STATUS_SCHEDULED)
        tally->scheduled += by;
    if (contribution->status != STATUS_WAITING)
        return;
    tally->waiting += by;
    tally->stages[contribution->stage] += by;
    if (contribution->is_paused)
        tally->paused += by;
    enum lane_kind kind = contribution->is_frozen ? LANE_FROZEN : LANE_RUNNING;
    change_lane(lane_of(tally, kind, contribution->standard), contribution->key);
    change_lane(lane_of(tally, LANE_CONTACT, contribution->contact_interval), contribution->contact_base);
}

void tally_add(struct tally *tally, const struct contribution *contribution) {
    change(tally, contribution, 1, lane_add);
}

void tally_remove(struct tally *tally, const struct contribution *contribution) {
    change(tally, contribution, UINT32_MAX, lane_remove); /* adding 2^32 - 1 takes one away */
}

static void collect_running(const struct lane *lane, int32_t today_index, int32_t week_index, struct position_builder *builder) {
    uint32_t breach = 0, due = 0;
    if (lane->used == 0)
        return;
    uint32_t *histogram = position_builder_days(builder, today_index - lane->pairs[0].key); /* keys rise: nobody waits longer */
    for (uint32_t i = 0; i < lane->used; i++) {
        int32_t days = today_index - lane->pairs[i].key;
        uint32_t count = lane->pairs[i].count;
        ENSURE(days >= 0);
        histogram[days] += count;
        if (days > lane->limit)
            breach += count;
        else if (week_index - lane->pairs[i].key > lane->limit)
            due += count;
    }
    position_builder_counts(builder)->breach += breach;
    position_builder_counts(builder)->due += due;
}

static void collect_frozen(const struct lane *lane, struct position_builder *builder) {
    for (uint32_t i = 0; i < lane->used; i++) {
        position_builder_add_days(builder, lane->pairs[i].key, lane->pairs[i].count);
        if (lane->pairs[i].key > lane->limit)
            position_builder_counts(builder)->breach += lane->pairs[i].count;
    }
}

static void collect_contacts(const struct lane *lane, day_t today, struct position_builder *builder) {
    for (uint32_t i = 0; i < lane->used && today - lane->pairs[i].key > lane->limit; i++)
        position_builder_counts(builder)->no_contact += lane->pairs[i].count;
}

void tally_collect(const struct tally *tally, const struct calendar *calendar, enum day_unit unit, day_t today,
                   struct position_builder *builder) {
    struct position *counts = position_builder_counts(builder);
    counts->waiting += tally->waiting;
    counts->unallocated += tally->stages[STAGE_UNALLOCATED];
    counts->allocated += tally->stages[STAGE_ALLOCATED];
    counts->in_progress += tally->stages[STAGE_IN_PROGRESS];
    counts->paused += tally->paused;
    counts->scheduled += tally->scheduled;
    int32_t today_index = clock_index(calendar, unit, today);
    int32_t week_index = clock_index(calendar, unit, today + DUE_WITHIN_DAYS);
    for (uint32_t i = 0; i < tally->lane_count; i++) {
        const struct lane *lane = &tally->lanes[i];
        if (lane->kind == LANE_RUNNING)
            collect_running(lane, today_index, week_index, builder);
        else if (lane->kind == LANE_FROZEN)
            collect_frozen(lane, builder);
        else
            collect_contacts(lane, today, builder);
    }
}

void tally_each_days(const struct tally *tally, const struct calendar *calendar, enum day_unit unit, day_t today,
                     void (*each)(void *context, int32_t days, int32_t standard, uint32_t count), void *context) {
    int32_t today_index = clock_index(calendar, unit, today);
    for (uint32_t i = 0; i < tally->lane_count; i++) {
        const struct lane *lane = &tally->lanes[i];
        for (uint32_t j = 0; j < lane->used && lane->kind != LANE_CONTACT; j++) {
            int32_t days = lane->kind == LANE_RUNNING ? today_index - lane->pairs[j].key : lane->pairs[j].key;
            each(context, days, lane->limit, lane->pairs[j].count);
        }
    }
}

size_t tally_bytes(const struct tally *tally) {
    size_t bytes = sizeof *tally + tally->lane_capacity * sizeof *tally->lanes;
    for (uint32_t i = 0; i < tally->lane_count; i++)
        bytes += tally->lanes[i].capacity * sizeof *tally->lanes[i].pairs;
    return bytes;
}
