/* The register: every wait of the council as it stands today. */
#include "daemon/core/register_internal.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

/* A wait with more events than this is refolded once at the end of the replay, not at each late event. */
enum { EAGER_REFOLD_MAX = 256 };

static uint8_t pathway_number(const void *context, struct text name) {
    const struct waiting_register *reg = context;
    uint32_t number = names_find(reg->pathway_names, name);
    ENSURE(number != NAME_ABSENT);
    return (uint8_t)(number - 1);
}

/* A number of the person's reference; folding a wait anew mostly meets the same person again. */
static uint32_t keep_person(void *keeper, struct text person) {
    struct waiting_register *reg = keeper;
    if (person.at == NULL)
        return 0;
    if (reg->person_before != 0 && text_equal(texts_at(reg->people, reg->person_before), person))
        return reg->person_before;
    return texts_keep(reg->people, person);
}

static void take_policy(struct waiting_register *reg, const struct policy *policy, day_t from) {
    struct policy *own = memory_new(1, sizeof *own);
    *own = *policy;
    memory_reserve((void **)&reg->policies, &reg->policy_capacity, reg->policy_count + 1, sizeof *reg->policies);
    reg->policies[reg->policy_count++] = own;
    memory_reserve((void **)&reg->eras, &reg->era_capacity, reg->era_count + 1, sizeof *reg->eras);
    reg->eras[reg->era_count++] = (struct policy_era){from, own};
    /* A pathway that is no longer configured keeps its last rules: a wait that was retracted may still have to be folded by them. */
    for (size_t i = 0; i < own->pathway_count; i++) {
        uint32_t number = names_intern(reg->pathway_names, text_of(own->pathways[i].name));
        ENSURE(number <= PATHWAYS_EVER_MAX);
        reg->pathways[number - 1] = &own->pathways[i];
    }
}

struct waiting_register *register_create(const struct register_setup *setup) {
    struct waiting_register *reg = memory_new(1, sizeof *reg);
    reg->calendar = setup->calendar;
    reg->history = setup->history;
    reg->breathe = setup->breathe;
    reg->breathe_context = setup->breathe_context;
    reg->hash_seed = setup->hash_seed;
    reg->names = names_create(setup->hash_seed);
    reg->subjects = names_create(setup->hash_seed);
    reg->people = texts_create();
    reg->notes = texts_create();
    reg->standing_names = names_create(setup->hash_seed);
    reg->pathway_names = names_create(setup->hash_seed);
    reg->pathway_waits = memory_new(PATHWAYS_EVER_MAX, sizeof *reg->pathway_waits);
    reg->queues = groups_create();
    reg->cells = groups_create();
    reg->retractions = retractions_create(setup->hash_seed);
    reg->builder = position_builder_create();
    reg->today = INT32_MAX;
    reg->without_alerts = setup->without_alerts;
    reg->next_alert_seq = 1;
    ENSURE(setup->era_count > 0);
    for (size_t i = 0; i < setup->era_count; i++)
        take_policy(reg, setup->eras[i].policy, setup->eras[i].from);
    reg->fold = (struct fold){
        .calendar = reg->calendar, .names = reg->names, .pathways = reg->pathways, .pathway_number = pathway_number, .context = reg};
    reg->keeping_fold = reg->fold;
    reg->keeping_fold.keep_person = keep_person;
    reg->keeping_fold.keeper = reg;
    return reg;
}

void register_destroy(struct waiting_register **pointer) {
    struct waiting_register *reg = *pointer;
    if (reg == NULL)
        return;
    for (size_t i = 0; i < reg->policy_count; i++)
        free(reg->policies[i]);
    for (size_t i = 0; i < reg->page_count; i++)
        free(reg->pages[i]);
    for (size_t i = 0; i < reg->alert_page_count; i++)
        free(reg->alert_pages[i]);
    for (size_t i = 0; i < reg->member_capacity; i++) {
        free(reg->members[i].open);
        free(reg->members[i].past);
    }
    names_destroy(&reg->names);
    names_destroy(&reg->subjects);
    texts_destroy(&reg->people);
    texts_destroy(&reg->notes);
    names_destroy(&reg->standing_names);
    free(reg->standing);
    free(reg->standing_places);
    names_destroy(&reg->pathway_names);
    groups_destroy(&reg->queues);
    groups_destroy(&reg->cells);
    retractions_destroy(&reg->retractions);
    position_builder_destroy(&reg->builder);
    void *blocks[] = {reg->eras,
                      reg->policies,
                      reg->pages,
                      reg->pathway_waits,
                      reg->members,
                      reg->changed_queues,
                      reg->wake_heads,
                      reg->touched,
                      reg->woken,
                      reg->alert_pages,
                      reg->transitions,
                      reg->sorted,
                      reg->sorted_events,
                      reg->outcomes,
                      reg->acknowledgements,
                      reg};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        free(blocks[i]);
    *pointer = NULL;
}

