/* Building events: values out of cells, then JSON out of values. */
#include "client/import/build.h"
#include "daemon/core/memory.h"
#include "daemon/ingest/personal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 60, SEQUENCE_DIGITS = 20 };

struct buffer {
    char *at;
    size_t length, capacity;
};

struct builder {
    struct import_map *map;
    const struct calendar *calendar;
    size_t column_count;
    bool numbers_allowed;
    struct buffer json, value, subject;
    size_t count;
    struct built_event events[MAP_EVENTS_MAX];
    size_t starts[MAP_EVENTS_MAX]; /* in json, which moves while it grows */
    char ids[MAP_EVENTS_MAX][PSEUDONYM_SIZE + 4];
    /* The row at hand. */
    const struct csv_row *row;
    struct import_problem *problem;
};

enum value_result { VALUE_TAKEN, VALUE_ABSENT, VALUE_BAD };

struct builder *builder_create(struct import_map *map, const struct calendar *calendar, size_t column_count) {
    struct builder *builder = memory_new(1, sizeof *builder);

    builder->map = map;
    builder->calendar = calendar;
    builder->column_count = column_count;
    return builder;
}

void builder_allow_numbers(struct builder *builder, bool allowed) {
    builder->numbers_allowed = allowed;
}

void builder_destroy(struct builder **builder) {
    if (*builder == NULL) {
        return;
    }
    free((*builder)->json.at);
    free((*builder)->value.at);
    free((*builder)->subject.at);
    free(*builder);
    *builder = NULL;
}

size_t builder_count(const struct builder *builder) {
    return builder->count;
}

const struct built_event *builder_event(const struct builder *builder, size_t index) {
    return &builder->events[index];
}

/* ---- Bytes */

static void put(struct buffer *buffer, const char *bytes, size_t size) {
    void *block = buffer->at;

    memory_reserve(&block, &buffer->capacity, buffer->length + size + 1, 1);
    buffer->at = block;
    memcpy(buffer->at + buffer->length, bytes, size);
    buffer->length += size;
    buffer->at[buffer->length] = '\0';
}

static void put_string(struct buffer *buffer, const char *string) {
    put(buffer, string, strlen(string));
}

static void put_json_string(struct buffer *buffer, struct text text) {
    uint32_t plain = 0; /* from here on nothing had to be escaped */

    put_string(buffer, "\"");
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        char escaped[8];

        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            continue;
        }
        snprintf(escaped, sizeof escaped, byte < 0x20 ? "\\u%04x" : "\\%c", byte);
        put(buffer, text.at + plain, i - plain);
        put_string(buffer, escaped);
        plain = i + 1;
    }
    put(buffer, text.at + plain, text.length - plain);
    put_string(buffer, "\"");
}

static void put_member(struct buffer *buffer, const char *name, struct text value) {
    put_json_string(buffer, text_of(name));
    put_string(buffer, ":");
    put_json_string(buffer, value);
}

static struct text whole(const struct buffer *buffer) {
    return (struct text){buffer->at, (uint32_t)buffer->length};
}

static void start(struct buffer *buffer) {
    buffer->length = 0;
    put(buffer, "", 0);
}

__attribute__((format(printf, 4, 5))) static enum value_result bad(struct builder *builder, size_t column, const char *code,
                                                                   const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(builder->problem->message, sizeof builder->problem->message, format, arguments);
    va_end(arguments);
    builder->problem->code = code;
    builder->problem->column = column;
    return VALUE_BAD;
}

/* ---- Values */

static struct text cell_of(const struct builder *builder, const struct map_column *column) {
    return csv_trim(builder->row->cells[column->at]);
}

/* The cells of the field's columns, joined by '-'; absent when all are empty. */
static enum value_result take_cells(struct builder *builder, const struct map_field *field) {
    bool any = false;

    for (size_t i = 0; i < field->column_count; i++) {
        struct text cell = cell_of(builder, &field->columns[i]);

        put_string(&builder->value, i > 0 ? "-" : "");
        if (!map_is_empty(builder->map, cell)) {
            put(&builder->value, cell.at, cell.length);
            any = true;
        }
    }
    return any ? VALUE_TAKEN : VALUE_ABSENT;
}

