/* A small council for the checks of the core: a calendar like England's, a policy, a journal in memory, and short ways to send and to look.
 */
#ifndef WAITLIST_TESTS_CORE_WORLD_H
#define WAITLIST_TESTS_CORE_WORLD_H

#include "daemon/core/register.h"
#include "daemon/core/selection.h"

#include <check.h>

struct world;

/* What to send; what is absent gets a default: source "council", an id of its own, pathway "needs_assessment", team "A", worker "worker-1",
 * reason "other" of closing and pausing. Exactly one of `on` (a date: 09:00 local) and `time` (RFC 3339) is given. */
struct sent {
    enum event_type type;
    const char *subject;
    const char *on;
    const char *time;
    const char *source;
    const char *id;
    const char *sequence;
    const char *pathway;
    const char *team;
    const char *person;
    const char *district;
    const char *client_group;
    const char *worker;
    const char *reason;
    const char *outcome;
    const char *clock_start;
    const char *dimensions; /* "name=value;name=value" */
    const char *retracts;   /* the id that never happened */
    const char *retracts_source;
    uint8_t priority;
    uint8_t impact;
    uint8_t likelihood;
};

#define SEND(world, event_type, event_subject, ...)                                                                                        \
    world_send(world, &(struct sent){.type = (event_type), .subject = (event_subject), __VA_ARGS__})
#define REFER(world, event_subject, ...) SEND(world, EVENT_REFERRAL_RECEIVED, event_subject, __VA_ARGS__)
#define TRIAGE(world, event_subject, ...) SEND(world, EVENT_REFERRAL_TRIAGED, event_subject, __VA_ARGS__)
#define TRANSFER(world, event_subject, ...) SEND(world, EVENT_WAIT_TRANSFERRED, event_subject, __VA_ARGS__)
#define UNALLOCATE(world, event_subject, ...) SEND(world, EVENT_WAIT_UNALLOCATED, event_subject, __VA_ARGS__)
#define ALLOCATE(world, event_subject, ...) SEND(world, EVENT_WAIT_ALLOCATED, event_subject, __VA_ARGS__)
#define PAUSE(world, event_subject, ...) SEND(world, EVENT_WAIT_PAUSED, event_subject, __VA_ARGS__)
#define RESUME(world, event_subject, ...) SEND(world, EVENT_WAIT_RESUMED, event_subject, __VA_ARGS__)
#define CONTACT(world, event_subject, ...) SEND(world, EVENT_CONTACT_MADE, event_subject, __VA_ARGS__)
#define START(world, event_subject, ...) SEND(world, EVENT_ASSESSMENT_STARTED, event_subject, __VA_ARGS__)
#define COMPLETE(world, event_subject, ...) SEND(world, EVENT_ASSESSMENT_COMPLETED, event_subject, __VA_ARGS__)
#define CLOSE(world, event_subject, ...) SEND(world, EVENT_WAIT_CLOSED, event_subject, __VA_ARGS__)
#define REOPEN(world, event_subject, ...) SEND(world, EVENT_WAIT_REOPENED, event_subject, __VA_ARGS__)
#define RETRACT(world, event_subject, ...) SEND(world, EVENT_RETRACTED, event_subject, __VA_ARGS__)

/* Calendar days to 2070, midnights like Europe/London's since 1996, the bank holidays of England and Wales of 2024 to 2026. */
struct calendar *world_calendar_create(void);
day_t world_day_of(const char *date);
instant_t world_instant_of(const char *text);

/* The pathways of the world, all with the default alert levels:
 *   needs_assessment  28 days                        excluding          28 days, pauses excluded
 *   prioritised       28 days, P1 2, P3 14           started            28 days, stops on `started`
 *   working           5 working days                 working_excluding  5 working days, pauses excluded
 *   review            28 days, ends on a review      started_excluding  28 days, stops on `started`, pauses excluded */
void world_policy(struct policy *policy);
struct pathway_policy *world_pathway(struct policy *policy, const char *name);

