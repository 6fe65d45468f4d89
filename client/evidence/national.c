/* The national measure of a pack: reading the files, and the table. */
#include "client/evidence/national.h"

#include "client/evidence/collect.h"
#include "client/import/dhsc.h"
#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 65536
#define MONTHS_A_QUARTER 3

struct file {
    char *name; /* without its folder */
    const char *path;
    uint64_t bytes;
    char sha256[EVIDENCE_SHA256_TEXT];
};

struct national {
    struct file files[CLD_FILES_MAX];
    size_t file_count;
    bool is_windows_1252;
    struct cld_store *store; /* the rows below borrow from it; NULL: nothing was computed */
    struct dhsc *dhsc;
};

/* ---- Files */

/* Of a regular file: what is read twice must be there twice. False with a reason. */
static bool digest(const char *path, uint64_t *bytes, char sha256[EVIDENCE_SHA256_TEXT], char message[EVIDENCE_MESSAGE_SIZE]) {
    unsigned char piece[PIECE_BYTES], sum[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    struct stat status;
    ssize_t length = -1;
    int input = open(path, O_RDONLY | O_CLOEXEC);

    *bytes = 0;
    (void)crypto_hash_sha256_init(&state);
    if (input >= 0 && fstat(input, &status) == 0 && !S_ISREG(status.st_mode)) {
        errno = EINVAL;
    } else if (input >= 0) {
        while ((length = read(input, piece, sizeof piece)) > 0) {
            (void)crypto_hash_sha256_update(&state, piece, (unsigned long long)length);
            *bytes += (uint64_t)length;
        }
    }
    if (length < 0) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%s: %s", path, strerror(errno));
    }
    if (input >= 0) {
        (void)close(input);
    }
    (void)crypto_hash_sha256_final(&state, sum);
    sodium_bin2hex(sha256, EVIDENCE_SHA256_TEXT, sum, sizeof sum);
    return length == 0;
}

/* The name is told to everybody who reads the pack: it has to be a text. False with a reason. */
static bool add_file(struct national *national, const char *path, const char *name, char message[EVIDENCE_MESSAGE_SIZE]) {
    struct file *file = &national->files[national->file_count];
    json_t *text = json_string(name);
    bool is_text = text != NULL && name[0] != '\0';

    for (const char *at = name; *at != '\0'; at++) {
        is_text = is_text && (unsigned char)*at >= ' ' && *at != 0x7f;
    }
    json_decref(text);
    if (!is_text) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "the name of a file of Client Level Data is no plain UTF-8 text");
        return false;
    }
    file->name = strdup(name);
    file->path = path;
    ENSURE(file->name != NULL);
    national->file_count++;
    return digest(path, &file->bytes, file->sha256, message);
}

static const char *without_folder(const char *path) {
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* ---- Computing */

static bool read_file(struct national *national, const struct file *file, char message[EVIDENCE_MESSAGE_SIZE]) {
    char reason[CLD_MESSAGE_BYTES], sha256[EVIDENCE_SHA256_TEXT];
    uint64_t bytes;

    if (cld_read_file(national->store, file->path, -1, NULL, NULL, reason) != CLD_READ_DONE) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.200s: %.300s", file->path, reason);
        return false;
    }
    if (!digest(file->path, &bytes, sha256, message)) {
        return false;
    }
    if (strcmp(sha256, file->sha256) != 0) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%s changed while it was read", file->path);
        return false;
    }
    return true;
}

static bool compute(struct national *national, char message[EVIDENCE_MESSAGE_SIZE]) {
    char reason[CLD_MESSAGE_BYTES];
    bool good = true;

    national->store = cld_store_create(CLD_FOR_DHSC, NULL);
    cld_store_encoding(national->store, national->is_windows_1252 ? CSV_WINDOWS_1252 : CSV_UTF_8);
    for (size_t i = 0; i < national->file_count && good; i++) {
        good = read_file(national, &national->files[i], message);
    }
    if (!good) {
        return false;
    }
    if (!cld_store_settle(national->store)) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%s", cld_store_message(national->store));
        return false;
    }
    national->dhsc = dhsc_compute(national->store, NULL, NULL, reason);
    if (national->dhsc == NULL) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%s", reason);
    }
    return national->dhsc != NULL;
}