/* By the field's pairs; the value buffer holds what was in the cell. */
static enum value_result translate(struct builder *builder, const struct map_field *field) {
    struct text text = whole(&builder->value);
    const char *to = field->otherwise;

    for (size_t i = 0; i < field->pair_count; i++) {
        if (map_same(text, field->pairs[i].from)) {
            to = field->pairs[i].to;
            break;
        }
    }
    if (to == NULL && (field->hash || personal_is_in_note(text))) {
        return bad(builder, field->columns[0].at, "not_in_map", "the map (line %u) has no value for it", field->line);
    }
    if (to == NULL) {
        uint32_t shown = text.length < SHOWN_BYTES ? text.length : SHOWN_BYTES;

        while (shown < text.length && shown > 0 && ((unsigned char)text.at[shown] & 0xC0) == 0x80) {
            shown--; /* not within a character */
        }
        return bad(builder, field->columns[0].at, "not_in_map", "the map (line %u) has no value for \"%.*s\"%s", field->line, (int)shown,
                   text.at, shown < text.length ? " ..." : "");
    }
    start(&builder->value);
    put_string(&builder->value, to);
    return to[0] == '\0' ? VALUE_ABSENT : VALUE_TAKEN;
}

/* "North - Older People (65+)" becomes north_older_people_65. */
static void make_name(struct buffer *buffer) {
    size_t length = 0;
    bool gap = false;

    for (size_t i = 0; i < buffer->length; i++) {
        char byte = buffer->at[i];
        char lower = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;

        if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) {
            if (gap && length > 0) {
                buffer->at[length++] = '_';
            }
            buffer->at[length++] = lower;
            gap = false;
        } else {
            gap = true;
        }
    }
    buffer->length = length;
    buffer->at[length] = '\0';
}

static void put_in_front(struct buffer *buffer, const char *prefix) {
    size_t size = strlen(prefix);

    put_string(buffer, prefix); /* makes room */
    memmove(buffer->at + size, buffer->at, buffer->length - size);
    memcpy(buffer->at, prefix, size);
}

/* The field's text, in builder->value. */
static enum value_result take_value(struct builder *builder, const struct map_field *field) {
    start(&builder->value);
    if (field->constant != NULL) {
        put_string(&builder->value, field->constant);
        return VALUE_TAKEN;
    }
    enum value_result result = take_cells(builder, field);

    if (result == VALUE_ABSENT && field->empty != NULL) {
        start(&builder->value);
        put_string(&builder->value, field->empty);
        return field->empty[0] != '\0' ? VALUE_TAKEN : VALUE_ABSENT;
    }
    if (result == VALUE_TAKEN && field->pair_count > 0) {
        result = translate(builder, field);
    }
    if (result != VALUE_TAKEN) {
        return result;
    }
    if (field->as_name) {
        make_name(&builder->value);
    }
    if (field->hash) {
        char pseudonym[PSEUDONYM_SIZE];

        pseudonym_of(builder->map->pseudonym_key, whole(&builder->value), pseudonym);
        start(&builder->value);
        put_string(&builder->value, pseudonym);
    }
    if (field->prefix != NULL && !field->hash && personal_is_reference(whole(&builder->value), builder->numbers_allowed)) {
        return bad(builder, field->columns[0].at, "personal_data",
                   "an NHS number or an address, which a prefix does not hide; hash = true makes a pseudonym of it");
    }
    if (field->prefix != NULL) {
        put_in_front(&builder->value, field->prefix);
    }
    return VALUE_TAKEN;
}

static enum value_result take_date(struct builder *builder, struct map_field *field, struct date_value *value) {
    char message[200];
    size_t column = field->columns[0].at;
    struct text cell = cell_of(builder, &field->columns[0]);

    if (map_is_empty(builder->map, cell)) {
        return VALUE_ABSENT;
    }
    enum date_result result = date_read(&field->patterns, cell, value, message);

