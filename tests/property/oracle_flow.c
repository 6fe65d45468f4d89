/* The naive model of flow: the wait is looked at after each of its events and at the end of each day. */
#include "tests/property/oracle.h"

#include <stdlib.h>

struct collecting {
    day_t from;
    day_t to;
    struct oracle_transition *out;
    size_t size;
    size_t count;
};

static void add(struct collecting *collecting, enum oracle_transition_kind kind, day_t day, day_t values_on, struct text reason) {
    if (day < collecting->from || day > collecting->to)
        return;
    if (collecting->count == collecting->size)
        abort();
    collecting->out[collecting->count++] = (struct oracle_transition){kind, day, values_on, reason};
}

/* The indexes of the events of the wait that happened, in fold order. */
static size_t list_events(const struct oracle *oracle, struct text subject, size_t *indexes) {
    size_t count = 0;
    for (size_t i = 0; i < oracle_event_count(oracle); i++)
        if (text_equal(oracle_event(oracle, i)->subject, subject) && oracle_fold_place(oracle, i) != SIZE_MAX) {
            indexes[oracle_fold_place(oracle, i)] = i;
            count++;
        }
    return count;
}

static bool is_open(const struct oracle_wait *wait) {
    return wait->status == ORACLE_WAITING || wait->status == ORACLE_SCHEDULED;
}

/* From a beginning at the event `at` to the stop that follows it. */
static void add_stretch(const struct oracle *oracle, struct text subject, const size_t *indexes, size_t count, size_t at, bool is_first,
                        struct collecting *collecting) {
    struct oracle_wait wait;
    day_t stop = DAY_NONE;
    for (size_t i = at + 1; i <= count && stop == DAY_NONE; i++) {
        oracle_stand(oracle, subject, INT32_MAX, i, &wait);
        stop = wait.stop;
    }
    day_t begun_on = oracle_event_day(oracle, indexes[at]);
    day_t day = wait.start;
    if (!is_first && begun_on > day)
        day = begun_on;
    if (stop != DAY_NONE && stop < day)
        day = stop;
    add(collecting, is_first ? ORACLE_FLOW_STARTED : ORACLE_FLOW_REOPENED, day, day, TEXT_ABSENT);
    if (stop != DAY_NONE && wait.stage == ORACLE_CLOSED)
        add(collecting, ORACLE_FLOW_CLOSED, stop, stop, wait.reason);
    else if (stop != DAY_NONE)
        add(collecting, ORACLE_FLOW_COMPLETED, stop, stop, TEXT_ABSENT);
}

/* Those who wait at the end of one day with one team and belong to another at the end of the next. */
static void add_transfers(const struct oracle *oracle, struct text subject, struct collecting *collecting) {
    struct oracle_wait before, after;
    oracle_stand(oracle, subject, collecting->from - 1, SIZE_MAX, &before);
    for (day_t day = collecting->from; day <= collecting->to; day++) {
        oracle_stand(oracle, subject, day, SIZE_MAX, &after);
        if (before.status == ORACLE_WAITING && !text_equal(before.team, after.team)) {
            add(collecting, ORACLE_FLOW_TRANSFERRED_OUT, day, day - 1, TEXT_ABSENT);
            add(collecting, ORACLE_FLOW_TRANSFERRED_IN, day, day, TEXT_ABSENT);
        }
        before = after;
    }
}

size_t oracle_flow(const struct oracle *oracle, struct text subject, day_t from, day_t to, struct oracle_transition *out, size_t size) {
    struct collecting collecting = {from, to, out, size, 0};
    size_t *indexes = calloc(oracle_event_count(oracle) + 1, sizeof *indexes);
    struct oracle_wait before, after;
    bool was_there = false;
    if (indexes == NULL)
        abort();
    size_t count = list_events(oracle, subject, indexes);
    oracle_stand(oracle, subject, INT32_MAX, SIZE_MAX, &before);
    if (before.status != ORACLE_NO_WAIT && before.status != ORACLE_EXCLUDED) {
        oracle_stand(oracle, subject, INT32_MAX, 0, &before);
        for (size_t i = 0; i < count; i++) {
            oracle_stand(oracle, subject, INT32_MAX, i + 1, &after);
            if (is_open(&after) && !is_open(&before))
                add_stretch(oracle, subject, indexes, count, i, !was_there, &collecting);
            was_there |= after.status != ORACLE_NO_WAIT;
            day_t day = oracle_event_day(oracle, indexes[i]);
            if (oracle_event(oracle, indexes[i])->type == EVENT_CONTACT_MADE && oracle_effect_of(oracle, indexes[i]) == ORACLE_TAKES_EFFECT)
                add(&collecting, ORACLE_FLOW_CONTACT, day, day, TEXT_ABSENT);
            before = after;
        }
        add_transfers(oracle, subject, &collecting);
    }
    free(indexes);
    return collecting.count;
}
