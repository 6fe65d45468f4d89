/* Choosing waits: a filter made ready for one register, and what each field of a wait says. */
#include "daemon/core/selection_internal.h"

#include <string.h>

bool field_name_of(struct text name, struct field_name *field) {
    static const char *const names[FIELD_DIMENSION] = {"pathway", "team",   "district",   "client_group", "priority",
                                                       "stage",   "impact", "likelihood", "worker"};
    static const char prefix[] = "dimension.";
    const uint32_t prefix_length = sizeof prefix - 1;
    *field = (struct field_name){FIELD_DIMENSION, TEXT_ABSENT};
    for (int i = 0; i < FIELD_DIMENSION; i++)
        if (text_is(name, names[i])) {
            field->field = (enum wait_field)i;
            return true;
        }
    if (name.length <= prefix_length || memcmp(name.at, prefix, prefix_length) != 0)
        return false;
    field->dimension = (struct text){name.at + prefix_length, name.length - prefix_length};
    return true;
}

/* The value of a dimension in "name=value;name=value"; absent when it is not there. */
static struct text dimension_value(struct text dimensions, struct text name) {
    const char *at = dimensions.at;
    const char *end = at == NULL ? NULL : at + dimensions.length;
    while (at < end) {
        const char *semicolon = memchr(at, ';', (size_t)(end - at));
        const char *stop = semicolon == NULL ? end : semicolon;
        uint32_t length = (uint32_t)(stop - at);
        if (length > name.length && at[name.length] == '=' && memcmp(at, name.at, name.length) == 0)
            return (struct text){at + name.length + 1, length - name.length - 1};
        at = stop + 1;
    }
    return TEXT_ABSENT;
}

uint32_t field_of_state(const struct waiting_register *reg, const struct wait_state *state, const struct field_name *name) {
    switch (name->field) {
    case FIELD_PATHWAY:
        return state->pathway + 1U;
    case FIELD_TEAM:
        return state->team;
    case FIELD_DISTRICT:
        return state->district;
    case FIELD_CLIENT_GROUP:
        return state->client_group;
    case FIELD_PRIORITY:
        return state->priority;
    case FIELD_STAGE:
        return state->stage;
    case FIELD_IMPACT:
        return state->impact;
    case FIELD_LIKELIHOOD:
        return state->likelihood;
    case FIELD_WORKER:
        return state->worker;
    case FIELD_DIMENSION:
        break;
    }
    return names_find(reg->names, dimension_value(names_text(reg->names, state->dimensions), name->dimension));
}

uint32_t key_of_state(const struct waiting_register *reg, const struct wait_state *state, const struct field_name *name, uint32_t unknown) {
    uint32_t value = field_of_state(reg, state, name);
    switch (name->field) {
    case FIELD_TEAM:
    case FIELD_DISTRICT:
    case FIELD_CLIENT_GROUP:
    case FIELD_WORKER:
    case FIELD_DIMENSION:
        return value == unknown ? NAME_ABSENT : value;
    default:
        return value;
    }
}

static uint32_t small_number(struct text value) {
    bool is_digit = value.length == 1 && value.at[0] >= '1' && value.at[0] <= '9';
    return is_digit ? (uint32_t)(value.at[0] - '0') : FIELD_VALUE_NOBODY;
}

static uint32_t stage_of(struct text value) {
    for (uint32_t stage = STAGE_UNALLOCATED; stage < STAGE_COUNT; stage++)
        if (text_is(value, stage_name((enum stage)stage)))
            return stage;
    return FIELD_VALUE_NOBODY;
}

/* The number that field_of_state gives for waits with this value. */
static uint32_t number_of_value(const struct waiting_register *reg, const struct field_name *name, struct text value) {
    uint32_t number;
    switch (name->field) {
    case FIELD_PRIORITY:
    case FIELD_IMPACT:
    case FIELD_LIKELIHOOD:
        return text_is(value, KEY_UNKNOWN) ? 0 : small_number(value);
    case FIELD_STAGE:
        return stage_of(value);
    case FIELD_PATHWAY:
        number = names_find(reg->pathway_names, value);
        return number == NAME_ABSENT ? FIELD_VALUE_NOBODY : number;
    default:
        number = names_find(reg->names, value);
        if (number == NAME_ABSENT)
            number = FIELD_VALUE_NOBODY;
        return number;
    }
}

