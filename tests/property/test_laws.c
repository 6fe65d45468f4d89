/* The laws of a wait (rules, section 9), as properties: random histories, the register and the oracle side by side.
 *
 * SEED chooses the first history (its number, or "random"), HISTORIES how many follow. A failure prints its seed and the history, shrunk.
 */
#include "tests/property/checkpoint.h"
#include "tests/property/compare.h"
#include "tests/property/exceptions.h"
#include "tests/property/property.h"

#include <stdlib.h>
#include <string.h>

#define HISTORIES_DEFAULT 20000
#define STOP_DAYS_MAX 11

static void keep_alert_log(struct run *run, const struct alert_transition *transitions, size_t count) {
    if (run->alert_count + count > ALERT_LOG_MAX)
        abort();
    for (size_t i = 0; i < count; i++) {
        run->log_after[run->alert_count] = run->journal.count;
        run->alert_log[run->alert_count++] = transitions[i];
    }
}

/* Every queue whose position is another than last time must be among the changed. */
static void check_changed_queues(struct run *run) {
    size_t changed_count;
    const uint32_t *changed = register_take_changed_queues(run->reg, &changed_count);
    bool is_changed[QUEUES_MAX] = {false};
    for (size_t i = 0; i < changed_count; i++) {
        if (changed[i] >= register_queue_count(run->reg) || is_changed[changed[i]])
            verdict_fail(run->verdict, "queue %u is named as changed without being there once", changed[i]);
        else
            is_changed[changed[i]] = true;
    }
    for (size_t queue = 0; queue < register_queue_count(run->reg); queue++) {
        struct position position;
        memset(&position, 0, sizeof position);
        register_queue_position(run->reg, queue, &position);
        bool stays_empty = queue < run->queue_count &&
                           position.waiting + position.scheduled + run->queues[queue].waiting + run->queues[queue].scheduled == 0;
        if (!is_changed[queue] && !stays_empty &&
            (queue >= run->queue_count || memcmp(&position, &run->queues[queue], sizeof position) != 0))
            verdict_fail(run->verdict, "day %d: queue %zu changed and is not named", run->today, queue);
        run->queues[queue] = position;
    }
    run->queue_count = register_queue_count(run->reg);
}

/* Everything that can be seen, after a turn or a midnight. */
static void check_everything(struct run *run, const struct step *step) {
    struct random random = random_of(step->seed);
    run_snapshot(run, run->today, &run->snapshot);
    if (register_today(run->reg) != run->today)
        verdict_fail(run->verdict, "today is %d, by the steps %d", register_today(run->reg), run->today);
    compare_waits(run->reg, run->oracle, &run->snapshot, run->verdict);
    compare_queues(run->reg, &run->snapshot, run->verdict);
    struct transition_check check = {run->oracle, &run->snapshot, run->now, run->next_alert_seq, &run->tracked};
    size_t count;
    const struct alert_transition *transitions = compare_transitions(run->reg, &check, &count, run->verdict);
    run->next_alert_seq = check.next_alert_seq;
    keep_alert_log(run, transitions, count);
    compare_open_alerts(run->reg, &run->snapshot, &run->tracked, run->verdict);
    compare_random_summary(run->reg, &run->snapshot, &random, run->verdict);
    compare_random_distribution(run->reg, &run->snapshot, &random, run->verdict);
    compare_random_listing(run->reg, &run->snapshot, &random, run->verdict);
    check_changed_queues(run);
    if (random_chance(&random, 10)) {
        compare_outcomes(run->reg, run->oracle, &run->journal, run->today, run->verdict);
        compare_figures(run->reg, &run->snapshot, &run->tracked, run->verdict);
        compare_parts(run->reg, run->verdict);
    }
}

/* What law 6 looks at, from the register alone. */
struct standing {
    uint32_t count;
    enum status statuses[HISTORY_WAITS_MAX];
    int32_t days[HISTORY_WAITS_MAX];
};

static void see_standing(const struct run *run, struct standing *standing) {
    standing->count = (uint32_t)run->snapshot.count;
    for (uint32_t i = 0; i < standing->count; i++) {
        struct wait_view view;
        register_view(run->reg, register_find(run->reg, run->snapshot.subjects[i]), &view);
        standing->statuses[i] = view.clock.status;
        standing->days[i] = view.clock.days;
    }
}

