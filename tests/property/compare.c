/* Holding waits, queues, alerts and outcomes of a register against the oracle. */
#include "tests/property/compare.h"

#include <stdlib.h>
#include <string.h>

static const enum status statuses[] = {STATUS_NONE, STATUS_SCHEDULED, STATUS_WAITING, STATUS_ENDED, STATUS_EXCLUDED};
static const enum stage stages[] = {STAGE_UNALLOCATED, STAGE_ALLOCATED, STAGE_IN_PROGRESS, STAGE_COMPLETED, STAGE_CLOSED};

/* The wait whose fields are being compared. */
struct comparing {
    struct text subject;
    day_t today;
    struct verdict *verdict;
};

static void same_number(const struct comparing *comparing, const char *field, int64_t actual, int64_t expected) {
    char date[DATE_SIZE];
    date_format(comparing->today, date);
    if (actual != expected)
        verdict_fail(comparing->verdict, "%s: wait %.*s: %s is %lld, by the rules %lld", date, (int)comparing->subject.length,
                     comparing->subject.at, field, (long long)actual, (long long)expected);
}

static void same_day(const struct comparing *comparing, const char *field, day_t actual, day_t expected) {
    char date[DATE_SIZE];
    char is[DATE_SIZE] = "none";
    char should[DATE_SIZE] = "none";
    if (actual == expected)
        return;
    date_format(comparing->today, date);
    if (actual != DAY_NONE)
        date_format(actual, is);
    if (expected != DAY_NONE)
        date_format(expected, should);
    verdict_fail(comparing->verdict, "%s: wait %.*s: %s is %s, by the rules %s", date, (int)comparing->subject.length,
                 comparing->subject.at, field, is, should);
}

static void same_text(const struct comparing *comparing, const char *field, struct text actual, struct text expected) {
    if (!text_equal(actual, expected) || (actual.at == NULL) != (expected.at == NULL))
        verdict_fail(comparing->verdict, "day %d: wait %.*s: %s is '%.*s', by the rules '%.*s'", comparing->today,
                     (int)comparing->subject.length, comparing->subject.at, field, (int)actual.length, actual.at, (int)expected.length,
                     expected.at);
}

