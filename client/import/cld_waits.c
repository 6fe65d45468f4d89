/* Pairs requests with assessments, and writes the events of the waits that this makes. */
#include "client/import/cld_waits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waitlist/event.h>

#include "client/import/pseudonym.h"
#include "daemon/core/memory.h"

enum { ROLES = 2 }; /* service user, carer */

struct walk {
    struct cld_store *store;
    const struct cld_map *map;
    cld_wait_sink sink;
    void *context;
    bool ended;
    bool is_waiting[ROLES];
    struct cld_record waiting[ROLES];
};

static void give(struct walk *walk, const struct cld_record *request, const struct cld_record *assessment) {
    uint8_t rule = assessment != NULL && assessment->rule != 0 ? assessment->rule : request->rule;
    const char *otherwise = assessment != NULL ? walk->map->unclassified : walk->map->closed_requests;
    const struct cld_wait wait = {.request = request,
                                  .assessment = assessment,
                                  .pathway = rule != 0 ? walk->map->rules[rule - 1].pathway : otherwise,
                                  .classified = rule != 0};

    if (wait.pathway[0] == '\0') {
        cld_store_skip(walk->store, request, CLD_NOT_CLASSIFIED);
        if (assessment != NULL) {
            cld_store_skip(walk->store, assessment, CLD_NOT_CLASSIFIED);
        }
    }
    walk->ended = !walk->sink(walk->context, &wait);
}

static void take_request(struct walk *walk, const struct cld_record *request) {
    if (request->outcome >= CLD_OUTCOME_UNKNOWN) {
        cld_store_skip(walk->store, request, request->outcome == CLD_OUTCOME_MISSING ? CLD_NO_OUTCOME : CLD_BAD_OUTCOME);
    } else if (cld_close_reason((enum cld_outcome)request->outcome) != NULL) {
        give(walk, request, NULL);
    } else if (walk->is_waiting[request->client]) {
        cld_store_skip(walk->store, request, CLD_REPEATED_REQUEST);
    } else {
        walk->is_waiting[request->client] = true;
        walk->waiting[request->client] = *request;
    }
}

static void take_assessment(struct walk *walk, const struct cld_record *assessment) {
    const struct cld_record *waiting = &walk->waiting[assessment->client];
    bool *is_waiting = &walk->is_waiting[assessment->client];
    int limit = walk->map->link_within_days;

    if (*is_waiting && limit > 0 && assessment->start - waiting->start > limit) {
        cld_store_skip(walk->store, waiting, CLD_UNMATCHED_REQUEST);
        *is_waiting = false;
    }
    if (*is_waiting) {
        give(walk, waiting, assessment);
        *is_waiting = false;
    } else {
        cld_store_skip(walk->store, assessment, CLD_NO_REQUEST);
    }
}

static void end_person(struct walk *walk) {
    for (int role = 0; role < ROLES; role++) {
        if (walk->is_waiting[role]) {
            cld_store_skip(walk->store, &walk->waiting[role], CLD_UNMATCHED_REQUEST);
            walk->is_waiting[role] = false;
        }
    }
}

void cld_waits_each(struct cld_store *store, const struct cld_map *map, cld_wait_sink sink, void *context) {
    struct walk walk = {.store = store, .map = map, .sink = sink, .context = context};
    struct cld_record before = {0};
    const struct cld_record *record;
    bool any = false;

    while (!walk.ended && (record = cld_store_next(store)) != NULL) {
        if (any && !cld_same_person(record, &before)) {
            end_person(&walk);
        }
        any = true;
        before = *record;
        if (record->kind == CLD_REQUEST) {
            take_request(&walk, record);
        } else if (record->kind == CLD_ASSESSMENT) {
            take_assessment(&walk, record);
        }
    }
    if (!walk.ended) {
        end_person(&walk);
    }
}

/* ---- Events */

