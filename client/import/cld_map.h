/* What a council says about its Client Level Data: the key of the pseudonyms, which rows are occupational therapy, teams, pathways. */
#ifndef WAITLIST_IMPORT_CLD_MAP_H
#define WAITLIST_IMPORT_CLD_MAP_H

#include "client/import/table.h"

#define CLD_KEY_BYTES 32
#define CLD_RULES_MAX 64
#define CLD_MESSAGE_BYTES 512

enum cld_match { CLD_EQUALS, CLD_CONTAINS, CLD_WORD };

/* One text that a rule looks for, as cld_plain leaves it. */
struct cld_pattern {
    enum cld_match match;
    char *plain;
};

struct cld_rule {
    char *pathway;
    char *column; /* plain */
    struct cld_pattern *patterns;
    size_t pattern_count;
};

/* A column whose values are names: of teams, of districts. */
struct cld_naming {
    char *column;    /* plain; "": none */
    char *otherwise; /* "": left out */
    struct {
        char *plain, *name;
    } * values;
    size_t value_count;
};

struct cld_map {
    unsigned char key[CLD_KEY_BYTES];
    char *source;
    enum csv_encoding encoding;
    struct cld_rule *rules;
    size_t rule_count;
    char *unclassified, *closed_requests; /* pathways where no rule fits; "": such waits are not imported */
    struct cld_naming team, district;
    char *working_age, *older_people, *carer;                                   /* client groups; "": left out */
    char *origin_dimension, *route_dimension, *reason_dimension, *origin_value; /* "": left out */
    int link_within_days;                                                       /* 0: no limit */
};

/* NULL with `message` (file, line and what is wrong) when it cannot be used. Every text of it may stand in an event. */
struct cld_map *cld_map_read(const char *path, char message[CLD_MESSAGE_BYTES]);
void cld_map_destroy(struct cld_map **map);

/* The rule's index that fits the cells; -1: none. columns[i]: where rule i's column is among the cells, -1 when the file has none. */
int cld_map_classify(const struct cld_map *map, const int *columns, const struct text *cells, size_t count);
/* The name for a cell, into `out` of WAITLIST_NAME_BYTES_MAX + 1 bytes: as listed, else made of its letters and digits; "" when missing. */
void cld_map_name(const struct cld_naming *naming, struct text cell, char *out);

#endif
