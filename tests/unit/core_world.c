/* A small council for the checks of the core. */
#include "tests/unit/core_world.h"

#include "daemon/core/memory.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES = 1 << 20, OUTPUT_BYTES = 1 << 16 };

struct world {
    struct calendar *calendar;
    struct policy policy;
    struct policy_era *eras;
    size_t era_count;
    struct names *kept; /* every text that outlives its sender */
    struct history_event *events;
    size_t event_count;
    size_t event_capacity;
    struct history_event *loaded;
    size_t loaded_capacity;
    struct alert_transition *log;
    size_t log_count;
    size_t log_capacity;
    size_t log_shown;
    struct waiting_register *reg;
    struct waiting_register *past;
    bool held;
    instant_t now;
    char alerts[OUTPUT_BYTES];
    char open_alerts[OUTPUT_BYTES];
    char brief[256];
    char fields[1024];
    char days[256];
    char effects[OUTPUT_BYTES];
    char rows[OUTPUT_BYTES];
};

/* --- the calendar ------------------------------------------------------------------------------------------------ */

static day_t last_sunday(int year, int month) {
    day_t last = day_from_civil(year, month, 31);

    return last - (day_of_week(last) + 1) % 7;
}

/* Hours of summer time at the local hour of the day: clocks change at 01:00 UTC. */
static int summer_hours(day_t day, int hour) {
    int year, month, date;

    day_to_civil(day, &year, &month, &date);
    day_t forward = last_sunday(year, 3);
    day_t back = last_sunday(year, 10);
    bool after_forward = day > forward || (day == forward && hour >= 1);
    bool before_back = day < back || (day == back && hour < 1);
    return after_forward && before_back ? 1 : 0;
}

static instant_t local_instant(day_t day, int hour) {
    return ((int64_t)day * 24 + hour - summer_hours(day, hour)) * 3600000;
}

struct calendar *world_calendar_create(void) {
    static const char *const holidays[] = {"2024-01-01", "2024-03-29", "2024-04-01", "2024-05-06", "2024-05-27", "2024-08-26",
                                           "2024-12-25", "2024-12-26", "2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05",
                                           "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26", "2026-01-01", "2026-04-03",
                                           "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28"};
    enum { HOLIDAYS = sizeof holidays / sizeof holidays[0] };
    day_t days[HOLIDAYS];
    size_t count = (size_t)day_from_civil(2070, 1, 1);
    instant_t *midnights = memory_new(count, sizeof *midnights);

    for (size_t i = 0; i < count; i++)
        midnights[i] = local_instant((day_t)i, 0);
    for (size_t i = 0; i < HOLIDAYS; i++)
        days[i] = world_day_of(holidays[i]);
    struct calendar_tables tables = {midnights, count, days, HOLIDAYS};
    struct calendar *calendar = calendar_create(&tables);
    free(midnights);
    return calendar;
}

day_t world_day_of(const char *date) {
    day_t day = DAY_NONE;

    ck_assert_msg(date_parse(text_of(date), &day), "no date: %s", date);
    return day;
}

instant_t world_instant_of(const char *text) {
    instant_t instant = INSTANT_NONE;

    ck_assert_msg(instant_parse(text_of(text), &instant), "no instant: %s", text);
    return instant;
}

/* --- the policy -------------------------------------------------------------------------------------------------- */

static struct pathway_policy *add_pathway(struct policy *policy, const char *name, int32_t standard) {
    struct pathway_policy *pathway = &policy->pathways[policy->pathway_count++];

    *pathway = (struct pathway_policy){
        .standard_days = standard,
        .completes_on = EVENT_ASSESSMENT_COMPLETED,
        .approaching = {true, 2, SEVERITY_INFO, {7, 1}},
        .breach = {true, 0, SEVERITY_HIGH, {0}},
        .escalation = {true, 3, SEVERITY_CRITICAL, {42, 84, 182}},
    };
    snprintf(pathway->name, sizeof pathway->name, "%s", name);
    return pathway;
}