/* A world whose register has begun on `today`, or which waits for world_begin when NULL: what is sent before is replayed. */
struct world *world_create(const char *today);
void world_destroy(struct world **world);
void world_begin(struct world *world, const char *today);
/* To be called before world_begin. */
void world_set_eras(struct world *world, const struct policy_era *eras, size_t count);

/* Accepts the event and settles, unless a turn is held open. Returns its seq. */
uint64_t world_send(struct world *world, const struct sent *sent);
/* What is sent from now on is one turn, until world_settle. */
void world_hold(struct world *world);
void world_settle(struct world *world);
/* Acknowledges in a turn of its own. */
enum acknowledge_result world_acknowledge(struct world *world, const char *subject, uint64_t raised_seq, const char *by, const char *note,
                                          const char *expected_by, uint64_t *alert_seq);
/* The same of an alert of any rule; of those about waits all are one. */
enum acknowledge_result world_acknowledge_rule(struct world *world, enum alert_rule rule, const char *subject, uint64_t raised_seq,
                                               const char *by, const char *note, const char *expected_by, uint64_t *alert_seq);
/* What is about no wait and holds now. */
void world_settle_standing(struct world *world, const struct standing_condition *holding, size_t count);
/* Midnight after midnight until `today`. */
void world_advance(struct world *world, const char *today);
bool world_set_policy(struct world *world, const struct policy *policy, struct text *missing);
/* Throws the register away and builds it anew from the events and the alert log, on `today`; `raise` as register_begin. */
void world_restart(struct world *world, const char *today, bool raise);

/* What the alerts did since the last call, a line each:
 * "raised breach w1 A 29/28 2025-04-30", "moved approaching/7 w1 A>B …", "resolved … completed", " late" at the end of what was raised
 * late, " high by jo note - until 2025-05-02" of what was acknowledged or is overdue. */
const char *world_alerts(struct world *world);
/* The open alerts, a line each, sorted: "breach w1 A 2025-04-30", and the acknowledgement as above, " overdue" behind it. */
const char *world_open_alerts(struct world *world);

/* All these hold until the next call of the same function.
 * "waiting unallocated 28/28 due": status, stage, days/standard, then what applies of "breach", "due", "paused", "no_contact", "early". */
const char *world_brief(struct world *world, const char *subject);
/* The same of the world as it stood at the end of a day, as known now. */
const char *world_brief_at(struct world *world, const char *subject, const char *day);
/* The same of another register over the world's events. */
const char *world_brief_in(struct world *world, const struct waiting_register *reg, const char *subject);
/* "A Burnley older person-1 worker-1 P2 I3 L4 x=y;z=w": team, district, client group, person, worker, the numbers, dimensions; - where
 * absent. */
const char *world_fields(struct world *world, const char *subject);
/* "2025-04-01..2025-04-20 gross 19 paused 3 contact 2025-04-05 reason other outcome -": - where absent. */
const char *world_days(struct world *world, const char *subject);
/* What each event of the wait did, in fold order: "applied not_paused". */
const char *world_effects(struct world *world, const char *subject);
struct wait_view world_view(struct world *world, const char *subject);
/* The register at the end of a day as known now: built from the events alone. It lives until the next call of this or of world_brief_at. */
struct waiting_register *world_register_at(struct world *world, const char *day);
struct waiting_register *world_register(struct world *world);
/* What was accepted, and by what it is judged. */
const struct history_event *world_event(const struct world *world, uint64_t seq);
uint64_t world_event_count(const struct world *world);
const struct calendar *world_calendar(const struct world *world);
const struct policy_era *world_eras(const struct world *world, size_t *count);
/* Everything that passes the filter; NULL: everything. */
struct position world_position(struct waiting_register *reg, const struct wait_filter *filter);
struct wait_filter world_filter(const char *field, const char *value);
/* One line a row: "A/unknown 3". The keys, then how many wait. */
const char *world_rows(struct world *world, const char *fields, const struct wait_filter *filter);

/* Whether `broken` ends the process by memory_broken; the check itself goes on. */
bool world_breaks(void (*broken)(void *context), void *context);

/* Runs the cases of a program: the tests of one check program as an array ended by NULL. */
int world_run(const char *name, const TTest *const *tests);

#endif
