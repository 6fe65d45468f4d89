/* DHSC's waiting-time method from settled records; the numbers in brackets are those of the rules in docs/cld.md. */
#include "client/import/dhsc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/import/days.h"
#include "client/import/sorter.h"
#include "daemon/core/memory.h"

#define FIRST_YEAR 2023
#define QUARTERS_MAX 720 /* up to the year 2199, which no date of a record passes by more than an event's length */
#define BANDS 2
#define FIGURE_MEMORY (1 << 20)
#define NONE UINT32_MAX

/* What started in one quarter and band (13). */
struct started {
    uint32_t requests, assessments, services;
};

/* One wait of one metric. */
struct figure {
    uint16_t la_code;
    uint8_t metric, band, response_kind, type;
    int32_t quarter, days, own_days; /* own_days: -1: none */
};

struct dhsc {
    struct dhsc_row *rows;
    size_t row_count, row_capacity;
    uint64_t verdicts[DHSC_VERDICT_COUNT];
};

/* One person's events that are in the method's timeline (5), and what is known of each. */
struct timeline {
    uint32_t *events;                         /* of the person's records */
    uint32_t *next_assessment, *next_service; /* positions behind each; NONE: none */
    bool *progresses;                         /* of an assessment: its block progresses to service (6) */
    bool *used;                               /* as response or service of a request (9) */
    size_t count;
    size_t capacities[5];
};

struct work {
    struct dhsc *dhsc;
    struct cld_store *store;
    dhsc_sink sink;
    void *context;
    struct cld_record *records; /* of one person */
    size_t count, capacity;
    bool too_many;
    struct timeline line;
    day_t day_one, release_2; /* 2023-04-01; 2025-07-01 */
    struct sorter *figures;
    struct started *started[CLD_LA_CODES_MAX]; /* QUARTERS_MAX × BANDS, or NULL */
    struct days days, own_days;                /* of one row */
};

static const struct {
    const char *code, *text;
} verdict_words[DHSC_VERDICT_COUNT] = {
    [DHSC_COUNTED] = {"counted", "counted"},
    [DHSC_NOT_SERVICE_USER] = {"not_service_user", "the client is not a service user (rule 2)"},
    [DHSC_TOO_EARLY] = {"before_2023_04", "started before 1 April 2023 (rule 2)"},
    [DHSC_UNDER_25] = {"under_25", "under 25 years old (rule 2)"},
    [DHSC_AGE_UNKNOWN] = {"age_unknown", "age not known (rule 2)"},
    [DHSC_EXISTING_CLIENT] = {"existing_client", "from an existing client (rule 3)"},
    [DHSC_NO_FURTHER_ACTION] = {"no_further_action", "no further action, or admitted to hospital (rule 4)"},
    [DHSC_NO_OUTCOME] = {"no_outcome", "without an outcome (rule 4)"},
    [DHSC_OVERLAPS] = {"overlaps", "an earlier request keeps the clock (rule 9)"},
    [DHSC_NOTHING_FOLLOWS] = {"nothing_follows", "neither assessment nor service follows (rule 7)"},
};

const char *dhsc_metric_name(enum dhsc_metric metric) {
    return metric == DHSC_FIRST_RESPONSE ? DHSC_FIRST_RESPONSE_NAME : "Wait time to first service";
}

const char *dhsc_verdict_code(enum dhsc_verdict verdict) {
    return verdict_words[verdict].code;
}

const char *dhsc_verdict_text(enum dhsc_verdict verdict) {
    return verdict_words[verdict].text;
}

/* ---- Calendar */

static int32_t quarter_of(day_t day) {
    int year;
    int month;
    int date;

    day_to_civil(day, &year, &month, &date);
    return (year - FIRST_YEAR) * 4 + (month - 1) / 3;
}

static day_t quarter_start(int32_t quarter) {
    return day_from_civil(FIRST_YEAR + quarter / 4, quarter % 4 * 3 + 1, 1);
}

/* The same date so many months before, or the last of that month if it is shorter. */
static day_t months_before(day_t day, int months) {
    int year;
    int month;
    int date;

    day_to_civil(day, &year, &month, &date);
    month -= months;
    while (month < 1) {
        month += 12;
        year--;
    }
    day_t next = month == 12 ? day_from_civil(year + 1, 1, 1) : day_from_civil(year, month + 1, 1);
    day_t same = day_from_civil(year, month, 1) + date - 1;

    return same < next ? same : next - 1;
}