    if (result == DATE_READ) {
        field->tally.by_pattern[value->pattern]++;
        return VALUE_TAKEN;
    }
    if (result == DATE_MONTH_FIRST && field->tally.month_first++ == 0) {
        field->tally.first_line = builder->row->line;
        field->tally.first_at = column;
    }
    return bad(builder, column,
               result == DATE_MONTH_FIRST ? "us_date"
               : result == DATE_AMBIGUOUS ? "ambiguous_date"
                                          : "bad_date",
               "%s", message);
}

/* The date of an event as an instant. */
static enum value_result take_instant(struct builder *builder, struct map_field *field, instant_t *instant) {
    struct date_value value;
    enum value_result result = take_date(builder, field, &value);

    if (result != VALUE_TAKEN) {
        return result;
    }
    value.has_time = value.has_time && (builder->map->times || value.has_offset);
    value.milliseconds = value.has_time ? value.milliseconds : 0;
    *instant = date_instant(&value, builder->calendar);
    if (*instant == INSTANT_NONE) {
        return bad(builder, field->columns[0].at, "bad_date", "no such time of day: the clocks went forward over it");
    }
    if (!builder->map->times) {
        *instant = calendar_day_start(builder->calendar, calendar_day_of(builder->calendar, *instant));
    }
    return VALUE_TAKEN;
}

static enum value_result put_number(struct builder *builder, const struct map_field *field) {
    const char *digits = builder->value.at;
    size_t length = strspn(digits, "0123456789");

    if (length == 0 || length > 9 || digits[length] != '\0') {
        return bad(builder, field->column_count > 0 ? field->columns[0].at : MAP_NO_COLUMN, "bad_number", "not a whole number");
    }
    char number[16];

    snprintf(number, sizeof number, "%ld", strtol(digits, NULL, 10));
    put_string(&builder->json, number);
    return VALUE_TAKEN;
}

/* "name":value of one member of data, with a comma in front unless it is the first. */
static enum value_result put_data_member(struct builder *builder, struct map_member *member, bool first) {
    struct map_field *field = &member->field;
    struct date_value date = {0};
    bool is_date = field->kind == MAP_DATE && field->constant == NULL;
    enum value_result result = is_date ? take_date(builder, field, &date) : take_value(builder, field);

    if (result != VALUE_TAKEN) {
        return result;
    }
    if (is_date) {
        char day[DATE_SIZE];

        date_format(date.day, day);
        start(&builder->value);
        put_string(&builder->value, day);
    }
    put_string(&builder->json, first ? "" : ",");
    put_json_string(&builder->json, text_of(member->name));
    put_string(&builder->json, ":");
    if (field->kind == MAP_NUMBER) {
        return put_number(builder, field);
    }
    put_json_string(&builder->json, whole(&builder->value));
    return VALUE_TAKEN;
}

static enum value_result put_members(struct builder *builder, const struct map_event *from, bool dimensions) {
    bool first = true;

    for (size_t i = 0; i < from->member_count; i++) {
        if (from->members[i].is_dimension != dimensions) {
            continue;
        }
        enum value_result result = put_data_member(builder, &from->members[i], first);

        if (result == VALUE_BAD) {
            return VALUE_BAD;
        }
        first = first && result == VALUE_ABSENT;
    }
    return first ? VALUE_ABSENT : VALUE_TAKEN;
}

static enum value_result put_data(struct builder *builder, const struct map_event *from) {
    put_string(&builder->json, ",\"data\":{");
    enum value_result members = put_members(builder, from, false);

    if (members == VALUE_BAD) {
        return VALUE_BAD;
    }
    size_t before = builder->json.length;

    put_string(&builder->json, members == VALUE_TAKEN ? ",\"dimensions\":{" : "\"dimensions\":{");
    enum value_result dimensions = put_members(builder, from, true);

    if (dimensions == VALUE_ABSENT) {
        builder->json.length = before;
    } else {
        put_string(&builder->json, "}");
    }
    put_string(&builder->json, "}}");
    return dimensions == VALUE_BAD ? VALUE_BAD : VALUE_TAKEN;
}

