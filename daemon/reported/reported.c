/* The text of a reported position, and the summaries in it. */
#include "daemon/reported/reported.h"

#include "daemon/core/memory.h"
#include "daemon/core/names.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The layout of the text; another one gets another number, and this release goes on reading this one. */
#define LAYOUT 1

enum { KIND_COUNT = 6, KIND_FIELDS_MAX = 2, COUNTS = 9, FIGURES = 13 };

struct kind {
    size_t field_count;
    enum wait_field fields[KIND_FIELDS_MAX];
    const char *names[KIND_FIELDS_MAX];
};

/* The first is that of all. */
static const struct kind kinds[KIND_COUNT] = {
    {0, {0}, {NULL}},
    {1, {FIELD_PATHWAY}, {"pathway"}},
    {1, {FIELD_TEAM}, {"team"}},
    {2, {FIELD_PATHWAY, FIELD_TEAM}, {"pathway", "team"}},
    {2, {FIELD_PATHWAY, FIELD_DISTRICT}, {"pathway", "district"}},
    {2, {FIELD_PATHWAY, FIELD_CLIENT_GROUP}, {"pathway", "client_group"}},
};

/* --- writing ------------------------------------------------------------------------------------------------------------------------- */

struct writer {
    char *text;
    size_t used;
    size_t capacity;
    struct names *names;
};

static void put(struct writer *writer, const char *at, size_t length) {
    memory_reserve((void **)&writer->text, &writer->capacity, writer->used + length + 1, 1);
    memcpy(writer->text + writer->used, at, length);
    writer->used += length;
    writer->text[writer->used] = '\0';
}

static void put_text(struct writer *writer, const char *text) {
    put(writer, text, strlen(text));
}

static void put_number(struct writer *writer, int64_t number) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)number);
    put(writer, digits, (size_t)length);
}

/* The alphabet of names (rules, section 2) needs no escaping. */
static void put_name(struct writer *writer, struct text name) {
    put_text(writer, "\"");
    put(writer, name.at, name.length);
    put_text(writer, "\"");
}

/* [keys…, figures…, bands…]: keys are places in the list of names, bands at the end that nobody is in are left out. */
static void put_row(struct writer *writer, const struct text *keys, size_t key_count, const struct position *position) {
    const int64_t figures[FIGURES] = {position->waiting,    position->unallocated, position->allocated,     position->in_progress,
                                      position->paused,     position->breach,      position->due,           position->scheduled,
                                      position->no_contact, position->longest,     position->median_tenths, position->mean_tenths,
                                      position->p90};
    size_t bands = position->band_count;
    while (bands > 0 && position->bands[bands - 1] == 0)
        bands--;
    put_text(writer, "[");
    for (size_t i = 0; i < key_count; i++) {
        put_number(writer, names_intern(writer->names, keys[i]) - 1);
        put_text(writer, ",");
    }
    for (size_t i = 0; i < FIGURES; i++) {
        put_text(writer, i > 0 ? "," : "");
        put_number(writer, figures[i]);
    }
    for (size_t i = 0; i < bands; i++) {
        put_text(writer, ",");
        put_number(writer, position->bands[i]);
    }
    put_text(writer, "]");
}

static void put_kind(struct writer *writer, struct waiting_register *reg, const struct kind *kind) {
    static const struct wait_filter everybody;
    struct field_name group_by[KIND_FIELDS_MAX];
    struct summary summary;
    put_text(writer, "{\"by\":[");
    for (size_t i = 0; i < kind->field_count; i++) {
        group_by[i] = (struct field_name){kind->fields[i], TEXT_ABSENT};
        put_text(writer, i > 0 ? "," : "");
        put_name(writer, text_of(kind->names[i]));
    }
    put_text(writer, "],\"rows\":");
    if (!register_summary(reg, group_by, kind->field_count, &everybody, &summary)) {
        put_text(writer, "null}");
        return;
    }
    put_text(writer, "[");
    if (kind->field_count == 0) {
        put_row(writer, NULL, 0, &summary.total);
    } else {
        for (size_t i = 0; i < summary.row_count; i++) {
            put_text(writer, i > 0 ? "," : "");
            put_row(writer, summary.rows[i].keys, kind->field_count, &summary.rows[i].position);
        }
    }
    put_text(writer, "]}");
    summary_free(&summary);
}

