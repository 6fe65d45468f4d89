/* From a row to its events, by the map: CloudEvents in JSON, whose ids follow from the row's key so that a second run says the same. */
#ifndef WAITLIST_IMPORT_BUILD_H
#define WAITLIST_IMPORT_BUILD_H

#include "client/import/map.h"

/* Why a row cannot be taken. */
struct import_problem {
    size_t column; /* in the file's header; MAP_NO_COLUMN: the row as a whole */
    const char *code;
    char message[512];
};

struct built_event {
    const struct map_event *from;
    struct text id, json; /* live until the next row */
};

enum build_result {
    BUILD_EVENTS,
    BUILD_NOTHING, /* the map wants nothing of this row */
    BUILD_PROBLEM
};

struct builder;

/* The map must be bound to the file's header of `column_count` columns, and outlive the builder, as must the calendar. */
struct builder *builder_create(struct import_map *map, const struct calendar *calendar, size_t column_count);
/* The source is spared from the check of numbers: without it a prefix before an NHS number does not make a reference of it. */
void builder_allow_numbers(struct builder *builder, bool allowed);
void builder_destroy(struct builder **builder);

/* All events of the row, or none. Tallies how its dates were written in the map. */
enum build_result builder_row(struct builder *builder, const struct csv_row *row, struct import_problem *problem);
size_t builder_count(const struct builder *builder);
const struct built_event *builder_event(const struct builder *builder, size_t index);

/* The file's column that a JSON Pointer into an event comes from; MAP_NO_COLUMN when it is none's. */
size_t builder_column_of(const struct builder *builder, const struct map_event *from, const char *pointer);

#endif