/* ---- Events */

static void make_id(struct builder *builder, const struct map_event *from, char id[PSEUDONYM_SIZE + 4]) {
    const struct import_map *map = builder->map;
    struct text parts[MAP_COLUMNS_MAX + 1];

    for (size_t i = 0; i < map->key_count; i++) {
        parts[i] = cell_of(builder, &map->keys[i]);
    }
    /* Where a row is an event, its key alone says which: one whose type was put right is still the same event, and a conflict. */
    parts[map->key_count] = text_of(map->one_per_event ? "" : from->name);
    memcpy(id, "csv-", 4);
    pseudonym_identity(map->keyed ? map->pseudonym_key : NULL, parts, map->key_count + 1, id + 4);
}

/* Numbers with zeros in front, because sequences are compared as text. */
static enum value_result put_sequence(struct builder *builder) {
    const struct map_field *field = &builder->map->sequence;
    enum value_result result = field->line == 0 ? VALUE_ABSENT : take_value(builder, field);

    if (result != VALUE_TAKEN) {
        return result;
    }
    size_t length = builder->value.length;

    while (builder->value.length < SEQUENCE_DIGITS && strspn(builder->value.at, "0123456789") == length) {
        put_in_front(&builder->value, "0");
        length++;
    }
    put_string(&builder->json, ",");
    put_member(&builder->json, "sequence", whole(&builder->value));
    return VALUE_TAKEN;
}

static enum value_result put_event(struct builder *builder, const struct map_event *from, instant_t time) {
    struct buffer *json = &builder->json;
    char *id = builder->ids[builder->count];
    char instant[INSTANT_SIZE];

    make_id(builder, from, id);
    instant_format(time, instant);
    builder->starts[builder->count] = json->length;
    put_string(json, "{\"specversion\":\"1.0\",");
    put_member(json, "id", text_of(id));
    put_string(json, ",");
    put_member(json, "source", text_of(builder->map->source));
    put_string(json, ",");
    put_member(json, "type", text_of(event_type_name(from->type)));
    put_string(json, ",");
    put_member(json, "subject", whole(&builder->subject));
    put_string(json, ",");
    put_member(json, "time", text_of(instant));
    if (put_sequence(builder) == VALUE_BAD || put_data(builder, from) == VALUE_BAD) {
        return VALUE_BAD;
    }
    builder->events[builder->count++] = (struct built_event){.from = from, .id = text_of(id)};
    return VALUE_TAKEN;
}

static bool is_wanted(const struct builder *builder, const struct map_event *from) {
    const struct map_condition *condition = &from->condition;

    if (condition->line == 0) {
        return true;
    }
    struct text cell = cell_of(builder, &condition->column);

    for (size_t i = 0; i < condition->values.count; i++) {
        if (map_same(cell, condition->values.at[i])) {
            return !condition->negated;
        }
    }
    return condition->negated;
}

/* One row per wait: each event whose date is there. */
static enum value_result build_wait(struct builder *builder) {
    struct import_map *map = builder->map;

    for (size_t i = 0; i < map->event_count; i++) {
        struct map_event *from = &map->events[i];
        instant_t time = INSTANT_NONE;

        if (!is_wanted(builder, from)) {
            continue;
        }
        enum value_result result = take_instant(builder, &from->date, &time);

        if (result == VALUE_ABSENT && from->required) {
            result = bad(builder, from->date.columns[0].at, "no_date", "no date, but %s is required", from->name);
        } else if (result == VALUE_TAKEN) {
            result = put_event(builder, from, time);
        }
        if (result == VALUE_BAD) {
            return VALUE_BAD;
        }
    }
    return VALUE_TAKEN;
}

static const struct map_event *event_of_type(const struct import_map *map, struct text name) {
    for (size_t i = 0; i < map->event_count; i++) {
        if (text_is(name, event_type_name(map->events[i].type))) {
            return &map->events[i];
        }
    }
    return NULL;
}

static enum value_result build_one(struct builder *builder) {
    struct import_map *map = builder->map;
    instant_t time = INSTANT_NONE;
    enum value_result result = take_value(builder, &map->type);