/* "name=value;…" by name. */
static void compare_dimensions(const struct comparing *comparing, struct text actual, const struct oracle_wait *wait) {
    const struct event_dimension *sorted[ORACLE_DIMENSIONS_MAX];
    char expected[ORACLE_DIMENSIONS_MAX * 2 * (NAME_MAX_BYTES + 1)];
    size_t length = 0;
    for (size_t i = 0; i < wait->dimension_count; i++) {
        size_t at = i;
        for (; at > 0 && text_compare(wait->dimensions[i].name, sorted[at - 1]->name) < 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &wait->dimensions[i];
    }
    for (size_t i = 0; i < wait->dimension_count; i++)
        length += (size_t)snprintf(expected + length, sizeof expected - length, "%s%.*s=%.*s", i > 0 ? ";" : "",
                                   (int)sorted[i]->name.length, sorted[i]->name.at, (int)sorted[i]->value.length, sorted[i]->value.at);
    same_text(comparing, "dimensions", actual, length == 0 ? TEXT_ABSENT : (struct text){expected, (uint32_t)length});
}

static void compare_fields(const struct comparing *comparing, const struct wait_view *view, const struct oracle_wait *wait) {
    same_text(comparing, "pathway", view->pathway, text_of(wait->policy->pathways[wait->pathway].name));
    same_text(comparing, "team", view->team, wait->team);
    same_text(comparing, "district", view->district, wait->district);
    same_text(comparing, "client_group", view->client_group, wait->client_group);
    same_text(comparing, "person", view->person, wait->person);
    same_text(comparing, "worker", view->worker, wait->worker);
    same_text(comparing, "reason", view->reason, wait->reason);
    same_text(comparing, "outcome", view->outcome, wait->outcome);
    same_number(comparing, "priority", view->priority, wait->priority);
    same_number(comparing, "impact", view->impact, wait->impact);
    same_number(comparing, "likelihood", view->likelihood, wait->likelihood);
    same_number(comparing, "stage", view->stage, stages[wait->stage]);
    same_day(comparing, "last_contact", view->last_contact, wait->last_contact);
    same_number(comparing, "last_event_at", view->last_event_at, wait->last_event_at);
    compare_dimensions(comparing, view->dimensions, wait);
}

/* The first day on which the wait is in breach if nothing happens, looked for day by day: two months hold the longest standard of a test.
 */
static day_t breach_day(const struct oracle *oracle, const struct oracle_wait *wait, day_t today) {
    enum { AHEAD = 62 };
    day_t last = (wait->start > today ? wait->start : today) + AHEAD;
    if (oracle_days_on(oracle, wait, last) <= wait->standard)
        return DAY_NONE;
    for (day_t day = wait->start; day < last; day++)
        if (oracle_days_on(oracle, wait, day) > wait->standard)
            return day;
    return last;
}

static void compare_clock(const struct comparing *comparing, const struct wait_view *view, const struct oracle *oracle,
                          const struct oracle_wait *wait) {
    const struct clock_reading *clock = &view->clock;
    bool runs = wait->status == ORACLE_WAITING || wait->status == ORACLE_SCHEDULED;
    bool excludes = wait->policy->pathways[wait->pathway].pauses == PAUSES_EXCLUDE;
    same_number(comparing, "status", clock->status, statuses[wait->status]);
    same_day(comparing, "start", clock->start, wait->start);
    same_day(comparing, "stop", clock->stop, wait->stop);
    same_number(comparing, "gross_days", clock->gross_days, wait->gross);
    same_number(comparing, "paused_days", clock->paused_days, wait->paused_days);
    same_number(comparing, "days", clock->days, wait->days);
    same_number(comparing, "standard", clock->standard, wait->standard);
    same_number(comparing, "is_paused", clock->is_paused, runs && wait->is_paused);
    same_number(comparing, "is_frozen", clock->is_frozen, runs && wait->is_paused && excludes);
    same_number(comparing, "breach", clock->breach, wait->breach);
    same_number(comparing, "due", clock->due, wait->due);
    same_number(comparing, "no_contact", view->no_contact, wait->no_contact);
    same_number(comparing, "ended_before_start", clock->ended_before_start, wait->stop != DAY_NONE && wait->stop < wait->start);
    same_number(comparing, "has_days_to_breach", view->has_days_to_breach, runs);
    if (!runs)
        return;
    same_number(comparing, "days_to_breach", view->days_to_breach, wait->standard + 1 - wait->days);
    same_day(comparing, "breach_on", view->breach_on, breach_day(oracle, wait, comparing->today));
}

void compare_waits(const struct waiting_register *reg, const struct oracle *oracle, const struct snapshot *snapshot,
                   struct verdict *verdict) {
    for (size_t i = 0; i < snapshot->count && !verdict->failed; i++) {
        struct comparing comparing = {snapshot->subjects[i], snapshot->today, verdict};
        const struct oracle_wait *wait = &snapshot->waits[i];
        uint32_t number = register_find(reg, snapshot->subjects[i]);
        struct wait_view view = {0};
        bool has_referral = number != 0 && register_view(reg, number, &view);
        same_number(&comparing, "has a referral", has_referral, wait->status != ORACLE_NO_WAIT);
        same_number(&comparing, "exceptions", view.exceptions, snapshot->exceptions[i]);
        if (!has_referral || verdict->failed)
            continue;
        same_text(&comparing, "subject", view.subject, snapshot->subjects[i]);
        compare_fields(&comparing, &view, wait);
        compare_clock(&comparing, &view, oracle, wait);
    }
}

static int32_t or_null(uint32_t waiting, int32_t value) {
    return waiting == 0 ? POSITION_NULL : value;
}

void compare_position(const struct position *position, const struct oracle_position *expected, size_t band_count, const char *what,
                      struct verdict *verdict) {
    uint32_t n = expected->waiting;
    const struct {
        const char *name;
        int64_t actual;
        int64_t expected;
    } fields[] = {
        {"waiting", position->waiting, n},
        {"unallocated", position->unallocated, expected->unallocated},
        {"allocated", position->allocated, expected->allocated},
        {"in_progress", position->in_progress, expected->in_progress},
        {"paused", position->paused, expected->paused},
        {"breach", position->breach, expected->breach},
        {"due", position->due, expected->due},
        {"scheduled", position->scheduled, expected->scheduled},
        {"no_contact", position->no_contact, expected->no_contact},
        {"longest", position->longest, or_null(n, expected->longest)},
        {"median_tenths", position->median_tenths, or_null(n, 5 * expected->median_doubled)},
        {"mean_tenths", position->mean_tenths, or_null(n, expected->mean_tenths)},
        {"p90", position->p90, or_null(n, expected->p90)},
        {"band_count", (int64_t)position->band_count, (int64_t)band_count + 1},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].actual != fields[i].expected)
            verdict_fail(verdict, "position of %s: %s is %lld, by the rules %lld", what, fields[i].name, (long long)fields[i].actual,
                         (long long)fields[i].expected);
    for (size_t i = 0; i <= band_count; i++)
        if (position->bands[i] != expected->bands[i])
            verdict_fail(verdict, "position of %s: band %zu holds %u, by the rules %u", what, i, position->bands[i], expected->bands[i]);
}

