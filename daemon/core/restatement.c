/* Restatement: the few waits that later events may have changed are folded twice, by what was known then and by what is known now. */
#include "daemon/core/restatement.h"
#include "daemon/core/selection_internal.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

/* An event that came since, and a wait that it may have changed. */
struct cause {
    uint32_t wait;
    uint32_t seq;
};

struct causes {
    struct cause *at;
    size_t count;
    size_t capacity;
};

static void push(struct causes *causes, uint32_t wait, uint64_t seq) {
    if (wait == 0)
        return;
    memory_reserve((void **)&causes->at, &causes->capacity, causes->count + 1, sizeof *causes->at);
    causes->at[causes->count++] = (struct cause){wait, (uint32_t)seq};
}

/* Whether an event of a later `time` can say who counts on a day: by making, or unmaking, an end that excludes the wait. A referral may
 * take effect before its time. */
static bool reaches_back(enum event_type type) {
    return event_type_rank(type) >= event_type_rank(EVENT_ASSESSMENT_COMPLETED) || type == EVENT_REFERRAL_RECEIVED;
}

static void find_causes(const struct archive *archive, const struct recall *recall, uint64_t reported_at, struct causes *causes) {
    instant_t end_of_day = calendar_day_start(recall->calendar, recall->as_at + 1);
    for (uint64_t seq = reported_at + 1; seq <= recall->known_at; seq++) {
        struct glance event = archive_glance(archive, seq);
        if (event.type == EVENT_RETRACTED)
            push(causes, archive_wait_retracted(archive, seq), seq);
        else if (event.time < end_of_day || reaches_back(event.type))
            push(causes, event.wait, seq);
    }
}

static int compare_causes(const void *left, const void *right) {
    const struct cause *a = left;
    const struct cause *b = right;
    if (a->wait != b->wait)
        return a->wait < b->wait ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

/* The waits of the sorted causes, each once. */
static uint32_t *waits_of(const struct causes *causes, size_t *count) {
    uint32_t *waits = memory_new(causes->count, sizeof *waits);
    *count = 0;
    for (size_t i = 0; i < causes->count; i++)
        if (i == 0 || causes->at[i].wait != causes->at[i - 1].wait)
            waits[(*count)++] = causes->at[i].wait;
    return waits;
}

static bool counts(const struct waiting_register *reg, const struct ready_filter *filter, uint32_t wait, struct wait_view *view) {
    return wait != 0 && register_view(reg, wait, view) && view->has_days_to_breach &&
           ready_filter_fields_pass(filter, reg, &register_record(reg, wait)->state);
}

static bool counts_alike(const struct wait_view *a, const struct wait_view *b) {
    const struct text pairs[][2] = {
        {a->pathway, b->pathway}, {a->team, b->team}, {a->district, b->district}, {a->client_group, b->client_group}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (!text_equal(pairs[i][0], pairs[i][1]))
            return false;
    return a->clock.status == b->clock.status && a->stage == b->stage && a->clock.is_paused == b->clock.is_paused &&
           a->clock.days == b->clock.days && a->clock.breach == b->clock.breach && a->clock.due == b->clock.due &&
           a->no_contact == b->no_contact;
}

struct comparison {
    struct restatement *restatement;
    struct ready_filter reported;
    struct ready_filter known;
    size_t wait_capacity;
    size_t event_capacity;
};

/* Keeps the wait of the causes from `first` up to `end` if it counts otherwise. */
static void compare_wait(struct comparison *comparison, struct text subject, const struct causes *causes, size_t first, size_t end) {
    struct restatement *restatement = comparison->restatement;
    struct wait_view before, now;
    uint32_t reported = register_find(restatement->reported, subject);
    uint32_t known = register_find(restatement->known, subject);
    bool counted = counts(restatement->reported, &comparison->reported, reported, &before);
    bool is_counted = counts(restatement->known, &comparison->known, known, &now);
    if (counted == is_counted && (!counted || counts_alike(&before, &now)))
        return;
    memory_reserve((void **)&restatement->waits, &comparison->wait_capacity, restatement->wait_count + 1, sizeof *restatement->waits);
    restatement->waits[restatement->wait_count++] = (struct restated_wait){subject, reported, known, restatement->event_count, end - first};
    for (size_t i = first; i < end; i++) {
        memory_reserve((void **)&restatement->event_seqs, &comparison->event_capacity, restatement->event_count + 1,
                       sizeof *restatement->event_seqs);
        restatement->event_seqs[restatement->event_count++] = causes->at[i].seq;
    }
}

static int compare_subjects(const void *left, const void *right) {
    return text_compare(((const struct restated_wait *)left)->subject, ((const struct restated_wait *)right)->subject);
}

static void compare_waits(const struct archive *archive, const struct causes *causes, const struct wait_filter *filter,
                          struct restatement *restatement) {
    struct comparison *comparison = memory_new(1, sizeof *comparison);
    comparison->restatement = restatement;
    ready_filter_init(&comparison->reported, restatement->reported, filter);
    ready_filter_init(&comparison->known, restatement->known, filter);
    size_t first = 0;
    for (size_t i = 1; i <= causes->count; i++)
        if (i == causes->count || causes->at[i].wait != causes->at[first].wait) {
            compare_wait(comparison, archive_subject(archive, causes->at[first].wait), causes, first, i);
            first = i;
        }
    if (restatement->wait_count > 1)
        qsort(restatement->waits, restatement->wait_count, sizeof *restatement->waits, compare_subjects);
    free(comparison);
}

void archive_restate(struct archive *archive, const struct recall *recall, uint64_t reported_at, const struct wait_filter *filter,
                     struct restatement *restatement) {
    struct causes causes = {0};
    struct recall part = *recall;
    memset(restatement, 0, sizeof *restatement);
    find_causes(archive, recall, reported_at, &causes);
    if (causes.count > 1)
        qsort(causes.at, causes.count, sizeof *causes.at, compare_causes);
    uint32_t *waits = waits_of(&causes, &part.wait_count);
    part.waits = waits;
    restatement->known = archive_recall(archive, &part);
    part.known_at = reported_at < recall->known_at ? reported_at : recall->known_at;
    restatement->reported = archive_recall(archive, &part);
    compare_waits(archive, &causes, filter, restatement);
    free(causes.at);
    free(waits);
}

void restatement_free(struct restatement *restatement) {
    register_destroy(&restatement->reported);
    register_destroy(&restatement->known);
    free(restatement->waits);
    free(restatement->event_seqs);
    memset(restatement, 0, sizeof *restatement);
}
