/* The naive model of the rules: a list of events, sorted and folded anew for every question. */
#include "tests/property/oracle.h"

#include <stdlib.h>
#include <string.h>

struct accepted {
    struct event event;
    instant_t effective;
    day_t day; /* of the effective time */
    bool never_happened;
    enum oracle_effect effect;
    size_t place;
};

enum { ERAS_MAX = 16 };

struct oracle {
    const struct policy *policies[ERAS_MAX];
    day_t policy_from[ERAS_MAX];
    size_t policy_count;
    const struct calendar *calendar;
    const struct calendar_tables *tables;
    struct accepted *events; /* in order of arrival */
    size_t count;
    size_t capacity;
    size_t *order; /* indexes of what happened, by subject and then in fold order */
    size_t order_count;
    struct text *subjects;
    size_t subject_count;
};

static void *checked(void *memory) {
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* Bytes compared one by one; the shorter first. */
static int bytes_compare(struct text a, struct text b) {
    for (uint32_t i = 0; i < a.length && i < b.length; i++) {
        unsigned char x = (unsigned char)a.at[i];
        unsigned char y = (unsigned char)b.at[i];
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return a.length < b.length ? -1 : a.length > b.length;
}

static bool bytes_equal(struct text a, struct text b) {
    return bytes_compare(a, b) == 0;
}

static bool bytes_are(struct text a, const char *string) {
    return bytes_equal(a, (struct text){string, (uint32_t)strlen(string)});
}

struct oracle *oracle_create(const struct calendar *calendar, const struct calendar_tables *tables) {
    struct oracle *oracle = checked(calloc(1, sizeof *oracle));
    oracle->calendar = calendar;
    oracle->tables = tables;
    return oracle;
}

void oracle_destroy(struct oracle **oracle) {
    if (*oracle == NULL) {
        return;
    }
    free((*oracle)->events);
    free((*oracle)->order);
    free((*oracle)->subjects);
    free(*oracle);
    *oracle = NULL;
}

const struct policy *oracle_policy_on(const struct oracle *oracle, day_t day) {
    const struct policy *policy = oracle->policies[0];
    for (size_t i = 1; i < oracle->policy_count; i++) {
        if (oracle->policy_from[i] <= day) {
            policy = oracle->policies[i];
        }
    }
    return policy;
}

size_t oracle_policy_changes_on(const struct oracle *oracle, day_t day) {
    size_t changes = 0;
    for (size_t i = 0; i < oracle->policy_count; i++) {
        changes += oracle->policy_from[i] == day;
    }
    return changes;
}

/* The table of section 2. */
static int rank_of(enum event_type type) {
    switch (type) {
    case EVENT_REFERRAL_RECEIVED:
        return 0;
    case EVENT_REFERRAL_TRIAGED:
        return 1;
    case EVENT_WAIT_TRANSFERRED:
        return 2;
    case EVENT_WAIT_UNALLOCATED:
        return 3;
    case EVENT_WAIT_ALLOCATED:
        return 4;
    case EVENT_WAIT_PAUSED:
        return 5;
    case EVENT_WAIT_RESUMED:
        return 6;
    case EVENT_CONTACT_MADE:
        return 7;
    case EVENT_ASSESSMENT_STARTED:
        return 8;
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
        return 9;
    case EVENT_WAIT_CLOSED:
        return 10;
    case EVENT_WAIT_REOPENED:
        return 11;
    default:
        abort();
    }
}

static instant_t effective_time(const struct oracle *oracle, const struct event *event) {
    if (event->type == EVENT_REFERRAL_RECEIVED && event->clock_start != DAY_NONE) {
        instant_t midnight = oracle->tables->midnights[event->clock_start];
        return midnight < event->time ? midnight : event->time;
    }
    return event->time;
}

/* By subject, then fold order. */
static int accepted_compare(const struct accepted *a, const struct accepted *b) {
    int by_subject = bytes_compare(a->event.subject, b->event.subject);
    if (by_subject != 0) {
        return by_subject;
    }
    if (a->effective != b->effective) {
        return a->effective < b->effective ? -1 : 1;
    }
    int by_sequence = bytes_compare(a->event.sequence, b->event.sequence);
    if (by_sequence != 0) {
        return by_sequence;
    }
    int by_rank = rank_of(a->event.type) - rank_of(b->event.type);
    if (by_rank != 0) {
        return by_rank;
    }
    int by_source = bytes_compare(a->event.source, b->event.source);
    return by_source != 0 ? by_source : bytes_compare(a->event.id, b->event.id);
}

static struct accepted *find_identity(struct oracle *oracle, struct text source, struct text id) {
    for (size_t i = 0; i < oracle->count; i++) {
        if (bytes_equal(oracle->events[i].event.source, source) && bytes_equal(oracle->events[i].event.id, id)) {
            return &oracle->events[i];
        }
    }
    return NULL;
}

static void decide_retractions(struct oracle *oracle) {
    for (size_t i = 0; i < oracle->count; i++) {
        oracle->events[i].never_happened = false;
    }
    for (size_t i = 0; i < oracle->count; i++) {
        struct accepted *retraction = &oracle->events[i];
        if (retraction->event.type != EVENT_RETRACTED) {
            continue;
        }
        struct accepted *target = find_identity(oracle, retraction->event.retracts_source, retraction->event.retracts_id);
        if (target == NULL) {
            retraction->effect = ORACLE_RETRACTS_UNKNOWN;
        } else if (target->event.type == EVENT_RETRACTED) {
            retraction->effect = ORACLE_CANNOT_RETRACT;
        } else {
            retraction->effect = ORACLE_TAKES_EFFECT;
            target->never_happened = true;
        }
    }
}

/* Sorted by insertion: the list is short. */
static void sort_events(struct oracle *oracle) {
    oracle->order_count = 0;
    for (size_t i = 0; i < oracle->count; i++) {
        const struct accepted *event = &oracle->events[i];
        if (event->event.type == EVENT_RETRACTED || event->never_happened) {
            continue;
        }
        size_t at = oracle->order_count++;
        while (at > 0 && accepted_compare(event, &oracle->events[oracle->order[at - 1]]) < 0) {
            oracle->order[at] = oracle->order[at - 1];
            at--;
        }
        oracle->order[at] = i;
    }
}

static void list_subjects(struct oracle *oracle) {
    oracle->subject_count = 0;
    for (size_t i = 0; i < oracle->count; i++) {
        struct text subject = oracle->events[i].event.subject;
        size_t at = 0;
        while (at < oracle->subject_count && bytes_compare(oracle->subjects[at], subject) < 0) {
            at++;
        }
        if (at < oracle->subject_count && bytes_equal(oracle->subjects[at], subject)) {
            continue;
        }
        for (size_t j = oracle->subject_count++; j > at; j--) {
            oracle->subjects[j] = oracle->subjects[j - 1];
        }
        oracle->subjects[at] = subject;
    }
}

static void merge_dimensions(struct oracle_wait *wait, const struct event *event) {
    for (size_t i = 0; i < event->dimension_count; i++) {
        size_t at = 0;
        while (at < wait->dimension_count && !bytes_equal(wait->dimensions[at].name, event->dimensions[i].name)) {
            at++;
        }
        if (at == wait->dimension_count) {
            wait->dimension_count++;
        }
        if (at == ORACLE_DIMENSIONS_MAX) {
            abort();
        }
        wait->dimensions[at] = event->dimensions[i];
    }
}

static void set_given(struct oracle_wait *wait, const struct event *event) {
    wait->priority = event->priority != 0 ? event->priority : wait->priority;
    wait->impact = event->impact != 0 ? event->impact : wait->impact;
    wait->likelihood = event->likelihood != 0 ? event->likelihood : wait->likelihood;
    wait->client_group = event->client_group.at != NULL ? event->client_group : wait->client_group;
    wait->district = event->district.at != NULL ? event->district : wait->district;
    merge_dimensions(wait, event);
}

static int pathway_index(const struct policy *policy, struct text name) {
    for (size_t i = 0; i < policy->pathway_count; i++) {
        if (bytes_are(name, policy->pathways[i].name)) {
            return (int)i;
        }
    }
    abort();
}

static void open_wait(const struct oracle *oracle, struct oracle_wait *wait, const struct event *event) {
    wait->status = ORACLE_WAITING;
    wait->stage = ORACLE_UNALLOCATED;
    wait->referred_to = event->pathway;
    wait->pathway = pathway_index(wait->policy, event->pathway);
    wait->person = event->person;
    wait->team = event->team;
    set_given(wait, event);
    wait->start = event->clock_start != DAY_NONE ? event->clock_start : calendar_day_of(oracle->calendar, event->time);
}

static void close_pause(struct oracle_wait *wait, day_t day) {
    if (wait->is_paused) {
        wait->pauses[wait->pause_count - 1].to = day;
        wait->is_paused = false;
    }
}

static void end_wait(struct oracle_wait *wait, const struct event *event, enum oracle_stage stage, day_t day) {
    close_pause(wait, day);
    wait->stage = stage;
    wait->ended = day;
    wait->reason = stage == ORACLE_CLOSED ? event->reason : TEXT_ABSENT;
    wait->outcome = stage == ORACLE_COMPLETED ? event->outcome : TEXT_ABSENT;
}

/* The events mean what the newest policy makes of them, whatever the day asked for: the state follows from the set of events. */
static enum event_type completing_type(const struct oracle *oracle, const struct oracle_wait *wait) {
    const struct policy *newest = oracle->policies[oracle->policy_count - 1];
    return newest->pathways[pathway_index(newest, wait->referred_to)].completes_on;
}

/* The middle column of section 4's table: an event upon an open wait. */
static enum oracle_effect apply_open(const struct oracle *oracle, struct oracle_wait *wait, const struct event *event, day_t day) {
    switch (event->type) {
    case EVENT_REFERRAL_RECEIVED:
        return ORACLE_DUPLICATE_REFERRAL;
    case EVENT_REFERRAL_TRIAGED:
        set_given(wait, event);
        return ORACLE_TAKES_EFFECT;
    case EVENT_WAIT_TRANSFERRED:
        wait->team = event->team;
        wait->district = event->district.at != NULL ? event->district : wait->district;
        wait->worker = TEXT_ABSENT;
        wait->stage = wait->stage == ORACLE_ALLOCATED ? ORACLE_UNALLOCATED : wait->stage;
        return ORACLE_TAKES_EFFECT;
    case EVENT_WAIT_UNALLOCATED:
        if (wait->worker.at == NULL) {
            return ORACLE_NOT_ALLOCATED;
        }
        wait->worker = TEXT_ABSENT;
        wait->stage = wait->stage == ORACLE_ALLOCATED ? ORACLE_UNALLOCATED : wait->stage;
        return ORACLE_TAKES_EFFECT;
    case EVENT_WAIT_ALLOCATED:
        wait->worker = event->worker;
        wait->stage = wait->stage == ORACLE_UNALLOCATED ? ORACLE_ALLOCATED : wait->stage;
        return ORACLE_TAKES_EFFECT;
    case EVENT_WAIT_PAUSED:
        if (wait->is_paused) {
            return ORACLE_ALREADY_PAUSED;
        }
        if (wait->pause_count == ORACLE_PAUSES_MAX) {
            abort();
        }
        wait->is_paused = true;
        wait->pauses[wait->pause_count++] = (struct oracle_pause){day, DAY_NONE};
        return ORACLE_TAKES_EFFECT;
    case EVENT_WAIT_RESUMED:
        if (!wait->is_paused) {
            return ORACLE_NOT_PAUSED;
        }
        close_pause(wait, day);
        return ORACLE_TAKES_EFFECT;
    case EVENT_CONTACT_MADE:
        wait->last_contact = day;
        return ORACLE_TAKES_EFFECT;
    case EVENT_ASSESSMENT_STARTED:
        if (wait->stage == ORACLE_IN_PROGRESS) {
            return ORACLE_ALREADY_STARTED;
        }
        wait->stage = ORACLE_IN_PROGRESS;
        wait->started = day;
        return ORACLE_TAKES_EFFECT;
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
        if (event->type != completing_type(oracle, wait)) {
            return ORACLE_WRONG_COMPLETION;
        }
        end_wait(wait, event, ORACLE_COMPLETED, day);
        return ORACLE_TAKES_EFFECT;
    case EVENT_WAIT_CLOSED:
        end_wait(wait, event, ORACLE_CLOSED, day);
        return ORACLE_TAKES_EFFECT;
    case EVENT_WAIT_REOPENED:
        return ORACLE_NOT_ENDED;
    default:
        abort();
    }
}

static enum oracle_effect apply(const struct oracle *oracle, struct oracle_wait *wait, const struct event *event, day_t day) {
    if (wait->status == ORACLE_NO_WAIT) {
        if (event->type != EVENT_REFERRAL_RECEIVED) {
            return ORACLE_NO_REFERRAL;
        }
        open_wait(oracle, wait, event);
        return ORACLE_TAKES_EFFECT;
    }
    if (wait->ended == DAY_NONE) {
        return apply_open(oracle, wait, event, day);
    }
    if (event->type == EVENT_REFERRAL_RECEIVED) {
        return ORACLE_DUPLICATE_REFERRAL;
    }
    if (event->type != EVENT_WAIT_REOPENED) {
        return ORACLE_AFTER_END;
    }
    wait->stage = ORACLE_UNALLOCATED;
    wait->worker = TEXT_ABSENT;
    wait->started = DAY_NONE;
    wait->ended = DAY_NONE;
    wait->reason = TEXT_ABSENT;
    wait->outcome = TEXT_ABSENT;
    return ORACLE_TAKES_EFFECT;
}

/* The events of the wait with an effective day up to `day`, in fold order. What became of each is kept when `note` is true. */
static void fold(const struct oracle *oracle, struct text subject, day_t day, const struct policy *policy, size_t limit, bool note,
                 struct oracle_wait *wait) {
    memset(wait, 0, sizeof *wait);
    wait->start = wait->started = wait->ended = wait->stop = wait->last_contact = DAY_NONE;
    wait->last_event_at = INSTANT_NONE;
    wait->policy = policy;
    size_t place = 0;
    for (size_t i = 0; i < oracle->order_count; i++) {
        struct accepted *event = &oracle->events[oracle->order[i]];
        if (event->day > day || !bytes_equal(event->event.subject, subject) || place++ >= limit) {
            continue;
        }
        enum oracle_effect effect = apply(oracle, wait, &event->event, event->day);
        if (event->event.time > wait->last_event_at) {
            wait->last_event_at = event->event.time;
        }
        if (note) {
            event->effect = effect;
            event->place = place - 1;
        }
    }
}

/* Folds every wait and keeps what became of each event. */
static void note_effects(struct oracle *oracle) {
    for (size_t i = 0; i < oracle->count; i++) {
        oracle->events[i].place = SIZE_MAX;
        if (oracle->events[i].never_happened) {
            oracle->events[i].effect = ORACLE_NEVER_HAPPENED;
        }
    }
    for (size_t i = 0; i < oracle->subject_count; i++) {
        struct oracle_wait wait;
        fold(oracle, oracle->subjects[i], INT32_MAX, oracle_policy_on(oracle, INT32_MAX), SIZE_MAX, true, &wait);
    }
}

void oracle_add_policy(struct oracle *oracle, day_t from, const struct policy *policy) {
    if (oracle->policy_count == ERAS_MAX) {
        abort();
    }
    oracle->policies[oracle->policy_count] = policy;
    oracle->policy_from[oracle->policy_count++] = from;
    note_effects(oracle);
}

static size_t append(struct oracle *oracle, const struct event *event) {
    if (oracle->count == oracle->capacity) {
        oracle->capacity = oracle->capacity == 0 ? 64 : oracle->capacity * 2;
        oracle->events = checked(realloc(oracle->events, oracle->capacity * sizeof *oracle->events));
        oracle->order = checked(realloc(oracle->order, oracle->capacity * sizeof *oracle->order));
        oracle->subjects = checked(realloc(oracle->subjects, oracle->capacity * sizeof *oracle->subjects));
    }
    size_t index = oracle->count++;
    struct accepted *added = &oracle->events[index];
    memset(added, 0, sizeof *added);
    added->event = *event;
    added->effective = effective_time(oracle, event);
    added->day = calendar_day_of(oracle->calendar, added->effective);
    return index;
}

static void think_it_over(struct oracle *oracle) {
    decide_retractions(oracle);
    sort_events(oracle);
    list_subjects(oracle);
    note_effects(oracle);
}

size_t oracle_accept(struct oracle *oracle, const struct event *event) {
    if (find_identity(oracle, event->source, event->id) != NULL) {
        return SIZE_MAX;
    }
    size_t index = append(oracle, event);
    think_it_over(oracle);
    return index;
}

struct oracle *oracle_of_past(const struct oracle *oracle, size_t event_count, day_t day) {
    struct oracle *past = oracle_create(oracle->calendar, oracle->tables);
    for (size_t i = 0; i < oracle->policy_count; i++) {
        if (i == 0 || oracle->policy_from[i] <= day) {
            oracle_add_policy(past, oracle->policy_from[i], oracle->policies[i]);
        }
    }
    for (size_t i = 0; i < event_count; i++) {
        append(past, &oracle->events[i].event);
    }
    think_it_over(past);
    return past;
}

size_t oracle_event_count(const struct oracle *oracle) {
    return oracle->count;
}

const struct event *oracle_event(const struct oracle *oracle, size_t index) {
    return &oracle->events[index].event;
}

instant_t oracle_event_effective(const struct oracle *oracle, size_t index) {
    return oracle->events[index].effective;
}

day_t oracle_event_day(const struct oracle *oracle, size_t index) {
    return oracle->events[index].day;
}

enum oracle_effect oracle_effect_of(const struct oracle *oracle, size_t index) {
    return oracle->events[index].effect;
}

size_t oracle_fold_place(const struct oracle *oracle, size_t index) {
    return oracle->events[index].place;
}

const char *oracle_effect_name(enum oracle_effect effect) {
    static const char *const names[] = {"takes_effect",  "retracted",        "duplicate_referral", "no_referral",     "after_end",
                                        "not_allocated", "already_paused",   "not_paused",         "already_started", "wrong_completion",
                                        "not_ended",     "retracts_unknown", "cannot_retract"};
    return names[effect];
}

size_t oracle_subject_count(const struct oracle *oracle) {
    return oracle->subject_count;
}

struct text oracle_subject(const struct oracle *oracle, size_t index) {
    return oracle->subjects[index];
}

static bool is_working_day(const struct oracle *oracle, day_t day) {
    if (day_of_week(day) >= 5) {
        return false;
    }
    for (size_t i = 0; i < oracle->tables->holiday_count; i++) {
        if (oracle->tables->holidays[i] == day) {
            return false;
        }
    }
    return true;
}

static bool is_paused_day(const struct oracle_wait *wait, day_t day) {
    for (size_t i = 0; i < wait->pause_count; i++) {
        if (wait->pauses[i].from < day && (wait->pauses[i].to == DAY_NONE || day <= wait->pauses[i].to)) {
            return true;
        }
    }
    return false;
}

struct count {
    int32_t gross;
    int32_t paused;
    int32_t days;
};

/* Day by day. */
static struct count count_days(const struct oracle *oracle, const struct oracle_wait *wait, day_t day) {
    const struct pathway_policy *pathway = &wait->policy->pathways[wait->pathway];
    day_t last = wait->stop != DAY_NONE && wait->stop < day ? wait->stop : day;
    struct count count = {0, 0, 0};
    for (day_t d = wait->start + 1; d <= last; d++) {
        bool paused = is_paused_day(wait, d);
        count.gross++;
        count.paused += paused;
        if (pathway->pauses == PAUSES_EXCLUDE && paused) {
            continue;
        }
        if (pathway->unit == UNIT_WORKING_DAYS && !is_working_day(oracle, d)) {
            continue;
        }
        count.days++;
    }
    return count;
}

int32_t oracle_days_on(const struct oracle *oracle, const struct oracle_wait *wait, day_t day) {
    return count_days(oracle, wait, day).days;
}

static bool pause_stops_clock(const struct oracle_wait *wait) {
    return wait->is_paused && wait->policy->pathways[wait->pathway].pauses == PAUSES_EXCLUDE;
}

static bool is_removed(const struct oracle *oracle, struct text subject) {
    struct oracle_wait final;
    fold(oracle, subject, INT32_MAX, oracle_policy_on(oracle, INT32_MAX), SIZE_MAX, false, &final);
    return final.stage == ORACLE_CLOSED && (bytes_are(final.reason, "recorded_in_error") || bytes_are(final.reason, "duplicate"));
}

static void measure_waiting(const struct oracle *oracle, struct oracle_wait *wait, day_t day) {
    const struct policy *policy = wait->policy;
    wait->breach = wait->days > wait->standard;
    wait->due = !wait->breach && !pause_stops_clock(wait) && oracle_days_on(oracle, wait, day + 7) > wait->standard;
    int32_t interval = policy->contact_by_priority[wait->priority];
    if (wait->priority == 0 || interval == 0) {
        interval = policy->contact_interval_days;
    }
    day_t since = wait->last_contact > wait->start ? wait->last_contact : wait->start;
    wait->no_contact = day - since > interval;
}

/* On one day the start comes first in fold order, so that it is what stopped the clock. */
static void find_stop(struct oracle_wait *wait) {
    bool stops_on_started = wait->policy->pathways[wait->pathway].stops_on == STOP_ON_STARTED;
    wait->stop = wait->ended;
    if (stops_on_started && wait->started != DAY_NONE && (wait->ended == DAY_NONE || wait->started <= wait->ended)) {
        wait->stop = wait->started;
        wait->stopped_by_start = true;
    }
}

void oracle_stand(const struct oracle *oracle, struct text subject, day_t day, size_t limit, struct oracle_wait *wait) {
    fold(oracle, subject, day, oracle_policy_on(oracle, INT32_MAX), limit, false, wait);
    if (wait->status == ORACLE_NO_WAIT) {
        return;
    }
    find_stop(wait);
    if (is_removed(oracle, subject)) {
        wait->status = ORACLE_EXCLUDED;
    } else if (wait->stop != DAY_NONE) {
        wait->status = ORACLE_ENDED;
    } else {
        wait->status = wait->start > day ? ORACLE_SCHEDULED : ORACLE_WAITING;
    }
}

/* The wait on the day by a policy, as it stands after its first `limit` events. */
static void measure(const struct oracle *oracle, struct text subject, day_t day, const struct policy *policy, size_t limit,
                    struct oracle_wait *wait) {
    fold(oracle, subject, day, policy, limit, false, wait);
    if (wait->status == ORACLE_NO_WAIT) {
        return;
    }
    const struct pathway_policy *pathway = &wait->policy->pathways[wait->pathway];
    find_stop(wait);
    wait->standard = pathway->standard_days;
    if (wait->priority != 0 && pathway->standard_by_priority[wait->priority] != 0) {
        wait->standard = pathway->standard_by_priority[wait->priority];
    }
    struct count count = count_days(oracle, wait, day);
    wait->gross = count.gross;
    wait->paused_days = count.paused;
    wait->net = count.gross - count.paused;
    wait->days = count.days;
    if (is_removed(oracle, subject)) {
        wait->status = ORACLE_EXCLUDED;
    } else if (wait->stop != DAY_NONE) {
        wait->status = ORACLE_ENDED;
    } else if (wait->start > day) {
        wait->status = ORACLE_SCHEDULED;
    } else {
        wait->status = ORACLE_WAITING;
        measure_waiting(oracle, wait, day);
    }
}

void oracle_measure(const struct oracle *oracle, struct text subject, day_t day, struct oracle_wait *wait) {
    measure(oracle, subject, day, oracle_policy_on(oracle, day), SIZE_MAX, wait);
}

/* The table of section 8, of a wait as it stands. A rule that is switched off has a condition all the same: it only raises nothing. */
static bool holds(const struct oracle_wait *wait, struct oracle_condition condition) {
    if (wait->status != ORACLE_WAITING) {
        return false;
    }
    switch (condition.rule) {
    case ORACLE_APPROACHING:
        return !wait->breach && !pause_stops_clock(wait) && condition.level < wait->standard &&
               wait->standard + 1 - wait->days <= condition.level;
    case ORACLE_BREACH:
        return wait->breach;
    case ORACLE_ESCALATION:
        return condition.level > wait->standard && wait->days > condition.level;
    case ORACLE_CONTACT_OVERDUE:
        return wait->no_contact;
    }
    abort();
}

static void add_if_holding(const struct oracle_wait *wait, enum oracle_rule rule, int32_t level, struct oracle_condition *out,
                           size_t *count) {
    struct oracle_condition condition = {rule, level};
    if (holds(wait, condition)) {
        out[(*count)++] = condition;
    }
}

size_t oracle_conditions(const struct oracle_wait *wait, struct oracle_condition out[ORACLE_CONDITIONS_MAX]) {
    size_t count = 0;
    if (wait->status != ORACLE_WAITING) {
        return 0;
    }
    const struct pathway_policy *pathway = &wait->policy->pathways[wait->pathway];
    for (size_t i = 0; pathway->approaching.enabled && i < pathway->approaching.level_count; i++) {
        add_if_holding(wait, ORACLE_APPROACHING, pathway->approaching.levels[i], out, &count);
    }
    if (pathway->breach.enabled) {
        add_if_holding(wait, ORACLE_BREACH, 0, out, &count);
    }
    for (size_t i = 0; pathway->escalation.enabled && i < pathway->escalation.level_count; i++) {
        add_if_holding(wait, ORACLE_ESCALATION, pathway->escalation.levels[i], out, &count);
    }
    if (pathway->contact_overdue.enabled) {
        add_if_holding(wait, ORACLE_CONTACT_OVERDUE, 0, out, &count);
    }
    return count;
}

bool oracle_condition_holds(const struct oracle *oracle, struct text subject, struct oracle_condition condition, day_t day) {
    struct oracle_wait wait;
    oracle_measure(oracle, subject, day, &wait);
    return holds(&wait, condition);
}

bool oracle_condition_held_within(const struct oracle *oracle, struct text subject, struct oracle_condition condition, day_t day) {
    size_t before = 0;
    size_t until = 0;
    for (size_t i = 0; i < oracle->order_count; i++) {
        const struct accepted *event = &oracle->events[oracle->order[i]];
        if (bytes_equal(event->event.subject, subject)) {
            before += event->day < day;
            until += event->day <= day;
        }
    }
    for (size_t limit = before; limit <= until; limit++) {
        for (size_t i = 0; i < oracle->policy_count; i++) {
            struct oracle_wait wait;
            bool was_in_force = oracle->policies[i] == oracle_policy_on(oracle, day - 1) || oracle->policy_from[i] == day;
            measure(oracle, subject, day, oracle->policies[i], limit, &wait);
            if (was_in_force && holds(&wait, condition)) {
                return true;
            }
        }
    }
    return false;
}

day_t oracle_occurred_on(const struct oracle *oracle, struct text subject, struct oracle_condition condition, day_t day) {
    day_t first = DAY_NONE;
    while (oracle_condition_holds(oracle, subject, condition, day)) {
        first = day--;
    }
    return first;
}

static int number_compare(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

void oracle_statistics(const struct policy *policy, int32_t *days, size_t n, struct oracle_position *position) {
    int32_t sum = 0;
    qsort(days, n, sizeof *days, number_compare);
    for (size_t i = 0; i < n; i++) {
        size_t band = 0;
        while (band < policy->band_count && days[i] > policy->bands[band]) {
            band++;
        }
        position->bands[band]++;
        sum += days[i];
    }
    position->longest = days[n - 1];
    position->median_doubled = n % 2 == 1 ? 2 * days[n / 2] : days[n / 2 - 1] + days[n / 2];
    /* Half up at one decimal: floor(10 sum / n + 1/2). */
    position->mean_tenths = (20 * sum + (int32_t)n) / (2 * (int32_t)n);
    position->p90 = days[(9 * n + 9) / 10 - 1];
}

void oracle_position(const struct policy *policy, const struct oracle_wait *const *waits, size_t count, struct oracle_position *position) {
    int32_t *days = checked(malloc((count + 1) * sizeof *days));
    memset(position, 0, sizeof *position);
    for (size_t i = 0; i < count; i++) {
        const struct oracle_wait *wait = waits[i];
        if (wait->status == ORACLE_SCHEDULED) {
            position->scheduled++;
        }
        if (wait->status != ORACLE_WAITING) {
            continue;
        }
        days[position->waiting++] = wait->days;
        position->unallocated += wait->stage == ORACLE_UNALLOCATED;
        position->allocated += wait->stage == ORACLE_ALLOCATED;
        position->in_progress += wait->stage == ORACLE_IN_PROGRESS;
        position->paused += wait->is_paused;
        position->breach += wait->breach;
        position->due += wait->due;
        position->no_contact += wait->no_contact;
    }
    if (position->waiting > 0) {
        oracle_statistics(policy, days, position->waiting, position);
    }
    free(days);
}
