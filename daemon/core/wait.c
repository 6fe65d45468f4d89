/* Folding one wait: one function for each row of the table of the rules, section 4. */
#include "daemon/core/wait.h"

#include "daemon/core/memory.h"

#include <string.h>

enum { PATHWAY_NONE = 0xff, DIMENSIONS_TEXT_MAX = EVENT_DIMENSIONS_MAX * 2 * (NAME_MAX_BYTES + 1) };

const char *stage_name(enum stage stage) {
    static const char *const names[STAGE_COUNT] = {"", "unallocated", "allocated", "in_progress", "completed", "closed"};
    return names[stage];
}

const char *effect_name(enum effect effect) {
    static const char *const names[EFFECT_COUNT] = {
        [EFFECT_APPLIED] = "applied",
        [EFFECT_DUPLICATE_REFERRAL] = "duplicate_referral",
        [EFFECT_NO_REFERRAL] = "no_referral",
        [EFFECT_AFTER_END] = "after_end",
        [EFFECT_NOT_ALLOCATED] = "not_allocated",
        [EFFECT_ALREADY_PAUSED] = "already_paused",
        [EFFECT_NOT_PAUSED] = "not_paused",
        [EFFECT_ALREADY_STARTED] = "already_started",
        [EFFECT_WRONG_COMPLETION] = "wrong_completion",
        [EFFECT_NOT_ENDED] = "not_ended",
        [EFFECT_RETRACTS_UNKNOWN] = "retracts_unknown",
        [EFFECT_CANNOT_RETRACT] = "cannot_retract",
        [EFFECT_RETRACTED] = "retracted",
        [EFFECT_PENDING] = "pending",
    };
    return names[effect];
}

bool effect_is_exception(enum effect effect) {
    return effect != EFFECT_APPLIED && effect != EFFECT_RETRACTED && effect != EFFECT_PENDING;
}

void wait_state_init(struct wait_state *state) {
    memset(state, 0, sizeof *state);
    state->last_event_at = INSTANT_NONE;
    state->start = state->ended = state->started = state->last_contact = state->paused_since = state->changed_on = DAY_NONE;
    state->pathway = PATHWAY_NONE;
}

bool wait_state_is_excluded(const struct wait_state *state, const struct names *names) {
    if (state->stage != STAGE_CLOSED)
        return false;
    struct text reason = names_text(names, state->end_code);
    return text_is(reason, "recorded_in_error") || text_is(reason, "duplicate");
}

/* Writes the dimensions as "name=value;…" sorted by name, those of the event in place of older ones with the same name. */
struct dimension_list {
    size_t count;
    struct event_dimension at[EVENT_DIMENSIONS_MAX];
};

static void put_dimension(struct dimension_list *list, struct event_dimension dimension) {
    size_t place = 0;
    while (place < list->count && text_compare(list->at[place].name, dimension.name) < 0)
        place++;
    if (place < list->count && text_equal(list->at[place].name, dimension.name)) {
        list->at[place] = dimension;
        return;
    }
    if (list->count == EVENT_DIMENSIONS_MAX)
        return; /* the limit of one event is the limit of the wait: the first sixteen names stay */
    memmove(&list->at[place + 1], &list->at[place], (list->count - place) * sizeof list->at[0]);
    list->at[place] = dimension;
    list->count++;
}

static void read_dimensions(struct text text, struct dimension_list *list) {
    const char *at = text.at;
    const char *end = text.at + text.length;
    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        const char *semicolon = memchr(equals, ';', (size_t)(end - equals));
        const char *stop = semicolon == NULL ? end : semicolon;
        list->at[list->count++] = (struct event_dimension){{at, (uint32_t)(equals - at)}, {equals + 1, (uint32_t)(stop - equals - 1)}};
        at = stop + 1;
    }
}

static uint32_t intern_dimensions(struct names *names, const struct dimension_list *list) {
    char text[DIMENSIONS_TEXT_MAX];
    uint32_t length = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            text[length++] = ';';
        memcpy(text + length, list->at[i].name.at, list->at[i].name.length);
        length += list->at[i].name.length;
        text[length++] = '=';
        memcpy(text + length, list->at[i].value.at, list->at[i].value.length);
        length += list->at[i].value.length;
        names_intern(names, list->at[i].value); /* so that a filter or a grouping knows it by number */
    }
    return list->count == 0 ? NAME_ABSENT : names_intern(names, (struct text){text, length});
}