void compare_queues(const struct waiting_register *reg, const struct snapshot *snapshot, struct verdict *verdict) {
    uint32_t on_queues = 0;
    uint32_t running = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        running += snapshot->waits[i].status == ORACLE_WAITING || snapshot->waits[i].status == ORACLE_SCHEDULED;
    for (size_t queue = 0; queue < register_queue_count(reg); queue++) {
        const struct oracle_wait *members[HISTORY_WAITS_MAX];
        struct text pathway, team;
        size_t count = 0;
        char what[200];
        struct position position;
        struct oracle_position expected;
        register_queue_names(reg, queue, &pathway, &team);
        for (size_t i = 0; i < snapshot->count; i++) {
            const struct oracle_wait *wait = &snapshot->waits[i];
            if (wait->status != ORACLE_NO_WAIT && text_is(pathway, wait->policy->pathways[wait->pathway].name) &&
                text_equal(team, wait->team))
                members[count++] = wait;
        }
        snprintf(what, sizeof what, "queue %.*s %.*s on day %d", (int)pathway.length, pathway.at, (int)team.length, team.at,
                 snapshot->today);
        oracle_position(snapshot->policy, members, count, &expected);
        register_queue_position(reg, queue, &position);
        compare_position(&position, &expected, snapshot->policy->band_count, what, verdict);
        on_queues += position.waiting + position.scheduled;
    }
    if (on_queues != running)
        verdict_fail(verdict, "day %d: %u waits on all queues, by the rules %u", snapshot->today, on_queues, running);
}

static size_t snapshot_find(const struct snapshot *snapshot, struct text subject) {
    for (size_t i = 0; i < snapshot->count; i++)
        if (text_equal(snapshot->subjects[i], subject))
            return i;
    return SIZE_MAX;
}

static struct oracle_condition condition_of(const struct alert_transition *alert) {
    static const enum oracle_rule rules[] = {[ALERT_APPROACHING] = ORACLE_APPROACHING,
                                             [ALERT_BREACH] = ORACLE_BREACH,
                                             [ALERT_ESCALATION] = ORACLE_ESCALATION,
                                             [ALERT_CONTACT_OVERDUE] = ORACLE_CONTACT_OVERDUE};
    return (struct oracle_condition){rules[alert->rule], alert->level};
}

