/* The past and the flow as properties: any day by any knowledge from the archive, held against the oracle, against a register that knew no
 * more, and against what the live register showed on that day.
 *
 * SEED chooses the first history (its number, or "random"), HISTORIES how many follow. A failure prints its seed and the history, shrunk.
 */
#include "daemon/core/restatement.h"
#include "tests/property/compare.h"
#include "tests/property/exceptions.h"
#include "tests/property/flows.h"
#include "tests/property/property.h"

#include <stdlib.h>
#include <string.h>

enum {
    HISTORIES_DEFAULT = 6000,
    DAYS_KEPT_MAX = 256,
    DAYS_RECALLED = 3,
    DAYS_ASKED = 3,
    WINDOWS = 2,
    DAYS_BACK_MAX = 70,
    DAYS_WALKED_MAX = 40,
    DAYS_AHEAD_MAX = 366
};

struct queue_seen {
    struct text pathway;
    struct text team;
    struct position position;
};

/* What a register showed at the end of a day. Its texts live as long as the register. */
struct day_seen {
    day_t day;
    size_t event_count; /* accepted up to then */
    size_t queue_count;
    struct queue_seen queues[QUEUES_MAX];
    size_t view_count;
    struct wait_view views[HISTORY_WAITS_MAX];
    bool has_referral[HISTORY_WAITS_MAX];
};

struct past {
    struct run *run;
    struct archive *archive;
    bool timely; /* nothing late, nothing corrected: the days stay as they were seen */
    size_t day_count;
    struct day_seen *days;
    struct snapshot snapshot;
};

static void see_day(const struct waiting_register *reg, day_t day, size_t event_count, struct day_seen *seen) {
    struct pool subjects = generator_subjects();
    memset(seen, 0, sizeof *seen);
    seen->day = day;
    seen->event_count = event_count;
    for (size_t queue = 0; queue < register_queue_count(reg); queue++) {
        struct queue_seen *at = &seen->queues[seen->queue_count++];
        register_queue_names(reg, queue, &at->pathway, &at->team);
        register_queue_position(reg, queue, &at->position);
    }
    for (uint32_t i = 0; i < subjects.count; i++) {
        uint32_t wait = register_find(reg, text_of(subjects.names[i]));
        if (wait == 0)
            continue;
        seen->has_referral[seen->view_count] = register_view(reg, wait, &seen->views[seen->view_count]);
        seen->view_count++;
    }
}

static const struct queue_seen *find_queue(const struct day_seen *seen, const struct queue_seen *like) {
    for (size_t i = 0; i < seen->queue_count; i++)
        if (text_equal(seen->queues[i].pathway, like->pathway) && text_equal(seen->queues[i].team, like->team))
            return &seen->queues[i];
    return NULL;
}

static bool is_empty(const struct position *position) {
    return position->waiting == 0 && position->scheduled == 0;
}

static void compare_queues_seen(const struct day_seen *actual, const struct day_seen *expected, const char *what, struct verdict *verdict) {
    for (int direction = 0; direction < 2; direction++) {
        const struct day_seen *one = direction == 0 ? expected : actual;
        const struct day_seen *other = direction == 0 ? actual : expected;
        for (size_t i = 0; i < one->queue_count; i++) {
            const struct queue_seen *queue = &one->queues[i];
            const struct queue_seen *found = find_queue(other, queue);
            bool same =
                found == NULL ? is_empty(&queue->position) : memcmp(&found->position, &queue->position, sizeof queue->position) == 0;
            if (!same)
                verdict_fail(verdict, "%s: day %d: queue %.*s %.*s is another: %u wait in one, %u in the other", what, expected->day,
                             (int)queue->pathway.length, queue->pathway.at, (int)queue->team.length, queue->team.at,
                             queue->position.waiting, found == NULL ? 0 : found->position.waiting);
        }
    }
}