struct national *national_read(const struct national_choice *choice, char message[EVIDENCE_MESSAGE_SIZE]) {
    struct national *national = memory_new(1, sizeof *national);
    bool good = choice->count <= CLD_FILES_MAX;

    national->is_windows_1252 = choice->is_windows_1252;
    if (!good) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "there are more than %d files of Client Level Data", CLD_FILES_MAX);
    }
    for (size_t i = 0; i < choice->count && good; i++) {
        good = add_file(national, choice->paths[i], without_folder(choice->paths[i]), message);
    }
    if (!good || !compute(national, message)) {
        national_destroy(&national);
    }
    return national;
}

void national_destroy(struct national **pointer) {
    struct national *national = *pointer;

    if (national == NULL) {
        return;
    }
    for (size_t i = 0; i < national->file_count; i++) {
        free(national->files[i].name);
    }
    dhsc_destroy(&national->dhsc);
    cld_store_destroy(&national->store);
    free(national);
    *pointer = NULL;
}

/* ---- The manifest */

json_t *national_json(const struct national *national) {
    json_t *list = json_array();

    for (size_t i = 0; i < national->file_count; i++) {
        const struct file *file = &national->files[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:s}", "name", file->name, "bytes", (json_int_t)file->bytes, "sha256", file->sha256));
    }
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:i, s:o}", "encoding", national->is_windows_1252 ? "windows-1252" : "utf-8", "method_version",
                  DHSC_METHOD_VERSION, "reading_version", DHSC_READING_VERSION, "own_rule_version", DHSC_OWN_RULE_VERSION, "files", list);

    ENSURE(object != NULL);
    return object;
}

/* As the manifest tells of it; the path is that of the file given which has the digest, NULL without one. */
static void take_told(struct national *national, const json_t *entry, const struct national *given) {
    struct file *file = &national->files[national->file_count++];
    const char *name = collect_text(entry, "name"), *sha256 = collect_text(entry, "sha256");

    file->name = strdup(name);
    ENSURE(file->name != NULL);
    file->bytes = (uint64_t)json_integer_value(json_object_get(entry, "bytes"));
    snprintf(file->sha256, sizeof file->sha256, "%s", sha256);
    for (size_t i = 0; i < given->file_count; i++) {
        file->path = strcmp(given->files[i].sha256, file->sha256) == 0 ? given->files[i].path : file->path;
    }
}

static bool is_told(const struct national *national, const struct file *file) {
    for (size_t i = 0; i < national->file_count; i++) {
        if (strcmp(national->files[i].sha256, file->sha256) == 0) {
            return true;
        }
    }
    return false;
}

struct national *national_again(const json_t *told, const struct national_choice *choice, const char **another,
                                char message[EVIDENCE_MESSAGE_SIZE]) {
    struct national *national = memory_new(1, sizeof *national), *given = memory_new(1, sizeof *given);
    bool good = choice->count <= CLD_FILES_MAX, is_whole = true;
    size_t i;
    const json_t *entry;

    *another = NULL;
    for (size_t path = 0; path < choice->count && good; path++) {
        good = add_file(given, choice->paths[path], without_folder(choice->paths[path]), message);
    }
    national->is_windows_1252 = strcmp(collect_text(told, "encoding"), "windows-1252") == 0;
    json_array_foreach(json_object_get(told, "files"), i, entry) {
        if (national->file_count < CLD_FILES_MAX) {
            take_told(national, entry, given);
            is_whole = is_whole && national->files[national->file_count - 1].path != NULL;
        }
    }
    for (size_t file = 0; file < given->file_count; file++) {
        *another = is_told(national, &given->files[file]) ? *another : given->files[file].path;
    }
    if (!good || (is_whole && !compute(national, message))) {
        national_destroy(&national);
    }
    national_destroy(&given);
    return national;
}

bool national_is_computed(const struct national *national) {
    return national->dhsc != NULL;
}

size_t national_file_count(const struct national *national) {
    return national->file_count;
}

const char *national_file_name(const struct national *national, size_t place) {
    return national->files[place].name;
}

const char *national_file_digest(const struct national *national, size_t place) {
    return national->files[place].sha256;
}

uint64_t national_lines(const struct national *national, uint64_t *faults) {
    uint64_t lines = 0;

    *faults = 0;
    for (int reason = CLD_TAKEN + 1; reason <= CLD_LAST_FAULT; reason++) {
        *faults += cld_store_skip_count(national->store, (enum cld_reason)reason);
    }
    for (size_t i = 0; i < cld_store_file_count(national->store); i++) {
        lines += cld_store_file(national->store, i)->rows;
    }
    return lines;
}