struct record *register_record(const struct waiting_register *reg, uint32_t wait) {
    return &reg->pages[(wait - 1) / RECORDS_A_PAGE][(wait - 1) % RECORDS_A_PAGE];
}

uint32_t register_count(const struct waiting_register *reg) {
    return names_count(reg->subjects);
}

const struct pathway_policy *register_pathway(const struct waiting_register *reg, const struct record *record) {
    return reg->pathways[record->state.pathway];
}

void register_read_clock(const struct waiting_register *reg, const struct record *record, struct clock_reading *reading) {
    const struct pathway_policy *pathway = record->state.stage == STAGE_NONE ? NULL : register_pathway(reg, record);
    clock_read(&record->state, (record->flags & RECORD_EXCLUDED) != 0, pathway, reg->calendar, reg->today, reading);
    reading->contact_interval = policy_contact_interval(register_policy(reg), record->state.priority);
}

uint32_t register_find(const struct waiting_register *reg, struct text subject) {
    return names_find(reg->subjects, subject);
}

static void make_record(struct waiting_register *reg, uint32_t wait) {
    if (wait > reg->page_count * RECORDS_A_PAGE) {
        memory_reserve((void **)&reg->pages, &reg->page_capacity, reg->page_count + 1, sizeof *reg->pages);
        reg->pages[reg->page_count++] = memory_new(RECORDS_A_PAGE, sizeof(struct record));
    }
    struct record *record = register_record(reg, wait);
    wait_state_init(&record->state);
    record->wake_day = DAY_NONE;
    record->queue = record->cell = GROUP_NONE;
}

uint32_t register_wait_of(struct waiting_register *reg, struct text subject) {
    if (reg->wait_asked != NAME_ABSENT && text_equal(names_text(reg->subjects, reg->wait_asked), subject))
        return reg->wait_asked; /* an event asks more than once */
    uint32_t known = register_count(reg);
    reg->wait_asked = names_intern(reg->subjects, subject);
    if (reg->wait_asked > known)
        make_record(reg, reg->wait_asked);
    return reg->wait_asked;
}

void register_make_records(struct waiting_register *reg) {
    for (uint32_t wait = 1; wait <= register_count(reg); wait++)
        make_record(reg, wait);
}

uint64_t register_newest_seq(const struct waiting_register *reg, uint32_t wait) {
    return register_record(reg, wait)->newest_seq;
}

struct touched *register_touch(struct waiting_register *reg, uint32_t wait, day_t from_day) {
    struct record *record = register_record(reg, wait);
    if (!(record->flags & RECORD_TOUCHED)) {
        if (reg->live)
            register_uncount_wait(reg, wait);
        memory_reserve((void **)&reg->touched, &reg->touched_capacity, reg->touched_count + 1, sizeof *reg->touched);
        reg->touched[reg->touched_count++] = (struct touched){wait, from_day, false};
        record->flags |= RECORD_TOUCHED;
        record->wake_next = (uint32_t)reg->touched_count - 1; /* uncounting took it out of the agenda */
    }
    struct touched *touched = &reg->touched[record->wake_next];
    if (from_day < touched->from_day)
        touched->from_day = from_day;
    return touched;
}

/* The wait must be folded anew: at the end of the turn, or in a replay at once while its events are near. */
static void ask_refold(struct waiting_register *reg, uint32_t wait, day_t from_day) {
    if (reg->live)
        register_touch(reg, wait, from_day)->refold = true;
    else if (register_record(reg, wait)->event_count <= EAGER_REFOLD_MAX)
        register_refold(reg, wait);
    else
        register_record(reg, wait)->flags |= RECORD_STALE;
}

static bool comes_last(const struct record *record, const struct event *event, instant_t effective_time) {
    instant_t latest = record->state.last_event_at;
    if (latest == INSTANT_NONE || effective_time > latest)
        return true;
    if (record->flags & RECORD_REACHES_BACK)
        return false;
    bool sequenced = (record->flags & RECORD_HAS_SEQUENCE) || event->sequence.length > 0;
    return effective_time == latest && !sequenced && event_type_rank(event->type) > record->last_rank;
}

