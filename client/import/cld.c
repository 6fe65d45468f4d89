/* Reads Client Level Data row by row; what identifies a person ends here. */
#include "client/import/cld.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waitlist/event.h>

#include "client/import/cld_store.h"
#include "client/import/pseudonym.h"
#include "daemon/core/memory.h"

#define PROGRESS_EVERY_ROWS 4096

struct reader {
    struct cld_store *store;
    struct csv_table *table;
    struct cld_file *file;
    uint8_t file_index;
    struct csv_row row;
    size_t cell_count; /* of the header */
    int columns[CLD_COLUMN_COUNT];
    int rule_columns[CLD_RULES_MAX];
    int team_column, district_column;
    int faulty; /* the cell that is wrong; -1: none in particular */
};

/* ---- The header */

static int find_plain(const struct csv_row *row, const char *plain) {
    for (size_t i = 0; i < row->count && plain[0] != '\0'; i++) {
        char header[CLD_LABEL_BYTES];

        (void)cld_plain(row->cells[i], header, sizeof header);
        if (strcmp(header, plain) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Columns that a map names and the file has not are no error: then their rules never fit, and the count of the unclassified says so. */
static void find_map_columns(struct reader *reader) {
    const struct cld_map *map = reader->store->map;

    reader->team_column = reader->district_column = -1;
    if (map == NULL) {
        return;
    }
    for (size_t i = 0; i < map->rule_count; i++) {
        reader->rule_columns[i] = find_plain(&reader->row, map->rules[i].column);
    }
    reader->team_column = find_plain(&reader->row, map->team.column);
    reader->district_column = find_plain(&reader->row, map->district.column);
}

static bool read_header(struct reader *reader, char message[CLD_MESSAGE_BYTES]) {
    static const enum cld_column needed[] = {CLD_LA_CODE,     CLD_LA_PERSON, CLD_CLIENT_TYPE, CLD_EVENT_TYPE,
                                             CLD_EVENT_START, CLD_EVENT_END, CLD_OUTCOME,     CLD_ASSESSMENT_TYPE};
    int used = 0;

    for (int i = 0; i < CLD_COLUMN_COUNT; i++) {
        reader->columns[i] = -1;
    }
    for (size_t i = 0; i < reader->row.count; i++) {
        int column = cld_column_of(reader->row.cells[i]);

        if (column >= 0 && reader->columns[column] >= 0) {
            snprintf(message, CLD_MESSAGE_BYTES, "line %llu: the column \"%s\" is there twice", (unsigned long long)reader->row.line,
                     cld_column_name((enum cld_column)column));
            return false;
        }
        if (column >= 0) {
            reader->columns[column] = (int)i;
        }
    }
    message[0] = '\0';
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (reader->columns[needed[i]] < 0 && used < CLD_MESSAGE_BYTES / 2) {
            used += snprintf(message + used, CLD_MESSAGE_BYTES - (size_t)used, "%s\"%s\"",
                             used == 0 ? "the header lacks what a Client Level Data file has: " : ", ", cld_column_name(needed[i]));
        }
    }
    reader->cell_count = reader->row.count;
    find_map_columns(reader);
    return used == 0;
}

/* ---- One row */

static struct text cell(const struct reader *reader, enum cld_column column) {
    int at = reader->columns[column];

    return at < 0 ? TEXT_ABSENT : reader->row.cells[at];
}

/* LA codes are short: what else stands there is no code, and may be anything. */
static bool take_la_code(struct reader *reader, char out[CLD_LA_CODE_BYTES]) {
    struct text code = csv_trim(cell(reader, CLD_LA_CODE));

    if (cld_is_missing(code) || code.length >= CLD_LA_CODE_BYTES) {
        return false;
    }
    for (uint32_t i = 0; i < code.length; i++) {
        char c = code.at[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) {
            return false;
        }
        out[i] = c;
    }
    out[code.length] = '\0';
    return true;
}

/* DHSC's order: the NHS number, where it is a valid one, else the council's own identifier. */
static enum cld_reason take_person(struct reader *reader, struct cld_record *record) {
    char la_code[CLD_LA_CODE_BYTES];
    char number[11];
    char pseudonym[PSEUDONYM_SIZE];
    struct text person = csv_trim(cell(reader, CLD_LA_PERSON));
    struct text nhs_number = cell(reader, CLD_NHS_NUMBER);

    reader->faulty = reader->columns[CLD_LA_CODE];
    if (!take_la_code(reader, la_code) || !cld_store_add_la_code(reader->store, la_code, &record->la_code)) {
        return CLD_NO_LA_CODE;
    }
    reader->faulty = reader->columns[CLD_LA_PERSON];
    if (cld_nhs_number(nhs_number, number)) {
        person = text_of(number);
    } else if (cld_is_missing(person)) {
        return CLD_NO_PERSON;
    } else {
        reader->file->invalid_nhs_number += !cld_is_missing(nhs_number);
    }
    pseudonym_of(reader->store->key, person, pseudonym);
    ENSURE(sodium_hex2bin(record->person, sizeof record->person, pseudonym, PSEUDONYM_SIZE - 1, NULL, NULL, NULL) == 0);
    sodium_memzero(number, sizeof number);
    return CLD_TAKEN;
}

static enum cld_reason take_date(struct reader *reader, enum cld_column column, day_t *day) {
    *day = DAY_NONE;
    reader->faulty = reader->columns[column];
    switch (cld_date_parse(cell(reader, column), day)) {
    case CLD_DATE_MONTH_FIRST:
        return CLD_MONTH_FIRST;
    case CLD_DATE_BAD:
        return CLD_BAD_DATE;
    default:
        return CLD_TAKEN;
    }
}

/* A death between start and end, or after the start of what has no end, is the end (DHSC). */
static enum cld_reason take_dates(struct reader *reader, struct cld_record *record) {
    day_t death;
    enum cld_reason reason = take_date(reader, CLD_DATE_OF_DEATH, &death);

    reason = reason == CLD_TAKEN ? take_date(reader, CLD_EVENT_END, &record->end) : reason;
    reason = reason == CLD_TAKEN ? take_date(reader, CLD_EVENT_START, &record->start) : reason;
    if (reason != CLD_TAKEN) {
        return reason;
    }
    if (record->start == DAY_NONE) {
        return CLD_NO_START;
    }
    reader->faulty = reader->columns[CLD_EVENT_END];
    if (death != DAY_NONE && death < record->start) {
        return CLD_AFTER_DEATH;
    }
    if (death != DAY_NONE && (record->end == DAY_NONE || death < record->end)) {
        record->end = death;
    }
    if (record->end == DAY_NONE) {
        return record->kind == CLD_SERVICE ? CLD_TAKEN : CLD_NO_END;
    }
    return record->end < record->start ? CLD_END_BEFORE_START : CLD_TAKEN;
}

/* A date of birth that cannot be read leaves the age unknown; only one with the month first speaks against the whole file. */
static enum cld_reason take_age(struct reader *reader, struct cld_record *record) {
    day_t birth = DAY_NONE;
    enum cld_date read = cld_date_parse(cell(reader, CLD_DATE_OF_BIRTH), &birth);

    reader->file->bad_birth += read == CLD_DATE_BAD || read == CLD_DATE_MONTH_FIRST;
    reader->file->no_birth += read == CLD_DATE_MISSING;
    record->band = (uint8_t)cld_band_at(birth, record->start);
    reader->faulty = reader->columns[CLD_DATE_OF_BIRTH];
    return read == CLD_DATE_MONTH_FIRST ? CLD_MONTH_FIRST : CLD_TAKEN;
}

/* It stands in the identity of imported waits: a change here imports everything a second time. */
static uint32_t detail_of(struct text first, struct text second) {
    char plain[CLD_LABEL_BYTES];
    uint64_t hash = 0;

    hash = text_hash((struct text){plain, (uint32_t)cld_plain(cld_is_missing(first) ? TEXT_ABSENT : first, plain, sizeof plain)}, hash);
    hash = text_hash((struct text){plain, (uint32_t)cld_plain(cld_is_missing(second) ? TEXT_ABSENT : second, plain, sizeof plain)}, hash);
    return (uint32_t)(hash ^ (hash >> 32));
}

static enum cld_reason take_event(struct reader *reader, struct cld_record *record) {
    record->outcome = (uint8_t)cld_outcome_of(cell(reader, CLD_OUTCOME));
    switch (record->kind) {
    case CLD_REQUEST:
        record->route = cld_route_of(cell(reader, CLD_ROUTE));
        reader->file->unknown_route += record->route == 0 && !cld_is_missing(cell(reader, CLD_ROUTE));
        record->detail = record->route != 0 ? record->route : detail_of(cell(reader, CLD_ROUTE), TEXT_ABSENT);
        return CLD_TAKEN;
    case CLD_ASSESSMENT:
        record->type = (uint8_t)cld_assessment_of(cell(reader, CLD_ASSESSMENT_TYPE));
        record->detail = record->type;
        reader->faulty = reader->columns[CLD_ASSESSMENT_TYPE];
        return record->type == CLD_FINANCIAL            ? CLD_IS_FINANCIAL
               : record->type == CLD_ASSESSMENT_UNKNOWN ? CLD_BAD_ASSESSMENT_TYPE
                                                        : CLD_TAKEN;
    default:
        record->type = (uint8_t)cld_service_of(cell(reader, CLD_SERVICE_TYPE));
        record->detail = detail_of(cell(reader, CLD_SERVICE_TYPE), cell(reader, CLD_SERVICE_COMPONENT));
        reader->faulty = reader->columns[CLD_SERVICE_TYPE];
        return record->type == CLD_SERVICE_UNKNOWN ? CLD_BAD_SERVICE_TYPE : CLD_TAKEN;
    }
}

static void take_hints(struct reader *reader, struct cld_record *record) {
    const struct cld_map *map = reader->store->map;
    char plain[4 * CLD_LABEL_BYTES];
    char name[WAITLIST_NAME_BYTES_MAX + 1];

    record->reason = cld_support_reason_of(cell(reader, CLD_SUPPORT_REASON));
    if (record->kind == CLD_REQUEST) {
        (void)cld_plain(cell(reader, CLD_DESCRIPTION), plain, sizeof plain);
        record->conversation = strstr(plain, "conversation") != NULL;
        sodium_memzero(plain, sizeof plain);
    }
    if (map == NULL) {
        return;
    }
    record->rule = (uint8_t)(cld_map_classify(map, reader->rule_columns, reader->row.cells, reader->row.count) + 1);
    if (reader->team_column >= 0) {
        cld_map_name(&map->team, reader->row.cells[reader->team_column], name);
        record->team = cld_store_add_name(reader->store, name);
    }
    if (reader->district_column >= 0) {
        cld_map_name(&map->district, reader->row.cells[reader->district_column], name);
        record->district = cld_store_add_name(reader->store, name);
    }
}

static void widen_period(struct reader *reader) {
    day_t day = DAY_NONE;

    if (cld_date_parse(cell(reader, CLD_PERIOD_START), &day) == CLD_DATE_OK &&
        (reader->file->period_start == DAY_NONE || day < reader->file->period_start)) {
        reader->file->period_start = day;
    }
    if (cld_date_parse(cell(reader, CLD_PERIOD_END), &day) == CLD_DATE_OK &&
        (reader->file->period_end == DAY_NONE || day > reader->file->period_end)) {
        reader->file->period_end = day;
    }
}

static enum cld_reason take_row(struct reader *reader, struct cld_record *record) {
    bool wants_services = reader->store->wish == CLD_FOR_DHSC;
    enum cld_reason reason;

    reader->faulty = -1;
    if (reader->row.count != reader->cell_count) {
        return CLD_CELL_COUNT;
    }
    widen_period(reader);
    reader->faulty = reader->columns[CLD_CLIENT_TYPE];
    record->client = (uint8_t)cld_client_of(cell(reader, CLD_CLIENT_TYPE));
    if (record->client >= CLD_CARER_KNOWN) {
        return record->client == CLD_CARER_KNOWN ? CLD_NO_EVENT : CLD_BAD_CLIENT_TYPE;
    }
    reader->faulty = reader->columns[CLD_EVENT_TYPE];
    record->kind = (uint8_t)cld_kind_of(cell(reader, CLD_EVENT_TYPE));
    if (record->kind == CLD_KIND_UNKNOWN) {
        return CLD_BAD_EVENT_TYPE;
    }
    if (record->kind == CLD_REVIEW || (record->kind == CLD_SERVICE && !wants_services)) {
        return record->kind == CLD_REVIEW ? CLD_IS_REVIEW : CLD_IS_SERVICE;
    }
    if ((reason = take_event(reader, record)) != CLD_TAKEN || (reason = take_dates(reader, record)) != CLD_TAKEN ||
        (reason = take_age(reader, record)) != CLD_TAKEN || (reason = take_person(reader, record)) != CLD_TAKEN) {
        return reason;
    }
    take_hints(reader, record);
    return CLD_TAKEN;
}

static void read_row(struct reader *reader) {
    struct cld_record record = {.line = (uint32_t)reader->row.line, .file = reader->file_index, .start = DAY_NONE, .end = DAY_NONE};
    enum cld_reason reason = take_row(reader, &record);

    if (reason == CLD_TAKEN) {
        cld_store_add(reader->store, &record);
        reader->file->taken++;
        return;
    }
    uint64_t line = 0;
    uint64_t column = 0;

    if (reader->faulty >= 0 && reason <= CLD_LAST_FAULT) {
        csv_table_place(reader->table, (size_t)reader->faulty, &line, &column);
        record.line = (uint32_t)line;
    }
    cld_store_skip_at(reader->store, &record, (uint32_t)column, reason);
}

/* ---- The file */

static enum cld_read read_rows(struct reader *reader, cld_progress progress, void *context, char message[CLD_MESSAGE_BYTES]) {
    struct csv_fault fault;
    enum csv_result result = csv_table_next(reader->table, &reader->row, &fault);

    if (result == CSV_END) {
        snprintf(message, CLD_MESSAGE_BYTES, "the file is empty");
        return CLD_READ_FAILED;
    }
    if (result == CSV_ROW && !read_header(reader, message)) {
        return CLD_READ_FAILED;
    }
    bool has_header = result == CSV_ROW;

    while (has_header && (result = csv_table_next(reader->table, &reader->row, &fault)) != CSV_END) {
        if (result == CSV_ROW) {
            reader->file->rows++;
            read_row(reader);
        } else if (result == CSV_BAD_ROW) {
            reader->file->rows++;
            cld_store_csv_fault_add(reader->store, reader->file_index, &fault);
        } else {
            break;
        }
        if (cld_store_failed(reader->store)) {
            snprintf(message, CLD_MESSAGE_BYTES, "%s", cld_store_message(reader->store));
            return CLD_READ_FAILED;
        }
        if (progress != NULL && reader->file->rows % PROGRESS_EVERY_ROWS == 0) {
            progress(context, csv_table_bytes(reader->table), reader->file->rows);
        }
    }
    if (result == CSV_END || result == CSV_STOPPED) {
        return result == CSV_END ? CLD_READ_DONE : CLD_READ_STOPPED;
    }
    if (fault.line == 0) {
        snprintf(message, CLD_MESSAGE_BYTES, "%s", fault.message);
    } else {
        snprintf(message, CLD_MESSAGE_BYTES, "line %llu, column %llu: %s", (unsigned long long)fault.line, (unsigned long long)fault.column,
                 fault.message);
    }
    return CLD_READ_FAILED;
}

/* One date that only makes sense with the month first shows that the days of the others cannot be trusted either. */
static bool is_american(const struct cld_store *store, uint8_t file, char message[CLD_MESSAGE_BYTES]) {
    const struct cld_skipped *line = &store->month_first;

    if (line->line == 0 || line->file != file) {
        return false;
    }
    snprintf(message, CLD_MESSAGE_BYTES,
             "line %u, column %u: a date with the month first, one of %llu; days and months of all others cannot be told apart: "
             "write the dates as dd/mm/yyyy or yyyy-mm-dd",
             line->line, line->column, (unsigned long long)store->skip_counts[CLD_MONTH_FIRST]);
    return true;
}

enum cld_read cld_read_file(struct cld_store *store, const char *path, int stop, cld_progress progress, void *context,
                            char message[CLD_MESSAGE_BYTES]) {
    const struct csv_options options = {.encoding = store->encoding, .stop = stop};
    int input = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    message[0] = '\0';
    if (input < 0) {
        snprintf(message, CLD_MESSAGE_BYTES, "%s", strerror(errno));
        return CLD_READ_FAILED;
    }
    struct reader reader = {.store = store, .file_index = (uint8_t)store->file_count};

    reader.file = cld_store_add_file(store, path);
    reader.table = csv_table_create(input, &options);
    enum cld_read result = read_rows(&reader, progress, context, message);

    csv_table_destroy(&reader.table);
    if (input != STDIN_FILENO) {
        close(input);
    }
    if (result == CLD_READ_DONE && is_american(store, reader.file_index, message)) {
        result = CLD_READ_FAILED;
    }
    return result;
}