static bool same_texts(const struct wait_view *a, const struct wait_view *b) {
    return text_equal(a->pathway, b->pathway) && text_equal(a->team, b->team) && text_equal(a->district, b->district) &&
           text_equal(a->client_group, b->client_group) && text_equal(a->person, b->person) && text_equal(a->worker, b->worker) &&
           text_equal(a->dimensions, b->dimensions) && text_equal(a->reason, b->reason) && text_equal(a->outcome, b->outcome);
}

static bool same_clock(const struct clock_reading *a, const struct clock_reading *b) {
    return a->status == b->status && a->start == b->start && a->stop == b->stop && a->gross_days == b->gross_days &&
           a->paused_days == b->paused_days && a->days == b->days && a->standard == b->standard && a->is_paused == b->is_paused &&
           a->is_frozen == b->is_frozen && a->breach == b->breach && a->due == b->due && a->ended_before_start == b->ended_before_start &&
           a->stopped_on_started == b->stopped_on_started;
}

/* As far as positions count it. */
static bool same_clock_counts(const struct clock_reading *a, const struct clock_reading *b) {
    return a->status == b->status && a->days == b->days && a->is_paused == b->is_paused && a->breach == b->breach && a->due == b->due;
}

static bool same_view(const struct wait_view *a, const struct wait_view *b) {
    return same_texts(a, b) && same_clock(&a->clock, &b->clock) && a->priority == b->priority && a->impact == b->impact &&
           a->likelihood == b->likelihood && a->stage == b->stage && a->has_days_to_breach == b->has_days_to_breach &&
           a->days_to_breach == b->days_to_breach && a->breach_on == b->breach_on && a->last_contact == b->last_contact &&
           a->no_contact == b->no_contact && a->exceptions == b->exceptions && a->last_event_at == b->last_event_at;
}

/* Every wait that was known then; of one that became known later nothing could be shown. */
static void compare_views_seen(const struct day_seen *actual, const struct day_seen *expected, const char *what, struct verdict *verdict) {
    for (size_t i = 0; i < expected->view_count; i++) {
        size_t j = 0;
        while (j < actual->view_count && !text_equal(actual->views[j].subject, expected->views[i].subject))
            j++;
        if (j == actual->view_count || actual->has_referral[j] != expected->has_referral[i] ||
            !same_view(&actual->views[j], &expected->views[i]))
            verdict_fail(verdict, "%s: day %d: wait %.*s is another", what, expected->day, (int)expected->views[i].subject.length,
                         expected->views[i].subject.at);
    }
}

static struct recall recall_of(const struct past *past, day_t day, uint64_t known_at, struct policy_era eras[HISTORY_POLICIES_MAX + 1]) {
    struct recall recall = {
        .calendar = past->run->world->calendar, .eras = eras, .era_count = past->run->era_count, .known_at = known_at, .as_at = day};
    memcpy(eras, past->run->eras, recall.era_count * sizeof *eras);
    eras[0].from = past->run->history->first_day; /* as a journal tells it: the day on which the first policy was first read */
    return recall;
}

static struct waiting_register *recall(const struct past *past, day_t day, uint64_t known_at) {
    struct policy_era eras[HISTORY_POLICIES_MAX + 1];
    struct recall recall = recall_of(past, day, known_at, eras);
    return archive_recall(past->archive, &recall);
}

static void compare_with_seen(const struct past *past, const struct day_seen *expected, uint64_t known_at, const char *what,
                              struct verdict *verdict) {
    struct day_seen *actual = calloc(1, sizeof *actual);
    if (actual == NULL)
        abort();
    struct waiting_register *reg = recall(past, expected->day, known_at);
    see_day(reg, expected->day, known_at, actual);
    compare_queues_seen(actual, expected, what, verdict);
    compare_views_seen(actual, expected, what, verdict);
    register_destroy(&reg);
    free(actual);
}

