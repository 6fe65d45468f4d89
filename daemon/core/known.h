/* What a council has listed as known (waitlistd.conf(5)): its teams, districts, client groups, dimensions and their values. */
#ifndef WAITLIST_CORE_KNOWN_H
#define WAITLIST_CORE_KNOWN_H

#include "daemon/core/policy.h"

enum known_kind { KNOWN_TEAM, KNOWN_DISTRICT, KNOWN_CLIENT_GROUP, KNOWN_DIMENSION, KNOWN_DIMENSION_VALUE };

struct known_values;

struct known_values *known_values_create(uint64_t seed);
void known_values_destroy(struct known_values **known);
/* `dimension`: whose value it is, one that was added before; absent for the other kinds. */
void known_values_add(struct known_values *known, enum known_kind kind, struct text dimension, struct text name);
/* The dimensions listed, in the order in which they were added. */
size_t known_dimension_count(const struct known_values *known);
struct text known_dimension_at(const struct known_values *known, size_t index);

/* A value of an event that is not among those listed, where any are. */
struct unknown_value {
    enum known_kind kind;
    struct text dimension; /* of KNOWN_DIMENSION_VALUE */
    struct text value;     /* of KNOWN_DIMENSION the name of the dimension */
};

/* "team", "district", "client_group", "dimension" (no such dimension), "dimension.deprivation". Returns its length. */
#define KNOWN_FIELD_SIZE (NAME_MAX_BYTES + sizeof "dimension.")
size_t known_field_name(const struct unknown_value *unknown, char field[KNOWN_FIELD_SIZE]);

/* The values of one event are numbered from 0. */
#define EVENT_VALUES_MAX (3 + EVENT_DIMENSIONS_MAX)
/* Whether the event, which is no retraction, has a value of this number, and it is not known. What a sender calls "unknown" is no value. */
bool known_values_miss(const struct known_values *known, const struct event *event, uint32_t number, struct unknown_value *unknown);

#endif
