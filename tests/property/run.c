/* Driving a register by a history. */
#include "tests/property/run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 65536 };

void verdict_fail(struct verdict *verdict, const char *format, ...) {
    if (verdict->failed)
        return;
    verdict->failed = true;
    verdict->format = format;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
}

static bool same_text(struct text a, struct text b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

struct copying {
    char *at;
    char *end;
};

static void copy_text(struct copying *copying, struct text *text) {
    if (text->at == NULL)
        return;
    if (copying->end - copying->at < (ptrdiff_t)text->length)
        abort();
    memcpy(copying->at, text->at, text->length);
    text->at = copying->at;
    copying->at += text->length;
}

static void copy_texts(struct copying *copying, struct event *event) {
    struct text *texts[] = {&event->source, &event->id,     &event->subject,  &event->sequence,        &event->pathway,
                            &event->team,   &event->person, &event->district, &event->client_group,    &event->worker,
                            &event->reason, &event->method, &event->outcome,  &event->retracts_source, &event->retracts_id};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        copy_text(copying, texts[i]);
    for (int i = 0; i < event->dimension_count; i++) {
        copy_text(copying, &event->dimensions[i].name);
        copy_text(copying, &event->dimensions[i].value);
    }
}

/* What was handed out before is overwritten, so that whoever kept it reads nonsense. */
static struct copying start_handing_out(struct memory_journal *journal) {
    if (journal->texts == NULL) {
        journal->texts = malloc(TEXTS_MAX);
        journal->handed_out = calloc(HISTORY_EVENTS_MAX, sizeof *journal->handed_out);
        if (journal->texts == NULL || journal->handed_out == NULL)
            abort();
    }
    memset(journal->texts, '#', 256);
    return (struct copying){journal->texts, journal->texts + TEXTS_MAX};
}

static size_t load_history(void *context, uint64_t newest_seq, const struct history_event **events) {
    struct memory_journal *journal = context;
    struct copying copying = start_handing_out(journal);
    size_t count = 0;
    *events = journal->handed_out;
    if (newest_seq == 0)
        return 0;
    struct text subject = journal->events[newest_seq - 1].event.subject;
    for (size_t i = newest_seq; i-- > 0;) {
        if (!same_text(journal->events[i].event.subject, subject))
            continue;
        journal->handed_out[count] = journal->events[i];
        copy_texts(&copying, &journal->handed_out[count++].event);
    }
    return count;
}

static bool find_identity(void *context, struct text source, struct text id, struct history_event *event) {
    struct memory_journal *journal = context;
    for (size_t i = 0; i < journal->visible; i++)
        if (same_text(journal->events[i].event.source, source) && same_text(journal->events[i].event.id, id)) {
            struct copying copying = start_handing_out(journal);
            *event = journal->events[i];
            copy_texts(&copying, &event->event);
            return true;
        }
    return false;
}

void journal_clear(struct memory_journal *journal) {
    free(journal->handed_out);
    free(journal->texts);
    journal->handed_out = NULL;
    journal->texts = NULL;
    journal->count = journal->visible = 0;
}

uint64_t journal_admit(struct memory_journal *journal, const struct event *event) {
    for (size_t i = 0; i < journal->count; i++)
        if (same_text(journal->events[i].event.source, event->source) && same_text(journal->events[i].event.id, event->id))
            return 0;
    struct history_event *added = &journal->events[journal->count++];
    *added = (struct history_event){*event, journal->count, event->time};
    journal->visible = journal->count;
    return added->seq;
}

void journal_give(struct memory_journal *journal, uint64_t seq, struct waiting_register *reg,
                  void (*take)(struct waiting_register *reg, const struct event *event, uint64_t seq)) {
    char texts[4096];
    struct copying copying = {texts, texts + sizeof texts};
    struct event given = journal->events[seq - 1].event;
    copy_texts(&copying, &given);
    take(reg, &given, seq);
    memset(texts, '?', sizeof texts);
}

struct waiting_register *run_new_register(const struct run *run, struct memory_journal *journal) {
    struct register_setup setup = {
        .calendar = run->world->calendar,
        .eras = run->eras,
        .era_count = run->era_count,
        .history = {journal, load_history, find_identity},
        .hash_seed = run->history->seed,
    };
    return register_create(&setup);
}

void run_begin(struct run *run, const struct world *world, const struct history *history, struct verdict *verdict) {
    journal_clear(&run->journal);
    run->world = world;
    run->history = history;
    run->verdict = verdict;
    run->today = history->first_day;
    run->now = world->midnights[run->today];
    run->era_count = 0;
    run->eras[run->era_count++] = (struct policy_era){DAY_NONE, &history->policies[0]};
    run->oracle = oracle_create(world->calendar, &world->tables);
    oracle_add_policy(run->oracle, DAY_NONE, &history->policies[0]);
    run->tracked.count = 0;
    run->alert_count = 0;
    run->next_alert_seq = 1;
    run->queue_count = 0;
    run->reg = run_new_register(run, &run->journal);
    register_begin(run->reg, run->today, run->now, true);
}

void run_end(struct run *run) {
    register_destroy(&run->reg);
    oracle_destroy(&run->oracle);
    journal_clear(&run->journal);
}

/* A second policy of one day replaces the first, as the journal's reader would have it. */
void run_add_era(struct run *run, const struct policy *policy) {
    oracle_add_policy(run->oracle, run->today, policy);
    if (run->eras[run->era_count - 1].from == run->today)
        run->era_count--;
    run->eras[run->era_count++] = (struct policy_era){run->today, policy};
}

static bool accept_event(struct run *run, const struct event *event) {
    if (calendar_day_of(run->world->calendar, event_effective_time(event, run->world->calendar)) > run->today + 1)
        return false;
    uint64_t seq = journal_admit(&run->journal, event);
    if (seq == 0)
        return true;
    journal_give(&run->journal, seq, run->reg, register_accept);
    oracle_accept(run->oracle, event);
    return true;
}

/* One of the open alerts, by one of three people, with or without a note and a day; now and then twice, which changes nothing. */
static void acknowledge(struct run *run, uint64_t seed) {
    static const char *const people[] = {"jo", "sam", "T\\\"x"};
    struct random random = random_of(seed);
    uint64_t alert_seq = 0, again = 0;
    if (run->tracked.count == 0)
        return;
    struct tracked_alert *open = &run->tracked.alerts[random_below(&random, (uint32_t)run->tracked.count)];
    struct acknowledgement asked = {
        .subject = open->raised.subject,
        .raised_seq = open->raised.raised_seq,
        .by = text_of(people[random_below(&random, 3)]),
        .note = random_chance(&random, 50) ? text_of("visit booked") : TEXT_ABSENT,
        .expected_by = random_chance(&random, 80) ? run->today + random_between(&random, -1, 6) : DAY_NONE,
    };
    bool is_same = open->acknowledged.by.at != NULL && text_equal(open->acknowledged.by, asked.by) &&
                   text_equal(open->acknowledged.note, asked.note) && open->acknowledged.expected_by == asked.expected_by;
    bool is_past = asked.expected_by != DAY_NONE && asked.expected_by < run->today;
    enum acknowledge_result expected = is_same ? ACKNOWLEDGE_REPEATED : is_past ? ACKNOWLEDGE_BAD_DAY : ACKNOWLEDGE_TAKEN;
    enum acknowledge_result result = register_acknowledge(run->reg, &asked, run->now, &alert_seq);
    if (result != expected)
        verdict_fail(run->verdict, "day %d: acknowledging gives %d, by the rules %d", run->today, (int)result, (int)expected);
    if (result != ACKNOWLEDGE_TAKEN)
        return;
    open->acknowledged = asked;
    open->acknowledged_at = run->now;
    open->is_untold = true;
    open->is_overdue = false;
    if (random_chance(&random, 30) &&
        (register_acknowledge(run->reg, &asked, run->now, &again) != ACKNOWLEDGE_REPEATED || again != alert_seq))
        verdict_fail(run->verdict, "day %d: acknowledging twice is not the same as once", run->today);
}

bool run_step(struct run *run, const struct step *step) {
    struct text missing;
    run->now++;
    switch (step->kind) {
    case STEP_EVENT:
        return accept_event(run, &run->history->events[step->number]);
    case STEP_ACKNOWLEDGE:
        acknowledge(run, step->seed);
        register_settle(run->reg, run->now);
        return true;
    case STEP_SETTLE:
        register_settle(run->reg, run->now);
        return true;
    case STEP_ADVANCE:
        register_settle(run->reg, run->now);
        run->today++;
        run->now = run->world->midnights[run->today];
        register_advance(run->reg, run->now);
        return true;
    case STEP_POLICY:
        register_settle(run->reg, run->now);
        run_add_era(run, &run->history->policies[step->number]);
        if (!register_set_policy(run->reg, &run->history->policies[step->number], run->world->calendar, run->now, &missing))
            verdict_fail(run->verdict, "the policy was refused: %.*s", (int)missing.length, missing.at);
        return true;
    }
    abort();
}

static bool counts_as_exception(const struct oracle *oracle, size_t event, day_t day) {
    enum oracle_effect effect = oracle_effect_of(oracle, event);
    if (effect == ORACLE_TAKES_EFFECT || effect == ORACLE_NEVER_HAPPENED)
        return false;
    return oracle_event(oracle, event)->type == EVENT_RETRACTED || oracle_event_day(oracle, event) <= day;
}

void run_snapshot(const struct run *run, day_t day, struct snapshot *snapshot) {
    snapshot_make(run->oracle, day, snapshot);
}

void snapshot_make(const struct oracle *oracle, day_t day, struct snapshot *snapshot) {
    snapshot->today = day;
    snapshot->policy = oracle_policy_on(oracle, day);
    snapshot->count = oracle_subject_count(oracle);
    for (size_t i = 0; i < snapshot->count; i++) {
        snapshot->subjects[i] = oracle_subject(oracle, i);
        snapshot->exceptions[i] = 0;
        oracle_measure(oracle, snapshot->subjects[i], day, &snapshot->waits[i]);
        for (size_t event = 0; event < oracle_event_count(oracle); event++)
            if (same_text(oracle_event(oracle, event)->subject, snapshot->subjects[i]))
                snapshot->exceptions[i] += counts_as_exception(oracle, event, day);
    }
}