void register_reread(struct waiting_register *reg, uint32_t wait) {
    struct record *record = register_record(reg, wait);
    ENSURE(reg->live);
    reg->sorted_seq = 0;
    texts_erase(reg->people, record->state.person);
    record->state.person = NAME_ABSENT;
    register_touch(reg, wait, INT32_MAX)->refold = true;
}

/* In the replay of a past day: what comes later is not folded, but it may say that the wait counts in no measure of any date, or, after a
 * refold that took later events into account, that it does. When the days go on, every later event has its day. */
static void pass_over(const struct waiting_register *reg, struct record *record, const struct event *event) {
    if (reg->goes_on || event->type == EVENT_WAIT_CLOSED || event->type == EVENT_WAIT_REOPENED || (record->flags & RECORD_HAS_FUTURE))
        record->flags |= RECORD_STALE;
}

void register_note_folded(struct record *record, const struct event *event, instant_t effective_time) {
    record->last_rank = (uint8_t)event_type_rank(event->type);
    if (event->sequence.length > 0)
        record->flags |= RECORD_HAS_SEQUENCE;
    if (effective_time < event->time)
        record->flags |= RECORD_REACHES_BACK;
}

/* Folds the event at the end of its wait, or asks for a refold where that would not be its place. */
static void fold_event(struct waiting_register *reg, uint32_t wait, const struct event *event) {
    struct record *record = register_record(reg, wait);
    instant_t effective_time = event_effective_time(event, reg->calendar);
    day_t day = calendar_day_of(reg->calendar, effective_time);
    bool refold_asked = (record->flags & RECORD_STALE) || (reg->live && register_touch(reg, wait, day)->refold);
    if (refold_asked)
        return;
    if (!reg->live && day > reg->today) {
        pass_over(reg, record, event);
        return;
    }
    if (day > reg->today || (record->flags & RECORD_HAS_FUTURE) || !comes_last(record, event, effective_time)) {
        ask_refold(reg, wait, day);
        return;
    }
    reg->person_before = record->state.person;
    wait_state_apply(&record->state, event, day, &reg->keeping_fold);
    register_note_folded(record, event, effective_time);
    if (wait_state_is_excluded(&record->state, reg->names))
        record->flags |= RECORD_EXCLUDED;
    else
        record->flags &= (uint8_t)~RECORD_EXCLUDED;
}

/* The wait of the event that `retraction` (accepted as `seq`) names, or 0, and what naming it means. The history may already hold what
 * comes later in the same turn or replay: that has not happened yet. */
static uint32_t find_target(struct waiting_register *reg, const struct event *retraction, uint64_t seq, enum retraction_kind *kind) {
    struct history_event target;
    *kind = RETRACTION_UNKNOWN;
    if (!reg->history.find(reg->history.context, retraction->retracts_source, retraction->retracts_id, &target) || target.seq > seq)
        return 0;
    *kind = target.event.type == EVENT_RETRACTED ? RETRACTION_CANNOT : RETRACTION_TAKES;
    return register_wait_of(reg, target.event.subject);
}

/* Counts on up to its limit and then stays there, as the state's own count does. */
static void count_exception(struct record *record) {
    if (record->retraction_exceptions < UINT16_MAX)
        record->retraction_exceptions++;
}

static void take_retraction(struct waiting_register *reg, uint32_t wait, const struct event *event, uint64_t seq) {
    enum retraction_kind kind = retractions_kind(reg->retractions, event->retracts_source, event->retracts_id);
    bool is_first = kind == RETRACTION_NONE;
    uint32_t target_wait = is_first ? find_target(reg, event, seq, &kind) : 0;
    retractions_add(reg->retractions, event->retracts_source, event->retracts_id, kind, wait);
    if (kind != RETRACTION_TAKES)
        count_exception(register_record(reg, wait));
    else if (is_first)
        ask_refold(reg, target_wait, INT32_MIN + 1);
}

static void heal_retraction(void *context, uint32_t wait) {
    struct waiting_register *reg = context;
    if (register_record(reg, wait)->retraction_exceptions < UINT16_MAX)
        register_record(reg, wait)->retraction_exceptions--;
}

/* Whether the event was retracted before it arrived. */
static bool was_retracted(struct waiting_register *reg, const struct event *event) {
    enum retraction_kind kind = retractions_kind(reg->retractions, event->source, event->id);
    if (kind != RETRACTION_UNKNOWN)
        return false;
    if (event->type == EVENT_RETRACTED) {
        retractions_resolve(reg->retractions, event->source, event->id, RETRACTION_CANNOT, NULL, NULL);
        return false;
    }
    retractions_resolve(reg->retractions, event->source, event->id, RETRACTION_TAKES, heal_retraction, reg);
    return true;
}