char *reported_text(struct waiting_register *reg, uint64_t hash_seed, size_t *length) {
    const struct policy *policy = register_policy(reg);
    struct writer writer = {.names = names_create(hash_seed)};
    put_text(&writer, "{\"layout\":");
    put_number(&writer, LAYOUT);
    put_text(&writer, ",\"bands\":[");
    for (size_t i = 0; i < policy->band_count; i++) {
        put_text(&writer, i > 0 ? "," : "");
        put_number(&writer, policy->bands[i]);
    }
    put_text(&writer, "],\"kinds\":[");
    for (size_t i = 0; i < KIND_COUNT; i++) {
        put_text(&writer, i > 0 ? "," : "");
        put_kind(&writer, reg, &kinds[i]);
    }
    put_text(&writer, "],\"names\":[");
    for (uint32_t name = 1; name <= names_count(writer.names); name++) {
        put_text(&writer, name > 1 ? "," : "");
        put_name(&writer, names_text(writer.names, name));
    }
    put_text(&writer, "]}");
    names_destroy(&writer.names);
    *length = writer.used;
    return writer.text;
}

/* --- reading ------------------------------------------------------------------------------------------------------------------------- */

struct reported_row {
    struct text keys[KIND_FIELDS_MAX];
    struct position position;
};

struct reported_rows {
    bool left_out;
    struct reported_row *rows;
    size_t count;
};

struct reported {
    json_t *json; /* owns the names */
    const json_t *names;
    size_t band_count;
    struct reported_rows kinds[KIND_COUNT];
};

static bool read_number(const json_t *list, size_t place, int64_t least, int64_t most, int64_t *number) {
    const json_t *value = json_array_get(list, place);
    *number = json_integer_value(value);
    return json_is_integer(value) && *number >= least && *number <= most;
}

static bool read_key(const struct reported *reported, const json_t *list, size_t place, struct text *key) {
    int64_t number;
    if (!read_number(list, place, 0, (int64_t)json_array_size(reported->names) - 1, &number))
        return false;
    const json_t *name = json_array_get(reported->names, (size_t)number);
    *key = (struct text){json_string_value(name), (uint32_t)json_string_length(name)};
    return json_is_string(name);
}

static bool read_row(const struct reported *reported, const json_t *list, size_t key_count, struct reported_row *row) {
    struct position *position = &row->position;
    int64_t figures[FIGURES];
    size_t size = json_array_size(list);
    if (size < key_count + FIGURES || size > key_count + FIGURES + reported->band_count)
        return false;
    for (size_t i = 0; i < key_count; i++)
        if (!read_key(reported, list, i, &row->keys[i]))
            return false;
    for (size_t i = 0; i < FIGURES; i++)
        if (!read_number(list, key_count + i, i < COUNTS ? 0 : POSITION_NULL, i < COUNTS ? UINT32_MAX : INT32_MAX, &figures[i]))
            return false;
    *position = (struct position){
        .waiting = (uint32_t)figures[0],
        .unallocated = (uint32_t)figures[1],
        .allocated = (uint32_t)figures[2],
        .in_progress = (uint32_t)figures[3],
        .paused = (uint32_t)figures[4],
        .breach = (uint32_t)figures[5],
        .due = (uint32_t)figures[6],
        .scheduled = (uint32_t)figures[7],
        .no_contact = (uint32_t)figures[8],
        .longest = (int32_t)figures[9],
        .median_tenths = (int32_t)figures[10],
        .mean_tenths = (int32_t)figures[11],
        .p90 = (int32_t)figures[12],
        .band_count = reported->band_count,
    };
    for (size_t i = key_count + FIGURES; i < size; i++) {
        int64_t people;
        if (!read_number(list, i, 0, UINT32_MAX, &people))
            return false;
        position->bands[i - key_count - FIGURES] = (uint32_t)people;
    }
    return true;
}