static bool holds_now(const struct snapshot *snapshot, const struct alert_transition *alert) {
    struct oracle_condition conditions[ORACLE_CONDITIONS_MAX];
    struct oracle_condition condition = condition_of(alert);
    size_t wait = snapshot_find(snapshot, alert->subject);
    size_t count = wait == SIZE_MAX ? 0 : oracle_conditions(&snapshot->waits[wait], conditions);
    for (size_t i = 0; i < count; i++)
        if (conditions[i].rule == condition.rule && conditions[i].level == condition.level)
            return true;
    return false;
}

static struct tracked_alert *tracked_find(struct tracked_alerts *tracked, const struct alert_transition *alert) {
    for (size_t i = 0; i < tracked->count; i++) {
        struct tracked_alert *open = &tracked->alerts[i];
        if (open->raised.rule == alert->rule && open->raised.level == alert->level && text_equal(open->raised.subject, alert->subject))
            return open;
    }
    return NULL;
}

/* Whether the day by which it was expected to be resolved is over. */
static bool is_over(const struct tracked_alert *open, day_t today) {
    return open->acknowledged.by.at != NULL && open->acknowledged.expected_by != DAY_NONE && open->acknowledged.expected_by < today;
}

static bool shows_acknowledgement(const struct tracked_alert *open, const struct alert_transition *shown) {
    const struct acknowledgement *acknowledged = &open->acknowledged;
    if (acknowledged->by.at == NULL)
        return shown->by.at == NULL;
    return text_equal(shown->by, acknowledged->by) && text_equal(shown->note, acknowledged->note) &&
           (shown->note.at == NULL) == (acknowledged->note.at == NULL) && shown->expected_by == acknowledged->expected_by &&
           shown->acknowledged_at == open->acknowledged_at;
}

struct open_alerts {
    const struct snapshot *snapshot;
    struct tracked_alerts tracked;
    struct verdict *verdict;
    size_t count;
};

static void check_open_alert(void *context, const struct alert_transition *alert) {
    struct open_alerts *open = context;
    const struct tracked_alert *tracked = tracked_find(&open->tracked, alert);
    size_t wait = snapshot_find(open->snapshot, alert->subject);
    open->count++;
    if (!holds_now(open->snapshot, alert))
        verdict_fail(open->verdict, "day %d: alert %s/%d of %.*s is open but does not hold", open->snapshot->today,
                     alert_rule_name(alert->rule), alert->level, (int)alert->subject.length, alert->subject.at);
    else if (!text_equal(alert->team, open->snapshot->waits[wait].team) ||
             !text_is(alert->pathway, open->snapshot->policy->pathways[open->snapshot->waits[wait].pathway].name))
        verdict_fail(open->verdict, "day %d: alert %s/%d of %.*s belongs to another pathway or to team %.*s", open->snapshot->today,
                     alert_rule_name(alert->rule), alert->level, (int)alert->subject.length, alert->subject.at, (int)alert->team.length,
                     alert->team.at);
    else if (tracked == NULL || tracked->raised.raised_seq != alert->raised_seq || tracked->raised.occurred_on != alert->occurred_on ||
             tracked->raised.standard != alert->standard || tracked->raised.days != alert->days || tracked->raised.at != alert->at ||
             tracked->raised.late != alert->late || tracked->severity != alert->severity ||
             !text_equal(tracked->raised.pathway, alert->pathway))
        verdict_fail(open->verdict, "day %d: open alert %s/%d of %.*s is not what its transitions say", open->snapshot->today,
                     alert_rule_name(alert->rule), alert->level, (int)alert->subject.length, alert->subject.at);
}

/* What an open alert shows of who deals with it. */
static void check_acknowledged(void *context, const struct alert_transition *alert) {
    struct open_alerts *open = context;
    const struct tracked_alert *tracked = tracked_find(&open->tracked, alert);
    if (tracked == NULL)
        return;
    if (!shows_acknowledgement(tracked, alert) || alert->is_overdue != tracked->is_overdue)
        verdict_fail(open->verdict, "day %d: open alert %s/%d of %.*s does not show its acknowledgement", open->snapshot->today,
                     alert_rule_name(alert->rule), alert->level, (int)alert->subject.length, alert->subject.at);
    if (tracked->is_overdue != is_over(tracked, open->snapshot->today))
        verdict_fail(open->verdict, "day %d: open alert %s/%d of %.*s: overdue is %d", open->snapshot->today, alert_rule_name(alert->rule),
                     alert->level, (int)alert->subject.length, alert->subject.at, tracked->is_overdue);
}

