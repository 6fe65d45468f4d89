/* The types of events, their effective time and their order (rules, section 2). */
#include "daemon/core/event.h"

struct event_type_row {
    const char *name;
    int rank;
};

static const struct event_type_row types[EVENT_TYPE_COUNT] = {
    [EVENT_REFERRAL_RECEIVED] = {"asc.referral.received", 0},
    [EVENT_REFERRAL_TRIAGED] = {"asc.referral.triaged", 1},
    [EVENT_WAIT_TRANSFERRED] = {"asc.wait.transferred", 2},
    [EVENT_WAIT_UNALLOCATED] = {"asc.wait.unallocated", 3},
    [EVENT_WAIT_ALLOCATED] = {"asc.wait.allocated", 4},
    [EVENT_WAIT_PAUSED] = {"asc.wait.paused", 5},
    [EVENT_WAIT_RESUMED] = {"asc.wait.resumed", 6},
    [EVENT_CONTACT_MADE] = {"asc.contact.made", 7},
    [EVENT_ASSESSMENT_STARTED] = {"asc.assessment.started", 8},
    [EVENT_ASSESSMENT_COMPLETED] = {"asc.assessment.completed", 9},
    [EVENT_REVIEW_COMPLETED] = {"asc.review.completed", 9},
    [EVENT_SERVICE_STARTED] = {"asc.service.started", 9},
    [EVENT_WAIT_CLOSED] = {"asc.wait.closed", 10},
    [EVENT_WAIT_REOPENED] = {"asc.wait.reopened", 11},
    [EVENT_RETRACTED] = {"asc.event.retracted", 12},
};

const char *event_type_name(enum event_type type) {
    return types[type].name;
}

int event_type_rank(enum event_type type) {
    return types[type].rank;
}

enum event_type event_type_of(struct text name) {
    for (int type = 0; type < EVENT_TYPE_COUNT; type++)
        if (text_is(name, types[type].name))
            return (enum event_type)type;
    return EVENT_TYPE_COUNT;
}

instant_t event_effective_time(const struct event *event, const struct calendar *calendar) {
    if (event->type != EVENT_REFERRAL_RECEIVED || event->clock_start == DAY_NONE)
        return event->time;
    instant_t start = calendar_day_start(calendar, event->clock_start);
    return start < event->time ? start : event->time;
}

int event_compare(const struct event *a, const struct event *b, const struct calendar *calendar) {
    instant_t time_a = event_effective_time(a, calendar);
    instant_t time_b = event_effective_time(b, calendar);
    if (time_a != time_b)
        return time_a < time_b ? -1 : 1;
    int order = text_compare(a->sequence, b->sequence);
    if (order == 0)
        order = event_type_rank(a->type) - event_type_rank(b->type);
    if (order == 0)
        order = text_compare(a->source, b->source);
    return order != 0 ? order : text_compare(a->id, b->id);
}