void world_policy(struct policy *policy) {
    static const int32_t bands[] = {7, 14, 28, 42, 84, 182};

    memset(policy, 0, sizeof *policy);
    policy->contact_interval_days = 28;
    policy->band_count = sizeof bands / sizeof bands[0];
    memcpy(policy->bands, bands, sizeof bands);
    add_pathway(policy, "needs_assessment", 28);
    add_pathway(policy, "excluding", 28)->pauses = PAUSES_EXCLUDE;
    struct pathway_policy *pathway = add_pathway(policy, "prioritised", 28);
    pathway->standard_by_priority[1] = 2;
    pathway->standard_by_priority[3] = 14;
    add_pathway(policy, "started", 28)->stops_on = STOP_ON_STARTED;
    add_pathway(policy, "working", 5)->unit = UNIT_WORKING_DAYS;
    pathway = add_pathway(policy, "working_excluding", 5);
    pathway->unit = UNIT_WORKING_DAYS;
    pathway->pauses = PAUSES_EXCLUDE;
    add_pathway(policy, "review", 28)->completes_on = EVENT_REVIEW_COMPLETED;
    pathway = add_pathway(policy, "started_excluding", 28);
    pathway->stops_on = STOP_ON_STARTED;
    pathway->pauses = PAUSES_EXCLUDE;
}

struct pathway_policy *world_pathway(struct policy *policy, const char *name) {
    int index = policy_pathway_index(policy, text_of(name));

    ck_assert_int_ge(index, 0);
    return &policy->pathways[index];
}

/* --- the journal in memory --------------------------------------------------------------------------------------- */

static size_t load(void *context, uint64_t newest_seq, const struct history_event **events) {
    struct world *world = context;
    size_t count = 0;

    *events = world->loaded;
    if (newest_seq == 0)
        return 0;
    ck_assert_uint_le(newest_seq, world->event_count);
    struct text subject = world->events[newest_seq - 1].event.subject;
    /* From the newest backwards, as a chain gives them. */
    for (size_t i = newest_seq; i > 0; i--) {
        if (!text_equal(world->events[i - 1].event.subject, subject))
            continue;
        memory_reserve((void **)&world->loaded, &world->loaded_capacity, count + 1, sizeof *world->loaded);
        world->loaded[count++] = world->events[i - 1];
    }
    *events = world->loaded;
    return count;
}

static bool find(void *context, struct text source, struct text id, struct history_event *event) {
    struct world *world = context;

    for (size_t i = 0; i < world->event_count; i++) {
        const struct event *candidate = &world->events[i].event;
        if (text_equal(candidate->source, source) && text_equal(candidate->id, id)) {
            *event = world->events[i];
            return true;
        }
    }
    return false;
}

static struct text keep(struct world *world, const char *text) {
    return names_text(world->kept, names_intern(world->kept, text_of(text)));
}

static struct text keep_text(struct world *world, struct text text) {
    return names_text(world->kept, names_intern(world->kept, text));
}

static void collect_transitions(struct world *world) {
    size_t count;
    const struct alert_transition *transitions = register_take_transitions(world->reg, &count);

    for (size_t i = 0; i < count; i++) {
        memory_reserve((void **)&world->log, &world->log_capacity, world->log_count + 1, sizeof *world->log);
        struct alert_transition *kept = &world->log[world->log_count++];
        *kept = transitions[i];
        kept->subject = keep_text(world, kept->subject);
        kept->pathway = keep_text(world, kept->pathway);
        kept->team = keep_text(world, kept->team);
        kept->from_team = keep_text(world, kept->from_team);
        kept->by = keep_text(world, kept->by);
        kept->note = keep_text(world, kept->note);
        ck_assert_uint_eq(kept->alert_seq, world->log_count); /* gapless, for ever */
    }
}

static struct waiting_register *create_register(struct world *world) {
    struct register_setup setup = {world->calendar, world->eras, world->era_count, {world, load, find}, 20250401, false, NULL, NULL};

    return register_create(&setup);
}

struct world *world_create(const char *today) {
    struct world *world = memory_new(1, sizeof *world);

    world->calendar = world_calendar_create();
    world->kept = names_create(1);
    world_policy(&world->policy);
    world_set_eras(world, &(struct policy_era){DAY_NONE, &world->policy}, 1);
    if (today != NULL)
        world_begin(world, today);
    return world;
}