/* ---- Rules 1 to 5: whose requests, and the timeline */

static bool is_adult(const struct cld_record *record) {
    return record->band == CLD_25_TO_64 || record->band == CLD_65_AND_ABOVE;
}

/* The latest ends of the services that started strictly before a day (3); INT32_MAX: one is open. */
struct earlier_services {
    int64_t long_term, short_term;
};

static void note_service(struct earlier_services *earlier, const struct cld_record *service) {
    int64_t end = service->end == DAY_NONE ? INT32_MAX : service->end;

    if (service->type <= CLD_PRISON && end > earlier->long_term) {
        earlier->long_term = end;
    }
    if ((service->type == CLD_ST_MAX || service->type == CLD_OTHER_SHORT_TERM) && end > earlier->short_term) {
        earlier->short_term = end;
    }
}

static enum dhsc_verdict judge(const struct work *work, const struct cld_record *request, const struct earlier_services *earlier) {
    if (request->client != CLD_SERVICE_USER) {
        return DHSC_NOT_SERVICE_USER;
    }
    if (request->start < work->day_one) {
        return DHSC_TOO_EARLY;
    }
    if (!is_adult(request)) {
        return request->band == CLD_AGE_UNKNOWN ? DHSC_AGE_UNKNOWN : DHSC_UNDER_25;
    }
    if (earlier->long_term >= months_before(request->start, 12) || earlier->short_term >= months_before(request->start, 3)) {
        return DHSC_EXISTING_CLIENT;
    }
    if (cld_is_nfa((enum cld_outcome)request->outcome) || request->outcome == CLD_HOSPITAL) {
        return DHSC_NO_FURTHER_ACTION;
    }
    return request->outcome == CLD_OUTCOME_MISSING ? DHSC_NO_OUTCOME : DHSC_COUNTED;
}

static void push(struct timeline *line, uint32_t record) {
    memory_reserve((void **)&line->events, &line->capacities[0], line->count + 1, sizeof *line->events);
    line->events[line->count++] = record;
}

static void make_timeline(struct work *work) {
    struct earlier_services earlier = {INT64_MIN, INT64_MIN};
    size_t noted = 0; /* services before it are in `earlier` */

    work->line.count = 0;
    for (size_t i = 0; i < work->count; i++) {
        const struct cld_record *record = &work->records[i];

        for (; work->records[noted].start < record->start; noted++) {
            if (work->records[noted].kind == CLD_SERVICE) {
                note_service(&earlier, &work->records[noted]);
            }
        }
        bool is_in = is_adult(record) && !(record->kind == CLD_SERVICE && record->type > CLD_OTHER_SHORT_TERM);

        if (record->kind == CLD_REQUEST) {
            enum dhsc_verdict verdict = judge(work, record, &earlier);

            work->dhsc->verdicts[verdict] += verdict != DHSC_COUNTED;
            is_in = verdict == DHSC_COUNTED;
        }
        if (is_in) {
            push(&work->line, (uint32_t)i);
        }
    }
}

/* ---- Rules 6 to 9: what follows a request */

static const struct cld_record *event_at(const struct work *work, size_t at) {
    return &work->records[work->line.events[at]];
}

static bool is_progress_to_service(const struct cld_record *assessment) {
    return assessment->outcome == CLD_REABLEMENT || assessment->outcome == CLD_TO_SUPPORT || assessment->outcome == CLD_CONTINUATION;
}

static void mark_blocks(struct work *work) {
    struct timeline *line = &work->line;

    for (size_t first = 0; first < line->count;) {
        size_t behind = first;
        bool progresses = false;

        while (behind < line->count && event_at(work, behind)->kind == CLD_ASSESSMENT) {
            progresses = is_progress_to_service(event_at(work, behind++)) || progresses;
        }
        for (size_t i = first; i < behind; i++) {
            line->progresses[i] = progresses;
        }
        first = behind > first ? behind : first + 1;
    }
}

static void link_events(struct work *work) {
    struct timeline *line = &work->line;
    uint32_t assessment = NONE;
    uint32_t service = NONE;

    memory_reserve((void **)&line->next_assessment, &line->capacities[1], line->count, sizeof *line->next_assessment);
    memory_reserve((void **)&line->next_service, &line->capacities[2], line->count, sizeof *line->next_service);
    memory_reserve((void **)&line->progresses, &line->capacities[3], line->count, sizeof *line->progresses);
    memory_reserve((void **)&line->used, &line->capacities[4], line->count, sizeof *line->used);
    for (size_t i = line->count; i-- > 0;) {
        uint8_t kind = event_at(work, i)->kind;

        line->next_assessment[i] = assessment;
        line->next_service[i] = service;
        line->used[i] = false;
        assessment = kind == CLD_ASSESSMENT ? (uint32_t)i : assessment;
        service = kind == CLD_SERVICE ? (uint32_t)i : service;
    }
    mark_blocks(work);
}