/* Whether the kind in the text is the one that this release has at its place. */
static bool is_kind(const json_t *by, const struct kind *kind) {
    if (!json_is_array(by) || json_array_size(by) != kind->field_count)
        return false;
    for (size_t i = 0; i < kind->field_count; i++) {
        const char *name = json_string_value(json_array_get(by, i));
        if (name == NULL || strcmp(name, kind->names[i]) != 0)
            return false;
    }
    return true;
}

static bool read_kind(struct reported *reported, size_t place, const json_t *object) {
    struct reported_rows *kind = &reported->kinds[place];
    const json_t *rows = json_object_get(object, "rows");
    if (!is_kind(json_object_get(object, "by"), &kinds[place]))
        return false;
    kind->left_out = json_is_null(rows);
    if (kind->left_out)
        return place > 0;
    if (!json_is_array(rows) || json_array_size(rows) > SUMMARY_ROWS_MAX || (place == 0 && json_array_size(rows) != 1))
        return false;
    kind->rows = memory_new(json_array_size(rows), sizeof *kind->rows);
    for (; kind->count < json_array_size(rows); kind->count++)
        if (!read_row(reported, json_array_get(rows, kind->count), kinds[place].field_count, &kind->rows[kind->count]))
            return false;
    return true;
}

static bool read_all(struct reported *reported) {
    const json_t *list = json_object_get(reported->json, "kinds");
    const json_t *layout = json_object_get(reported->json, "layout");
    const json_t *bands = json_object_get(reported->json, "bands");
    reported->names = json_object_get(reported->json, "names");
    reported->band_count = json_array_size(bands) + 1;
    if (json_integer_value(layout) != LAYOUT || !json_is_array(bands) || reported->band_count > POLICY_BANDS_MAX + 1 ||
        json_array_size(list) != KIND_COUNT)
        return false;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (!read_kind(reported, i, json_array_get(list, i)))
            return false;
    return true;
}

struct reported *reported_read(struct text body) {
    struct reported *reported = memory_new(1, sizeof *reported);
    reported->json = json_loadb(body.at, body.length, JSON_REJECT_DUPLICATES, NULL);
    if (!read_all(reported))
        reported_destroy(&reported);
    return reported;
}

void reported_destroy(struct reported **reported) {
    if (*reported == NULL)
        return;
    for (size_t i = 0; i < KIND_COUNT; i++)
        free((*reported)->kinds[i].rows);
    json_decref((*reported)->json);
    free(*reported);
    *reported = NULL;
}

/* --- answering ----------------------------------------------------------------------------------------------------------------------- */

const char *reported_message(enum reported_status status) {
    switch (status) {
    case REPORTED_OK:
        break;
    case REPORTED_OTHER_FIELDS:
        return "reported are pathway, team, pathway with team, pathway with district, pathway with client_group, and all: group_by and "
               "filter must name the fields of one of them";
    case REPORTED_OTHER_FILTER:
        return "of what is reported a filter chooses one value of pathway, of team, or of pathway and of one of team, district and "
               "client_group";
    case REPORTED_TOO_MANY_GROUPS:
        return "this grouping had more than 20,000 groups on that day and was left out of the report";
    }
    return "";
}

#define FIELD_BIT(field) (1U << (field))

static size_t kind_of(unsigned fields) {
    for (size_t i = 0; i < KIND_COUNT; i++) {
        unsigned its_fields = 0;
        for (size_t field = 0; field < kinds[i].field_count; field++)
            its_fields |= FIELD_BIT(kinds[i].fields[field]);
        if (its_fields == fields)
            return i;
    }
    return KIND_COUNT;
}