void world_destroy(struct world **pointer) {
    struct world *world = *pointer;

    register_destroy(&world->reg);
    register_destroy(&world->past);
    calendar_destroy(&world->calendar);
    names_destroy(&world->kept);
    for (size_t i = 0; i < world->era_count; i++)
        free((void *)(uintptr_t)world->eras[i].policy);
    free(world->eras);
    free(world->events);
    free(world->loaded);
    free(world->log);
    free(world);
    *pointer = NULL;
}

void world_set_eras(struct world *world, const struct policy_era *eras, size_t count) {
    struct policy_era *copies = memory_new(count, sizeof *copies);

    for (size_t i = 0; i < count; i++) {
        struct policy *copy = memory_new(1, sizeof *copy);
        *copy = *eras[i].policy;
        copies[i] = (struct policy_era){eras[i].from, copy};
    }
    for (size_t i = 0; i < world->era_count; i++)
        free((void *)(uintptr_t)world->eras[i].policy);
    free(world->eras);
    world->eras = copies;
    world->era_count = count;
}

static void begin(struct world *world, const char *today, bool raise) {
    uint64_t last_alert_seq = world->log_count;

    register_destroy(&world->reg);
    world->reg = create_register(world);
    world->now = local_instant(world_day_of(today), 9);
    for (size_t i = 0; i < world->event_count; i++)
        register_replay_event(world->reg, &world->events[i].event, i + 1);
    for (size_t i = 0; i < world->log_count; i++)
        register_replay_alert(world->reg, &world->log[i]);
    register_set_next_alert_seq(world->reg, last_alert_seq + 1);
    register_begin(world->reg, world_day_of(today), world->now, raise);
    collect_transitions(world);
}

void world_begin(struct world *world, const char *today) {
    begin(world, today, true);
}

void world_restart(struct world *world, const char *today, bool raise) {
    begin(world, today, raise);
}

static void read_dimensions(struct world *world, const char *text, struct event *event) {
    while (text != NULL && *text != '\0') {
        size_t name = strcspn(text, "=");
        size_t value = strcspn(text + name + 1, ";");
        event->dimensions[event->dimension_count++] = (struct event_dimension){
            keep_text(world, (struct text){text, (uint32_t)name}), keep_text(world, (struct text){text + name + 1, (uint32_t)value})};
        text += name + 1 + value;
        text += *text == ';' ? 1 : 0;
    }
}

static const char *or_else(const char *given, const char *otherwise) {
    return given != NULL ? given : otherwise;
}

static void fill_event(struct world *world, const struct sent *sent, struct event *event) {
    char id[32];
    bool refers = sent->type == EVENT_REFERRAL_RECEIVED;
    bool reasoned = sent->type == EVENT_WAIT_CLOSED || sent->type == EVENT_WAIT_PAUSED;

    ck_assert_msg((sent->on == NULL) != (sent->time == NULL), "either a date or an instant");
    snprintf(id, sizeof id, "e-%zu", world->event_count + 1);
    *event = (struct event){
        .type = sent->type,
        .time = sent->on != NULL ? local_instant(world_day_of(sent->on), 9) : world_instant_of(sent->time),
        .source = keep(world, or_else(sent->source, "council")),
        .id = keep(world, or_else(sent->id, id)),
        .subject = keep(world, sent->subject),
        .sequence = keep(world, sent->sequence),
        .pathway = keep(world, refers ? or_else(sent->pathway, "needs_assessment") : NULL),
        .team = keep(world, refers ? or_else(sent->team, "A") : sent->team),
        .person = keep(world, refers ? or_else(sent->person, "person-1") : NULL),
        .district = keep(world, sent->district),
        .client_group = keep(world, sent->client_group),
        .worker = keep(world, sent->type == EVENT_WAIT_ALLOCATED ? or_else(sent->worker, "worker-1") : NULL),
        .reason = keep(world, reasoned ? or_else(sent->reason, "other") : sent->reason),
        .outcome = keep(world, sent->outcome),
        .clock_start = sent->clock_start != NULL ? world_day_of(sent->clock_start) : DAY_NONE,
        .priority = sent->priority,
        .impact = sent->impact,
        .likelihood = sent->likelihood,
    };
    read_dimensions(world, sent->dimensions, event);
    if (sent->type == EVENT_RETRACTED) {
        event->retracts_id = keep(world, sent->retracts);
        event->retracts_source = keep(world, or_else(sent->retracts_source, or_else(sent->source, "council")));
    }
}

