/* The map of an import: which columns of an export become which events (docs/import.md), read from a libconfig file. */
#ifndef WAITLIST_IMPORT_MAP_H
#define WAITLIST_IMPORT_MAP_H

#include "client/import/dates.h"
#include "client/import/pseudonym.h"
#include "client/import/table.h"
#include "daemon/config/config.h"

#define MAP_COLUMNS_MAX 8 /* joined in one value */
#define MAP_EVENTS_MAX 64
#define MAP_NO_COLUMN SIZE_MAX

/* A column by its header. */
struct map_column {
    char *name;
    unsigned line; /* of the map */
    size_t at;     /* in the file; MAP_NO_COLUMN before map_bind */
};

struct map_texts {
    size_t count;
    char **at;
};

struct map_pair {
    char *from; /* as the case system writes it; compared without regard to the case of A-Z */
    char *to;   /* "": nothing, as if the cell were empty */
};

enum map_kind { MAP_TEXT, MAP_NUMBER, MAP_DATE };

/* How the dates of one column were written, over one reading of the file. */
struct map_date_tally {
    uint64_t by_pattern[DATE_PATTERNS_MAX];
    uint64_t month_first;          /* impossible unless the month stands first */
    uint64_t first_line, first_at; /* where the first of those stands */
};

/* One value out of a row. */
struct map_field {
    unsigned line; /* of the map; 0: the field is not there */
    enum map_kind kind;
    size_t column_count;
    struct map_column columns[MAP_COLUMNS_MAX];
    char *constant;
    size_t pair_count;
    struct map_pair *pairs;
    char *otherwise; /* for what is not among the pairs; NULL: the row is not taken */
    char *empty;     /* for an empty cell; NULL: absent */
    char *prefix;
    bool hash, as_name;
    struct date_patterns patterns;
    struct map_date_tally tally;
};

/* The event is made only when the column's cell is (or is not) one of the values. */
struct map_condition {
    unsigned line; /* 0: none */
    struct map_column column;
    bool negated;
    struct map_texts values;
};

struct map_member {
    char *name;
    bool is_dimension;
    struct map_field field;
};

struct map_event {
    unsigned line;
    enum event_type type;
    char *name; /* part of the identity */
    bool required;
    struct map_field date; /* of one row per wait */
    struct map_condition condition;
    size_t member_count;
    struct map_member *members;
};

struct import_map {
    char *path;
    bool one_per_event;
    char *source;
    char *timezone; /* NULL: not said */
    struct csv_options file;
    struct date_patterns patterns; /* for columns that say none */
    bool times;                    /* of day count; else everything happens when its day begins */
    struct map_texts empties;      /* cells that mean nothing */
    size_t key_count;
    struct map_column keys[MAP_COLUMNS_MAX];
    struct map_field subject;
    struct map_field type, date, sequence; /* of one row per event; sequence may be in both */
    size_t event_count;
    struct map_event events[MAP_EVENTS_MAX];
    bool keyed;
    unsigned char pseudonym_key[PSEUDONYM_KEY_BYTES];
};

/* NULL on failure; `report` gets a line "file:line: message" for every error of the map. */
struct import_map *map_load(const char *path, config_report *report, void *context);
void map_destroy(struct import_map **map);

/* Finds the columns in the file's header; false when one is missing or there twice, each reported. `used[i]` tells for each of the `count`
 * headers whether the map uses it. */
bool map_bind(struct import_map *map, const struct text *headers, size_t count, bool *used, config_report *report, void *context);

/* Calls `each` for every field that holds dates. */
void map_each_date(struct import_map *map, void (*each)(void *context, struct map_field *field), void *context);
/* Whether the cell means nothing: blank, or one of the map's `empty` texts. */
bool map_is_empty(const struct import_map *map, struct text cell);
/* Equal but for the case of A-Z. */
bool map_same(struct text a, const char *b);

#endif
