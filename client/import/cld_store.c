/* Keeps the records of Client Level Data: people by their hash, one record an event, the lines that were not taken. */
#include "client/import/cld_store.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/memory.h"

#define CSV_FAULTS_KEPT 1000
#define RECORD_MEMORY (4 << 20)
#define SKIPPED_MEMORY (1 << 20)
#define NAMES_MAX UINT16_MAX

static const struct {
    const char *code, *text;
} reason_words[CLD_REASON_COUNT] = {
    [CLD_TAKEN] = {"taken", "taken"},
    [CLD_NOT_CSV] = {"not_csv", "the line is no CSV"},
    [CLD_CELL_COUNT] = {"cell_count", "the line has another number of cells than the header"},
    [CLD_NO_LA_CODE] = {"no_la_code", "no code of the local authority, or one after 512 others"},
    [CLD_NO_PERSON] = {"no_person", "neither a valid NHS number nor the council's person identifier"},
    [CLD_BAD_EVENT_TYPE] = {"event_type", "the event type is missing, or neither request, assessment, service nor review"},
    [CLD_BAD_CLIENT_TYPE] = {"client_type", "the client type is missing, or in neither release's list"},
    [CLD_BAD_DATE] = {"bad_date", "a date that is neither dd/mm/yyyy nor yyyy-mm-dd, or does not exist"},
    [CLD_MONTH_FIRST] = {"month_first", "a date with the month before the day"},
    [CLD_NO_START] = {"no_start", "no event start date"},
    [CLD_NO_END] = {"no_end", "no event end date, although only services may be open"},
    [CLD_END_BEFORE_START] = {"end_before_start", "the event ends before it starts"},
    [CLD_AFTER_DEATH] = {"after_death", "the event starts after the date of death"},
    [CLD_BAD_ASSESSMENT_TYPE] = {"assessment_type", "the assessment type is missing, or in neither release's list"},
    [CLD_BAD_SERVICE_TYPE] = {"service_type", "the service type is missing, or in neither release's list"},
    [CLD_NO_OUTCOME] = {"no_outcome", "a request without an outcome: whether it went further is not known"},
    [CLD_BAD_OUTCOME] = {"outcome", "a request whose outcome is in neither release's list"},
    [CLD_NO_ONE_PERSON] = {"no_one_person", "over 100,000 events have this identifier: it is not that of one person"},
    [CLD_IS_SERVICE] = {"service", "a service is no wait"},
    [CLD_IS_REVIEW] = {"review", "a review: since when it was waited for, CLD does not say"},
    [CLD_IS_FINANCIAL] = {"financial_assessment", "a financial assessment is not what people are waiting for here"},
    [CLD_NO_EVENT] = {"no_event", "a carer known by association: such lines hold no event"},
    [CLD_SAME_EVENT] = {"same_event", "the same event stands on another line, which was taken"},
    [CLD_REPEATED_REQUEST] = {"repeated_request", "a further request while an earlier one was waiting, which keeps the clock"},
    [CLD_UNMATCHED_REQUEST] = {"unmatched_request",
                               "a request that went further, but no assessment of the same person follows: not an open wait"},
    [CLD_NO_REQUEST] = {"no_request", "an assessment without a request before it: since when it was waited for, the file does not say"},
    [CLD_NOT_CLASSIFIED] = {"not_classified",
                            "no rule of the map says which pathway this is, nor does its unclassified or closed_requests"},
};

const char *cld_reason_code(enum cld_reason reason) {
    return reason_words[reason].code;
}

const char *cld_reason_text(enum cld_reason reason) {
    return reason_words[reason].text;
}

/* ---- Order */