/* Which of the row's keys is of this field. */
static struct text key_of(const struct reported_row *row, const struct kind *kind, enum wait_field field) {
    for (size_t i = 0; i < kind->field_count; i++)
        if (kind->fields[i] == field)
            return row->keys[i];
    return TEXT_ABSENT;
}

static bool row_passes(const struct reported_row *row, const struct kind *kind, const struct wait_filter *filter) {
    for (size_t i = 0; i < filter->field_count; i++)
        if (!text_equal(key_of(row, kind, filter->fields[i].name.field), filter->fields[i].values[0]))
            return false;
    return true;
}

static bool has_single_values_only(const struct wait_filter *filter) {
    for (size_t i = 0; i < filter->field_count; i++)
        if (filter->fields[i].value_count != 1)
            return false;
    return filter->breach == CHOICE_ANY && filter->due == CHOICE_ANY && filter->paused == CHOICE_ANY && filter->no_contact == CHOICE_ANY &&
           !filter->has_min_days && !filter->has_max_days && filter->statuses == 0 && filter->subject_prefix.length == 0;
}

static int compare_rows(const void *left, const void *right) {
    const struct summary_row *a = left;
    const struct summary_row *b = right;
    int order = 0;
    for (size_t i = 0; order == 0 && i < GROUP_BY_MAX; i++)
        order = text_compare(a->keys[i], b->keys[i]);
    return order;
}

/* A group in which nobody waits has no row. */
static void find_total(const struct reported *reported, size_t kind, const struct wait_filter *filter, struct position *total) {
    *total = (struct position){.longest = POSITION_NULL,
                               .median_tenths = POSITION_NULL,
                               .mean_tenths = POSITION_NULL,
                               .p90 = POSITION_NULL,
                               .band_count = reported->band_count};
    for (size_t i = 0; i < reported->kinds[kind].count; i++)
        if (row_passes(&reported->kinds[kind].rows[i], &kinds[kind], filter))
            *total = reported->kinds[kind].rows[i].position;
}

static bool is_empty(const struct position *position) {
    return position->waiting == 0 && position->scheduled == 0;
}

enum reported_status reported_summary(const struct reported *reported, const struct field_name *group_by, size_t group_by_count,
                                      const struct wait_filter *filter, struct summary *summary) {
    unsigned filtered = 0, grouped = 0;
    ENSURE(group_by_count <= GROUP_BY_MAX);
    for (size_t i = 0; i < filter->field_count; i++)
        filtered |= FIELD_BIT(filter->fields[i].name.field);
    for (size_t i = 0; i < group_by_count; i++)
        grouped |= FIELD_BIT(group_by[i].field);
    size_t kind = kind_of(grouped | filtered);
    size_t total_kind = kind_of(filtered);
    if (!has_single_values_only(filter))
        return REPORTED_OTHER_FILTER;
    if (kind == KIND_COUNT)
        return REPORTED_OTHER_FIELDS;
    if (total_kind == KIND_COUNT)
        return REPORTED_OTHER_FILTER;
    const struct reported_rows *rows = &reported->kinds[kind];
    if (rows->left_out || reported->kinds[total_kind].left_out)
        return REPORTED_TOO_MANY_GROUPS;
    *summary = (struct summary){.rows = memory_new(rows->count, sizeof *summary->rows)};
    find_total(reported, total_kind, filter, &summary->total);
    for (size_t i = 0; i < rows->count; i++) {
        if (!row_passes(&rows->rows[i], &kinds[kind], filter) || is_empty(&rows->rows[i].position))
            continue;
        struct summary_row *row = &summary->rows[summary->row_count++];
        row->position = rows->rows[i].position;
        for (size_t key = 0; key < group_by_count; key++)
            row->keys[key] = key_of(&rows->rows[i], &kinds[kind], group_by[key].field);
    }
    if (summary->row_count > 1)
        qsort(summary->rows, summary->row_count, sizeof *summary->rows, compare_rows);
    return REPORTED_OK;
}