uint64_t world_send(struct world *world, const struct sent *sent) {
    struct history_event *event;

    memory_reserve((void **)&world->events, &world->event_capacity, world->event_count + 1, sizeof *world->events);
    event = &world->events[world->event_count];
    fill_event(world, sent, &event->event);
    event->seq = ++world->event_count;
    event->received = world->now;
    if (world->reg == NULL)
        return event->seq;
    register_accept(world->reg, &event->event, event->seq);
    if (!world->held)
        world_settle(world);
    return world->event_count;
}

void world_hold(struct world *world) {
    world->held = true;
}

void world_settle(struct world *world) {
    world->held = false;
    register_settle(world->reg, world->now);
    collect_transitions(world);
}

void world_advance(struct world *world, const char *today) {
    day_t target = world_day_of(today);

    ck_assert_int_gt(target, register_today(world->reg));
    while (register_today(world->reg) < target) {
        register_advance(world->reg, local_instant(register_today(world->reg) + 1, 0));
        collect_transitions(world);
    }
    world->now = local_instant(target, 9);
}

void world_settle_standing(struct world *world, const struct standing_condition *holding, size_t count) {
    register_settle_standing(world->reg, holding, count, world->now);
    collect_transitions(world);
}

enum acknowledge_result world_acknowledge(struct world *world, const char *subject, uint64_t raised_seq, const char *by, const char *note,
                                          const char *expected_by, uint64_t *alert_seq) {
    return world_acknowledge_rule(world, ALERT_BREACH, subject, raised_seq, by, note, expected_by, alert_seq);
}

enum acknowledge_result world_acknowledge_rule(struct world *world, enum alert_rule rule, const char *subject, uint64_t raised_seq,
                                               const char *by, const char *note, const char *expected_by, uint64_t *alert_seq) {
    struct acknowledgement asked = {.rule = rule,
                                    .subject = text_of(subject),
                                    .raised_seq = raised_seq,
                                    .by = text_of(by),
                                    .note = text_of(note),
                                    .expected_by = expected_by != NULL ? world_day_of(expected_by) : DAY_NONE};
    enum acknowledge_result result = register_acknowledge(world->reg, &asked, world->now, alert_seq);

    world_settle(world);
    return result;
}

bool world_set_policy(struct world *world, const struct policy *policy, struct text *missing) {
    bool taken = register_set_policy(world->reg, policy, world->calendar, world->now, missing);

    collect_transitions(world);
    if (!taken)
        return false;
    /* The journal keeps every policy with its day, for the next start. */
    struct policy_era *eras = memory_new(world->era_count + 1, sizeof *eras);
    memcpy(eras, world->eras, world->era_count * sizeof *eras);
    eras[world->era_count] = (struct policy_era){register_today(world->reg), policy};
    world_set_eras(world, eras, world->era_count + 1);
    free(eras);
    return true;
}

/* --- looking ----------------------------------------------------------------------------------------------------- */

