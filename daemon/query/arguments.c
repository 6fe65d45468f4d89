/* Reading the members of a request: types, ranges, names; every refusal says where. */
#include "daemon/query/ops.h"

#include "daemon/ingest/personal.h"

#include <stdio.h>
#include <string.h>

void argument_pointer(char pointer[POINTER_SIZE], const char *above, const char *name) {
    size_t length = (size_t)snprintf(pointer, POINTER_SIZE, "%s/", above);
    for (; *name != '\0' && length + 2 < POINTER_SIZE; name++) {
        bool escaped = *name == '~' || *name == '/';
        if (escaped)
            pointer[length++] = '~';
        pointer[length++] = !escaped ? *name : *name == '~' ? '0' : '1';
    }
    pointer[length] = '\0';
}

static bool refuse_at(struct question *question, const char *message, const char *pointer) {
    question_refuse(question, "bad_request", message, pointer);
    return false;
}

static struct text text_of_json(const json_t *value) {
    return (struct text){json_string_value(value), (uint32_t)json_string_length(value)};
}

bool argument_text(struct question *question, const char *name, struct text *text) {
    char pointer[80];
    const json_t *value = json_object_get(question->request, name);
    if (value == NULL)
        return true;
    snprintf(pointer, sizeof pointer, "/%s", name);
    if (!json_is_string(value))
        return refuse_at(question, "must be a text", pointer);
    *text = text_of_json(value);
    return true;
}

bool argument_number(struct question *question, const char *name, int64_t least, int64_t most, int64_t *number) {
    char pointer[80], message[120];
    const json_t *value = json_object_get(question->request, name);
    if (value == NULL)
        return true;
    snprintf(pointer, sizeof pointer, "/%s", name);
    snprintf(message, sizeof message, "must be a whole number from %lld to %lld", (long long)least, (long long)most);
    if (!json_is_integer(value) || json_integer_value(value) < least || json_integer_value(value) > most)
        return refuse_at(question, message, pointer);
    *number = json_integer_value(value);
    return true;
}

bool argument_day(struct question *question, const char *name, day_t *day) {
    char pointer[80];
    struct text text = TEXT_ABSENT;
    if (!argument_text(question, name, &text))
        return false;
    snprintf(pointer, sizeof pointer, "/%s", name);
    return text.at == NULL || date_parse(text, day) || refuse_at(question, "must be a date, YYYY-MM-DD", pointer);
}

bool argument_group_by(struct question *question, struct field_name fields[GROUP_BY_MAX], size_t *count) {
    const json_t *list = json_object_get(question->request, "group_by");
    *count = 0;
    if (list == NULL)
        return true;
    if (!json_is_array(list) || json_array_size(list) > GROUP_BY_MAX)
        return refuse_at(question, "must be a list of at most 4 names", "/group_by");
    for (size_t i = 0; i < json_array_size(list); i++) {
        char pointer[40];
        const json_t *name = json_array_get(list, i);
        snprintf(pointer, sizeof pointer, "/group_by/%zu", i);
        if (!json_is_string(name) || !field_name_of(text_of_json(name), &fields[i]))
            return refuse_at(question,
                             "must be pathway, team, district, client_group, priority, impact, likelihood, stage, worker or dimension.NAME",
                             pointer);
        (*count)++;
    }
    return true;
}

static bool filter_choice(struct question *question, const json_t *value, const char *pointer, enum choice *choice) {
    if (!json_is_boolean(value))
        return refuse_at(question, "must be true or false", pointer);
    *choice = json_is_true(value) ? CHOICE_YES : CHOICE_NO;
    return true;
}

static bool filter_days(struct question *question, const json_t *value, const char *pointer, bool *has, int32_t *days) {
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 100000)
        return refuse_at(question, "must be a number of days from 0 to 100000", pointer);
    *has = true;
    *days = (int32_t)json_integer_value(value);
    return true;
}

bool argument_each_value(struct question *question, const json_t *value, const char *pointer,
                         bool (*take)(struct question *question, const json_t *value, const char *pointer, void *context), void *context) {
    if (!json_is_array(value))
        return take(question, value, pointer, context);
    if (json_array_size(value) == 0 || json_array_size(value) > FILTER_VALUES_MAX)
        return refuse_at(question, "must be a value or a list of 1 to 64 values", pointer);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!take(question, json_array_get(value, i), pointer, context))
            return false;
    return true;
}

static bool take_status(struct question *question, const json_t *value, const char *pointer, void *context) {
    unsigned *statuses = context;
    for (int status = STATUS_WAITING; status < STATUS_COUNT; status++)
        if (json_is_string(value) && text_is(text_of_json(value), status_name((enum status)status))) {
            *statuses |= 1U << status;
            return true;
        }
    return refuse_at(question, "must be waiting, scheduled, ended or excluded", pointer);
}

