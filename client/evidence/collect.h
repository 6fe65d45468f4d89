/* Collecting evidence: what the files that fill the tables share. Nobody else includes it. */
#ifndef WAITLIST_EVIDENCE_COLLECT_H
#define WAITLIST_EVIDENCE_COLLECT_H

#include "client/evidence/evidence.h"

#define COLLECT_TABLES_MAX 32
#define COLLECT_DIMENSIONS_MAX 16
#define COLLECT_NAME_SIZE 80 /* "dimension." and a name */

struct evidence {
    struct evidence_parameters parameters;
    json_t *ground;
    struct evidence_table *tables[COLLECT_TABLES_MAX];
    size_t table_count;
    bool lacks_national;
    char label[COLLECT_NAME_SIZE];
};

struct collector {
    const struct evidence_source *source;
    struct evidence *evidence;
    evidence_progress *progress;
    void *progress_context;
    unsigned asked;
    bool has_failed; /* nothing is asked any more */
    char *message;   /* of EVIDENCE_MESSAGE_SIZE */
    json_t *quality; /* the reply of data_quality at the end of the period */
    day_t first_day; /* of which anything was recorded */
    size_t dimension_count;
    char dimensions[COLLECT_DIMENSIONS_MAX][COLLECT_NAME_SIZE]; /* "dimension.NAME" */
};

/* Finds what there is to stand on, and checks days and pathways: the first thing that is asked. */
void collect_begin(struct collector *collector);
/* Asks, pinned to the pack's knowledge and pathways; consumes `request`. The caller owns the reply; NULL after any failure. */
json_t *collect_ask(struct collector *collector, json_t *request);
/* The same without the pathways: of what is not about waits of one pathway. */
json_t *collect_ask_of_all(struct collector *collector, json_t *request);
void collect_fail(struct collector *collector, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A new table of the pack, under the version of its figure's rules. */
struct evidence_table *collect_table(struct collector *collector, const struct evidence_shape *shape);
/* The same of what the journal does not say, under this version. */
struct evidence_table *collect_table_of(struct collector *collector, const struct evidence_shape *shape, int rule_version);

/* A day as the protocol writes it; a new reference. */
json_t *collect_day(day_t day);
day_t collect_day_of(const json_t *text);                           /* DAY_NONE for null */
const char *collect_text(const json_t *object, const char *member); /* "" when absent */
/* A member of the reply in a cell of the last row: integers, and numbers with one decimal as tenths where the column's kind has them; null
 * leaves the cell without a figure. */
void collect_cell(struct evidence_table *table, const char *column, const json_t *value);

/* How figures are broken down: by none, one or two fields. */
struct breakdown {
    const char *name;      /* as it stands in the column `breakdown` */
    const char *fields[2]; /* NULL: fewer */
};
json_t *breakdown_fields(const struct breakdown *breakdown);
/* Sets the columns breakdown, group and subgroup. */
void breakdown_cells(struct evidence_table *table, const struct breakdown *breakdown, const json_t *keys);
#define BREAKDOWN_COLUMNS                                                                                                                  \
    {"breakdown", "Broken down by", "By what the people are grouped: all, pathway, team and so on.", EVIDENCE_TEXT, NULL, NULL},           \
        {"group", "Group", "The group's name; unknown where none was recorded.", EVIDENCE_TEXT, NULL, NULL}, {                             \
        "subgroup", "Subgroup", "The second name, where the breakdown is by two things.", EVIDENCE_TEXT, NULL, NULL                        \
    }

/* Each fills tables; after a failure it does nothing. */
void collect_standards(struct collector *collector);
void collect_positions(struct collector *collector); /* position, bands, change, contact, restatement */
void collect_flows(struct collector *collector);     /* flow, completed, removals, deaths */
void collect_people(struct collector *collector);    /* risk, equity, equity_gap, caseloads, waits; longest_without_contact of contact */
void collect_quality(struct collector *collector);   /* data_quality, completeness, lateness */
void collect_alerts(struct collector *collector);
void collect_foi(struct collector *collector);      /* from the tables there are */
void collect_national(struct collector *collector); /* from the files that were given; without them, whether there could have been some */

/* About how many questions there will be, for the progress. */
#define COLLECT_QUESTIONS 24

#endif