    if (result != VALUE_TAKEN) {
        return result;
    }
    const struct map_event *from = event_of_type(map, whole(&builder->value));

    if (from == NULL) {
        return bad(builder, map->type.columns[0].at, "not_in_map", "the map has no event of that type among its `events`");
    }
    if (!is_wanted(builder, from)) {
        return VALUE_ABSENT;
    }
    result = take_instant(builder, &map->date, &time);
    if (result == VALUE_ABSENT) {
        return bad(builder, map->date.columns[0].at, "no_date", "no date");
    }
    return result == VALUE_TAKEN ? put_event(builder, from, time) : result;
}

static enum value_result check_shape(struct builder *builder) {
    const struct csv_row *row = builder->row;
    const struct import_map *map = builder->map;

    for (size_t i = builder->column_count; i < row->count; i++) {
        if (row->cells[i].length > 0) {
            return bad(builder, i, "cell_count", "%zu cells, the header has %zu: a delimiter inside a cell that is not quoted?", row->count,
                       builder->column_count);
        }
    }
    if (row->count < builder->column_count) {
        return bad(builder, row->count, "cell_count", "%zu cells, the header has %zu: a line end inside a cell that is not quoted?",
                   row->count, builder->column_count);
    }
    for (size_t i = 0; i < map->key_count; i++) {
        if (!map_is_empty(map, row->cells[map->keys[i].at])) {
            return VALUE_TAKEN;
        }
    }
    return bad(builder, map->keys[0].at, "no_key", "the row has no key (%s): it could not be known again", map->keys[0].name);
}

static enum value_result take_subject(struct builder *builder) {
    const struct map_field *field = &builder->map->subject;
    enum value_result result = take_value(builder, field);

    if (result == VALUE_ABSENT) {
        return bad(builder, field->columns[0].at, "no_subject", "the row does not say which wait it is of");
    }
    if (result == VALUE_TAKEN) {
        start(&builder->subject);
        put(&builder->subject, builder->value.at, builder->value.length);
    }
    return result;
}

enum build_result builder_row(struct builder *builder, const struct csv_row *row, struct import_problem *problem) {
    builder->row = row;
    builder->problem = problem;
    builder->count = 0;
    start(&builder->json);
    enum value_result result = check_shape(builder);

    if (result == VALUE_TAKEN) {
        result = take_subject(builder);
    }
    if (result == VALUE_TAKEN) {
        result = builder->map->one_per_event ? build_one(builder) : build_wait(builder);
    }
    if (result == VALUE_BAD) {
        builder->count = 0;
        return BUILD_PROBLEM;
    }
    for (size_t i = 0; i < builder->count; i++) {
        size_t end = i + 1 < builder->count ? builder->starts[i + 1] : builder->json.length;

        builder->events[i].json = (struct text){builder->json.at + builder->starts[i], (uint32_t)(end - builder->starts[i])};
    }
    return builder->count > 0 ? BUILD_EVENTS : BUILD_NOTHING;
}

static size_t first_column(const struct map_field *field) {
    return field->column_count > 0 ? field->columns[0].at : MAP_NO_COLUMN;
}

size_t builder_column_of(const struct builder *builder, const struct map_event *from, const char *pointer) {
    static const char data[] = "/data/";
    static const char dimensions[] = "/data/dimensions/";

    if (strcmp(pointer, "/subject") == 0) {
        return first_column(&builder->map->subject);
    }
    if (strcmp(pointer, "/sequence") == 0) {
        return first_column(&builder->map->sequence);
    }
    if (strcmp(pointer, "/time") == 0) {
        return first_column(builder->map->one_per_event ? &builder->map->date : &from->date);
    }
    for (size_t i = 0; i < from->member_count; i++) {
        const char *before = from->members[i].is_dimension ? dimensions : data;

        if (strncmp(pointer, before, strlen(before)) == 0 && strcmp(pointer + strlen(before), from->members[i].name) == 0) {
            return first_column(&from->members[i].field);
        }
    }
    return MAP_NO_COLUMN;
}