static bool has_pending_events(const struct run *run) {
    for (size_t event = 0; event < oracle_event_count(run->oracle); event++)
        if (oracle_event_day(run->oracle, event) > run->today)
            return true;
    return false;
}

/* Law 6: a midnight without events lets nobody leave, only the scheduled join, and no wait's days fall. */
static void check_midnight(struct run *run, const struct standing *before) {
    struct standing after;
    see_standing(run, &after);
    for (uint32_t i = 0; i < before->count; i++) {
        bool joins = before->statuses[i] == STATUS_SCHEDULED && after.statuses[i] == STATUS_WAITING;
        if ((after.statuses[i] != before->statuses[i] && !joins) || after.days[i] < before->days[i])
            verdict_fail(run->verdict, "law 6: day %d: wait %.*s went from %s %d to %s %d", run->today,
                         (int)run->snapshot.subjects[i].length, run->snapshot.subjects[i].at, status_name(before->statuses[i]),
                         before->days[i], status_name(after.statuses[i]), after.days[i]);
    }
}

static void take_step(struct run *run, const struct step *step) {
    struct standing before = {.count = 0};
    bool is_quiet = step->kind == STEP_ADVANCE && !has_pending_events(run);
    if (step->kind == STEP_ADVANCE || step->kind == STEP_POLICY || step->kind == STEP_ACKNOWLEDGE) {
        struct step settling = {STEP_SETTLE, 0, step->seed};
        run_step(run, &settling);
        check_everything(run, &settling);
        see_standing(run, &before);
    }
    if (!run_step(run, step) || step->kind == STEP_EVENT)
        return;
    check_everything(run, step);
    if (is_quiet)
        check_midnight(run, &before);
}

/* A register that has begun on the run's day and takes these events in a random order, some twice, in turns of random length. */
static void check_another_order(struct run *run, struct random *random, const size_t *events, size_t count, const char *law) {
    size_t order[2 * HISTORY_EVENTS_MAX];
    size_t total = 0;
    struct memory_journal journal = {0};
    struct waiting_register *reg = run_new_register(run, &journal);
    bool twice = random_chance(random, 50);
    for (size_t i = 0; i < count; i++) {
        order[total++] = events[i];
        if (twice)
            order[total++] = events[i];
    }
    for (size_t i = total; i > 1; i--) {
        size_t other = random_below(random, (uint32_t)i);
        size_t swap = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swap;
    }
    register_begin(reg, run->today, run->now, true);
    for (size_t i = 0; i < total; i++) {
        uint64_t seq = journal_admit(&journal, &run->journal.events[order[i]].event);
        if (seq != 0)
            journal_give(&journal, seq, reg, register_accept);
        if (random_chance(random, 30))
            register_settle(reg, run->now);
    }
    register_settle(reg, run->now);
    struct verdict verdict = {0};
    compare_waits(reg, run->oracle, &run->snapshot, &verdict);
    compare_queues(reg, &run->snapshot, &verdict);
    compare_random_summary(reg, &run->snapshot, random, &verdict);
    compare_random_distribution(reg, &run->snapshot, random, &verdict);
    if (count == run->journal.count)
        compare_exceptions(reg, run->oracle, &journal, run->world->calendar, run->today, random, &verdict);
    if (verdict.failed)
        verdict_fail(run->verdict, "%s: %s", law, verdict.text);
    register_destroy(&reg);
    journal_clear(&journal);
}

static void check_laws_of_order(struct run *run, struct random *random) {
    size_t all[HISTORY_EVENTS_MAX];
    size_t happened[HISTORY_EVENTS_MAX];
    size_t happened_count = 0;
    for (size_t i = 0; i < run->journal.count; i++) {
        enum oracle_effect effect = oracle_effect_of(run->oracle, i);
        bool retracts = oracle_event(run->oracle, i)->type == EVENT_RETRACTED && effect == ORACLE_TAKES_EFFECT;
        all[i] = i;
        if (effect != ORACLE_NEVER_HAPPENED && !retracts)
            happened[happened_count++] = i;
    }
    check_another_order(run, random, all, run->journal.count, "laws 1 and 2: in another order");
    if (happened_count < run->journal.count)
        check_another_order(run, random, happened, happened_count, "law 3: without what was retracted");
}

/* What is compared of a register that was built anew. */
struct rebuilt {
    struct waiting_register *reg;
    struct snapshot snapshot;
    struct tracked_alerts tracked;
    struct transition_check check;
    struct verdict verdict;
};

