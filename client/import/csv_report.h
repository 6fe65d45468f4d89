/* The report of an import: every line that was not taken, with its place and reason, and the sums. */
#ifndef WAITLIST_IMPORT_CSV_REPORT_H
#define WAITLIST_IMPORT_CSV_REPORT_H

#include "client/ctl/ctl.h"
#include "client/import/map.h"

/* Lines kept for standard output; the file of --report gets all of them. */
#define REPORT_LINES_MAX 10000
/* With --report a person sees so many of them on the terminal. */
#define REPORT_LINES_SHOWN 20

struct report_line {
    uint64_t line, last_line;
    uint64_t column;    /* 0: the line as a whole */
    const char *header; /* of the column; NULL: none */
    const char *code;
    const char *message;
};

struct csv_report;

/* `path` NULL: no file. NULL when it cannot be written, which has been said. */
struct csv_report *csv_report_create(const char *path, enum table_format format);
void csv_report_destroy(struct csv_report **report);
void csv_report_add(struct csv_report *report, const struct report_line *line);
/* Something to know that is about no one line; printf-like. Told at the end. */
void csv_report_note(struct csv_report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct import_sums {
    bool dry_run;
    bool done;            /* every line was taken, or would be */
    const char *headline; /* for people */
    uint64_t rows;        /* with something in them, without the header */
    uint64_t taken;       /* rows that gave events, or of which the map wants nothing */
    uint64_t nothing;     /* of those, the latter */
    uint64_t not_taken;
    uint64_t again; /* events of the file that say the same as one before in it */
    uint64_t events[EVENT_TYPE_COUNT];
    /* Of what was sent. */
    bool sent;
    struct waitlist_sender_totals totals;
};

/* False when the report's file could not be written whole, which has been said. */
bool csv_report_print(struct csv_report *report, const struct import_sums *sums, enum table_format format);

#endif