/* (7a) Under release 1 a first conversation can be recorded as the request alone. */
static bool is_own_response(const struct work *work, size_t at) {
    const struct cld_record *request = event_at(work, at);
    uint32_t assessment = work->line.next_assessment[at];
    bool progresses = request->outcome <= CLD_CONTINUATION;

    return request->start < work->release_2 && request->conversation && progresses &&
           (assessment == NONE || event_at(work, assessment)->start > request->start);
}

/* (7) and (8), as positions. */
static void find_follow_up(const struct work *work, size_t at, uint32_t *response, uint32_t *service) {
    const struct timeline *line = &work->line;

    *response = is_own_response(work, at) ? (uint32_t)at : line->next_assessment[at];
    *service = line->next_service[at];
    if (*service < *response) { /* NONE is above every position */
        *response = *service;
    }
    if (*response != NONE && event_at(work, *response)->kind == CLD_ASSESSMENT && !line->progresses[*response]) {
        *service = NONE;
    }
}

static uint32_t later_of(uint32_t response, uint32_t service) {
    return response == NONE ? service : service == NONE ? response : response > service ? response : service;
}

static void add_figure(struct work *work, const struct dhsc_request *result, enum dhsc_metric metric);

static void conclude_request(struct work *work, struct dhsc_request *result, const struct cld_record *response,
                             const struct cld_record *service) {
    if (result->verdict == DHSC_COUNTED) {
        result->response = response;
        result->to_response = response->start - result->request->start;
        add_figure(work, result, DHSC_FIRST_RESPONSE);
    }
    if (result->verdict == DHSC_COUNTED && service != NULL) {
        result->service = service;
        result->to_service = service->start - result->request->start;
        add_figure(work, result, DHSC_FIRST_SERVICE);
    }
    work->dhsc->verdicts[result->verdict]++;
    if (work->sink != NULL) {
        work->sink(work->context, result);
    }
}

static void judge_requests(struct work *work) {
    struct timeline *line = &work->line;
    uint32_t followed_until = NONE; /* of the request before */

    for (size_t at = 0; at < line->count; at++) {
        if (event_at(work, at)->kind != CLD_REQUEST) {
            continue;
        }
        uint32_t response;
        uint32_t service;

        find_follow_up(work, at, &response, &service);
        bool overlaps = (followed_until != NONE && followed_until > at) || (response != NONE && line->used[response]) ||
                        (service != NONE && line->used[service]);
        struct dhsc_request result = {event_at(work, at), NULL, NULL, -1, -1, DHSC_OVERLAPS};

        if (!overlaps) {
            result.verdict = response == NONE ? DHSC_NOTHING_FOLLOWS : DHSC_COUNTED;
        }
        conclude_request(work, &result, response != NONE ? event_at(work, response) : NULL,
                         service != NONE ? event_at(work, service) : NULL);
        if (response != NONE) {
            line->used[response] = true;
        }
        if (service != NONE) {
            line->used[service] = true;
        }
        followed_until = later_of(response, service);
    }
}

/* ---- Rules 10 to 13: figures */

static uint8_t band_index(const struct cld_record *record) {
    return record->band == CLD_65_AND_ABOVE;
}

static struct started *started_in(struct work *work, uint16_t la_code, int32_t quarter, uint8_t band) {
    ENSURE(quarter >= 0 && quarter < QUARTERS_MAX);
    if (work->started[la_code] == NULL) {
        work->started[la_code] = memory_new((size_t)QUARTERS_MAX * BANDS, sizeof *work->started[la_code]);
    }
    return &work->started[la_code][(size_t)quarter * BANDS + band];
}

static void count_started(struct work *work) {
    for (size_t i = 0; i < work->line.count; i++) {
        const struct cld_record *record = event_at(work, i);

        if (record->start < work->day_one) {
            continue;
        }
        struct started *started = started_in(work, record->la_code, quarter_of(record->start), band_index(record));

        started->requests += record->kind == CLD_REQUEST;
        started->assessments += record->kind == CLD_ASSESSMENT;
        started->services += record->kind == CLD_SERVICE;
    }
}