static struct rebuilt *rebuilt_create(struct run *run, struct random *random, bool sees_all) {
    struct rebuilt *rebuilt = calloc(1, sizeof *rebuilt);
    if (rebuilt == NULL)
        abort();
    rebuilt->reg = checkpoint_replay(run, random, sees_all);
    rebuilt->tracked = run->tracked;
    rebuilt->check = (struct transition_check){run->oracle, &rebuilt->snapshot, run->now, run->next_alert_seq, &rebuilt->tracked};
    return rebuilt;
}

static void rebuilt_compare(struct run *run, struct rebuilt *rebuilt) {
    compare_waits(rebuilt->reg, run->oracle, &rebuilt->snapshot, &rebuilt->verdict);
    compare_queues(rebuilt->reg, &rebuilt->snapshot, &rebuilt->verdict);
    compare_open_alerts(rebuilt->reg, &rebuilt->snapshot, &rebuilt->tracked, &rebuilt->verdict);
    compare_figures(rebuilt->reg, &rebuilt->snapshot, &rebuilt->tracked, &rebuilt->verdict);
}

static void rebuilt_destroy(struct run *run, struct rebuilt *rebuilt, const char *law) {
    if (rebuilt->verdict.failed)
        verdict_fail(run->verdict, "%s: %s", law, rebuilt->verdict.text);
    register_destroy(&rebuilt->reg);
    free(rebuilt);
}

/* The days that a register passes over, some of them held against the oracle. */
struct passing {
    struct run *run;
    struct random *random;
    struct snapshot snapshot;
    struct verdict verdict;
    day_t next;
};

static void compare_passed_day(void *context, struct waiting_register *reg) {
    struct passing *passing = context;
    if (register_today(reg) != passing->next++)
        verdict_fail(&passing->verdict, "the days passed over are not told one after the other");
    if (!random_chance(passing->random, 20))
        return;
    run_snapshot(passing->run, register_today(reg), &passing->snapshot);
    compare_waits(reg, passing->run->oracle, &passing->snapshot, &passing->verdict);
    compare_queues(reg, &passing->snapshot, &passing->verdict);
    compare_random_summary(reg, &passing->snapshot, passing->random, &passing->verdict);
    compare_random_distribution(reg, &passing->snapshot, passing->random, &passing->verdict);
}

/* Begins the register on `later` days after the run's last, passing over those between: at once, as after a stop, or when it is live, as
 * after a sleep. */
static void begin_later(struct run *run, struct rebuilt *rebuilt, struct random *random, day_t later) {
    struct passing *passing = calloc(1, sizeof *passing);
    if (passing == NULL)
        abort();
    *passing = (struct passing){.run = run, .random = random, .next = run->today};
    const struct day_watch watch = {compare_passed_day, passing};
    if (random_chance(random, 50)) {
        register_begin_from(rebuilt->reg, run->today, run->today + later, rebuilt->check.now, true, &watch);
    } else {
        register_begin(rebuilt->reg, run->today, run->now, true);
        register_advance_to(rebuilt->reg, run->today + later, rebuilt->check.now, &watch);
    }
    if (passing->next != run->today + later)
        verdict_fail(&passing->verdict, "a day that was passed over is not told");
    if (passing->verdict.failed)
        verdict_fail(&rebuilt->verdict, "passing over a day: %s", passing->verdict.text);
    free(passing);
}

/* Law 4: replayed from the journal, or from a checkpoint and what came after it, it is the same; begun on a later day it raises and
 * resolves what that day's rules say. */
static void check_rebuilt(struct run *run, struct random *random, day_t later, const char *law) {
    struct rebuilt *rebuilt = rebuilt_create(run, random, random_chance(random, 50));
    size_t count;
    if (later > 0)
        rebuilt->check.now = run->world->midnights[run->today + later];
    run_snapshot(run, run->today + later, &rebuilt->snapshot);
    if (later > 0)
        begin_later(run, rebuilt, random, later);
    else
        register_begin(rebuilt->reg, run->today, rebuilt->check.now, true);
    compare_transitions(rebuilt->reg, &rebuilt->check, &count, &rebuilt->verdict);
    if (later == 0 && count != 0)
        verdict_fail(&rebuilt->verdict, "%zu alert transitions that the live one did not have", count);
    rebuilt_compare(run, rebuilt);
    rebuilt_destroy(run, rebuilt, law);
}