void compare_open_alerts(const struct waiting_register *reg, const struct snapshot *snapshot, const struct tracked_alerts *tracked,
                         struct verdict *verdict) {
    struct open_alerts open = {snapshot, *tracked, verdict, 0};
    size_t holding = 0;
    register_each_open_alert(reg, check_open_alert, &open);
    register_each_open_alert(reg, check_acknowledged, &open);
    for (size_t i = 0; i < snapshot->count; i++) {
        struct oracle_condition conditions[ORACLE_CONDITIONS_MAX];
        holding += oracle_conditions(&snapshot->waits[i], conditions);
    }
    if (open.count != holding)
        verdict_fail(verdict, "day %d: %zu alerts are open, %zu conditions hold", snapshot->today, open.count, holding);
    if (open.count != tracked->count)
        verdict_fail(verdict, "day %d: %zu alerts are open, by their transitions %zu", snapshot->today, open.count, tracked->count);
}

void compare_figures(const struct waiting_register *reg, const struct snapshot *snapshot, const struct tracked_alerts *tracked,
                     struct verdict *verdict) {
    struct comparing comparing = {text_of("(all)"), snapshot->today, verdict};
    struct register_figures figures;
    size_t waits = 0, open = 0, exceptions = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        waits += snapshot->waits[i].status != ORACLE_NO_WAIT;
        open += snapshot->waits[i].status == ORACLE_WAITING || snapshot->waits[i].status == ORACLE_SCHEDULED;
        exceptions += snapshot->exceptions[i];
    }
    register_figures(reg, &figures);
    same_number(&comparing, "figure waits", (int64_t)figures.waits, (int64_t)waits);
    same_number(&comparing, "figure open", (int64_t)figures.open, (int64_t)open);
    same_number(&comparing, "figure exceptions", (int64_t)figures.exceptions, (int64_t)exceptions);
    same_number(&comparing, "figure open_alerts", (int64_t)figures.open_alerts, (int64_t)tracked->count);
}

static enum effect effect_expected(const struct oracle *oracle, size_t event, day_t today) {
    static const enum effect effects[] = {
        [ORACLE_TAKES_EFFECT] = EFFECT_APPLIED,
        [ORACLE_NEVER_HAPPENED] = EFFECT_RETRACTED,
        [ORACLE_DUPLICATE_REFERRAL] = EFFECT_DUPLICATE_REFERRAL,
        [ORACLE_NO_REFERRAL] = EFFECT_NO_REFERRAL,
        [ORACLE_AFTER_END] = EFFECT_AFTER_END,
        [ORACLE_NOT_ALLOCATED] = EFFECT_NOT_ALLOCATED,
        [ORACLE_ALREADY_PAUSED] = EFFECT_ALREADY_PAUSED,
        [ORACLE_NOT_PAUSED] = EFFECT_NOT_PAUSED,
        [ORACLE_ALREADY_STARTED] = EFFECT_ALREADY_STARTED,
        [ORACLE_WRONG_COMPLETION] = EFFECT_WRONG_COMPLETION,
        [ORACLE_NOT_ENDED] = EFFECT_NOT_ENDED,
        [ORACLE_RETRACTS_UNKNOWN] = EFFECT_RETRACTS_UNKNOWN,
        [ORACLE_CANNOT_RETRACT] = EFFECT_CANNOT_RETRACT,
    };
    enum oracle_effect effect = oracle_effect_of(oracle, event);
    bool is_folded = oracle_event(oracle, event)->type != EVENT_RETRACTED && effect != ORACLE_NEVER_HAPPENED;
    return is_folded && oracle_event_day(oracle, event) > today ? EFFECT_PENDING : effects[effect];
}

