/* The clock of one wait at the end of one day (rules, section 5). */
#ifndef WAITLIST_CORE_CLOCK_H
#define WAITLIST_CORE_CLOCK_H

#include "daemon/core/wait.h"

#define DUE_WITHIN_DAYS 7

enum status { STATUS_NONE, STATUS_WAITING, STATUS_SCHEDULED, STATUS_ENDED, STATUS_EXCLUDED };
#define STATUS_COUNT (STATUS_EXCLUDED + 1)
const char *status_name(enum status status);

/* Lengths in days; `days` and `standard` in the pathway's unit, the others in calendar days. */
struct clock_reading {
    enum status status;
    day_t start;
    day_t stop; /* DAY_NONE while it runs */
    int32_t gross_days;
    int32_t paused_days;
    int32_t days;
    int32_t standard;
    bool is_paused;
    bool is_frozen; /* paused on a pathway that excludes pauses: `days` stand still */
    bool breach;
    bool due;
    bool ended_before_start;
    bool stopped_on_started; /* the start of the assessment stopped it, whatever ended the wait later */
    /* While it waits or is scheduled: `days` on day d are index(d) - key, index as clock_index; while frozen, up to the pause only. */
    int32_t key;
    day_t contact_base;       /* the later of last contact and start */
    int32_t contact_days;     /* calendar days since */
    int32_t contact_interval; /* of the wait's priority: filled in by who knows the policy */
};

/* The number that grows by one with each day that counts in the unit. */
int32_t clock_index(const struct calendar *calendar, enum day_unit unit, day_t day);
/* The first day on which the index is at least `index`. */
day_t clock_day_of_index(const struct calendar *calendar, enum day_unit unit, int32_t index);

/* Reads the clock at the end of `today`. `state` must hold the events up to that day and no later ones, and a referral (else STATUS_NONE).
 * `excluded` as wait_state_is_excluded says over all events. */
void clock_read(const struct wait_state *state, bool excluded, const struct pathway_policy *pathway, const struct calendar *calendar,
                day_t today, struct clock_reading *reading);

/* It waits, and its interval has passed since the later of last contact and start. */
bool clock_has_no_contact(const struct clock_reading *reading);
/* The first day on which `days` are at least `threshold` if nothing happens; DAY_NONE when that never comes (ended, or frozen below it). */
day_t clock_day_reaching(const struct clock_reading *reading, const struct pathway_policy *pathway, const struct calendar *calendar,
                         int32_t threshold);

#endif