static bool take_field_value(struct question *question, const json_t *value, const char *pointer, void *context) {
    static const char *const digits[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    struct field_filter *field = context;
    if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= 9)
        field->values[field->value_count++] = text_of(digits[json_integer_value(value)]);
    else if (json_is_string(value))
        field->values[field->value_count++] = text_of_json(value);
    else
        return refuse_at(question, "must be a text, a small number or a list of them", pointer);
    return true;
}

static bool filter_member(struct question *question, const char *name, const json_t *value, struct wait_filter *filter) {
    char pointer[POINTER_SIZE];
    struct field_name field;
    argument_pointer(pointer, "/filter", name);
    if (strcmp(name, "breach") == 0)
        return filter_choice(question, value, pointer, &filter->breach);
    if (strcmp(name, "due") == 0)
        return filter_choice(question, value, pointer, &filter->due);
    if (strcmp(name, "paused") == 0)
        return filter_choice(question, value, pointer, &filter->paused);
    if (strcmp(name, "no_contact") == 0)
        return filter_choice(question, value, pointer, &filter->no_contact);
    if (strcmp(name, "min_days") == 0)
        return filter_days(question, value, pointer, &filter->has_min_days, &filter->min_days);
    if (strcmp(name, "max_days") == 0)
        return filter_days(question, value, pointer, &filter->has_max_days, &filter->max_days);
    if (strcmp(name, "status") == 0)
        return argument_each_value(question, value, pointer, take_status, &filter->statuses);
    if (strcmp(name, "subject_prefix") == 0) {
        if (!json_is_string(value))
            return refuse_at(question, "must be a text", pointer);
        filter->subject_prefix = text_of_json(value);
        return true;
    }
    if (!field_name_of(text_of(name), &field))
        return refuse_at(question, "there is no filter of this name", pointer);
    if (filter->field_count == FILTER_FIELDS_ASKED_MAX)
        return refuse_at(question, "a filter has at most 16 fields", "/filter");
    filter->fields[filter->field_count].name = field;
    return argument_each_value(question, value, pointer, take_field_value, &filter->fields[filter->field_count++]);
}

static bool filter_members(struct question *question, struct wait_filter *filter) {
    json_t *object = json_object_get(question->request, "filter");
    memset(filter, 0, sizeof *filter);
    if (object == NULL)
        return true;
    if (!json_is_object(object))
        return refuse_at(question, "must be an object", "/filter");
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        if (!filter_member(question, name, value, filter))
            return false;
    }
    return true;
}

/* A filter of teams, which the request names at most once, is narrowed; where there is none, the asker's own teams are one more. */
static void limit_filter(const struct question *question, struct wait_filter *filter) {
    size_t at = 0;
    while (at < filter->field_count && filter->fields[at].name.field != FIELD_TEAM)
        at++;
    if (at == filter->field_count)
        filter->fields[filter->field_count++] = (struct field_filter){.name = {FIELD_TEAM, TEXT_ABSENT}};
    question_limit_values(question, filter->fields[at].values, &filter->fields[at].value_count);
}

bool argument_filter(struct question *question, struct wait_filter *filter) {
    if (!filter_members(question, filter))
        return false;
    if (question_limits_part(question))
        limit_filter(question, filter);
    return question->refusal == NULL;
}

static bool has_control(struct text text) {
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char letter = (unsigned char)text.at[i];
        bool second_set = letter == 0xC2 && i + 1 < text.length && (unsigned char)text.at[i + 1] < 0xA0; /* U+0080 to U+009F */
        if (letter < 0x20 || letter == 0x7F || second_set)
            return true;
    }
    return false;
}

bool argument_is_note(struct question *question, struct text text, uint32_t most, const char *pointer) {
    char message[96];
    snprintf(message, sizeof message, "must be 1 to %u bytes", (unsigned)most);
    if (text.length == 0 || text.length > most)
        return refuse_at(question, message, pointer);
    if (has_control(text))
        return refuse_at(question, "must not hold control characters", pointer);
    if (personal_is_in_note(text))
        return refuse_at(question, "must not hold @ or an NHS number: it is kept for ever", pointer);
    return true;
}

bool argument_note(struct question *question, const char *name, uint32_t most, bool required, struct text *text) {
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/%s", name);
    if (!argument_text(question, name, text))
        return false;
    if (text->at == NULL && !required)
        return true;
    return argument_is_note(question, *text, most, pointer);
}

bool argument_by(struct question *question, struct text *by) {
    struct text user = question->asker == NULL ? TEXT_ABSENT : question->asker->user;
    if (!argument_note(question, "by", ARGUMENT_BY_MAX, user.at == NULL, by))
        return false;
    if (user.at != NULL && by->at != NULL && !text_equal(user, *by)) {
        question_refuse(question, "forbidden", "must be the user on whose behalf it is done, or left out", "/by");
        return false;
    }
    if (user.at != NULL)
        *by = user;
    return true;
}