/* A past day by what was known at its end is what the live register showed; without late records it is so by all that is known. */
static void check_as_published(const struct past *past, struct random *random, struct verdict *verdict) {
    for (int i = 0; i < DAYS_RECALLED && !verdict->failed; i++) {
        const struct day_seen *seen = &past->days[random_below(random, (uint32_t)past->day_count)];
        compare_with_seen(past, seen, seen->event_count, "recalled by what was known then", verdict);
        if (past->timely)
            compare_with_seen(past, seen, archive_count(past->archive), "recalled by all that is known, nothing being late", verdict);
    }
}

/* A register that was given the first events and no policy that began later, begun on that day. */
static void check_register_of_then(const struct past *past, const struct waiting_register *recalled, day_t day, size_t known_at,
                                   struct verdict *verdict) {
    struct run *run = past->run;
    struct memory_journal *journal = calloc(1, sizeof *journal);
    struct day_seen *seen = calloc(2, sizeof *seen);
    size_t era_count = run->era_count;
    if (journal == NULL || seen == NULL)
        abort();
    while (run->era_count > 1 && run->eras[run->era_count - 1].from > day)
        run->era_count--;
    struct waiting_register *reg = run_new_register(run, journal);
    for (size_t i = 0; i < known_at; i++)
        journal_give(journal, journal_admit(journal, &run->journal.events[i].event), reg, register_replay_event);
    register_begin(reg, day, run->now, true);
    see_day(reg, day, known_at, &seen[0]);
    see_day(recalled, day, known_at, &seen[1]);
    compare_queues_seen(&seen[1], &seen[0], "a register that knew no more", verdict);
    compare_views_seen(&seen[1], &seen[0], "a register that knew no more", verdict);
    run->era_count = era_count;
    register_destroy(&reg);
    journal_clear(journal);
    free(journal);
    free(seen);
}

/* Any day by any knowledge, held against the oracle. */
static void check_recalled(struct past *past, day_t day, size_t known_at, struct random *random, struct verdict *verdict) {
    static const struct tracked_alerts no_alerts;
    struct oracle *oracle = oracle_of_past(past->run->oracle, known_at, day);
    struct waiting_register *reg = recall(past, day, known_at);
    struct memory_journal *journal = &past->run->journal;
    size_t count = journal->count;
    struct verdict found = {0};
    snapshot_make(oracle, day, &past->snapshot);
    if (register_today(reg) != day)
        verdict_fail(&found, "today is %d, not %d", register_today(reg), day);
    compare_waits(reg, oracle, &past->snapshot, &found);
    compare_queues(reg, &past->snapshot, &found);
    compare_random_summary(reg, &past->snapshot, random, &found);
    compare_random_distribution(reg, &past->snapshot, random, &found);
    compare_random_listing(reg, &past->snapshot, random, &found);
    compare_figures(reg, &past->snapshot, &no_alerts, &found);
    journal->count = known_at;
    compare_outcomes(reg, oracle, journal, day, &found);
    compare_exceptions(reg, oracle, journal, past->run->world->calendar, day, random, &found);
    journal->count = count;
    if (random_chance(random, 20))
        compare_parts(reg, &found);
    compare_random_flow(reg, oracle, day, random, &found);
    check_register_of_then(past, reg, day, known_at, &found);
    if (found.failed)
        verdict_fail(verdict, "as at day %d, knowing %zu of %zu events: %s", day, known_at, count, found.text);
    register_destroy(&reg);
    oracle_destroy(&oracle);
}

static void check_any_day(struct past *past, struct random *random, struct verdict *verdict) {
    size_t all = past->run->journal.count;
    for (int i = 0; i < DAYS_ASKED && !verdict->failed; i++) {
        int32_t ahead = random_chance(random, 3) ? DAYS_AHEAD_MAX : random_between(random, 0, 20);
        day_t day = random_chance(random, 25) ? past->run->today + ahead : past->run->today - random_between(random, 0, DAYS_BACK_MAX);
        size_t known_at = i == 0 ? all : random_below(random, (uint32_t)all + 1);
        check_recalled(past, day, known_at, random, verdict);
    }
}