static void compare_wait_outcomes(struct waiting_register *reg, const struct oracle *oracle, struct text subject, day_t today,
                                  struct verdict *verdict) {
    const struct event_outcome *outcomes;
    size_t count = register_outcomes(reg, register_find(reg, subject), &outcomes);
    size_t place = 0;
    size_t expected_count = 0;
    for (size_t event = 0; event < oracle_event_count(oracle); event++)
        expected_count += text_equal(oracle_event(oracle, event)->subject, subject);
    if (count != expected_count)
        verdict_fail(verdict, "wait %.*s has %zu outcomes for %zu events", (int)subject.length, subject.at, count, expected_count);
    for (size_t i = 0; i < count && !verdict->failed; i++) {
        size_t event = (size_t)outcomes[i].event->seq - 1; /* both count the accepted events from the beginning */
        enum effect expected = effect_expected(oracle, event, today);
        if (outcomes[i].effect != expected)
            verdict_fail(verdict, "day %d: wait %.*s: event %.*s/%.*s is %s, by the rules %s", today, (int)subject.length, subject.at,
                         (int)outcomes[i].event->event.source.length, outcomes[i].event->event.source.at,
                         (int)outcomes[i].event->event.id.length, outcomes[i].event->event.id.at, effect_name(outcomes[i].effect),
                         effect_name(expected));
        if (oracle_fold_place(oracle, event) == SIZE_MAX)
            continue;
        if (oracle_fold_place(oracle, event) != place++)
            verdict_fail(verdict, "wait %.*s: event %.*s/%.*s is out of fold order", (int)subject.length, subject.at,
                         (int)outcomes[i].event->event.source.length, outcomes[i].event->event.source.at,
                         (int)outcomes[i].event->event.id.length, outcomes[i].event->event.id.at);
    }
}

void compare_outcomes(struct waiting_register *reg, const struct oracle *oracle, const struct memory_journal *journal, day_t today,
                      struct verdict *verdict) {
    if (oracle_event_count(oracle) != journal->count)
        verdict_fail(verdict, "the oracle took %zu events, the journal %zu", oracle_event_count(oracle), journal->count);
    for (size_t i = 0; i < oracle_subject_count(oracle) && !verdict->failed; i++)
        compare_wait_outcomes(reg, oracle, oracle_subject(oracle, i), today, verdict);
}

/* Another referral took the place of the one that was retracted or came late: an alert about a wait on the old pathway was a mistake. */
static bool is_of_another_pathway(const struct snapshot *snapshot, const struct alert_transition *alert) {
    const struct oracle_wait *wait = &snapshot->waits[snapshot_find(snapshot, alert->subject)];
    return wait->status != ORACLE_NO_WAIT && !text_is(alert->pathway, wait->policy->pathways[wait->pathway].name);
}

/* Section 8: `corrected` first, then what ended it. */
static enum alert_reason reason_expected(const struct oracle *oracle, const struct snapshot *snapshot, const struct tracked_alert *open) {
    const struct alert_transition *raised = &open->raised;
    const struct oracle_wait *wait = &snapshot->waits[snapshot_find(snapshot, raised->subject)];
    if (is_of_another_pathway(snapshot, raised) ||
        !oracle_condition_held_within(oracle, raised->subject, condition_of(raised), raised->occurred_on))
        return ALERT_REASON_CORRECTED;
    if (wait->status == ORACLE_ENDED)
        return wait->stage == ORACLE_CLOSED && !wait->stopped_by_start ? ALERT_REASON_CLOSED : ALERT_REASON_COMPLETED;
    if (raised->rule == ALERT_APPROACHING && wait->breach)
        return ALERT_REASON_BREACHED;
    if (raised->rule == ALERT_APPROACHING && wait->is_paused && wait->policy->pathways[wait->pathway].pauses == PAUSES_EXCLUDE)
        return ALERT_REASON_PAUSED;
    bool is_by_standard = raised->rule != ALERT_CONTACT_OVERDUE;
    return is_by_standard && wait->standard != raised->standard ? ALERT_REASON_STANDARD_CHANGED : ALERT_REASON_CLEARED;
}

