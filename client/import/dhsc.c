/* DHSC's waiting-time method from settled records; the numbers in brackets are those of the rules in docs/cld.md. */
#include "client/import/dhsc.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/memory.h"

#define FIRST_YEAR 2023
#define QUARTERS_MAX 720 /* up to the year 2199, which no date of a record passes by more than an event's length */
#define BANDS 2

/* What started in one quarter and band (13). */
struct started {
    uint32_t requests, assessments, services;
};

/* One wait of one metric. */
struct figure {
    uint16_t la_code; /* rank among the codes */
    uint8_t metric, band, response_kind, type;
    int32_t quarter, days, own_days; /* own_days: -1: none */
};

struct dhsc {
    const struct cld_store *store;
    struct dhsc_request *requests;
    size_t request_count, request_capacity;
    struct dhsc_row *rows;
    size_t row_count, row_capacity;
    uint64_t verdicts[DHSC_VERDICT_COUNT];
};

/* One person's events that are in the method's timeline (5), and what is known of each. */
struct timeline {
    uint32_t *events;                         /* records */
    uint32_t *next_assessment, *next_service; /* positions behind each; DHSC_NONE: none */
    bool *progresses;                         /* of an assessment: its block progresses to service (6) */
    bool *used;                               /* as response or service of a request (9) */
    size_t count;
    size_t capacities[5];
};

struct work {
    struct dhsc *dhsc;
    const struct cld_record *records;
    struct timeline line;
    day_t day_one, release_2; /* 2023-04-01; 2025-07-01 */
    struct figure *figures;
    size_t figure_count, figure_capacity;
    const char **la_codes; /* sorted */
    size_t la_count, la_capacity;
    struct started **started; /* by LA code's rank: QUARTERS_MAX × BANDS, or NULL */
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
    return metric == DHSC_FIRST_RESPONSE ? "Wait time to first response" : "Wait time to first service";
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

static void make_timeline(struct work *work, size_t first, size_t behind) {
    struct earlier_services earlier = {INT64_MIN, INT64_MIN};
    size_t noted = first; /* services before it are in `earlier` */

    work->line.count = 0;
    for (size_t i = first; i < behind; i++) {
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
            progresses = progresses || is_progress_to_service(event_at(work, behind++));
        }
        for (size_t i = first; i < behind; i++) {
            line->progresses[i] = progresses;
        }
        first = behind > first ? behind : first + 1;
    }
}

static void link_events(struct work *work) {
    struct timeline *line = &work->line;
    uint32_t assessment = DHSC_NONE;
    uint32_t service = DHSC_NONE;

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
           (assessment == DHSC_NONE || event_at(work, assessment)->start > request->start);
}

/* (7) and (8), as positions. */
static void find_follow_up(const struct work *work, size_t at, uint32_t *response, uint32_t *service) {
    const struct timeline *line = &work->line;

    *response = is_own_response(work, at) ? (uint32_t)at : line->next_assessment[at];
    *service = line->next_service[at];
    if (*service < *response) { /* DHSC_NONE is above every position */
        *response = *service;
    }
    if (*response != DHSC_NONE && event_at(work, *response)->kind == CLD_ASSESSMENT && !line->progresses[*response]) {
        *service = DHSC_NONE;
    }
}

static uint32_t later_of(uint32_t response, uint32_t service) {
    return response == DHSC_NONE ? service : service == DHSC_NONE ? response : response > service ? response : service;
}

static void add_figure(struct work *work, const struct dhsc_request *result, enum dhsc_metric metric);

static void judge_requests(struct work *work) {
    struct dhsc *dhsc = work->dhsc;
    struct timeline *line = &work->line;
    uint32_t followed_until = DHSC_NONE; /* of the request before */

    for (size_t at = 0; at < line->count; at++) {
        if (event_at(work, at)->kind != CLD_REQUEST) {
            continue;
        }
        uint32_t response;
        uint32_t service;

        find_follow_up(work, at, &response, &service);
        bool overlaps = (followed_until != DHSC_NONE && followed_until > at) || (response != DHSC_NONE && line->used[response]) ||
                        (service != DHSC_NONE && line->used[service]);
        struct dhsc_request result = {line->events[at], DHSC_NONE, DHSC_NONE, -1, -1, DHSC_OVERLAPS};

        if (!overlaps) {
            result.verdict = response == DHSC_NONE ? DHSC_NOTHING_FOLLOWS : DHSC_COUNTED;
        }
        if (result.verdict == DHSC_COUNTED) {
            result.response = line->events[response];
            result.to_response = event_at(work, response)->start - event_at(work, at)->start;
            add_figure(work, &result, DHSC_FIRST_RESPONSE);
        }
        if (result.verdict == DHSC_COUNTED && service != DHSC_NONE) {
            result.service = line->events[service];
            result.to_service = event_at(work, service)->start - event_at(work, at)->start;
            add_figure(work, &result, DHSC_FIRST_SERVICE);
        }
        if (response != DHSC_NONE) {
            line->used[response] = true;
        }
        if (service != DHSC_NONE) {
            line->used[service] = true;
        }
        followed_until = later_of(response, service);
        dhsc->verdicts[result.verdict]++;
        memory_reserve((void **)&dhsc->requests, &dhsc->request_capacity, dhsc->request_count + 1, sizeof *dhsc->requests);
        dhsc->requests[dhsc->request_count++] = result;
    }
}