/* After a stop a new policy applies: the old one only ends alerts, the new one raises what holds. The last check: the oracle keeps the
 * policy. */
static void check_new_policy_at_start(struct run *run, struct random *random) {
    struct rebuilt *rebuilt = rebuilt_create(run, random, true);
    const struct policy *policy = &run->history->policies[random_below(random, (uint32_t)run->history->policy_count)];
    size_t open = rebuilt->tracked.count;
    size_t count;
    struct text missing;
    run->today += 1 + (day_t)random_below(random, STOP_DAYS_MAX);
    rebuilt->check.now = run->world->midnights[run->today];
    run_snapshot(run, run->today, &rebuilt->snapshot);
    register_begin(rebuilt->reg, run->today, rebuilt->check.now, false);
    const struct alert_transition *transitions = compare_transitions(rebuilt->reg, &rebuilt->check, &count, &rebuilt->verdict);
    for (size_t i = 0; i < count; i++)
        if (transitions[i].change == ALERT_RAISED)
            verdict_fail(&rebuilt->verdict, "an alert is raised by a policy that is about to be replaced");
    if (rebuilt->tracked.count > open)
        verdict_fail(&rebuilt->verdict, "more alerts are open than before");
    run_add_era(run, policy);
    run_snapshot(run, run->today, &rebuilt->snapshot);
    if (!register_set_policy(rebuilt->reg, policy, run->world->calendar, rebuilt->check.now, &missing))
        verdict_fail(&rebuilt->verdict, "the policy was refused");
    compare_transitions(rebuilt->reg, &rebuilt->check, &count, &rebuilt->verdict);
    rebuilt_compare(run, rebuilt);
    rebuilt_destroy(run, rebuilt, "a new policy after a stop");
}

static void check_links(const struct run *run) {
    for (size_t i = 0; i < run->snapshot.count; i++) {
        uint32_t wait = register_find(run->reg, run->snapshot.subjects[i]);
        uint64_t newest = 0, newest_alert = 0;
        struct wait_view view;
        for (size_t event = 0; event < run->journal.count; event++)
            if (text_equal(run->journal.events[event].event.subject, run->snapshot.subjects[i]))
                newest = run->journal.events[event].seq;
        for (size_t alert = 0; alert < run->alert_count; alert++)
            if (text_equal(run->alert_log[alert].subject, run->snapshot.subjects[i])) {
                if (run->alert_log[alert].previous_alert_seq != newest_alert)
                    verdict_fail(run->verdict, "alert seq %llu does not name the one before it",
                                 (unsigned long long)run->alert_log[alert].alert_seq);
                newest_alert = run->alert_log[alert].alert_seq;
            }
        register_view(run->reg, wait, &view);
        if (register_newest_seq(run->reg, wait) != newest || view.newest_seq != newest || view.newest_alert_seq != newest_alert)
            verdict_fail(run->verdict, "wait %.*s does not name its newest event or alert", (int)run->snapshot.subjects[i].length,
                         run->snapshot.subjects[i].at);
    }
}

static void check_history(struct run *run, const struct world *world, const struct history *history, struct verdict *verdict) {
    struct random random = random_of(history->seed ^ UINT64_C(0x5eed));
    memset(verdict, 0, sizeof *verdict);
    run_begin(run, world, history, verdict);
    for (size_t i = 0; i < history->step_count && !verdict->failed; i++)
        take_step(run, &history->steps[i]);
    struct step last = {STEP_SETTLE, 0, history->seed};
    if (!verdict->failed)
        take_step(run, &last);
    if (!verdict->failed) {
        compare_outcomes(run->reg, run->oracle, &run->journal, run->today, verdict);
        compare_exceptions(run->reg, run->oracle, &run->journal, run->world->calendar, run->today, &random, verdict);
        compare_parts(run->reg, verdict);
        check_links(run);
        check_laws_of_order(run, &random);
        check_rebuilt(run, &random, 0, "law 4: rebuilt");
        check_rebuilt(run, &random, 1 + (day_t)random_below(&random, STOP_DAYS_MAX), "law 4: rebuilt after a stop");
        check_new_policy_at_start(run, &random);
    }
}

int main(void) {
    return property_main(check_history, HISTORIES_DEFAULT);
}