static void merge_dimensions(struct wait_state *state, const struct event *event, struct names *names) {
    if (event->dimension_count == 0)
        return;
    struct dimension_list list = {0};
    if (state->dimensions != NAME_ABSENT)
        read_dimensions(names_text(names, state->dimensions), &list);
    for (uint8_t i = 0; i < event->dimension_count; i++)
        put_dimension(&list, event->dimensions[i]);
    state->dimensions = intern_dimensions(names, &list);
}

static void set_given_fields(struct wait_state *state, const struct event *event, struct names *names) {
    if (event->district.at != NULL)
        state->district = names_intern(names, event->district);
    if (event->client_group.at != NULL)
        state->client_group = names_intern(names, event->client_group);
    if (event->priority != 0)
        state->priority = event->priority;
    if (event->impact != 0)
        state->impact = event->impact;
    if (event->likelihood != 0)
        state->likelihood = event->likelihood;
    merge_dimensions(state, event, names);
}

static enum effect open_wait(struct wait_state *state, const struct event *event, const struct fold *fold) {
    if (state->stage != STAGE_NONE)
        return EFFECT_DUPLICATE_REFERRAL;
    state->pathway = fold->pathway_number(fold->context, event->pathway);
    state->stage = STAGE_UNALLOCATED;
    state->team = names_intern(fold->names, event->team);
    state->person = fold->keep_person == NULL ? NAME_ABSENT : fold->keep_person(fold->keeper, event->person);
    state->start = event->clock_start != DAY_NONE ? event->clock_start : calendar_day_of(fold->calendar, event->time);
    set_given_fields(state, event, fold->names);
    return EFFECT_APPLIED;
}

static void clear_worker(struct wait_state *state) {
    state->worker = NAME_ABSENT;
    if (state->stage == STAGE_ALLOCATED)
        state->stage = STAGE_UNALLOCATED;
}

static enum effect transfer(struct wait_state *state, const struct event *event, struct names *names) {
    state->team = names_intern(names, event->team);
    if (event->district.at != NULL)
        state->district = names_intern(names, event->district);
    clear_worker(state);
    return EFFECT_APPLIED;
}

static enum effect allocate(struct wait_state *state, const struct event *event, struct names *names) {
    state->worker = names_intern(names, event->worker);
    if (state->stage == STAGE_UNALLOCATED)
        state->stage = STAGE_ALLOCATED;
    return EFFECT_APPLIED;
}

static enum effect unallocate(struct wait_state *state) {
    if (state->worker == NAME_ABSENT)
        return EFFECT_NOT_ALLOCATED;
    clear_worker(state);
    return EFFECT_APPLIED;
}

/* The days d with pause day < d <= `until` that lie after the start. */
static void count_pause(const struct wait_state *state, day_t until, const struct calendar *calendar, uint16_t *days, uint16_t *working) {
    day_t from = state->paused_since > state->start ? state->paused_since : state->start;
    if (until <= from)
        return;
    *days = (uint16_t)(*days + until - from); /* the calendar's table is shorter than 65,536 days */
    *working = (uint16_t)(*working + calendar_working_index(calendar, until) - calendar_working_index(calendar, from));
}

static void close_pause(struct wait_state *state, day_t day, const struct calendar *calendar) {
    if (state->paused_since == DAY_NONE)
        return;
    count_pause(state, day, calendar, &state->paused_days, &state->paused_working_days);
    state->paused_since = DAY_NONE;
}

static enum effect pause_clock(struct wait_state *state, day_t day) {
    if (state->paused_since != DAY_NONE)
        return EFFECT_ALREADY_PAUSED;
    state->paused_since = day;
    return EFFECT_APPLIED;
}

static enum effect resume_clock(struct wait_state *state, day_t day, const struct calendar *calendar) {
    if (state->paused_since == DAY_NONE)
        return EFFECT_NOT_PAUSED;
    close_pause(state, day, calendar);
    return EFFECT_APPLIED;
}