static void append(struct cld_event *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(struct cld_event *event, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    int wrote = vsnprintf(event->bytes + event->length, sizeof event->bytes - event->length, format, arguments);
    va_end(arguments);
    /* All that is written has a limited length, the longest event about half of the room. */
    ENSURE(wrote >= 0 && (size_t)wrote < sizeof event->bytes - event->length);
    event->length += (size_t)wrote;
}

/* What tells one request from another (docs/cld.md): it stands in ids, so a change here imports everything a second time. */
static void make_subject(const struct cld_store *store, const struct cld_map *map, const struct cld_record *request,
                         char subject[PSEUDONYM_SIZE]) {
    char numbers[64];
    const char *la_code = cld_store_la_code(store, request->la_code);
    int length = snprintf(numbers, sizeof numbers, "%d %d %u %u", request->start, request->end, (unsigned)request->client,
                          (unsigned)request->detail);
    const struct text parts[] = {text_of(la_code), {(const char *)request->person, CLD_PERSON_BYTES}, {numbers, (uint32_t)length}};

    pseudonym_identity(map->key, parts, 3, subject);
}

static void begin(struct cld_event *event, const struct cld_store *store, const struct cld_map *map, const struct cld_record *record,
                  const char *subject, const char *name, const char *type, day_t day) {
    const struct cld_file *file = cld_store_file(store, record->file);
    char date[DATE_SIZE];
    char from[DATE_SIZE];
    char to[DATE_SIZE];

    event->line = record->line;
    event->length = 0;
    date_format(day, date);
    /* Midnight in Greenwich is the same civil day in Britain all year, and never later than the moment of the import. */
    append(event,
           "{\"specversion\":\"1.0\",\"id\":\"%s-%s\",\"source\":\"%s\",\"type\":\"%s\",\"subject\":\"" CLD_SUBJECT_PREFIX
           "%s\",\"time\":\"%sT00:00:00Z\"",
           subject, name, map->source, type, subject, date);
    if (file->period_start != DAY_NONE && file->period_end != DAY_NONE) {
        date_format(file->period_start, from);
        date_format(file->period_end, to);
        append(event, ",\"cldperiod\":\"%s/%s\"", from, to);
    }
    append(event, ",\"data\":{");
}

static void add_dimensions(struct cld_event *event, const struct cld_map *map, const struct cld_wait *wait) {
    uint8_t reason = wait->assessment != NULL && wait->assessment->reason != 0 ? wait->assessment->reason : wait->request->reason;
    const struct {
        const char *name, *value;
    } dimensions[] = {{map->origin_dimension, map->origin_value},
                      {map->route_dimension, cld_route_code(wait->request->route)},
                      {map->reason_dimension, cld_support_reason_code(reason)}};
    bool any = false;

    for (size_t i = 0; i < sizeof dimensions / sizeof dimensions[0]; i++) {
        if (dimensions[i].name[0] != '\0' && dimensions[i].value != NULL && dimensions[i].value[0] != '\0') {
            append(event, "%s\"%s\":\"%s\"", any ? "," : ",\"dimensions\":{", dimensions[i].name, dimensions[i].value);
            any = true;
        }
    }
    append(event, "%s", any ? "}" : "");
}

/* The council's words for them; "" where there is none. */
static const char *client_group(const struct cld_map *map, const struct cld_record *request) {
    if (request->client == CLD_CARER) {
        return map->carer;
    }
    return request->band == CLD_65_AND_ABOVE                                ? map->older_people
           : request->band == CLD_18_TO_24 || request->band == CLD_25_TO_64 ? map->working_age
                                                                            : "";
}

static void write_referral(struct cld_event *event, const struct cld_store *store, const struct cld_map *map, const struct cld_wait *wait,
                           const char *subject) {
    const struct cld_record *request = wait->request;
    uint16_t team = wait->assessment != NULL && wait->assessment->team != 0 ? wait->assessment->team : request->team;
    uint16_t district = request->district != 0 || wait->assessment == NULL ? request->district : wait->assessment->district;
    const char *district_name = district != 0 ? cld_store_name(store, district) : map->district.otherwise;
    const char *group = client_group(map, request);

    begin(event, store, map, request, subject, "referral", WAITLIST_REFERRAL_RECEIVED, request->start);
    append(event, "\"pathway\":\"%s\",\"team\":\"%s\",\"person\":\"", wait->pathway,
           team != 0 ? cld_store_name(store, team) : map->team.otherwise);
    for (size_t i = 0; i < CLD_PERSON_BYTES; i++) {
        append(event, "%02x", request->person[i]);
    }
    append(event, "\"");
    if (district_name[0] != '\0') {
        append(event, ",\"district\":\"%s\"", district_name);
    }
    if (group[0] != '\0') {
        append(event, ",\"client_group\":\"%s\"", group);
    }
    add_dimensions(event, map, wait);
    append(event, "}}");
}

size_t cld_wait_events(const struct cld_store *store, const struct cld_map *map, const struct cld_wait *wait,
                       struct cld_event events[CLD_WAIT_EVENTS_MAX]) {
    const struct cld_record *assessment = wait->assessment;
    char subject[PSEUDONYM_SIZE];

    make_subject(store, map, wait->request, subject);
    write_referral(&events[0], store, map, wait, subject);
    if (assessment == NULL) {
        begin(&events[1], store, map, wait->request, subject, "closed", WAITLIST_WAIT_CLOSED, wait->request->end);
        append(&events[1], "\"reason\":\"%s\"}}", cld_close_reason((enum cld_outcome)wait->request->outcome));
        return 2;
    }
    const char *outcome = cld_outcome_code((enum cld_outcome)assessment->outcome);

    begin(&events[1], store, map, assessment, subject, "started", WAITLIST_ASSESSMENT_STARTED, assessment->start);
    append(&events[1], "}}");
    begin(&events[2], store, map, assessment, subject, "completed", WAITLIST_ASSESSMENT_COMPLETED, assessment->end);
    if (outcome != NULL) {
        append(&events[2], "\"outcome\":\"%s\"", outcome);
    }
    append(&events[2], "}}");
    return 3;
}