static void fail_transition(const struct transition_check *check, const struct alert_transition *transition, const char *what,
                            int64_t actual, int64_t expected, struct verdict *verdict) {
    verdict_fail(verdict, "day %d: %s %s/%d of %.*s: %s is %lld, by the rules %lld", check->snapshot->today,
                 alert_change_name(transition->change), alert_rule_name(transition->rule), transition->level,
                 (int)transition->subject.length, transition->subject.at, what, (long long)actual, (long long)expected);
}

static void check_raised(struct transition_check *check, const struct alert_transition *transition, struct verdict *verdict) {
    const struct snapshot *snapshot = check->snapshot;
    const struct oracle_wait *wait = &snapshot->waits[snapshot_find(snapshot, transition->subject)];
    struct oracle_condition condition = condition_of(transition);
    if (tracked_find(check->tracked, transition) != NULL)
        fail_transition(check, transition, "already open", 1, 0, verdict);
    if (!holds_now(snapshot, transition)) {
        fail_transition(check, transition, "holds", 0, 1, verdict);
        return;
    }
    const struct pathway_policy *pathway = &wait->policy->pathways[wait->pathway];
    const struct alert_rule_policy *rules[] = {&pathway->approaching, &pathway->breach, &pathway->escalation, &pathway->contact_overdue};
    day_t occurred_on = oracle_occurred_on(check->oracle, transition->subject, condition, snapshot->today);
    if (transition->occurred_on != occurred_on)
        fail_transition(check, transition, "occurred_on", transition->occurred_on, occurred_on, verdict);
    if (transition->late != (occurred_on < snapshot->today))
        fail_transition(check, transition, "late", transition->late, occurred_on < snapshot->today, verdict);
    if (transition->days != wait->days || transition->standard != wait->standard)
        fail_transition(check, transition, "days", transition->days, wait->days, verdict);
    if (transition->severity != rules[transition->rule]->severity)
        fail_transition(check, transition, "severity", transition->severity, rules[transition->rule]->severity, verdict);
    if (!text_equal(transition->team, wait->team) || !text_is(transition->pathway, pathway->name))
        fail_transition(check, transition, "right team and pathway", 0, 1, verdict);
    if (transition->raised_seq != transition->alert_seq)
        fail_transition(check, transition, "raised_seq", (int64_t)transition->raised_seq, (int64_t)transition->alert_seq, verdict);
    if (check->tracked->count == TRACKED_MAX)
        abort();
    check->tracked->alerts[check->tracked->count++] =
        (struct tracked_alert){.raised = *transition, .team = wait->team, .severity = transition->severity};
}

static void check_noted(struct transition_check *check, struct tracked_alert *open, const struct alert_transition *transition,
                        struct verdict *verdict) {
    if (!shows_acknowledgement(open, transition))
        fail_transition(check, transition, "what was said", 0, 1, verdict);
    if (transition->change == ALERT_ACKNOWLEDGED) {
        if (!open->is_untold)
            fail_transition(check, transition, "asked for", 0, 1, verdict);
        open->is_untold = false;
        return;
    }
    if (open->is_overdue || !is_over(open, check->snapshot->today))
        fail_transition(check, transition, "overdue once, after its day", 0, 1, verdict);
    if (open->severity != SEVERITY_CRITICAL)
        open->severity++;
    open->is_overdue = true;
}