struct walked {
    const struct past *past;
    struct verdict *verdict;
    size_t known_at;
    day_t next;
};

static const struct calendar *same_calendar(void *context, day_t day) {
    (void)day;
    return ((const struct walked *)context)->past->run->world->calendar;
}

/* A day that was walked to is the day that is recalled. */
static bool check_walked_day(void *context, day_t day, struct waiting_register *reg) {
    struct walked *walked = context;
    struct day_seen *seen = calloc(1, sizeof *seen);
    if (seen == NULL)
        abort();
    if (day != walked->next++ || register_today(reg) != day)
        verdict_fail(walked->verdict, "the walk is at day %d, not at %d", day, walked->next - 1);
    see_day(reg, day, walked->known_at, seen);
    compare_with_seen(walked->past, seen, walked->known_at, "walked to, and recalled", walked->verdict);
    free(seen);
    return !walked->verdict->failed;
}

static void check_walk(const struct past *past, struct random *random, struct verdict *verdict) {
    struct policy_era eras[HISTORY_POLICIES_MAX + 1];
    day_t from = past->run->today - random_between(random, 0, DAYS_BACK_MAX);
    day_t to = from + random_between(random, 0, DAYS_WALKED_MAX);
    struct walked walked = {past, verdict, random_below(random, (uint32_t)past->run->journal.count + 1), from};
    struct walk walk = {.recall = recall_of(past, from, walked.known_at, eras),
                        .to = to,
                        .calendar_on = same_calendar,
                        .each = check_walked_day,
                        .context = &walked};
    archive_walk(past->archive, &walk);
    if (!verdict->failed && walked.next != to + 1)
        verdict_fail(verdict, "the walk to day %d ended at %d", to, walked.next - 1);
}

static bool counts_on(const struct waiting_register *reg, struct text subject, struct wait_view *view) {
    uint32_t wait = register_find(reg, subject);
    return wait != 0 && register_view(reg, wait, view) && view->has_days_to_breach;
}

static bool counts_otherwise(const struct waiting_register *a, const struct waiting_register *b, struct text subject) {
    struct wait_view one, other;
    bool counts = counts_on(a, subject, &one);
    if (counts != counts_on(b, subject, &other))
        return true;
    return counts && !(text_equal(one.pathway, other.pathway) && text_equal(one.team, other.team) &&
                       text_equal(one.district, other.district) && text_equal(one.client_group, other.client_group) &&
                       one.stage == other.stage && one.no_contact == other.no_contact && same_clock_counts(&one.clock, &other.clock));
}

static bool is_restated(const struct restatement *restatement, struct text subject) {
    for (size_t i = 0; i < restatement->wait_count; i++)
        if (text_equal(restatement->waits[i].subject, subject))
            return true;
    return false;
}

/* The register of the day by all that is known but the events that are said to explain the difference. */
static struct waiting_register *recall_without(const struct past *past, const struct restatement *restatement, day_t day,
                                               struct archive **archive) {
    struct policy_era eras[HISTORY_POLICIES_MAX + 1];
    const struct memory_journal *journal = &past->run->journal;
    bool *left_out = calloc(journal->count + 1, sizeof *left_out);
    if (left_out == NULL)
        abort();
    for (size_t i = 0; i < restatement->event_count; i++)
        left_out[restatement->event_seqs[i]] = true;
    *archive = archive_create(past->run->history->seed);
    for (size_t i = 0; i < journal->count; i++)
        if (!left_out[i + 1])
            archive_add(*archive, &journal->events[i].event, archive_count(*archive) + 1, journal->events[i].received);
    free(left_out);
    struct recall recall = recall_of(past, day, archive_count(*archive), eras);
    return archive_recall(*archive, &recall);
}