/* ---- Rules 10 to 13: figures */

static int compare_codes(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void collect_codes(struct work *work, const struct cld_store *store) {
    const char *last = NULL;

    for (uint32_t person = 0; person < cld_store_person_count(store); person++) {
        const char *code = cld_store_la_code(store, person);

        if (code == last) { /* names are kept once: the same text is the same pointer */
            continue;
        }
        last = code;
        size_t known = 0;

        while (known < work->la_count && work->la_codes[known] != code) {
            known++;
        }
        if (known == work->la_count) {
            memory_reserve((void **)&work->la_codes, &work->la_capacity, work->la_count + 1, sizeof *work->la_codes);
            work->la_codes[work->la_count++] = code;
        }
    }
    if (work->la_count > 0) {
        qsort(work->la_codes, work->la_count, sizeof *work->la_codes, compare_codes);
    }
    work->started = memory_new(work->la_count + 1, sizeof *work->started);
}

static uint16_t rank_of(const struct work *work, uint32_t person) {
    const char *code = cld_store_la_code(work->dhsc->store, person);
    const char **found = bsearch(&code, work->la_codes, work->la_count, sizeof *work->la_codes, compare_codes);

    ENSURE(found != NULL);
    return (uint16_t)(found - work->la_codes);
}

static uint8_t band_index(const struct cld_record *record) {
    return record->band == CLD_65_AND_ABOVE;
}

static struct started *started_in(struct work *work, uint16_t rank, int32_t quarter, uint8_t band) {
    ENSURE(quarter >= 0 && quarter < QUARTERS_MAX);
    if (work->started[rank] == NULL) {
        work->started[rank] = memory_new((size_t)QUARTERS_MAX * BANDS, sizeof *work->started[rank]);
    }
    return &work->started[rank][(size_t)quarter * BANDS + band];
}

static void count_started(struct work *work) {
    for (size_t i = 0; i < work->line.count; i++) {
        const struct cld_record *record = event_at(work, i);

        if (record->start < work->day_one) {
            continue;
        }
        struct started *started = started_in(work, rank_of(work, record->person), quarter_of(record->start), band_index(record));

        started->requests += record->kind == CLD_REQUEST;
        started->assessments += record->kind == CLD_ASSESSMENT;
        started->services += record->kind == CLD_SERVICE;
    }
}

/* (11) Quarter and band are those of the response or the service. */
static void add_figure(struct work *work, const struct dhsc_request *result, enum dhsc_metric metric) {
    const struct cld_record *request = &work->records[result->request];
    const struct cld_record *event = &work->records[metric == DHSC_FIRST_RESPONSE ? result->response : result->service];
    bool is_assessment = metric == DHSC_FIRST_RESPONSE && event->kind == CLD_ASSESSMENT;

    memory_reserve((void **)&work->figures, &work->figure_capacity, work->figure_count + 1, sizeof *work->figures);
    work->figures[work->figure_count++] = (struct figure){
        .la_code = rank_of(work, request->person),
        .metric = (uint8_t)metric,
        .band = band_index(event),
        .response_kind = event->kind,
        .type = event->type,
        .quarter = quarter_of(event->start),
        .days = metric == DHSC_FIRST_RESPONSE ? result->to_response : result->to_service,
        .own_days = is_assessment ? event->end - request->start : -1,
    };
}

static int order_of(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

#define FIRST_DIFFERENCE(order, next) ((order) != 0 ? (order) : (next))

static int compare_rows(const struct figure *a, const struct figure *b) {
    int order = order_of(a->la_code, b->la_code);

    order = FIRST_DIFFERENCE(order, order_of(a->metric, b->metric));
    order = FIRST_DIFFERENCE(order, order_of(a->quarter, b->quarter));
    return FIRST_DIFFERENCE(order, order_of(a->band, b->band));
}

static int compare_figures(const void *left, const void *right) {
    const struct figure *a = left;
    const struct figure *b = right;
    int order = compare_rows(a, b);

    return FIRST_DIFFERENCE(order, order_of(a->days, b->days));
}

static int compare_days(const void *left, const void *right) {
    return order_of(*(const int32_t *)left, *(const int32_t *)right);
}

double dhsc_median(const int32_t *sorted, size_t count) {
    size_t lower = (count - 1) / 2;
    size_t upper = count / 2;

    return ((double)sorted[lower] + (double)sorted[upper]) / 2.0;
}

/* `days` is room for `count` numbers. */
static void measure_own(struct dhsc_own *own, const struct figure *figures, size_t count, int32_t *days) {
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        if (figures[i].own_days >= 0) {
            days[own->n++] = figures[i].own_days;
            own->within_standard += figures[i].own_days <= DHSC_OWN_STANDARD_DAYS;
            sum += figures[i].own_days;
        }
    }
    if (own->n == 0) {
        return;
    }
    int64_t n = (int64_t)own->n;

    qsort(days, own->n, sizeof *days, compare_days);
    own->median = dhsc_median(days, own->n);
    int64_t tenths = (sum * 20 + n) / (2 * n); /* half up */

    own->mean = (double)tenths / 10.0;
    own->p90 = days[(own->n * 9 + 9) / 10 - 1];
    own->longest = days[own->n - 1];
}

static void add_row(struct work *work, const struct figure *figures, size_t count, int32_t *days) {
    struct dhsc *dhsc = work->dhsc;
    const struct started *started = started_in(work, figures->la_code, figures->quarter, figures->band);
    struct dhsc_row row = {.la_code = work->la_codes[figures->la_code],
                           .metric = (enum dhsc_metric)figures->metric,
                           .from = quarter_start(figures->quarter),
                           .to = quarter_start(figures->quarter + 1) - 1,
                           .band = figures->band == 0 ? CLD_25_TO_64 : CLD_65_AND_ABOVE,
                           .n = count,
                           .all_requests = started->requests,
                           .all_assessments = started->assessments,
                           .all_services = started->services};

    for (size_t i = 0; i < count; i++) {
        days[i] = figures[i].days;
        if (row.metric == DHSC_FIRST_SERVICE) {
            row.by_type[figures[i].type]++;
            continue;
        }
        row.by_request += figures[i].response_kind == CLD_REQUEST;
        row.by_assessment += figures[i].response_kind == CLD_ASSESSMENT;
        row.by_service += figures[i].response_kind == CLD_SERVICE;
        row.at_short += figures[i].response_kind == CLD_ASSESSMENT && figures[i].type == CLD_SHORT_TERM;
        row.at_long += figures[i].response_kind == CLD_ASSESSMENT && figures[i].type == CLD_LONG_TERM;
    }
    row.median = dhsc_median(days, count);
    measure_own(&row.own, figures, count, days);
    memory_reserve((void **)&dhsc->rows, &dhsc->row_capacity, dhsc->row_count + 1, sizeof *dhsc->rows);
    dhsc->rows[dhsc->row_count++] = row;
}

static void make_rows(struct work *work) {
    int32_t *days = memory_new(work->figure_count + 1, sizeof *days);

    if (work->figure_count > 0) {
        qsort(work->figures, work->figure_count, sizeof *work->figures, compare_figures);
    }
    for (size_t first = 0; first < work->figure_count;) {
        size_t behind = first;

        while (behind < work->figure_count && compare_rows(&work->figures[first], &work->figures[behind]) == 0) {
            behind++;
        }
        add_row(work, &work->figures[first], behind - first, days);
        first = behind;
    }
    free(days);
}

static void clear_work(struct work *work) {
    for (size_t i = 0; i < work->la_count; i++) {
        free(work->started[i]);
    }
    free(work->started);
    free(work->la_codes);
    free(work->figures);
    free(work->line.events);
    free(work->line.next_assessment);
    free(work->line.next_service);
    free(work->line.progresses);
    free(work->line.used);
}

struct dhsc *dhsc_compute(const struct cld_store *store) {
    struct dhsc *dhsc = memory_new(1, sizeof *dhsc);
    struct work work = {
        .dhsc = dhsc, .records = cld_store_records(store), .day_one = day_from_civil(2023, 4, 1), .release_2 = day_from_civil(2025, 7, 1)};
    size_t count = cld_store_count(store);

    dhsc->store = store;
    collect_codes(&work, store);
    for (size_t first = 0; first < count;) {
        size_t behind = first;

        while (behind < count && work.records[behind].person == work.records[first].person) {
            behind++;
        }
        make_timeline(&work, first, behind);
        count_started(&work);
        link_events(&work);
        judge_requests(&work);
        first = behind;
    }
    make_rows(&work);
    clear_work(&work);
    return dhsc;
}

void dhsc_destroy(struct dhsc **dhsc) {
    if (*dhsc == NULL) {
        return;
    }
    free((*dhsc)->requests);
    free((*dhsc)->rows);
    free(*dhsc);
    *dhsc = NULL;
}

const struct dhsc_row *dhsc_rows(const struct dhsc *dhsc, size_t *count) {
    *count = dhsc->row_count;
    return dhsc->rows;
}

const struct dhsc_request *dhsc_requests(const struct dhsc *dhsc, size_t *count) {
    *count = dhsc->request_count;
    return dhsc->requests;
}

uint64_t dhsc_verdict_count(const struct dhsc *dhsc, enum dhsc_verdict verdict) {
    return dhsc->verdicts[verdict];
}
