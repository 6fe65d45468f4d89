/* What an import of Client Level Data says at its end: the waits it made, every line of which none came, and what it cannot know. */
#ifndef WAITLIST_IMPORT_CLD_REPORT_H
#define WAITLIST_IMPORT_CLD_REPORT_H

#include <stdio.h>

#include "client/ctl/send.h"
#include "client/import/cld_waits.h"
#include "client/import/days.h"

/* The three lengths that CLD knows of a wait. */
enum cld_length { CLD_TO_START, CLD_TO_END, CLD_START_TO_END, CLD_LENGTH_COUNT };

struct cld_report {
    struct cld_store *store;
    const struct cld_map *map;
    bool dry_run;
    bool complete; /* all waits were gone through */
    uint64_t events, assessed, closed;
    uint64_t unclassified_assessed, unclassified_closed; /* also where the map wants none of them */
    uint64_t by_rule[CLD_RULES_MAX + 1];                 /* waits; [0]: unclassified */
    struct days lengths[CLD_LENGTH_COUNT];
    struct send_report refused;
    struct waitlist_sender_totals totals;
};

void cld_report_init(struct cld_report *report, struct cld_store *store, const struct cld_map *map, bool dry_run);
void cld_report_clear(struct cld_report *report);
void cld_report_wait(struct cld_report *report, const struct cld_wait *wait, size_t events);
/* Lines that are wrong, not those that merely give no wait. */
uint64_t cld_report_faults(const struct cld_report *report);
/* `done`: all is durable (or would be sent), and no line was at fault. */
void cld_report_print(struct cld_report *report, bool done, enum table_format format);

/* The reasons for lines not taken as a table with their counts: `faults` those of wrong lines, else the others. */
void cld_report_reasons(const struct cld_store *store, bool faults, FILE *out);
/* Every line not taken; in the table only those at fault, the first 10,000. JSON: the members of an array. */
void cld_report_lines(struct cld_store *store, enum table_format format, FILE *out);

#endif