/* What was reported, what is known, and what explains the difference: all of it, and nothing that makes none. */
static void check_restatement(const struct past *past, struct random *random, struct verdict *verdict) {
    static const struct wait_filter all_waits;
    struct policy_era eras[HISTORY_POLICIES_MAX + 1];
    struct pool subjects = generator_subjects();
    struct restatement restatement;
    struct archive *archive;
    struct day_seen *seen = calloc(2, sizeof *seen);
    day_t day = past->run->today - random_between(random, 0, DAYS_BACK_MAX);
    size_t reported_at = random_below(random, (uint32_t)past->run->journal.count + 1);
    struct waiting_register *reported = recall(past, day, reported_at);
    struct waiting_register *known = recall(past, day, past->run->journal.count);
    if (seen == NULL)
        abort();
    struct recall what = recall_of(past, day, past->run->journal.count, eras);
    archive_restate(past->archive, &what, reported_at, &all_waits, &restatement);
    for (uint32_t i = 0; i < subjects.count; i++) {
        struct text subject = text_of(subjects.names[i]);
        if (counts_otherwise(reported, known, subject) != is_restated(&restatement, subject))
            verdict_fail(verdict, "day %d reported at seq %zu: wait %s is %s restated", day, reported_at, subjects.names[i],
                         is_restated(&restatement, subject) ? "wrongly" : "not");
    }
    for (size_t i = 0; i < restatement.wait_count; i++)
        if (restatement.waits[i].event_count == 0)
            verdict_fail(verdict, "day %d: nothing explains a wait", day);
    struct waiting_register *without = recall_without(past, &restatement, day, &archive);
    see_day(reported, day, 0, &seen[0]);
    see_day(without, day, 0, &seen[1]);
    compare_queues_seen(&seen[1], &seen[0], "without what explains the restatement", verdict);
    register_destroy(&without);
    register_destroy(&reported);
    register_destroy(&known);
    archive_destroy(&archive);
    restatement_free(&restatement);
    free(seen);
}

static bool stops_change(const struct run *run) {
    const struct policy *newest = run->eras[run->era_count - 1].policy;
    for (size_t i = 0; i + 1 < run->era_count; i++)
        for (size_t j = 0; j < newest->pathway_count; j++) {
            const struct pathway_policy *pathway = &newest->pathways[j];
            int index = policy_pathway_index(run->eras[i].policy, text_of(pathway->name));
            const struct pathway_policy *then = &run->eras[i].policy->pathways[index];
            if (then->stops_on != pathway->stops_on || then->completes_on != pathway->completes_on)
                return true;
        }
    return false;
}

/* Law 7, by the positions of the two days where one rule says over all of them what a stop is. */
static void check_windows(const struct past *past, struct random *random, struct verdict *verdict) {
    const struct run *run = past->run;
    bool by_positions = !stops_change(run);
    for (int i = 0; i < WINDOWS && !verdict->failed; i++) {
        day_t to = run->today - (random_chance(random, 40) ? 0 : random_between(random, 0, DAYS_BACK_MAX));
        day_t from = to - random_between(random, 0, random_chance(random, 5) ? 1000 : DAYS_BACK_MAX);
        struct waiting_register *before = by_positions ? recall(past, from - 1, archive_count(past->archive)) : NULL;
        struct waiting_register *after = by_positions ? recall(past, to, archive_count(past->archive)) : NULL;
        check_law_7(run->reg, run->oracle, before, after, from, to, verdict);
        register_destroy(&before);
        register_destroy(&after);
    }
}

