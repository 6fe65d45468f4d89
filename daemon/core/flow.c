/* The transitions of one wait, by the day they count on. */
#include "daemon/core/flow.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

enum { MARKS_KEPT = 64 };

/* A transition before it is known whose values it belongs to. FLOW_TRANSFERRED_IN stands for both sides of a change of team. */
struct mark {
    enum flow_kind kind;
    day_t day;
    size_t order; /* of noting: marks of one day keep it */
    uint32_t reason;
};

struct marks {
    struct mark kept[MARKS_KEPT];
    struct mark *at;
    size_t count;
    size_t capacity;
};

static void note(struct marks *marks, enum flow_kind kind, day_t day, uint32_t reason) {
    if (marks->count == marks->capacity) {
        size_t capacity = marks->capacity * 2;
        struct mark *grown = memory_new(capacity, sizeof *grown);
        for (size_t i = 0; i < marks->count; i++)
            grown[i] = marks->at[i];
        if (marks->at != marks->kept)
            free(marks->at);
        marks->at = grown;
        marks->capacity = capacity;
    }
    marks->at[marks->count] = (struct mark){kind, day, marks->count, reason};
    marks->count++;
}

static int compare_marks(const void *left, const void *right) {
    const struct mark *a = left;
    const struct mark *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static day_t day_of(const struct look_back *look_back, const struct history_event *event) {
    return calendar_day_of(look_back->fold->calendar, event_effective_time(&event->event, look_back->fold->calendar));
}

static day_t stop_of(const struct look_back *look_back, const struct wait_state *state) {
    if (state->stage == STAGE_NONE)
        return DAY_NONE;
    bool on_started = look_back->fold->pathways[state->pathway]->stops_on == STOP_ON_STARTED && state->started != DAY_NONE;
    return on_started ? state->started : state->ended;
}

/* Beginnings that wait for the day they count on: the start day or the first stop; the reopening or the next stop. */
struct pending {
    bool started;
    bool reopened;
    day_t reopened_on;
};

static void settle_pending(struct marks *marks, struct pending *pending, const struct wait_state *state, day_t at_the_latest) {
    if (pending->started)
        note(marks, FLOW_STARTED, state->start < at_the_latest ? state->start : at_the_latest, NAME_ABSENT);
    if (pending->reopened) {
        day_t day = pending->reopened_on > state->start ? pending->reopened_on : state->start;
        note(marks, FLOW_REOPENED, day < at_the_latest ? day : at_the_latest, NAME_ABSENT);
    }
    pending->started = pending->reopened = false;
}

static void note_event(const struct look_back *look_back, struct marks *marks, struct pending *pending, struct wait_state *state,
                       const struct event *event, day_t day) {
    day_t stop_before = stop_of(look_back, state);
    bool was_open = state->stage != STAGE_NONE;
    if (effect_is_exception(wait_state_apply(state, event, day, look_back->fold)))
        return;
    day_t stop = stop_of(look_back, state);
    if (!was_open)
        pending->started = true;
    if (event->type == EVENT_CONTACT_MADE)
        note(marks, FLOW_CONTACT, day, NAME_ABSENT);
    if (event->type == EVENT_WAIT_TRANSFERRED)
        note(marks, FLOW_TRANSFERRED_IN, day, NAME_ABSENT);
    if (stop_before == DAY_NONE && stop != DAY_NONE) {
        settle_pending(marks, pending, state, stop);
        bool removal = state->stage == STAGE_CLOSED;
        note(marks, removal ? FLOW_CLOSED : FLOW_COMPLETED, stop, removal ? state->end_code : NAME_ABSENT);
    } else if (stop_before != DAY_NONE && stop == DAY_NONE) {
        pending->reopened = true;
        pending->reopened_on = day;
    }
}

static void collect_marks(const struct look_back *look_back, const struct wait_history *history, struct marks *marks,
                          struct wait_state *final) {
    struct pending pending = {false, false, DAY_NONE};
    wait_state_init(final);
    for (size_t i = 0; i < history->count; i++)
        note_event(look_back, marks, &pending, final, &history->events[i]->event, day_of(look_back, history->events[i]));
    settle_pending(marks, &pending, final, INT32_MAX);
    if (marks->count > 1)
        qsort(marks->at, marks->count, sizeof *marks->at, compare_marks);
}

/* The rules of the wait's pathway on a day: those of the policy then in force, or as near as there were any. */
static const struct pathway_policy *pathway_on(const struct look_back *look_back, const struct wait_state *state, day_t day) {
    struct text name = text_of(look_back->fold->pathways[state->pathway]->name);
    const struct pathway_policy *pathway = alert_earliest_pathway(look_back, name);
    for (size_t i = 0; i < look_back->era_count; i++) {
        int index = policy_pathway_index(look_back->eras[i].policy, name);
        if (i > 0 && look_back->eras[i].from > day)
            break;
        if (index >= 0)
            pathway = &look_back->eras[i].policy->pathways[index];
    }
    return pathway;
}

static bool waits_on(const struct look_back *look_back, const struct wait_state *state, day_t day) {
    return state->stage != STAGE_NONE && stop_of(look_back, state) == DAY_NONE && state->start <= day;
}

/* The wait at the end of two days that follow each other. */
struct two_days {
    struct wait_state before;
    struct wait_state now;
};

static void tell_transfer(const struct look_back *look_back, const struct two_days *days, day_t day,
                          void (*each)(void *context, const struct flow_transition *transition), void *context) {
    if (!waits_on(look_back, &days->before, day - 1) || days->before.team == days->now.team)
        return;
    each(context, &(struct flow_transition){.kind = FLOW_TRANSFERRED_OUT, .day = day, .state = &days->before});
    each(context, &(struct flow_transition){.kind = FLOW_TRANSFERRED_IN, .day = day, .state = &days->now});
}

static void tell_mark(const struct look_back *look_back, const struct mark *mark, const struct wait_state *state,
                      void (*each)(void *context, const struct flow_transition *transition), void *context) {
    struct flow_transition transition = {.kind = mark->kind, .day = mark->day, .state = state, .reason = mark->reason};
    if (mark->kind == FLOW_COMPLETED) {
        struct clock_reading reading;
        clock_read(state, false, pathway_on(look_back, state, mark->day), look_back->fold->calendar, mark->day, &reading);
        transition.days = reading.days;
        transition.within_standard = reading.days <= reading.standard;
    }
    each(context, &transition);
}

/* Gives each mark of the range the values of the end of its day. */
static void tell_marks(const struct look_back *look_back, const struct wait_history *history, const struct marks *marks, day_t from,
                       day_t to, void (*each)(void *context, const struct flow_transition *transition), void *context) {
    struct two_days days;
    wait_state_init(&days.before);
    wait_state_init(&days.now);
    size_t next = 0;
    day_t shown = DAY_NONE, transferred = DAY_NONE;
    for (size_t i = 0; i < marks->count && marks->at[i].day <= to; i++) {
        const struct mark *mark = &marks->at[i];
        if (mark->day < from)
            continue;
        if (mark->day != shown) {
            for (; next < history->count && day_of(look_back, history->events[next]) < mark->day; next++)
                wait_state_apply(&days.now, &history->events[next]->event, day_of(look_back, history->events[next]), look_back->fold);
            days.before = days.now;
            for (; next < history->count && day_of(look_back, history->events[next]) == mark->day; next++)
                wait_state_apply(&days.now, &history->events[next]->event, mark->day, look_back->fold);
            shown = mark->day;
        }
        if (mark->kind != FLOW_TRANSFERRED_IN)
            tell_mark(look_back, mark, &days.now, each, context);
        else if (mark->day != transferred)
            tell_transfer(look_back, &days, transferred = mark->day, each, context);
    }
}

void flow_of_wait(const struct look_back *look_back, const struct wait_history *history, day_t from, day_t to,
                  void (*each)(void *context, const struct flow_transition *transition), void *context) {
    struct wait_state final;
    struct marks marks = {.capacity = MARKS_KEPT};
    marks.at = marks.kept;
    collect_marks(look_back, history, &marks, &final);
    if (final.stage != STAGE_NONE && !wait_state_is_excluded(&final, look_back->fold->names))
        tell_marks(look_back, history, &marks, from, to, each, context);
    if (marks.at != marks.kept)
        free(marks.at);
}