static void check_changed(struct transition_check *check, const struct alert_transition *transition, struct verdict *verdict) {
    struct tracked_alert *open = tracked_find(check->tracked, transition);
    if (open == NULL) {
        fail_transition(check, transition, "open", 0, 1, verdict);
        return;
    }
    if (transition->raised_seq != open->raised.raised_seq)
        fail_transition(check, transition, "raised_seq", (int64_t)transition->raised_seq, (int64_t)open->raised.raised_seq, verdict);
    if (transition->occurred_on != open->raised.occurred_on)
        fail_transition(check, transition, "occurred_on", transition->occurred_on, open->raised.occurred_on, verdict);
    const struct oracle_wait *wait = &check->snapshot->waits[snapshot_find(check->snapshot, transition->subject)];
    if (wait->status != ORACLE_NO_WAIT && transition->standard != wait->standard)
        fail_transition(check, transition, "standard", transition->standard, wait->standard, verdict);
    if (transition->days != wait->days)
        fail_transition(check, transition, "days", transition->days, wait->days, verdict);
    if (transition->change == ALERT_ACKNOWLEDGED || transition->change == ALERT_OVERDUE)
        check_noted(check, open, transition, verdict);
    if (transition->severity != open->severity)
        fail_transition(check, transition, "severity", transition->severity, open->severity, verdict);
    if (transition->change == ALERT_ACKNOWLEDGED || transition->change == ALERT_OVERDUE)
        return;
    if (open->is_untold)
        fail_transition(check, transition, "acknowledged first", 0, 1, verdict);
    if (transition->change == ALERT_MOVED) {
        if (!text_equal(transition->from_team, open->team) || !text_equal(transition->team, wait->team) ||
            text_equal(transition->from_team, transition->team))
            fail_transition(check, transition, "from the old team to the new", 0, 1, verdict);
        open->team = wait->team;
        return;
    }
    /* Another pathway's referral took the place of a retracted one: the alert was about a wait that never was. */
    bool another_pathway = wait->status != ORACLE_NO_WAIT && !text_equal(open->raised.pathway, wait->referred_to);
    enum alert_reason reason = another_pathway ? ALERT_REASON_CORRECTED : reason_expected(check->oracle, check->snapshot, open);
    /* Of two policies that began on one day only the last is kept: what the first one did may look as if it had never been. */
    if (transition->reason == ALERT_REASON_CORRECTED && oracle_policy_changes_on(check->oracle, open->raised.occurred_on) > 1)
        reason = ALERT_REASON_CORRECTED;
    if (transition->change != ALERT_RESOLVED)
        fail_transition(check, transition, "change", transition->change, ALERT_RESOLVED, verdict);
    if (!another_pathway && holds_now(check->snapshot, transition))
        fail_transition(check, transition, "holds", 1, 0, verdict);
    if (transition->reason != reason)
        fail_transition(check, transition, alert_reason_name(reason), transition->reason, reason, verdict);
    *open = check->tracked->alerts[--check->tracked->count];
}

const struct alert_transition *compare_transitions(struct waiting_register *reg, struct transition_check *check, size_t *count,
                                                   struct verdict *verdict) {
    const struct alert_transition *transitions = register_take_transitions(reg, count);
    for (size_t i = 0; i < *count && !verdict->failed; i++) {
        const struct alert_transition *transition = &transitions[i];
        if (transition->alert_seq != check->next_alert_seq++)
            fail_transition(check, transition, "alert_seq", (int64_t)transition->alert_seq, (int64_t)check->next_alert_seq - 1, verdict);
        if (transition->at != check->now)
            fail_transition(check, transition, "at", transition->at, check->now, verdict);
        if (snapshot_find(check->snapshot, transition->subject) == SIZE_MAX)
            fail_transition(check, transition, "known", 0, 1, verdict);
        else if (transition->change == ALERT_RAISED)
            check_raised(check, transition, verdict);
        else
            check_changed(check, transition, verdict);
    }
    if (register_next_alert_seq(reg) != check->next_alert_seq)
        verdict_fail(verdict, "the next alert seq is %llu, by the transitions %llu", (unsigned long long)register_next_alert_seq(reg),
                     (unsigned long long)check->next_alert_seq);
    return transitions;
}