static void take_event(struct waiting_register *reg, const struct event *event, uint64_t seq) {
    uint32_t wait = register_wait_of(reg, event->subject);
    struct record *record = register_record(reg, wait);
    reg->sorted_seq = 0; /* what follows may change who was retracted, or use the history source's memory */
    ENSURE(seq > record->newest_seq && seq <= UINT32_MAX);
    record->newest_seq = (uint32_t)seq;
    if (record->event_count < EVENTS_COUNTED_MAX)
        record->event_count++;
    bool retracted = was_retracted(reg, event);
    if (event->type == EVENT_RETRACTED)
        take_retraction(reg, wait, event, seq);
    else if (!retracted)
        fold_event(reg, wait, event);
}

/* After the wait that is number `done` of many. */
static void breathe_now_and_then(const struct waiting_register *reg, size_t done) {
    if (done % WAITS_A_BREATH == 0 && reg->breathe != NULL)
        reg->breathe(reg->breathe_context);
}

void register_replay_event(struct waiting_register *reg, const struct event *event, uint64_t seq) {
    ENSURE(!reg->live);
    take_event(reg, event, seq);
}

void register_accept(struct waiting_register *reg, const struct event *event, uint64_t seq) {
    ENSURE(reg->live);
    take_event(reg, event, seq);
}

void register_set_next_alert_seq(struct waiting_register *reg, uint64_t alert_seq) {
    reg->next_alert_seq = alert_seq;
}

void register_replay_until(struct waiting_register *reg, day_t today, bool goes_on) {
    ENSURE(!reg->live && register_count(reg) == 0);
    reg->today = today;
    reg->goes_on = goes_on;
}

static void touch_waking(struct waiting_register *reg, day_t day) {
    uint32_t wait;
    while ((wait = register_take_waking(reg, day)) != 0)
        register_touch(reg, wait, INT32_MAX); /* which takes it out of the agenda */
}

/* Counts the touched wait again, as what is known of it now says. */
static void count_touched(struct waiting_register *reg, const struct touched *touched) {
    struct record *record = register_record(reg, touched->wait);
    record->flags &= (uint8_t)~RECORD_TOUCHED;
    record->wake_next = 0;
    if (touched->refold || (record->flags & RECORD_HAS_FUTURE))
        register_refold(reg, touched->wait);
    register_count_wait(reg, touched->wait);
}

/* Ends today and begins the next day for the counts; alerts are left for later. */
static void pass_day(struct waiting_register *reg, const struct day_watch *watch) {
    if (watch != NULL)
        watch->ended(watch->context, reg);
    touch_waking(reg, reg->today + 1);
    reg->today++;
    for (size_t i = 0; i < reg->touched_count; i++) {
        count_touched(reg, &reg->touched[i]);
        memory_reserve((void **)&reg->woken, &reg->woken_capacity, reg->woken_count + 1, sizeof *reg->woken);
        reg->woken[reg->woken_count++] = reg->touched[i].wait;
    }
    reg->touched_count = 0;
}

void register_begin(struct waiting_register *reg, day_t today, instant_t now, bool raise) {
    register_begin_from(reg, today, today, now, raise, NULL);
}

void register_begin_from(struct waiting_register *reg, day_t first, day_t today, instant_t now, bool raise, const struct day_watch *watch) {
    ENSURE(!reg->live && first <= today);
    reg->live = true;
    reg->raise = raise;
    reg->today = first;
    reg->wake_base = first;
    for (uint32_t wait = 1; wait <= register_count(reg); wait++) {
        struct record *record = register_record(reg, wait);
        bool in_future = record->state.last_event_at != INSTANT_NONE && calendar_day_of(reg->calendar, record->state.last_event_at) > first;
        if (in_future || (record->flags & (RECORD_STALE | RECORD_HAS_FUTURE)))
            register_refold(reg, wait);
        register_count_wait(reg, wait);
        breathe_now_and_then(reg, wait);
    }
    while (reg->today < today)
        pass_day(reg, watch);
    reg->woken_count = 0; /* every wait is settled */
    for (uint32_t wait = 1; wait <= register_count(reg); wait++) {
        const struct record *record = register_record(reg, wait);
        struct touched touched = {wait, DAY_NONE + 1, true};
        if (!reg->without_alerts && (record->first_alert != 0 || record->wake_day != DAY_NONE || record->cell != GROUP_NONE))
            register_settle_alerts(reg, &touched, now);
        breathe_now_and_then(reg, wait);
    }
    reg->raise = true;
}

