/* The fields by which waits are chosen and grouped, as the oracle has them. */
#include "tests/property/fields.h"

enum { ALL_DIMENSION_FIELDS = 1 };

static const char *const stage_keys[] = {"unallocated", "allocated", "in_progress", "completed", "closed"};

static struct text digit(int number) {
    static const char *const digits[] = {"unknown", "1", "2", "3", "4", "5"};
    return text_of(digits[number]);
}

static struct text or_unknown(struct text text) {
    return text.at == NULL ? text_of("unknown") : text;
}

struct text field_key(const struct oracle_wait *wait, const struct field_name *name) {
    switch (name->field) {
    case FIELD_PATHWAY:
        return text_of(wait->policy->pathways[wait->pathway].name);
    case FIELD_TEAM:
        return wait->team;
    case FIELD_DISTRICT:
        return or_unknown(wait->district);
    case FIELD_CLIENT_GROUP:
        return or_unknown(wait->client_group);
    case FIELD_PRIORITY:
        return digit(wait->priority);
    case FIELD_STAGE:
        return text_of(stage_keys[wait->stage]);
    case FIELD_IMPACT:
        return digit(wait->impact);
    case FIELD_LIKELIHOOD:
        return digit(wait->likelihood);
    case FIELD_WORKER:
        return or_unknown(wait->worker);
    case FIELD_DIMENSION:
        break;
    }
    for (size_t i = 0; i < wait->dimension_count; i++)
        if (text_equal(wait->dimensions[i].name, name->dimension))
            return wait->dimensions[i].value;
    return text_of("unknown");
}

struct field_name field_random(struct random *random) {
    struct field_name name = {(enum wait_field)random_below(random, FIELD_DIMENSION + ALL_DIMENSION_FIELDS), TEXT_ABSENT};
    if (name.field == FIELD_DIMENSION)
        name.dimension = pool_pick(random, generator_dimensions());
    return name;
}

struct text field_random_value(struct random *random, const struct snapshot *snapshot, const struct field_name *name) {
    uint32_t pick = random_below(random, (uint32_t)snapshot->count + 1);
    if (random_chance(random, 15))
        return text_of("unknown");
    if (pick == snapshot->count || snapshot->waits[pick].status == ORACLE_NO_WAIT)
        return text_of(random_chance(random, 50) ? "4" : "nowhere");
    return field_key(&snapshot->waits[pick], name);
}

int field_keys_compare(const struct text *a, const struct text *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (text_compare(a[i], b[i]) != 0)
            return text_compare(a[i], b[i]);
    return 0;
}
