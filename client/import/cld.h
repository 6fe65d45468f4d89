/* Client Level Data as records without personal data: reading files, one record an event, the order they are looked at in.
 *
 * Names, dates of birth, NHS numbers, postcodes and descriptions are seen by cld_read_file only: a record has a keyed hash of the person,
 * an age band, and codes of the lists. Messages never hold what stood in a cell.
 * Memory: below 16 MiB, whatever the size of the files; the records, and the lines not taken, are sorted on disk (sorter.h). */
#ifndef WAITLIST_IMPORT_CLD_H
#define WAITLIST_IMPORT_CLD_H

#include "client/import/cld_map.h"
#include "client/import/cld_values.h"

#define CLD_PERSON_BYTES 16
/* The subjects of imported waits begin with it, whatever the map says. */
#define CLD_SUBJECT_PREFIX "cld:"
#define CLD_FILES_MAX 200
/* There are 153 authorities in England. What comes after so many codes is no code of one. */
#define CLD_LA_CODES_MAX 512

enum cld_reason {
    CLD_TAKEN,
    /* The line is at fault. */
    CLD_NOT_CSV,
    CLD_CELL_COUNT,
    CLD_NO_LA_CODE,
    CLD_NO_PERSON,
    CLD_BAD_EVENT_TYPE,
    CLD_BAD_CLIENT_TYPE,
    CLD_BAD_DATE,
    CLD_MONTH_FIRST,
    CLD_NO_START,
    CLD_NO_END,
    CLD_END_BEFORE_START,
    CLD_AFTER_DEATH,
    CLD_BAD_ASSESSMENT_TYPE,
    CLD_BAD_SERVICE_TYPE,
    CLD_NO_OUTCOME,
    CLD_BAD_OUTCOME,
    CLD_NO_ONE_PERSON,
    CLD_LAST_FAULT = CLD_NO_ONE_PERSON,
    /* Nothing is wrong, but no wait comes of it. */
    CLD_IS_SERVICE,
    CLD_IS_REVIEW,
    CLD_IS_FINANCIAL,
    CLD_NO_EVENT,
    CLD_SAME_EVENT,
    CLD_REPEATED_REQUEST,
    CLD_UNMATCHED_REQUEST,
    CLD_NO_REQUEST,
    CLD_NOT_CLASSIFIED,
    CLD_REASON_COUNT
};

/* "bad_date" and its English sentence; never NULL. */
const char *cld_reason_code(enum cld_reason reason);
const char *cld_reason_text(enum cld_reason reason);

struct cld_record {
    unsigned char person[CLD_PERSON_BYTES]; /* the pseudonym (pseudonym.h) of the NHS number, else of the council's identifier */
    uint32_t line;
    day_t start, end; /* end: at the latest the day of death; DAY_NONE: open (services only) */
    uint32_t detail;  /* tells routes, assessment types, service types with their component apart */
    uint16_t la_code; /* cld_store_la_code */
    uint16_t team, district;
    uint8_t file;
    uint8_t kind, client, type, outcome, band;
    uint8_t route, reason; /* cld_route_of, cld_support_reason_of */
    uint8_t rule;          /* of the classification, from 1; 0: none fits */
    bool conversation;
};

/* Equal identifiers of two authorities are two people. */
bool cld_same_person(const struct cld_record *a, const struct cld_record *b);

struct cld_skipped {
    uint32_t line, column; /* column: characters, 0: the line as a whole */
    uint8_t file, reason;
};

struct cld_file {
    char *path;
    uint64_t rows, taken;
    day_t period_start, period_end; /* widest stated; DAY_NONE: not stated */
    uint64_t bad_birth, no_birth;   /* taken without an age */
    uint64_t unknown_route, unknown_reason, invalid_nhs_number;
};

struct cld_store;

enum cld_wish {
    CLD_FOR_WAITS, /* requests and assessments; services are passed over */
    CLD_FOR_DHSC   /* services too */
};

/* `map` may be NULL: then nothing is classified and the key is one of this run alone. It must outlive the store. */
struct cld_store *cld_store_create(enum cld_wish wish, const struct cld_map *map);
void cld_store_destroy(struct cld_store **store);
/* Of the files to come; the map's, or UTF-8, unless set. */
void cld_store_encoding(struct cld_store *store, enum csv_encoding encoding);

enum cld_read { CLD_READ_DONE, CLD_READ_STOPPED, CLD_READ_FAILED };

/* Called now and then with the bytes that are done with; NULL: not. */
typedef void (*cld_progress)(void *context, uint64_t bytes, uint64_t rows);

/* Reads one file to its end; a later one counts as the newer submission. FAILED: `message` says why (line and column where there are):
 * no such file, not a CLD header, not CSV at all, dates with the month first, or the temporary file failed. `stop`: a descriptor as of
 * csv_options, -1: none. */
enum cld_read cld_read_file(struct cld_store *store, const char *path, int stop, cld_progress progress, void *context,
                            char message[CLD_MESSAGE_BYTES]);

/* Records that were read, with those of the same event. */
uint64_t cld_store_count(const struct cld_store *store);

/* After the last file, once: begins to go through the records. False when the temporary file failed (cld_store_message). */
bool cld_store_settle(struct cld_store *store);
/* The next record, until the next call; NULL: there is none, or the temporary file failed. Of each event there is one record, the others
 * are noted as lines not taken. Ordered by person (by pseudonym, which says nothing), start, request before assessment before service;
 * then by what tells events apart, so that a file written anew gives the same order. Services that a later file no longer has are ended. */
const struct cld_record *cld_store_next(struct cld_store *store);
/* People of whom there was a record so far. */
uint64_t cld_store_person_count(const struct cld_store *store);

/* Whether the temporary file failed, also while lines not taken were noted; then what was read from the store is not whole. */
bool cld_store_failed(const struct cld_store *store);
const char *cld_store_message(const struct cld_store *store); /* why; "" unless it has failed */

const char *cld_store_la_code(const struct cld_store *store, uint16_t la_code);
const char *cld_store_name(const struct cld_store *store, uint16_t name); /* of a team or district; "" for 0 */
size_t cld_store_file_count(const struct cld_store *store);
const struct cld_file *cld_store_file(const struct cld_store *store, size_t file);

/* Notes a line that was not taken. */
void cld_store_skip(struct cld_store *store, const struct cld_record *record, enum cld_reason reason);
uint64_t cld_store_skip_count(const struct cld_store *store, enum cld_reason reason);
/* Goes through all lines not taken, ordered by file and line, as often as wanted. Nothing can be noted any more. */
void cld_store_begin_skipped(struct cld_store *store);
const struct cld_skipped *cld_store_next_skipped(struct cld_store *store);
/* What was wrong with the CSV of a line (borrowed); "" unless reason is CLD_NOT_CSV and the line is among the first of them. */
const char *cld_store_csv_fault(const struct cld_store *store, const struct cld_skipped *line);

#endif