void register_settle(struct waiting_register *reg, instant_t now) {
    for (size_t i = 0; i < reg->touched_count; i++) {
        struct touched touched = reg->touched[i];
        count_touched(reg, &touched);
        if (!reg->without_alerts)
            register_settle_alerts(reg, &touched, now);
        breathe_now_and_then(reg, i + 1);
    }
    reg->touched_count = 0;
}

static void note_every_queue(struct waiting_register *reg) {
    for (uint32_t queue = 0; queue < groups_count(reg->queues); queue++) {
        if (reg->members[queue].open_count > 0)
            register_note_queue(reg, queue);
    }
}

void register_advance(struct waiting_register *reg, instant_t now) {
    ENSURE(reg->live);
    register_advance_to(reg, reg->today + 1, now, NULL);
}

void register_advance_to(struct waiting_register *reg, day_t today, instant_t now, const struct day_watch *watch) {
    ENSURE(reg->live && reg->touched_count == 0 && today > reg->today);
    while (reg->today < today - 1)
        pass_day(reg, watch);
    if (watch != NULL)
        watch->ended(watch->context, reg);
    for (size_t i = 0; i < reg->woken_count; i++)
        register_touch(reg, reg->woken[i], INT32_MAX);
    reg->woken_count = 0;
    touch_waking(reg, today);
    reg->touched_at_midnight = reg->touched_count;
    reg->today = today;
    note_every_queue(reg);
    register_settle(reg, now);
}

static bool keeps_pathways(const struct waiting_register *reg, const struct policy *policy, struct text *missing) {
    for (uint32_t number = 1; number <= names_count(reg->pathway_names); number++) {
        struct text name = names_text(reg->pathway_names, number);
        if (reg->pathway_waits[number - 1] == 0 || policy_pathway_index(policy, name) >= 0)
            continue;
        *missing = name;
        return false;
    }
    uint32_t ever = names_count(reg->pathway_names);
    for (size_t i = 0; i < policy->pathway_count; i++)
        ever += names_find(reg->pathway_names, text_of(policy->pathways[i].name)) == NAME_ABSENT;
    *missing = TEXT_ABSENT;
    return ever <= PATHWAYS_EVER_MAX;
}

/* Whether the days so far are other working days in `calendar`: holidays of years to come change nothing that was folded. */
static bool past_differs(const struct waiting_register *reg, const struct calendar *calendar) {
    for (day_t day = 0; calendar != reg->calendar && day <= reg->today; day++)
        if (calendar_working_index(calendar, day) != calendar_working_index(reg->calendar, day))
            return true;
    return false;
}

/* Whether the state keeps working days: of pauses that ended, or that the start of the assessment ended for the clock. */
static bool keeps_working_days(const struct wait_state *state) {
    return state->paused_days != 0 || state->paused_days_at_start_of_assessment != 0;
}

bool register_set_policy(struct waiting_register *reg, const struct policy *policy, const struct calendar *calendar, instant_t now,
                         struct text *missing) {
    ENSURE(reg->live && reg->touched_count == 0);
    if (!keeps_pathways(reg, policy, missing))
        return false;
    bool other_past = past_differs(reg, calendar);
    for (uint32_t wait = 1; wait <= register_count(reg); wait++) {
        const struct record *record = register_record(reg, wait);
        struct touched *touched = register_touch(reg, wait, other_past ? INT32_MIN + 1 : INT32_MAX);
        touched->refold = other_past && keeps_working_days(&record->state);
        if (record->state.stage == STAGE_NONE)
            continue;
        int after = policy_pathway_index(policy, text_of(register_pathway(reg, record)->name));
        if (register_pathway(reg, record)->completes_on != policy->pathways[after].completes_on)
            touched->refold = true;
        breathe_now_and_then(reg, wait);
    }
    reg->calendar = reg->fold.calendar = reg->keeping_fold.calendar = calendar;
    take_policy(reg, policy, reg->today);
    register_settle(reg, now);
    return true;
}

const struct alert_transition *register_take_transitions(struct waiting_register *reg, size_t *count) {
    *count = reg->transitions_taken ? 0 : reg->transition_count;
    reg->transitions_taken = true;
    return reg->transitions;
}

bool register_has_transitions(const struct waiting_register *reg) {
    return !reg->transitions_taken && reg->transition_count > 0;
}

day_t register_today(const struct waiting_register *reg) {
    return reg->today;
}

const struct policy *register_policy(const struct waiting_register *reg) {
    return reg->eras[reg->era_count - 1].policy;
}

uint64_t register_next_alert_seq(const struct waiting_register *reg) {
    return reg->next_alert_seq;
}
