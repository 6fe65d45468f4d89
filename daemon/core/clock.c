/* The clock of one wait at the end of one day. */
#include "daemon/core/clock.h"

#include <string.h>

const char *status_name(enum status status) {
    static const char *const names[STATUS_COUNT] = {"", "waiting", "scheduled", "ended", "excluded"};
    return names[status];
}

int32_t clock_index(const struct calendar *calendar, enum day_unit unit, day_t day) {
    return unit == UNIT_WORKING_DAYS ? calendar_working_index(calendar, day) : day;
}

day_t clock_day_of_index(const struct calendar *calendar, enum day_unit unit, int32_t index) {
    return unit == UNIT_WORKING_DAYS ? calendar_day_of_working_index(calendar, index) : index;
}

static int32_t at_least_zero(int32_t value) {
    return value > 0 ? value : 0;
}

struct paused {
    int32_t days;
    int32_t working_days;
};

/* Paused days among the days counted up to `end`: those of closed pauses, and of the open one. */
static struct paused paused_until(const struct wait_state *state, bool stopped_on_started, day_t end, const struct calendar *calendar) {
    if (stopped_on_started)
        return (struct paused){state->paused_days_at_start_of_assessment, state->paused_working_days_at_start_of_assessment};
    struct paused paused = {state->paused_days, state->paused_working_days};
    if (state->paused_since != DAY_NONE) {
        day_t from = state->paused_since > state->start ? state->paused_since : state->start;
        if (end > from) {
            paused.days += end - from;
            paused.working_days += calendar_working_index(calendar, end) - calendar_working_index(calendar, from);
        }
    }
    return paused;
}

static enum status status_of(const struct clock_reading *reading, bool excluded, day_t today) {
    if (excluded)
        return STATUS_EXCLUDED;
    if (reading->stop != DAY_NONE)
        return STATUS_ENDED;
    return reading->start <= today ? STATUS_WAITING : STATUS_SCHEDULED;
}

void clock_read(const struct wait_state *state, bool excluded, const struct pathway_policy *pathway, const struct calendar *calendar,
                day_t today, struct clock_reading *reading) {
    memset(reading, 0, sizeof *reading);
    reading->start = reading->stop = DAY_NONE;
    if (state->stage == STAGE_NONE)
        return;
    bool stopped_on_started = pathway->stops_on == STOP_ON_STARTED && state->started != DAY_NONE;
    reading->stopped_on_started = stopped_on_started;
    bool excludes = pathway->pauses == PAUSES_EXCLUDE;
    reading->start = state->start;
    reading->stop = stopped_on_started ? state->started : state->ended;
    reading->status = status_of(reading, excluded, today);
    day_t end = reading->stop != DAY_NONE ? reading->stop : today;
    struct paused paused = paused_until(state, stopped_on_started, end, calendar);
    int32_t counted =
        end > state->start ? clock_index(calendar, pathway->unit, end) - clock_index(calendar, pathway->unit, state->start) : 0;
    int32_t paused_in_unit = pathway->unit == UNIT_WORKING_DAYS ? paused.working_days : paused.days;
    reading->gross_days = at_least_zero(end - state->start);
    reading->paused_days = paused.days;
    reading->days = excludes ? counted - paused_in_unit : counted;
    reading->standard = policy_standard(pathway, state->priority);
    reading->contact_base = state->last_contact > state->start ? state->last_contact : state->start;
    reading->contact_days = today - reading->contact_base;
    reading->ended_before_start = reading->stop != DAY_NONE && reading->stop < reading->start;
    if (reading->status != STATUS_WAITING && reading->status != STATUS_SCHEDULED)
        return;
    reading->is_paused = state->paused_since != DAY_NONE;
    reading->is_frozen = reading->is_paused && excludes;
    int32_t closed_pauses = pathway->unit == UNIT_WORKING_DAYS ? state->paused_working_days : state->paused_days;
    reading->key = clock_index(calendar, pathway->unit, state->start) + (excludes ? closed_pauses : 0);
    if (reading->status != STATUS_WAITING)
        return;
    reading->breach = reading->days > reading->standard;
    reading->due = !reading->breach && !reading->is_frozen &&
                   clock_index(calendar, pathway->unit, today + DUE_WITHIN_DAYS) - reading->key > reading->standard;
}

day_t clock_day_reaching(const struct clock_reading *reading, const struct pathway_policy *pathway, const struct calendar *calendar,
                         int32_t threshold) {
    if (reading->status != STATUS_WAITING && reading->status != STATUS_SCHEDULED)
        return DAY_NONE;
    if (reading->is_frozen && reading->days < threshold)
        return DAY_NONE;
    day_t day = clock_day_of_index(calendar, pathway->unit, reading->key + threshold);
    return day > reading->start ? day : reading->start;
}

bool clock_has_no_contact(const struct clock_reading *reading) {
    return reading->status == STATUS_WAITING && reading->contact_days > reading->contact_interval;
}