/* A text that is written piece by piece. */
struct output {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void put(struct output *output, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(output->at, output->left, format, arguments);
    va_end(arguments);
    ck_assert_int_ge(length, 0);
    ck_assert_uint_lt((size_t)length, output->left);
    output->at += length;
    output->left -= (size_t)length;
}

static const char *shown(struct text text) {
    return text.at == NULL ? "-" : text.at; /* kept and interned texts end with a NUL */
}

static void put_rule(struct output *output, const struct alert_transition *alert) {
    put(output, "%s", alert_rule_name(alert->rule));
    if (alert->level != ALERT_LEVEL_NONE)
        put(output, "/%d", alert->level);
    put(output, " %s ", shown(alert->subject));
}

static void put_acknowledgement(struct output *output, const struct alert_transition *alert) {
    char date[DATE_SIZE] = "-";

    if (alert->by.at == NULL)
        return;
    if (alert->expected_by != DAY_NONE)
        date_format(alert->expected_by, date);
    put(output, " %s by %s note %s until %s", severity_name(alert->severity), shown(alert->by), shown(alert->note), date);
    if (alert->is_overdue)
        put(output, " overdue");
}

const char *world_alerts(struct world *world) {
    struct output output = {world->alerts, sizeof world->alerts};
    char date[DATE_SIZE];

    world->alerts[0] = '\0';
    for (; world->log_shown < world->log_count; world->log_shown++) {
        const struct alert_transition *transition = &world->log[world->log_shown];
        put(&output, "%s ", alert_change_name(transition->change));
        put_rule(&output, transition);
        if (transition->change == ALERT_MOVED)
            put(&output, "%s>", shown(transition->from_team));
        date_format(transition->occurred_on, date);
        put(&output, "%s %d/%d %s", shown(transition->team), transition->days, transition->standard, date);
        if (transition->reason != ALERT_REASON_NONE)
            put(&output, " %s", alert_reason_name(transition->reason));
        if (transition->change == ALERT_RAISED && transition->late)
            put(&output, " late");
        put_acknowledgement(&output, transition);
        put(&output, "\n");
    }
    return world->alerts;
}

struct lines {
    char (*at)[256];
    size_t count;
    size_t capacity;
};

static void add_line(void *context, const struct alert_transition *alert) {
    struct lines *lines = context;
    char date[DATE_SIZE];

    memory_reserve((void **)&lines->at, &lines->capacity, lines->count + 1, sizeof *lines->at);
    struct output output = {lines->at[lines->count], sizeof *lines->at};
    lines->count++;
    put_rule(&output, alert);
    date_format(alert->occurred_on, date);
    put(&output, "%s %s", shown(alert->team), date);
    put_acknowledgement(&output, alert);
    put(&output, "\n");
}

static int compare_lines(const void *a, const void *b) {
    return strcmp(a, b);
}

const char *world_open_alerts(struct world *world) {
    struct output output = {world->open_alerts, sizeof world->open_alerts};
    struct lines lines = {NULL, 0, 0};

    world->open_alerts[0] = '\0';
    register_each_open_alert(world->reg, add_line, &lines);
    if (lines.count > 1)
        qsort(lines.at, lines.count, sizeof *lines.at, compare_lines);
    for (size_t i = 0; i < lines.count; i++)
        put(&output, "%s", lines.at[i]);
    free(lines.at);
    return world->open_alerts;
}

static const char *brief_of(struct world *world, const struct waiting_register *reg, const char *subject) {
    struct output output = {world->brief, sizeof world->brief};
    struct wait_view view;
    uint32_t wait = register_find(reg, text_of(subject));

    if (wait == 0)
        return "unknown";
    if (!register_view(reg, wait, &view))
        return "no referral";
    put(&output, "%s %s %d/%d", status_name(view.clock.status), stage_name(view.stage), view.clock.days, view.clock.standard);
    put(&output, "%s%s%s%s%s", view.clock.breach ? " breach" : "", view.clock.due ? " due" : "", view.clock.is_paused ? " paused" : "",
        view.no_contact ? " no_contact" : "", view.clock.ended_before_start ? " early" : "");
    return world->brief;
}

const char *world_brief_in(struct world *world, const struct waiting_register *reg, const char *subject) {
    return brief_of(world, reg, subject);
}

const struct history_event *world_event(const struct world *world, uint64_t seq) {
    ck_assert_uint_ge(seq, 1);
    ck_assert_uint_le(seq, world->event_count);
    return &world->events[seq - 1];
}

uint64_t world_event_count(const struct world *world) {
    return world->event_count;
}

const struct calendar *world_calendar(const struct world *world) {
    return world->calendar;
}

const struct policy_era *world_eras(const struct world *world, size_t *count) {
    *count = world->era_count;
    return world->eras;
}

const char *world_brief(struct world *world, const char *subject) {
    return brief_of(world, world->reg, subject);
}

struct waiting_register *world_register_at(struct world *world, const char *day) {
    register_destroy(&world->past);
    world->past = create_register(world);
    for (size_t i = 0; i < world->event_count; i++)
        register_replay_event(world->past, &world->events[i].event, i + 1);
    register_begin(world->past, world_day_of(day), local_instant(world_day_of(day), 23), true);
    return world->past;
}

const char *world_brief_at(struct world *world, const char *subject, const char *day) {
    return brief_of(world, world_register_at(world, day), subject);
}

const char *world_fields(struct world *world, const char *subject) {
    struct output output = {world->fields, sizeof world->fields};
    struct wait_view view = world_view(world, subject);

    put(&output, "%s %s %s %s %s", shown(view.team), shown(view.district), shown(view.client_group), shown(view.person),
        shown(view.worker));
    put(&output, " P%d I%d L%d %s", view.priority, view.impact, view.likelihood, shown(view.dimensions));
    return world->fields;
}

static void put_day(struct output *output, day_t day) {
    char date[DATE_SIZE] = "-";

    if (day != DAY_NONE)
        date_format(day, date);
    put(output, "%s", date);
}

const char *world_days(struct world *world, const char *subject) {
    struct output output = {world->days, sizeof world->days};
    struct wait_view view = world_view(world, subject);

    put_day(&output, view.clock.start);
    put(&output, "..");
    put_day(&output, view.clock.stop);
    put(&output, " gross %d paused %d contact ", view.clock.gross_days, view.clock.paused_days);
    put_day(&output, view.last_contact);
    put(&output, " reason %s outcome %s", shown(view.reason), shown(view.outcome));
    return world->days;
}

const char *world_effects(struct world *world, const char *subject) {
    struct output output = {world->effects, sizeof world->effects};
    uint32_t wait = register_find(world->reg, text_of(subject));
    const struct event_outcome *outcomes;

    ck_assert_uint_ne(wait, 0);
    world->effects[0] = '\0';
    size_t count = register_outcomes(world->reg, wait, &outcomes);
    for (size_t i = 0; i < count; i++)
        put(&output, "%s%s", i > 0 ? " " : "", effect_name(outcomes[i].effect));
    return world->effects;
}

struct wait_view world_view(struct world *world, const char *subject) {
    struct wait_view view;
    uint32_t wait = register_find(world->reg, text_of(subject));

