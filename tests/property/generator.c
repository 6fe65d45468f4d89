/* Random councils and histories. */
#include "tests/property/generator.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE 60000
#define HOUR (60 * MINUTE)
#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

enum { LAST_YEAR = 2040 };

struct random random_of(uint64_t seed) {
    return (struct random){seed};
}

/* splitmix64: S. Vigna's public-domain mixing of a counter. */
uint64_t random_next(struct random *random) {
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t random_below(struct random *random, uint32_t bound) {
    return (uint32_t)(random_next(random) % bound);
}

int32_t random_between(struct random *random, int32_t low, int32_t high) {
    return low + (int32_t)random_below(random, (uint32_t)(high - low + 1));
}

bool random_chance(struct random *random, uint32_t percent) {
    return random_below(random, 100) < percent;
}

/* The last Sunday of the month. */
static day_t last_sunday(int year, int month) {
    day_t day = day_from_civil(year, month, 31);
    return day - (day_of_week(day) + 1) % 7;
}

/* Europe/London as it is since 1981: summer time between the last Sundays of March and October. The years before follow the same rule. */
static instant_t london_midnight(day_t day) {
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    bool is_summer = day > last_sunday(year, 3) && day <= last_sunday(year, 10);
    return (instant_t)day * 24 * HOUR - (is_summer ? HOUR : 0);
}

/* England and Wales, 2024 to 2026 (GOV.UK). */
static const struct {
    int year, month, date;
} holiday_dates[] = {{2024, 1, 1},   {2024, 3, 29},  {2024, 4, 1},   {2024, 5, 6},   {2024, 5, 27},  {2024, 8, 26},
                     {2024, 12, 25}, {2024, 12, 26}, {2025, 1, 1},   {2025, 4, 18},  {2025, 4, 21},  {2025, 5, 5},
                     {2025, 5, 26},  {2025, 8, 25},  {2025, 12, 25}, {2025, 12, 26}, {2026, 1, 1},   {2026, 4, 3},
                     {2026, 4, 6},   {2026, 5, 4},   {2026, 5, 25},  {2026, 8, 31},  {2026, 12, 25}, {2026, 12, 28}};

void world_create(struct world *world) {
    size_t count = (size_t)day_from_civil(LAST_YEAR, 1, 1);
    day_t *holidays = calloc(COUNT_OF(holiday_dates), sizeof *holidays);
    world->midnights = calloc(count, sizeof *world->midnights);
    if (holidays == NULL || world->midnights == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        world->midnights[i] = london_midnight((day_t)i);
    for (size_t i = 0; i < COUNT_OF(holiday_dates); i++)
        holidays[i] = day_from_civil(holiday_dates[i].year, holiday_dates[i].month, holiday_dates[i].date);
    world->tables = (struct calendar_tables){world->midnights, count, holidays, COUNT_OF(holiday_dates)};
    world->calendar = calendar_create(&world->tables);
}

void world_destroy(struct world *world) {
    calendar_destroy(&world->calendar);
    free(world->midnights);
    free((void *)(uintptr_t)world->tables.holidays);
}

struct pool generator_teams(void) {
    static const char *const names[] = {"north", "south", "n", "unknown"};
    return (struct pool){names, COUNT_OF(names)};
}

struct pool generator_districts(void) {
    static const char *const names[] = {"Burnley", "Hyndburn", "unknown"};
    return (struct pool){names, COUNT_OF(names)};
}

struct pool generator_groups(void) {
    static const char *const names[] = {"older", "learning", "unknown"};
    return (struct pool){names, COUNT_OF(names)};
}

struct pool generator_workers(void) {
    static const char *const names[] = {"w1", "w2", "unknown"};
    return (struct pool){names, COUNT_OF(names)};
}

struct pool generator_dimensions(void) {
    static const char *const names[] = {"area", "are", "deprivation", "z"};
    return (struct pool){names, COUNT_OF(names)};
}

struct pool generator_values(void) {
    static const char *const names[] = {"a", "b", "area", "unknown"};
    return (struct pool){names, COUNT_OF(names)};
}

/* One is the beginning of another, and their order as bytes is not the order of their making. */
struct pool generator_subjects(void) {
    static const char *const names[HISTORY_WAITS_MAX] = {"w/2", "w/1", "w/10", "W/1", "x", "a:9", "w", "q-1", "b.b", "w/11", "z_", "~none"};
    return (struct pool){names, COUNT_OF(names)};
}

static struct pool sources(void) {
    static const char *const names[] = {"lcs", "mosaic", "lc"};
    return (struct pool){names, COUNT_OF(names)};
}

static struct pool people(void) {
    static const char *const names[] = {"p1", "p2", "p3"};
    return (struct pool){names, COUNT_OF(names)};
}

static struct pool sequences(void) {
    static const char *const names[] = {"", "0", "1", "10", "2", "a"};
    return (struct pool){names, COUNT_OF(names)};
}

static struct pool reasons(void) {
    static const char *const names[] = {"withdrawn", "died", "duplicate", "recorded_in_error", "other", "duplicate", "signposted"};
    return (struct pool){names, COUNT_OF(names)};
}

struct text pool_pick(struct random *random, struct pool pool) {
    return text_of(pool.names[random_below(random, pool.count)]);
}

static struct text pick_or_absent(struct random *random, struct pool pool, uint32_t percent) {
    return random_chance(random, percent) ? pool_pick(random, pool) : TEXT_ABSENT;
}

static void make_rule(struct random *random, struct alert_rule_policy *rule, const int32_t *levels, uint32_t level_count) {
    rule->enabled = random_chance(random, 85);
    rule->severity = (enum severity)random_below(random, 4);
    for (uint32_t i = 0; i < level_count; i++)
        if (random_chance(random, 60))
            rule->levels[rule->level_count++] = levels[i];
}

static void make_pathway(struct random *random, const char *name, enum event_type completes_on, struct pathway_policy *pathway) {
    static const int32_t standards[] = {1, 2, 3, 5, 7, 10, 14, 28};
    static const int32_t approaching[] = {7, 1, 3, 14, 2};
    static const int32_t escalation[] = {6, 42, 12, 30, 15};
    memset(pathway, 0, sizeof *pathway);
    snprintf(pathway->name, sizeof pathway->name, "%s", name);
    pathway->standard_days = standards[random_below(random, COUNT_OF(standards))];
    for (int priority = 1; priority < PRIORITY_COUNT; priority++)
        if (random_chance(random, 40))
            pathway->standard_by_priority[priority] = standards[random_below(random, COUNT_OF(standards))];
    pathway->unit = random_chance(random, 40) ? UNIT_WORKING_DAYS : UNIT_CALENDAR_DAYS;
    pathway->pauses = random_chance(random, 50) ? PAUSES_EXCLUDE : PAUSES_COUNT;
    pathway->stops_on = random_chance(random, 40) ? STOP_ON_STARTED : STOP_ON_END;
    pathway->completes_on = completes_on;
    make_rule(random, &pathway->approaching, approaching, COUNT_OF(approaching));
    make_rule(random, &pathway->breach, NULL, 0);
    make_rule(random, &pathway->escalation, escalation, COUNT_OF(escalation));
    make_rule(random, &pathway->contact_overdue, NULL, 0);
}

static void make_policy(struct random *random, struct policy *policy, const struct policy *before) {
    static const char *const names[] = {"needs", "review", "ot", "carers", "dols"};
    static const enum event_type types[] = {EVENT_ASSESSMENT_COMPLETED, EVENT_REVIEW_COMPLETED, EVENT_SERVICE_STARTED};
    memset(policy, 0, sizeof *policy);
    policy->pathway_count = before != NULL ? before->pathway_count : 2 + random_below(random, 4);
    for (size_t i = 0; i < policy->pathway_count; i++) {
        /* A later policy lists the same pathways in another order, mostly completing as before. */
        size_t from = before != NULL ? policy->pathway_count - 1 - i : i;
        const char *name = before != NULL ? before->pathways[from].name : names[from];
        enum event_type type = before != NULL && !random_chance(random, 20) ? before->pathways[from].completes_on
                                                                            : types[random_below(random, COUNT_OF(types))];
        if (before != NULL && random_chance(random, 40))
            policy->pathways[i] = before->pathways[from];
        else
            make_pathway(random, name, type, &policy->pathways[i]);
    }
    policy->contact_interval_days = random_between(random, 1, 28);
    for (int priority = 1; priority < PRIORITY_COUNT; priority++)
        if (random_chance(random, 30))
            policy->contact_by_priority[priority] = random_between(random, 1, 14);
    int32_t edge = 0;
    policy->band_count = random_below(random, 8);
    for (size_t i = 0; i < policy->band_count; i++)
        policy->bands[i] = edge += random_between(random, 1, 9);
}

/* How one history is made. */
struct making {
    struct history *history;
    const struct world *world;
    struct random random;
    day_t today;
    uint32_t wait_count;
    uint32_t planned; /* events */
    uint32_t in_order_percent;
    int32_t reach; /* how many days back an event may lie */
    uint32_t sequence_percent;
    uint32_t reuse_percent; /* of an instant of an earlier event */
};

static instant_t time_on(struct making *making, day_t day) {
    instant_t from = making->world->midnights[day];
    instant_t to = making->world->midnights[day + 1];
    switch (random_below(&making->random, 9)) {
    case 0:
        return from;
    case 1:
        return to - 1;
    case 2:
        return from + 1;
    case 3:
        return to - 30 * MINUTE;
    case 4:
        return from + 30 * MINUTE;
    case 5:
        return from + HOUR;
    case 6:
        return from + 9 * HOUR;
    default:
        return from + (instant_t)(random_next(&making->random) % (uint64_t)(to - from));
    }
}

static instant_t make_time(struct making *making) {
    struct random *random = &making->random;
    struct history *history = making->history;
    if (history->event_count > 0 && random_chance(random, making->reuse_percent))
        return history->events[random_below(random, (uint32_t)history->event_count)].time + random_between(random, -1, 1);
    if (random_chance(random, 5))
        return making->world->midnights[making->today + 1] + random_between(random, 0, 5) * MINUTE;
    if (random_chance(random, making->in_order_percent))
        return time_on(making, making->today);
    if (random_chance(random, 1))
        return time_on(making, making->today - random_between(random, 0, 900));
    return time_on(making, making->today - random_between(random, 0, making->reach));
}

static enum event_type make_type(struct random *random) {
    static const enum event_type types[] = {
        EVENT_REFERRAL_RECEIVED, EVENT_REFERRAL_RECEIVED, EVENT_REFERRAL_RECEIVED,  EVENT_REFERRAL_TRIAGED,   EVENT_REFERRAL_TRIAGED,
        EVENT_WAIT_TRANSFERRED,  EVENT_WAIT_TRANSFERRED,  EVENT_WAIT_UNALLOCATED,   EVENT_WAIT_ALLOCATED,     EVENT_WAIT_ALLOCATED,
        EVENT_WAIT_PAUSED,       EVENT_WAIT_PAUSED,       EVENT_WAIT_PAUSED,        EVENT_WAIT_RESUMED,       EVENT_WAIT_RESUMED,
        EVENT_WAIT_RESUMED,      EVENT_CONTACT_MADE,      EVENT_ASSESSMENT_STARTED, EVENT_ASSESSMENT_STARTED, EVENT_ASSESSMENT_COMPLETED,
        EVENT_REVIEW_COMPLETED,  EVENT_SERVICE_STARTED,   EVENT_WAIT_CLOSED,        EVENT_WAIT_CLOSED,        EVENT_WAIT_REOPENED,
        EVENT_WAIT_REOPENED,     EVENT_WAIT_REOPENED,     EVENT_RETRACTED,          EVENT_RETRACTED,          EVENT_RETRACTED,
    };
    return types[random_below(random, COUNT_OF(types))];
}

static void make_dimensions(struct random *random, struct event *event) {
    struct pool names = generator_dimensions();
    for (uint32_t i = 0; i < names.count; i++)
        if (random_chance(random, 30))
            event->dimensions[event->dimension_count++] =
                (struct event_dimension){text_of(names.names[i]), pool_pick(random, generator_values())};
}

static void make_fields(struct random *random, struct event *event) {
    event->priority = random_chance(random, 50) ? (uint8_t)random_between(random, 1, 4) : 0;
    event->impact = random_chance(random, 30) ? (uint8_t)random_between(random, 1, 5) : 0;
    event->likelihood = random_chance(random, 30) ? (uint8_t)random_between(random, 1, 5) : 0;
    event->client_group = pick_or_absent(random, generator_groups(), 30);
    event->district = pick_or_absent(random, generator_districts(), 30);
    if (random_chance(random, 30))
        make_dimensions(random, event);
}

static day_t make_clock_start(struct making *making, instant_t time) {
    struct random *random = &making->random;
    if (random_chance(random, 60))
        return DAY_NONE;
    day_t day = calendar_day_of(making->world->calendar, time);
    if (random_chance(random, 2))
        return day + random_between(random, -800, 700);
    return random_chance(random, 30) ? day + random_between(random, -1, 1) : day + random_between(random, -30, 30);
}

static void make_referral(struct making *making, struct event *event) {
    struct random *random = &making->random;
    make_fields(random, event);
    const struct policy *policy = &making->history->policies[0];
    event->pathway = text_of(policy->pathways[random_below(random, (uint32_t)policy->pathway_count)].name);
    event->team = pool_pick(random, generator_teams());
    event->person = pool_pick(random, people());
    event->clock_start = make_clock_start(making, event->time);
}

/* Of an event that came, that will come, of itself, of a retraction, or of none. */
static void make_retraction(struct making *making, struct event *event) {
    struct random *random = &making->random;
    const struct history *history = making->history;
    size_t count = history->event_count;
    uint32_t target = random_below(random, making->planned);
    if (count > 0 && random_chance(random, 75))
        target =
            count > 3 && random_chance(random, 50) ? (uint32_t)count - 1 - random_below(random, 3) : random_below(random, (uint32_t)count);
    event->retracts_id = text_of(random_chance(random, 3) ? "nobody" : history->ids[target]);
    event->retracts_source = target < count && random_chance(random, 90) ? history->events[target].source : pool_pick(random, sources());
}

static void make_details(struct making *making, struct event *event) {
    struct random *random = &making->random;
    switch (event->type) {
    case EVENT_REFERRAL_RECEIVED:
        make_referral(making, event);
        break;
    case EVENT_REFERRAL_TRIAGED:
        make_fields(random, event);
        break;
    case EVENT_WAIT_TRANSFERRED:
        event->team = pool_pick(random, generator_teams());
        event->district = pick_or_absent(random, generator_districts(), 30);
        break;
    case EVENT_WAIT_ALLOCATED:
        event->worker = pool_pick(random, generator_workers());
        break;
    case EVENT_WAIT_PAUSED:
        event->reason = text_of("in_hospital");
        break;
    case EVENT_CONTACT_MADE:
        event->method = text_of("phone");
        break;
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
        event->outcome = random_chance(random, 50) ? text_of("eligible") : TEXT_ABSENT;
        break;
    case EVENT_WAIT_CLOSED:
        event->reason = pool_pick(random, reasons());
        break;
    case EVENT_RETRACTED:
        make_retraction(making, event);
        break;
    default:
        break;
    }
}

static void push_step(struct making *making, enum step_kind kind, uint32_t number) {
    struct history *history = making->history;
    if (history->step_count < HISTORY_STEPS_MAX)
        history->steps[history->step_count++] = (struct step){kind, number, random_next(&making->random)};
}

static void make_event(struct making *making) {
    struct history *history = making->history;
    struct random *random = &making->random;
    struct event *event = &history->events[history->event_count];
    memset(event, 0, sizeof *event);
    event->clock_start = DAY_NONE;
    event->id = text_of(history->ids[history->event_count]);
    event->source = pool_pick(random, sources());
    event->subject = text_of(generator_subjects().names[random_below(random, making->wait_count)]);
    event->sequence = pick_or_absent(random, sequences(), making->sequence_percent);
    event->time = make_time(making);
    event->type = history->event_count < making->wait_count && random_chance(random, 70) ? EVENT_REFERRAL_RECEIVED : make_type(random);
    make_details(making, event);
    push_step(making, STEP_EVENT, (uint32_t)history->event_count++);
}

static day_t make_first_day(struct random *random) {
    static const struct {
        int year, month, date;
    } days[] = {{2025, 3, 30}, {2025, 10, 26}, {2024, 2, 29}, {2025, 4, 18}, {2024, 12, 25}, {2026, 1, 1}, {2026, 12, 28}, {2030, 3, 31}};
    uint32_t pick = random_below(random, COUNT_OF(days));
    return day_from_civil(days[pick].year, days[pick].month, days[pick].date) + random_between(random, -3, 20);
}

/* Few and small histories are quick and show most; some are as large as the limits allow. */
static void choose_sizes(struct making *making) {
    struct random *random = &making->random;
    uint32_t per_wait = 3 + random_below(random, 8);
    making->wait_count = 1 + random_below(random, 4);
    if (random_chance(random, 8)) {
        making->wait_count = 1 + random_below(random, HISTORY_WAITS_MAX);
        per_wait = 1 + random_below(random, 25);
    }
    making->planned = making->wait_count * per_wait;
    if (random_below(random, 1000) == 0) {
        making->wait_count = 1; /* more than a replay refolds at each late event */
        making->planned = HISTORY_EVENTS_MAX;
    }
    making->in_order_percent = random_chance(random, 30) ? 95 : random_below(random, 80);
    making->reach = random_chance(random, 30) ? 3 : random_between(random, 1, 60);
    making->sequence_percent = random_chance(random, 30) ? random_below(random, 100) : 0;
    making->reuse_percent = random_chance(random, 50) ? random_below(random, 70) : 5;
}

static void advance_days(struct making *making, int32_t days) {
    for (int32_t i = 0; i < days; i++) {
        push_step(making, STEP_ADVANCE, 0);
        making->today++;
    }
}

void history_generate(struct history *history, const struct world *world, uint64_t seed) {
    struct making making = {.history = history, .world = world, .random = random_of(seed)};
    struct random *random = &making.random;
    history->seed = seed;
    history->step_count = history->event_count = 0;
    history->policy_count = random_chance(random, 20) ? 1 + random_below(random, HISTORY_POLICIES_MAX) : 1;
    for (size_t i = 0; i < history->policy_count; i++)
        make_policy(random, &history->policies[i], i == 0 ? NULL : &history->policies[i - 1]);
    history->first_day = making.today = make_first_day(random);
    choose_sizes(&making);
    for (uint32_t i = 0; i < HISTORY_EVENTS_MAX; i++)
        snprintf(history->ids[i], HISTORY_ID_SIZE, "%u", i % 1000);
    uint32_t policy = 1;
    uint32_t advance_percent = random_below(random, 40);
    uint32_t acknowledge_percent = random_chance(random, 60) ? random_below(random, 30) : 0;
    uint32_t settle_percent = random_chance(random, 50) ? 100 : random_below(random, 100);
    int32_t days_left = 90;
    while (history->event_count < making.planned) {
        make_event(&making);
        if (random_chance(random, settle_percent))
            push_step(&making, STEP_SETTLE, 0);
        if (random_chance(random, advance_percent) && days_left > 0) {
            int32_t days = random_chance(random, 20) ? random_between(random, 1, 30) : random_between(random, 1, 3);
            advance_days(&making, days);
            days_left -= days;
        }
        if (random_chance(random, acknowledge_percent))
            push_step(&making, STEP_ACKNOWLEDGE, 0);
        if (policy < history->policy_count && random_chance(random, 15))
            push_step(&making, STEP_POLICY, policy++);
    }
    push_step(&making, STEP_SETTLE, 0);
    if (random_chance(random, 50))
        advance_days(&making, random_between(random, 1, 12));
}

static void print_text(FILE *out, const char *name, struct text text) {
    if (text.at != NULL)
        fprintf(out, " %s=%.*s", name, (int)text.length, text.at);
}

static void print_number(FILE *out, const char *name, int number) {
    if (number != 0)
        fprintf(out, " %s=%d", name, number);
}

static void print_event(const struct event *event, FILE *out) {
    char time[INSTANT_SIZE];
    char date[DATE_SIZE];
    instant_format(event->time, time);
    fprintf(out, "event %.*s/%.*s %s %.*s at %s", (int)event->source.length, event->source.at, (int)event->id.length, event->id.at,
            event_type_name(event->type), (int)event->subject.length, event->subject.at, time);
    print_text(out, "sequence", event->sequence);
    print_text(out, "pathway", event->pathway);
    print_text(out, "team", event->team);
    print_text(out, "person", event->person);
    if (event->clock_start != DAY_NONE) {
        date_format(event->clock_start, date);
        fprintf(out, " clock_start=%s", date);
    }
    print_text(out, "district", event->district);
    print_text(out, "client_group", event->client_group);
    print_text(out, "worker", event->worker);
    print_text(out, "reason", event->reason);
    print_text(out, "outcome", event->outcome);
    print_number(out, "priority", event->priority);
    print_number(out, "impact", event->impact);
    print_number(out, "likelihood", event->likelihood);
    for (int i = 0; i < event->dimension_count; i++)
        fprintf(out, " %.*s:%.*s", (int)event->dimensions[i].name.length, event->dimensions[i].name.at,
                (int)event->dimensions[i].value.length, event->dimensions[i].value.at);
    print_text(out, "retracts_source", event->retracts_source);
    print_text(out, "retracts_id", event->retracts_id);
    fputc('\n', out);
}

static void print_rule(const char *name, const struct alert_rule_policy *rule, FILE *out) {
    fprintf(out, " %s=%s", name, rule->enabled ? "on" : "off");
    for (int i = 0; i < rule->level_count; i++)
        fprintf(out, ",%d", rule->levels[i]);
}

static void print_policy(const struct policy *policy, FILE *out) {
    fprintf(out, "policy contact=%d (%d %d %d %d) bands", policy->contact_interval_days, policy->contact_by_priority[1],
            policy->contact_by_priority[2], policy->contact_by_priority[3], policy->contact_by_priority[4]);
    for (size_t i = 0; i < policy->band_count; i++)
        fprintf(out, " %d", policy->bands[i]);
    fputc('\n', out);
    for (size_t i = 0; i < policy->pathway_count; i++) {
        const struct pathway_policy *pathway = &policy->pathways[i];
        fprintf(out, "  %s standard=%d (%d %d %d %d) %s pauses=%s stops_on=%s completes_on=%s", pathway->name, pathway->standard_days,
                pathway->standard_by_priority[1], pathway->standard_by_priority[2], pathway->standard_by_priority[3],
                pathway->standard_by_priority[4], pathway->unit == UNIT_WORKING_DAYS ? "working_days" : "days",
                pathway->pauses == PAUSES_EXCLUDE ? "exclude" : "count", pathway->stops_on == STOP_ON_STARTED ? "started" : "end",
                event_type_name(pathway->completes_on));
        print_rule("approaching", &pathway->approaching, out);
        print_rule("breach", &pathway->breach, out);
        print_rule("escalation", &pathway->escalation, out);
        print_rule("contact_overdue", &pathway->contact_overdue, out);
        fputc('\n', out);
    }
}

void history_print(const struct history *history, FILE *out) {
    char date[DATE_SIZE];
    day_t today = history->first_day;
    date_format(today, date);
    fprintf(out, "history of seed %llu, begun on %s\n", (unsigned long long)history->seed, date);
    print_policy(&history->policies[0], out);
    for (size_t i = 0; i < history->step_count; i++) {
        const struct step *step = &history->steps[i];
        fprintf(out, "%3zu ", i);
        if (step->kind == STEP_EVENT) {
            print_event(&history->events[step->number], out);
        } else if (step->kind == STEP_POLICY) {
            print_policy(&history->policies[step->number], out);
        } else if (step->kind == STEP_SETTLE) {
            fputs("settle\n", out);
        } else if (step->kind == STEP_ACKNOWLEDGE) {
            fputs("acknowledge an open alert\n", out);
        } else {
            date_format(++today, date);
            fprintf(out, "advance to %s\n", date);
        }
    }
}