/* ---- The table */

static const struct evidence_column columns[] = {
    {"metric", "Metric", "As DHSC names it: the wait to the first response, or to the first service.", EVIDENCE_TEXT, NULL, NULL},
    {"la_code", "Authority", "The code of the local authority in the files.", EVIDENCE_TEXT, NULL, NULL},
    {"from_day", "Quarter from", "The first day of the quarter in which the response, or the service, started.", EVIDENCE_DAY, NULL, NULL},
    {"to_day", "Quarter to", "The last day of that quarter.", EVIDENCE_DAY, NULL, NULL},
    {"age_band", "Age", "On the day of the response, or of the service: 25 to 64, or 65 and above.", EVIDENCE_TEXT, NULL, NULL},
    {"n", "Waits", "Requests of new clients that had their first response, or their first service, in the quarter.", EVIDENCE_COUNT, NULL,
     NULL},
    {"median", "Median days", "Half of them waited no longer, from the request to the start of the response or service.", EVIDENCE_MEDIAN,
     "n", NULL},
    {"by_assessment", "Answered by an assessment", "Of first responses: an assessment.", EVIDENCE_COUNT, NULL, NULL},
    {"by_service", "Answered by a service", "Of first responses: a service that came before any assessment, or without one.",
     EVIDENCE_COUNT, NULL, NULL},
    {"by_request", "Answered at once", "Of first responses: the conversation that the request itself was (until June 2025).",
     EVIDENCE_COUNT, NULL, NULL},
    {"at_short", "Short term assessments", "Of those answered by an assessment.", EVIDENCE_COUNT, NULL, NULL},
    {"at_long", "Long term assessments", "Of those answered by an assessment.", EVIDENCE_COUNT, NULL, NULL},
    {"own_median", "Our median", "Our own measure of those answered by an assessment: calendar days from the request to its end.",
     EVIDENCE_MEDIAN, "by_assessment", NULL},
    {"own_mean", "Our mean", "The same, the mean.", EVIDENCE_MEDIAN, "by_assessment", NULL},
    {"own_p90", "Our 90th percentile", "The same, the days that nine in ten have not waited longer than.", EVIDENCE_EXTREME,
     "by_assessment", NULL},
    {"own_longest", "Our longest", "The same, the longest.", EVIDENCE_EXTREME, "by_assessment", NULL},
    {"own_within_28_days", "Within 28 days", "Of those answered by an assessment: ended within 28 days of the request.", EVIDENCE_COUNT,
     NULL, NULL},
    {"own_within_28_days_percent", "Within 28 days, %", "Of those answered by an assessment.", EVIDENCE_PERCENT, "own_within_28_days",
     "by_assessment"},
    {"lts_nursing", "Nursing", "Of first services: long term support, nursing care.", EVIDENCE_COUNT, NULL, NULL},
    {"lts_residential", "Residential", "Of first services: long term support, residential care.", EVIDENCE_COUNT, NULL, NULL},
    {"lts_community", "Community", "Of first services: long term support in the community.", EVIDENCE_COUNT, NULL, NULL},
    {"lts_prison", "Prison", "Of first services: long term support in prison.", EVIDENCE_COUNT, NULL, NULL},
    {"sts_st_max", "ST-Max", "Of first services: short term support to maximise independence.", EVIDENCE_COUNT, NULL, NULL},
    {"sts_ongoing", "Ongoing low level", "Of first services: ongoing low level support.", EVIDENCE_COUNT, NULL, NULL},
    {"sts_other", "Other short term", "Of first services: other short term support.", EVIDENCE_COUNT, NULL, NULL},
    {"requests", "Requests", "Of new clients, that started in the quarter and were used.", EVIDENCE_COUNT, NULL, NULL},
    {"assessments", "Assessments", "That started in the quarter and were used.", EVIDENCE_COUNT, NULL, NULL},
    {"services", "Services", "That started in the quarter and were used.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape shape = {
    "national_measure",
    "The national measure of waiting times",
    "DHSC's method, version " DHSC_METHOD_VERSION " of " DHSC_METHOD_DATE
    ", from the files of Client Level Data that the manifest names, beside our own measure of the same people. It is "
    "of all pathways, of finished waits only, and by what the files say: not by the journal. Each quarter of the period is whole, and the "
    "same quarters a year before stand beside it.",
    "dhsc",
    columns,
    sizeof columns / sizeof columns[0],
    false};

/* The first day of a day's quarter. */
static day_t quarter_of(day_t day, int years_before) {
    int year, month, date;

    day_to_civil(day, &year, &month, &date);
    return day_from_civil(year - years_before, (month - 1) / MONTHS_A_QUARTER * MONTHS_A_QUARTER + 1, 1);
}

static void add_responses(struct evidence_table *table, const struct dhsc_row *row) {
    evidence_number(table, "by_assessment", (int64_t)row->by_assessment);
    evidence_number(table, "by_service", (int64_t)row->by_service);
    evidence_number(table, "by_request", (int64_t)row->by_request);
    evidence_number(table, "at_short", (int64_t)row->at_short);
    evidence_number(table, "at_long", (int64_t)row->at_long);
    ENSURE(row->own.n == row->by_assessment); /* it is of the same people */
    evidence_number(table, "own_within_28_days", (int64_t)row->own.within_standard);
    if (row->own.n > 0) {
        evidence_number(table, "own_median", llround(row->own.median * 10));
        evidence_number(table, "own_mean", llround(row->own.mean * 10));
        evidence_number(table, "own_p90", row->own.p90);
        evidence_number(table, "own_longest", row->own.longest);
    }
}

static void add_row(struct evidence_table *table, const struct dhsc_row *row) {
    static const char *const services[] = {"lts_nursing", "lts_residential", "lts_community", "lts_prison",
                                           "sts_st_max",  "sts_ongoing",     "sts_other"};
    _Static_assert(sizeof services / sizeof services[0] == CLD_OTHER_SHORT_TERM + 1, "in the order of enum cld_service");

    evidence_row(table);
    evidence_text(table, "metric", dhsc_metric_name(row->metric));
    evidence_text(table, "la_code", row->la_code);
    evidence_number(table, "from_day", row->from);
    evidence_number(table, "to_day", row->to);
    evidence_text(table, "age_band", row->band == CLD_25_TO_64 ? "25 to 64" : "65 and above");
    evidence_number(table, "n", (int64_t)row->n);
    evidence_number(table, "median", llround(row->median * 10));
    evidence_number(table, "requests", (int64_t)row->all_requests);
    evidence_number(table, "assessments", (int64_t)row->all_assessments);
    evidence_number(table, "services", (int64_t)row->all_services);
    if (row->metric == DHSC_FIRST_RESPONSE) {
        add_responses(table, row);
    }
    for (size_t i = 0; row->metric == DHSC_FIRST_SERVICE && i < sizeof services / sizeof services[0]; i++) {
        evidence_number(table, services[i], (int64_t)row->by_type[i]);
    }
    evidence_derive(table, evidence_table_rows(table) - 1);
}

/* Whether waits that an import of Client Level Data made had ended by the last day: their subjects say so. */
static bool was_imported(struct collector *collector) {
    json_t *reply = collect_ask_of_all(collector, json_pack("{s:s, s:o, s:i, s:{s:s, s:s}}", "op", "waits", "as_at",
                                                            collect_day(collector->evidence->parameters.to), "limit", 1, "filter",
                                                            "subject_prefix", CLD_SUBJECT_PREFIX, "status", "ended"));
    bool was = json_integer_value(json_object_get(reply, "count")) > 0;

    json_decref(reply);
    return was;
}

void collect_national(struct collector *collector) {
    const struct national *national = collector->evidence->parameters.national;
    const struct dhsc_row *rows;
    size_t count;

    if (collector->has_failed) {
        return;
    }
    if (national == NULL) {
        collector->evidence->lacks_national = was_imported(collector);
        return;
    }
    struct evidence_table *table = collect_table_of(collector, &shape, DHSC_READING_VERSION);
    day_t from = quarter_of(collector->evidence->parameters.from, 1), to = quarter_of(collector->evidence->parameters.to, 0);

    rows = national->dhsc == NULL ? NULL : dhsc_rows(national->dhsc, &count);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        if (rows[i].from >= from && rows[i].from <= to) {
            add_row(table, &rows[i]);
        }
    }
}