struct text text_of_value(const struct waiting_register *reg, const struct field_name *name, uint32_t value) {
    static const char *const digits[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    if (value == 0)
        return text_of(KEY_UNKNOWN);
    switch (name->field) {
    case FIELD_PRIORITY:
    case FIELD_IMPACT:
    case FIELD_LIKELIHOOD:
        return text_of(digits[value]);
    case FIELD_STAGE:
        return text_of(stage_name((enum stage)value));
    case FIELD_PATHWAY:
        return names_text(reg->pathway_names, value);
    default:
        return names_text(reg->names, value);
    }
}

void ready_filter_init(struct ready_filter *ready, const struct waiting_register *reg, const struct wait_filter *filter) {
    ready->filter = filter;
    for (size_t i = 0; i < filter->field_count; i++) {
        const struct field_filter *field = &filter->fields[i];
        ready->accepts_unknown[i] = false;
        for (size_t j = 0; j < field->value_count; j++) {
            ready->values[i][j] = number_of_value(reg, &field->name, field->values[j]);
            if (text_is(field->values[j], KEY_UNKNOWN))
                ready->accepts_unknown[i] = true;
        }
    }
}

bool ready_filter_fields_pass(const struct ready_filter *ready, const struct waiting_register *reg, const struct wait_state *state) {
    for (size_t i = 0; i < ready->filter->field_count; i++) {
        const struct field_filter *field = &ready->filter->fields[i];
        uint32_t value = field_of_state(reg, state, &field->name);
        bool passes = value == 0 && ready->accepts_unknown[i];
        for (size_t j = 0; !passes && j < field->value_count; j++)
            passes = ready->values[i][j] == value;
        if (!passes)
            return false;
    }
    return true;
}

static bool choice_passes(enum choice choice, bool value) {
    return choice == CHOICE_ANY || (choice == CHOICE_YES) == value;
}

bool ready_filter_passes(const struct ready_filter *ready, const struct waiting_register *reg, uint32_t wait,
                         const struct clock_reading *reading) {
    const struct wait_filter *filter = ready->filter;
    const struct wait_state *state = &register_record(reg, wait)->state;
    if (reading->status == STATUS_NONE || (filter->statuses != 0 && !(filter->statuses & (1U << reading->status))))
        return false;
    if (!choice_passes(filter->breach, reading->breach) || !choice_passes(filter->due, reading->due) ||
        !choice_passes(filter->paused, reading->is_paused))
        return false;
    if ((filter->has_min_days && reading->days < filter->min_days) || (filter->has_max_days && reading->days > filter->max_days))
        return false;
    if (filter->no_contact != CHOICE_ANY && !choice_passes(filter->no_contact, clock_has_no_contact(reading)))
        return false;
    if (filter->subject_prefix.length > 0) {
        struct text subject = names_text(reg->subjects, wait);
        if (subject.length < filter->subject_prefix.length ||
            memcmp(subject.at, filter->subject_prefix.at, filter->subject_prefix.length) != 0)
            return false;
    }
    return ready_filter_fields_pass(ready, reg, state);
}

bool ready_filter_queue_passes(const struct ready_filter *ready, const struct waiting_register *reg, const struct group_key *queue) {
    for (size_t i = 0; i < ready->filter->field_count; i++) {
        const struct field_filter *field = &ready->filter->fields[i];
        uint32_t value = field->name.field == FIELD_PATHWAY ? queue->pathway + 1U : queue->team;
        if (field->name.field != FIELD_PATHWAY && field->name.field != FIELD_TEAM)
            continue;
        bool passes = false;
        for (size_t j = 0; !passes && j < field->value_count; j++)
            passes = ready->values[i][j] == value;
        if (!passes)
            return false;
    }
    (void)reg;
    return true;
}

static bool is_queue_field(enum wait_field field) {
    return field == FIELD_PATHWAY || field == FIELD_TEAM;
}

static bool is_cell_field(enum wait_field field) {
    return field <= FIELD_STAGE;
}

/* Whether `tells` is true of every field that is named. */
static bool fields_suffice(const struct wait_filter *filter, const struct field_name *group_by, size_t group_by_count,
                           bool (*tells)(enum wait_field field)) {
    for (size_t i = 0; i < group_by_count; i++)
        if (!tells(group_by[i].field))
            return false;
    for (size_t i = 0; i < filter->field_count; i++)
        if (!tells(filter->fields[i].name.field))
            return false;
    return true;
}

const struct groups *selection_groups(const struct waiting_register *reg, const struct wait_filter *filter,
                                      const struct field_name *group_by, size_t group_by_count) {
    bool asks_of_waits = filter->breach != CHOICE_ANY || filter->due != CHOICE_ANY || filter->paused != CHOICE_ANY ||
                         filter->no_contact != CHOICE_ANY || filter->has_min_days || filter->has_max_days || filter->statuses != 0 ||
                         filter->subject_prefix.length > 0;
    if (asks_of_waits)
        return NULL;
    if (fields_suffice(filter, group_by, group_by_count, is_queue_field))
        return reg->queues;
    return fields_suffice(filter, group_by, group_by_count, is_cell_field) ? reg->cells : NULL;
}

void selection_group_state(const struct group *group, struct wait_state *state) {
    wait_state_init(state);
    state->team = group->key.team;
    state->district = group->key.district;
    state->client_group = group->key.client_group;
    state->pathway = group->key.pathway;
    state->priority = group->key.priority;
    state->stage = group->key.stage;
}

void selection_each_open(const struct waiting_register *reg, const struct ready_filter *filter,
                         void (*each)(void *context, const struct wait_state *state, const struct clock_reading *reading), void *context) {
    for (uint32_t queue = 0; queue < groups_count(reg->queues); queue++) {
        if (!ready_filter_queue_passes(filter, reg, &groups_at(reg->queues, queue)->key))
            continue;
        for (size_t i = 0; i < reg->members[queue].open_count; i++) {
            uint32_t wait = reg->members[queue].open[i].wait;
            const struct record *record = register_record(reg, wait);
            struct clock_reading reading;
            register_read_clock(reg, record, &reading);
            if (ready_filter_passes(filter, reg, wait, &reading))
                each(context, &record->state, &reading);
        }
    }
}
