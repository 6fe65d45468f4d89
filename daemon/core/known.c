/* Known values: a set of names for each kind that has any listed. */
#include "daemon/core/known.h"

#include "daemon/core/memory.h"
#include "daemon/core/names.h"
#include "daemon/core/selection.h"

#include <stdlib.h>
#include <string.h>

struct known_values {
    uint64_t seed;
    struct names *lists[KNOWN_DIMENSION_VALUE];           /* by kind; NULL: none listed, everything is known */
    struct names *dimension_values[EVENT_DIMENSIONS_MAX]; /* by the dimension's number - 1, the same */
};

struct known_values *known_values_create(uint64_t seed) {
    struct known_values *known = memory_new(1, sizeof *known);
    known->seed = seed;
    return known;
}

void known_values_destroy(struct known_values **known) {
    if (*known == NULL)
        return;
    for (size_t i = 0; i < KNOWN_DIMENSION_VALUE; i++)
        names_destroy(&(*known)->lists[i]);
    for (size_t i = 0; i < EVENT_DIMENSIONS_MAX; i++)
        names_destroy(&(*known)->dimension_values[i]);
    free(*known);
    *known = NULL;
}

void known_values_add(struct known_values *known, enum known_kind kind, struct text dimension, struct text name) {
    struct names **list = &known->lists[kind % KNOWN_DIMENSION_VALUE];
    if (kind == KNOWN_DIMENSION_VALUE) {
        uint32_t number = known->lists[KNOWN_DIMENSION] == NULL ? NAME_ABSENT : names_find(known->lists[KNOWN_DIMENSION], dimension);
        ENSURE(number != NAME_ABSENT);
        list = &known->dimension_values[number - 1];
    }
    if (*list == NULL)
        *list = names_create(known->seed);
    names_intern(*list, name);
    ENSURE(known_dimension_count(known) <= EVENT_DIMENSIONS_MAX);
}

size_t known_dimension_count(const struct known_values *known) {
    return known->lists[KNOWN_DIMENSION] == NULL ? 0 : names_count(known->lists[KNOWN_DIMENSION]);
}

struct text known_dimension_at(const struct known_values *known, size_t index) {
    return names_text(known->lists[KNOWN_DIMENSION], (uint32_t)index + 1);
}

size_t known_field_name(const struct unknown_value *unknown, char field[KNOWN_FIELD_SIZE]) {
    static const char *const fields[] = {"team", "district", "client_group", "dimension", "dimension."};
    size_t length = strlen(fields[unknown->kind]);
    memcpy(field, fields[unknown->kind], length);
    if (unknown->kind == KNOWN_DIMENSION_VALUE) {
        ENSURE(unknown->dimension.length <= NAME_MAX_BYTES);
        memcpy(field + length, unknown->dimension.at, unknown->dimension.length);
        length += unknown->dimension.length;
    }
    field[length] = '\0';
    return length;
}

static bool is_missed(const struct names *list, struct text value) {
    return value.at != NULL && list != NULL && !text_is(value, KEY_UNKNOWN) && names_find(list, value) == NAME_ABSENT;
}

static bool dimension_is_missed(const struct known_values *known, const struct event_dimension *dimension, struct unknown_value *unknown) {
    const struct names *dimensions = known->lists[KNOWN_DIMENSION];
    if (dimensions == NULL)
        return false;
    uint32_t number = names_find(dimensions, dimension->name);
    if (number == NAME_ABSENT) {
        *unknown = (struct unknown_value){KNOWN_DIMENSION, TEXT_ABSENT, dimension->name};
        return true;
    }
    *unknown = (struct unknown_value){KNOWN_DIMENSION_VALUE, dimension->name, dimension->value};
    return is_missed(known->dimension_values[number - 1], dimension->value);
}

bool known_values_miss(const struct known_values *known, const struct event *event, uint32_t number, struct unknown_value *unknown) {
    const struct text values[] = {event->team, event->district, event->client_group};
    if (number >= KNOWN_DIMENSION)
        return number - KNOWN_DIMENSION < event->dimension_count &&
               dimension_is_missed(known, &event->dimensions[number - KNOWN_DIMENSION], unknown);
    *unknown = (struct unknown_value){(enum known_kind)number, TEXT_ABSENT, values[number]};
    return is_missed(known->lists[number], values[number]);
}