static int order_of(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

#define FIRST_DIFFERENCE(order, next) ((order) != 0 ? (order) : (next))

static int compare_persons(const struct cld_record *a, const struct cld_record *b) {
    int order = memcmp(a->person, b->person, sizeof a->person);

    return FIRST_DIFFERENCE(order, order_of(a->la_code, b->la_code));
}

bool cld_same_person(const struct cld_record *a, const struct cld_record *b) {
    return compare_persons(a, b) == 0;
}

/* Records of the same event compare as 0: person, start, kind, client type, and the detail; the end too, but not of services (DHSC). */
static int compare_events(const struct cld_record *a, const struct cld_record *b) {
    int order = compare_persons(a, b);

    order = FIRST_DIFFERENCE(order, order_of(a->start, b->start));
    order = FIRST_DIFFERENCE(order, order_of(a->kind, b->kind));
    order = FIRST_DIFFERENCE(order, order_of(a->client, b->client));
    order = FIRST_DIFFERENCE(order, order_of(a->detail, b->detail));
    return FIRST_DIFFERENCE(order, a->kind == CLD_SERVICE ? 0 : order_of(a->end, b->end));
}

/* Of the same event the one to be kept first: the newest submission; open, or the latest end; the best outcome; a conversation; the last
 * line. */
static int compare_records(const void *left, const void *right) {
    const struct cld_record *a = left;
    const struct cld_record *b = right;
    int order = compare_events(a, b);

    order = FIRST_DIFFERENCE(order, order_of(b->file, a->file));
    order = FIRST_DIFFERENCE(order, order_of(b->end == DAY_NONE ? INT64_MAX : b->end, a->end == DAY_NONE ? INT64_MAX : a->end));
    order = FIRST_DIFFERENCE(order, order_of(a->outcome, b->outcome));
    order = FIRST_DIFFERENCE(order, order_of(b->conversation, a->conversation));
    return FIRST_DIFFERENCE(order, order_of(b->line, a->line));
}

static int compare_lines(const void *left, const void *right) {
    const struct cld_skipped *a = left;
    const struct cld_skipped *b = right;
    int order = order_of(a->file, b->file);

    order = FIRST_DIFFERENCE(order, order_of(a->line, b->line));
    return FIRST_DIFFERENCE(order, order_of(a->reason, b->reason));
}

/* ---- The store */

struct cld_store *cld_store_create(enum cld_wish wish, const struct cld_map *map) {
    struct cld_store *store = memory_new(1, sizeof *store);

    ENSURE(sodium_init() >= 0);
    store->wish = wish;
    store->map = map;
    store->encoding = map != NULL ? map->encoding : CSV_UTF_8;
    if (map != NULL) {
        memcpy(store->key, map->key, sizeof store->key);
    } else {
        randombytes_buf(store->key, sizeof store->key);
    }
    store->records = sorter_create(sizeof(struct cld_record), RECORD_MEMORY, compare_records);
    store->skipped = sorter_create(sizeof(struct cld_skipped), SKIPPED_MEMORY, compare_lines);
    store->name_slots = memory_new(CLD_NAME_SLOTS, sizeof *store->name_slots);
    store->names = memory_new(1, sizeof *store->names);
    store->names[0] = memory_new(1, 1);
    store->name_count = store->name_capacity = 1;
    store->files = memory_new(CLD_FILES_MAX, sizeof *store->files);
    store->csv_faults = memory_new(CSV_FAULTS_KEPT, sizeof *store->csv_faults);
    return store;
}

void cld_store_destroy(struct cld_store **store) {
    if (*store == NULL) {
        return;
    }
    for (size_t i = 0; i < (*store)->name_count; i++) {
        free((*store)->names[i]);
    }
    for (size_t i = 0; i < (*store)->file_count; i++) {
        free((*store)->files[i].path);
    }
    for (size_t i = 0; i < (*store)->csv_fault_count; i++) {
        free((*store)->csv_faults[i].message);
    }
    free((*store)->csv_faults);
    free((*store)->names);
    free((*store)->files);
    free((*store)->name_slots);
    sorter_destroy(&(*store)->records);
    sorter_destroy(&(*store)->skipped);
    sodium_memzero((*store)->key, sizeof(*store)->key);
    free(*store);
    *store = NULL;
}

void cld_store_encoding(struct cld_store *store, enum csv_encoding encoding) {
    store->encoding = encoding;
}

static char *copy(const char *text) {
    size_t size = strlen(text) + 1;

    return memcpy(memory_new(size, 1), text, size);
}

bool cld_store_add_la_code(struct cld_store *store, const char *code, uint16_t *index) {
    size_t at = 0;

    while (at < store->la_count && strcmp(store->la_codes[at], code) != 0) {
        at++;
    }
    if (at == CLD_LA_CODES_MAX) {
        return false;
    }
    if (at == store->la_count) {
        memcpy(store->la_codes[store->la_count++], code, strlen(code) + 1);
    }
    *index = (uint16_t)at;
    return true;
}

uint16_t cld_store_add_name(struct cld_store *store, const char *name) {
    size_t slot = (size_t)(text_hash(text_of(name), 0) % CLD_NAME_SLOTS);

    if (name[0] == '\0') {
        return 0;
    }
    for (; store->name_slots[slot] != 0; slot = (slot + 1) % CLD_NAME_SLOTS) {
        if (strcmp(store->names[store->name_slots[slot]], name) == 0) {
            return store->name_slots[slot];
        }
    }
    if (store->name_count == NAMES_MAX) {
        return 0;
    }
    memory_reserve((void **)&store->names, &store->name_capacity, store->name_count + 1, sizeof *store->names);
    store->name_slots[slot] = (uint16_t)store->name_count;
    store->names[store->name_count++] = copy(name);
    return store->name_slots[slot];
}

struct cld_file *cld_store_add_file(struct cld_store *store, const char *path) {
    ENSURE(store->file_count < CLD_FILES_MAX);
    struct cld_file *file = &store->files[store->file_count++];

    *file = (struct cld_file){.path = copy(path), .period_start = DAY_NONE, .period_end = DAY_NONE};
    return file;
}

/* A failure of the sorters stays: whoever reads or goes through the records asks cld_store_failed. */
void cld_store_add(struct cld_store *store, const struct cld_record *record) {
    store->count += sorter_add(store->records, record);
}

void cld_store_skip_at(struct cld_store *store, const struct cld_record *record, uint32_t column, enum cld_reason reason) {
    const struct cld_skipped line = {.line = record->line, .column = column, .file = record->file, .reason = (uint8_t)reason};

    (void)sorter_add(store->skipped, &line);
    store->skip_counts[reason]++;
    if (reason == CLD_MONTH_FIRST) {
        store->month_first = line;
    }
}

void cld_store_skip(struct cld_store *store, const struct cld_record *record, enum cld_reason reason) {
    cld_store_skip_at(store, record, 0, reason);
}

void cld_store_csv_fault_add(struct cld_store *store, uint8_t file, const struct csv_fault *fault) {
    const struct cld_record where = {.line = (uint32_t)fault->line, .file = file};

    cld_store_skip_at(store, &where, (uint32_t)fault->column, CLD_NOT_CSV);
    if (store->csv_fault_count == CSV_FAULTS_KEPT) {
        return;
    }
    bool first = store->csv_fault_count == 0 || store->csv_faults[store->csv_fault_count - 1].file != file;

    store->csv_fault_line = first || where.line > store->csv_fault_line ? where.line : store->csv_fault_line;
    store->csv_faults[store->csv_fault_count].line = where.line;
    store->csv_faults[store->csv_fault_count].file = file;
    store->csv_faults[store->csv_fault_count++].message = copy(fault->message);
}

const char *cld_store_csv_fault(const struct cld_store *store, const struct cld_skipped *line) {
    size_t count = store->csv_fault_count;
    uint8_t last = count > 0 ? store->csv_faults[count - 1].file : 0;

    if (line->reason != CLD_NOT_CSV || line->file > last || (line->file == last && line->line > store->csv_fault_line)) {
        return "";
    }
    for (size_t i = 0; i < count; i++) {
        if (store->csv_faults[i].line == line->line && store->csv_faults[i].file == line->file) {
            return store->csv_faults[i].message;
        }
    }
    return "";
}

/* ---- Going through the records */

/* A service that was open at the end of one submission and is in no later one has ended by then. */
static void close_vanished(const struct cld_store *store, struct cld_record *record) {
    const struct cld_file *file = &store->files[record->file];

    if (record->kind == CLD_SERVICE && record->end == DAY_NONE && (size_t)record->file + 1 < store->file_count &&
        file->period_end != DAY_NONE) {
        record->end = file->period_end < record->start ? record->start : file->period_end;
    }
}

bool cld_store_settle(struct cld_store *store) {
    return sorter_begin(store->records);
}

const struct cld_record *cld_store_next(struct cld_store *store) {
    const struct cld_record *record;

    while ((record = sorter_next(store->records)) != NULL && store->any && compare_events(&store->last, record) == 0) {
        cld_store_skip(store, record, CLD_SAME_EVENT);
    }
    if (record == NULL || cld_store_failed(store)) {
        return NULL;
    }
    store->persons += !store->any || !cld_same_person(&store->last, record);
    store->any = true;
    store->last = *record;
    close_vanished(store, &store->last);
    return &store->last;
}

/* ---- Views */

uint64_t cld_store_count(const struct cld_store *store) {
    return store->count;
}

uint64_t cld_store_person_count(const struct cld_store *store) {
    return store->persons;
}

bool cld_store_failed(const struct cld_store *store) {
    return sorter_failed(store->records) || sorter_failed(store->skipped);
}

const char *cld_store_message(const struct cld_store *store) {
    return sorter_message(sorter_failed(store->records) ? store->records : store->skipped);
}

const char *cld_store_la_code(const struct cld_store *store, uint16_t la_code) {
    return store->la_codes[la_code];
}

const char *cld_store_name(const struct cld_store *store, uint16_t name) {
    return store->names[name];
}

size_t cld_store_file_count(const struct cld_store *store) {
    return store->file_count;
}

const struct cld_file *cld_store_file(const struct cld_store *store, size_t file) {
    return &store->files[file];
}

uint64_t cld_store_skip_count(const struct cld_store *store, enum cld_reason reason) {
    return store->skip_counts[reason];
}

void cld_store_begin_skipped(struct cld_store *store) {
    (void)sorter_begin(store->skipped); /* a failure is seen by cld_store_failed, and there is no next line */
}

const struct cld_skipped *cld_store_next_skipped(struct cld_store *store) {
    return sorter_failed(store->skipped) ? NULL : sorter_next(store->skipped);
}