    ck_assert_uint_ne(wait, 0);
    register_view(world->reg, wait, &view);
    return view;
}

struct waiting_register *world_register(struct world *world) {
    return world->reg;
}

struct position world_position(struct waiting_register *reg, const struct wait_filter *filter) {
    struct wait_filter everything = {0};
    struct summary summary;

    ck_assert(register_summary(reg, NULL, 0, filter != NULL ? filter : &everything, &summary));
    struct position total = summary.total;
    summary_free(&summary);
    return total;
}

struct wait_filter world_filter(const char *field, const char *value) {
    struct wait_filter filter = {.field_count = 1};

    ck_assert(field_name_of(text_of(field), &filter.fields[0].name));
    filter.fields[0].value_count = 1;
    filter.fields[0].values[0] = text_of(value);
    return filter;
}

const char *world_rows(struct world *world, const char *fields, const struct wait_filter *filter) {
    struct output output = {world->rows, sizeof world->rows};
    struct wait_filter everything = {0};
    struct field_name names[GROUP_BY_MAX];
    struct summary summary;
    size_t count = 0;

    while (*fields != '\0') {
        size_t length = strcspn(fields, " ");
        ck_assert_uint_lt(count, GROUP_BY_MAX);
        ck_assert(field_name_of((struct text){fields, (uint32_t)length}, &names[count++]));
        fields += length + (fields[length] == ' ' ? 1 : 0);
    }
    world->rows[0] = '\0';
    ck_assert(register_summary(world->reg, names, count, filter != NULL ? filter : &everything, &summary));
    for (size_t row = 0; row < summary.row_count; row++) {
        for (size_t key = 0; key < count; key++)
            put(&output, "%s%s", key > 0 ? "/" : "", shown(summary.rows[row].keys[key]));
        put(&output, " %u\n", summary.rows[row].position.waiting);
    }
    summary_free(&summary);
    return world->rows;
}

/* --- running ----------------------------------------------------------------------------------------------------- */

/* A signal handler can reach nothing else. */
static sigjmp_buf after_break;

static void leave_break(int number) {
    (void)number;
    siglongjmp(after_break, 1);
}

bool world_breaks(void (*broken)(void *context), void *context) {
    struct sigaction leave = {.sa_handler = leave_break};
    struct sigaction before;
    volatile bool breaks = false;

    ck_assert_int_eq(sigaction(SIGABRT, &leave, &before), 0);
    if (sigsetjmp(after_break, 1) == 0)
        broken(context);
    else
        breaks = true;
    ck_assert_int_eq(sigaction(SIGABRT, &before, NULL), 0);
    return breaks;
}

int world_run(const char *name, const TTest *const *tests) {
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);

    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    for (; *tests != NULL; tests++)
        tcase_add_test(cases, *tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