static bool same_event(const struct event *a, const struct event *b) {
    bool same = a->type == b->type && a->time == b->time && a->clock_start == b->clock_start && a->priority == b->priority &&
                a->impact == b->impact && a->likelihood == b->likelihood && a->dimension_count == b->dimension_count;
    const struct text pairs[][2] = {{a->source, b->source},
                                    {a->id, b->id},
                                    {a->subject, b->subject},
                                    {a->sequence, b->sequence},
                                    {a->pathway, b->pathway},
                                    {a->team, b->team},
                                    {a->person, b->person},
                                    {a->district, b->district},
                                    {a->client_group, b->client_group},
                                    {a->worker, b->worker},
                                    {a->reason, b->reason},
                                    {a->method, b->method},
                                    {a->outcome, b->outcome},
                                    {a->retracts_source, b->retracts_source},
                                    {a->retracts_id, b->retracts_id}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        same &= text_equal(pairs[i][0], pairs[i][1]) && (pairs[i][0].at == NULL) == (pairs[i][1].at == NULL);
    for (int i = 0; same && i < a->dimension_count; i++)
        same &= text_equal(a->dimensions[i].name, b->dimensions[i].name) && text_equal(a->dimensions[i].value, b->dimensions[i].value);
    return same;
}

static void fill_archive(struct past *past, struct verdict *verdict) {
    const struct memory_journal *journal = &past->run->journal;
    past->archive = archive_create(past->run->history->seed);
    for (size_t i = 0; i < journal->count; i++)
        archive_add(past->archive, &journal->events[i].event, i + 1, journal->events[i].received);
    for (size_t i = 0; i < journal->count; i++) {
        struct history_event event;
        archive_event(past->archive, i + 1, &event);
        if (event.seq != i + 1 || event.received != journal->events[i].received || !same_event(&event.event, &journal->events[i].event))
            verdict_fail(verdict, "event %zu does not come back from the archive as it was", i + 1);
    }
}

/* What tells of a day before today, or takes back what was told. */
static bool is_late_or_correction(const struct run *run, const struct event *event) {
    return event->type == EVENT_RETRACTED ||
           (event->type == EVENT_WAIT_CLOSED && (text_is(event->reason, "duplicate") || text_is(event->reason, "recorded_in_error"))) ||
           calendar_day_of(run->world->calendar, event_effective_time(event, run->world->calendar)) < run->today;
}

static void settle_and_see(struct past *past, uint64_t seed) {
    struct run *run = past->run;
    size_t count;
    run_step(run, &(struct step){STEP_SETTLE, 0, seed});
    register_take_transitions(run->reg, &count);
    run->alert_count += count;
    if (past->day_count == DAYS_KEPT_MAX)
        abort();
    see_day(run->reg, run->today, run->journal.count, &past->days[past->day_count++]);
}

static void drive(struct past *past) {
    struct run *run = past->run;
    const struct history *history = run->history;
    for (size_t i = 0; i < history->step_count && !run->verdict->failed; i++) {
        const struct step *step = &history->steps[i];
        if (step->kind == STEP_EVENT && past->timely && is_late_or_correction(run, &history->events[step->number]))
            continue;
        if (step->kind == STEP_ADVANCE)
            settle_and_see(past, step->seed);
        run_step(run, step);
    }
    settle_and_see(past, history->seed);
}

static void check_past(struct run *run, const struct world *world, const struct history *history, struct verdict *verdict) {
    struct random random = random_of(history->seed ^ UINT64_C(0xfa57));
    struct past *past = calloc(1, sizeof *past);
    struct day_seen *days = calloc(DAYS_KEPT_MAX, sizeof *days);
    if (past == NULL || days == NULL)
        abort();
    memset(verdict, 0, sizeof *verdict);
    past->run = run;
    past->days = days;
    past->timely = random_chance(&random, 40);
    run_begin(run, world, history, verdict);
    drive(past);
    fill_archive(past, verdict);
    check_as_published(past, &random, verdict);
    check_any_day(past, &random, verdict);
    check_windows(past, &random, verdict);
    check_restatement(past, &random, verdict);
    if (random_chance(&random, 20))
        check_walk(past, &random, verdict);
    for (int i = 0; i < WINDOWS && !verdict->failed; i++)
        compare_random_flow(run->reg, run->oracle, run->today, &random, verdict);
    archive_destroy(&past->archive);
    free(days);
    free(past);
}

int main(void) {
    return property_main(check_past, HISTORIES_DEFAULT);
}