static enum effect start_assessment(struct wait_state *state, day_t day, const struct calendar *calendar) {
    if (state->stage == STAGE_IN_PROGRESS)
        return EFFECT_ALREADY_STARTED;
    state->stage = STAGE_IN_PROGRESS;
    state->started = day;
    state->paused_days_at_start_of_assessment = state->paused_days;
    state->paused_working_days_at_start_of_assessment = state->paused_working_days;
    if (state->paused_since != DAY_NONE)
        count_pause(state, day, calendar, &state->paused_days_at_start_of_assessment, &state->paused_working_days_at_start_of_assessment);
    return EFFECT_APPLIED;
}

static void end_wait(struct wait_state *state, enum stage stage, day_t day, const struct calendar *calendar) {
    close_pause(state, day, calendar);
    state->stage = (uint8_t)stage;
    state->ended = day;
}

static enum effect complete(struct wait_state *state, const struct event *event, day_t day, const struct fold *fold) {
    if (event->type != fold->pathways[state->pathway]->completes_on)
        return EFFECT_WRONG_COMPLETION;
    end_wait(state, STAGE_COMPLETED, day, fold->calendar);
    state->end_code = names_intern(fold->names, event->outcome);
    return EFFECT_APPLIED;
}

static enum effect close_wait(struct wait_state *state, const struct event *event, day_t day, const struct fold *fold) {
    end_wait(state, STAGE_CLOSED, day, fold->calendar);
    state->end_code = names_intern(fold->names, event->reason);
    return EFFECT_APPLIED;
}

static enum effect reopen(struct wait_state *state) {
    state->stage = STAGE_UNALLOCATED;
    state->worker = state->end_code = NAME_ABSENT;
    state->started = state->ended = DAY_NONE;
    return EFFECT_APPLIED;
}

static enum effect apply_to_open(struct wait_state *state, const struct event *event, day_t day, const struct fold *fold) {
    switch (event->type) {
    case EVENT_REFERRAL_TRIAGED:
        set_given_fields(state, event, fold->names);
        return EFFECT_APPLIED;
    case EVENT_WAIT_TRANSFERRED:
        return transfer(state, event, fold->names);
    case EVENT_WAIT_UNALLOCATED:
        return unallocate(state);
    case EVENT_WAIT_ALLOCATED:
        return allocate(state, event, fold->names);
    case EVENT_WAIT_PAUSED:
        return pause_clock(state, day);
    case EVENT_WAIT_RESUMED:
        return resume_clock(state, day, fold->calendar);
    case EVENT_CONTACT_MADE:
        state->last_contact = day;
        return EFFECT_APPLIED;
    case EVENT_ASSESSMENT_STARTED:
        return start_assessment(state, day, fold->calendar);
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
        return complete(state, event, day, fold);
    case EVENT_WAIT_CLOSED:
        return close_wait(state, event, day, fold);
    case EVENT_WAIT_REOPENED:
    case EVENT_REFERRAL_RECEIVED: /* the callers let none of these three pass */
    case EVENT_RETRACTED:
    case EVENT_TYPE_COUNT:
        break;
    }
    return EFFECT_NOT_ENDED;
}

static bool changes_the_clock(enum event_type type) {
    switch (type) {
    case EVENT_WAIT_TRANSFERRED:
    case EVENT_WAIT_UNALLOCATED:
    case EVENT_WAIT_ALLOCATED:
    case EVENT_CONTACT_MADE:
        return false;
    default:
        return true;
    }
}

static enum effect apply(struct wait_state *state, const struct event *event, day_t day, const struct fold *fold) {
    if (event->type == EVENT_REFERRAL_RECEIVED)
        return open_wait(state, event, fold);
    if (state->stage == STAGE_NONE)
        return EFFECT_NO_REFERRAL;
    bool ended = state->stage == STAGE_COMPLETED || state->stage == STAGE_CLOSED;
    if (ended)
        return event->type == EVENT_WAIT_REOPENED ? reopen(state) : EFFECT_AFTER_END;
    return apply_to_open(state, event, day, fold);
}

enum effect wait_state_apply(struct wait_state *state, const struct event *event, day_t day, const struct fold *fold) {
    ENSURE(event->type < EVENT_RETRACTED);
    if (event->time > state->last_event_at)
        state->last_event_at = event->time;
    enum effect effect = apply(state, event, day, fold);
    if (effect_is_exception(effect)) {
        if (state->exceptions < UINT16_MAX)
            state->exceptions++;
    } else if (changes_the_clock(event->type)) {
        state->changed_on = day;
    }
    return effect;
}