/* (11) Quarter and band are those of the response or the service. */
static void add_figure(struct work *work, const struct dhsc_request *result, enum dhsc_metric metric) {
    const struct cld_record *event = metric == DHSC_FIRST_RESPONSE ? result->response : result->service;
    bool is_assessment = metric == DHSC_FIRST_RESPONSE && event->kind == CLD_ASSESSMENT;
    const struct figure figure = {
        .la_code = event->la_code,
        .metric = (uint8_t)metric,
        .band = band_index(event),
        .response_kind = event->kind,
        .type = event->type,
        .quarter = quarter_of(event->start),
        .days = metric == DHSC_FIRST_RESPONSE ? result->to_response : result->to_service,
        .own_days = is_assessment ? event->end - result->request->start : -1,
    };

    (void)sorter_add(work->figures, &figure); /* a failure stays: make_rows sees it */
}

static int order_of(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

#define FIRST_DIFFERENCE(order, next) ((order) != 0 ? (order) : (next))

static int compare_figures(const void *left, const void *right) {
    const struct figure *a = left;
    const struct figure *b = right;
    int order = order_of(a->la_code, b->la_code);

    order = FIRST_DIFFERENCE(order, order_of(a->metric, b->metric));
    order = FIRST_DIFFERENCE(order, order_of(a->quarter, b->quarter));
    return FIRST_DIFFERENCE(order, order_of(a->band, b->band));
}

static int compare_rows(const void *left, const void *right) {
    const struct dhsc_row *a = left;
    const struct dhsc_row *b = right;
    int order = strcmp(a->la_code, b->la_code);

    order = FIRST_DIFFERENCE(order, order_of(a->metric, b->metric));
    order = FIRST_DIFFERENCE(order, order_of(a->from, b->from));
    return FIRST_DIFFERENCE(order, order_of(a->band, b->band));
}

static void begin_row(struct work *work, const struct figure *figure) {
    struct dhsc *dhsc = work->dhsc;
    const struct started *started = started_in(work, figure->la_code, figure->quarter, figure->band);

    memory_reserve((void **)&dhsc->rows, &dhsc->row_capacity, dhsc->row_count + 1, sizeof *dhsc->rows);
    dhsc->rows[dhsc->row_count++] = (struct dhsc_row){.la_code = cld_store_la_code(work->store, figure->la_code),
                                                      .metric = (enum dhsc_metric)figure->metric,
                                                      .from = quarter_start(figure->quarter),
                                                      .to = quarter_start(figure->quarter + 1) - 1,
                                                      .band = figure->band == 0 ? CLD_25_TO_64 : CLD_65_AND_ABOVE,
                                                      .all_requests = started->requests,
                                                      .all_assessments = started->assessments,
                                                      .all_services = started->services};
}

static void count_figure(struct work *work, const struct figure *figure) {
    struct dhsc_row *row = &work->dhsc->rows[work->dhsc->row_count - 1];
    bool is_assessment = figure->response_kind == CLD_ASSESSMENT;

    days_add(&work->days, figure->days);
    if (figure->own_days >= 0) {
        days_add(&work->own_days, figure->own_days);
    }
    row->n++;
    if (row->metric == DHSC_FIRST_SERVICE) {
        row->by_type[figure->type]++;
        return;
    }
    row->by_request += figure->response_kind == CLD_REQUEST;
    row->by_assessment += is_assessment;
    row->by_service += figure->response_kind == CLD_SERVICE;
    row->at_short += is_assessment && figure->type == CLD_SHORT_TERM;
    row->at_long += is_assessment && figure->type == CLD_LONG_TERM;
}

static void end_row(struct work *work) {
    struct dhsc_row *row = &work->dhsc->rows[work->dhsc->row_count - 1];
    const struct days *own = &work->own_days;

    row->median = days_median(&work->days);
    row->own.n = own->n;
    if (own->n > 0) {
        uint64_t tenths = (own->sum * 20 + own->n) / (2 * own->n); /* half up */

        row->own.within_standard = days_within(own, DHSC_OWN_STANDARD_DAYS);
        row->own.median = days_median(own);
        row->own.mean = (double)tenths / 10.0;
        row->own.p90 = days_rank(own, (own->n * 9 + 9) / 10 - 1);
        row->own.longest = own->longest;
    }
    days_clear(&work->days);
    days_clear(&work->own_days);
}

/* False when the temporary file failed. */
static bool make_rows(struct work *work) {
    struct dhsc *dhsc = work->dhsc;
    struct figure last = {0};
    const struct figure *figure;

    if (!sorter_begin(work->figures)) {
        return false;
    }
    while ((figure = sorter_next(work->figures)) != NULL) {
        if (dhsc->row_count == 0 || compare_figures(&last, figure) != 0) {
            if (dhsc->row_count > 0) {
                end_row(work);
            }
            begin_row(work, figure);
        }
        count_figure(work, figure);
        last = *figure;
    }
    if (dhsc->row_count > 0) {
        end_row(work);
        qsort(dhsc->rows, dhsc->row_count, sizeof *dhsc->rows, compare_rows);
    }
    return !sorter_failed(work->figures);
}

/* ---- Person by person */

/* (5) */
static int compare_timeline(const void *left, const void *right) {
    const struct cld_record *a = left;
    const struct cld_record *b = right;
    int order = order_of(a->start, b->start);

    order = FIRST_DIFFERENCE(order, order_of(a->kind, b->kind));
    order = FIRST_DIFFERENCE(order, order_of(b->file, a->file));
    return FIRST_DIFFERENCE(order, order_of(b->line, a->line));
}

static void end_person(struct work *work) {
    if (work->count > 0) {
        qsort(work->records, work->count, sizeof *work->records, compare_timeline);
        make_timeline(work);
        count_started(work);
        link_events(work);
        judge_requests(work);
    }
    work->count = 0;
    work->too_many = false;
}

static void add_record(struct work *work, const struct cld_record *record) {
    if (work->count == DHSC_PERSON_EVENTS_MAX) {
        for (size_t i = 0; i < work->count; i++) {
            cld_store_skip(work->store, &work->records[i], CLD_NO_ONE_PERSON);
        }
        work->count = 0;
        work->too_many = true;
    }
    if (work->too_many) {
        cld_store_skip(work->store, record, CLD_NO_ONE_PERSON);
        return;
    }
    memory_reserve((void **)&work->records, &work->capacity, work->count + 1, sizeof *work->records);
    work->records[work->count++] = *record;
}

static void go_through(struct work *work) {
    const struct cld_record *record;
    struct cld_record before = {0};
    bool any = false;

    while ((record = cld_store_next(work->store)) != NULL) {
        if (any && !cld_same_person(record, &before)) {
            end_person(work);
        }
        any = true;
        before = *record;
        add_record(work, record);
    }
    end_person(work);
}

static void clear_work(struct work *work) {
    for (size_t i = 0; i < CLD_LA_CODES_MAX; i++) {
        free(work->started[i]);
    }
    sorter_destroy(&work->figures);
    days_destroy(&work->days);
    days_destroy(&work->own_days);
    free(work->records);
    free(work->line.events);
    free(work->line.next_assessment);
    free(work->line.next_service);
    free(work->line.progresses);
    free(work->line.used);
}

struct dhsc *dhsc_compute(struct cld_store *store, dhsc_sink sink, void *context, char message[CLD_MESSAGE_BYTES]) {
    struct dhsc *dhsc = memory_new(1, sizeof *dhsc);
    struct work work = {.dhsc = dhsc,
                        .store = store,
                        .sink = sink,
                        .context = context,
                        .day_one = day_from_civil(2023, 4, 1),
                        .release_2 = day_from_civil(2025, 7, 1),
                        .figures = sorter_create(sizeof(struct figure), FIGURE_MEMORY, compare_figures)};

    days_init(&work.days);
    days_init(&work.own_days);
    go_through(&work);
    bool whole = make_rows(&work) && !cld_store_failed(store);

    if (!whole) {
        snprintf(message, CLD_MESSAGE_BYTES, "%s", cld_store_failed(store) ? cld_store_message(store) : sorter_message(work.figures));
        dhsc_destroy(&dhsc);
    }
    clear_work(&work);
    return dhsc;
}

void dhsc_destroy(struct dhsc **dhsc) {
    if (*dhsc == NULL) {
        return;
    }
    free((*dhsc)->rows);
    free(*dhsc);
    *dhsc = NULL;
}

const struct dhsc_row *dhsc_rows(const struct dhsc *dhsc, size_t *count) {
    *count = dhsc->row_count;
    return dhsc->rows;
}

uint64_t dhsc_verdict_count(const struct dhsc *dhsc, enum dhsc_verdict verdict) {
    return dhsc->verdicts[verdict];
}
