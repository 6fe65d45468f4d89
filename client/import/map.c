/* From libconfig's tree to the map of an import, with every error of the file in one run; and the map's columns in a file's header. */
#include "client/import/map.h"
#include "daemon/config/check.h"
#include "daemon/config/complain.h"
#include "daemon/config/source.h"
#include "daemon/core/memory.h"
#include "daemon/security/keyfile.h"

#include <libconfig.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reading {
    struct import_map *map;
    char *folder;
    config_report *report;
    void *context;
    size_t errors;
};

/* The members of `data` by type; docs/protocol.md has the same table. */
static const struct {
    enum event_type type;
    const char *members[12];
} vocabulary[] = {
    {EVENT_REFERRAL_RECEIVED,
     {"pathway", "team", "person", "clock_start", "district", "client_group", "priority", "impact", "likelihood", "dimensions"}},
    {EVENT_REFERRAL_TRIAGED, {"priority", "impact", "likelihood", "client_group", "district", "dimensions"}},
    {EVENT_WAIT_TRANSFERRED, {"team", "district"}},
    {EVENT_WAIT_ALLOCATED, {"worker"}},
    {EVENT_WAIT_PAUSED, {"reason"}},
    {EVENT_CONTACT_MADE, {"method"}},
    {EVENT_ASSESSMENT_COMPLETED, {"outcome"}},
    {EVENT_REVIEW_COMPLETED, {"outcome"}},
    {EVENT_SERVICE_STARTED, {"outcome"}},
    {EVENT_WAIT_CLOSED, {"reason"}},
    {EVENT_WAIT_REOPENED, {"reason"}},
};

__attribute__((format(printf, 3, 4))) static void complain(struct reading *reading, unsigned line, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    config_complain_list(reading->report, reading->context, reading->map->path, line, format, arguments);
    va_end(arguments);
    reading->errors++;
}

static unsigned line_of(const config_setting_t *setting) {
    unsigned line = (unsigned)config_setting_source_line(setting);

    return line > 0 ? line : 1;
}

static bool is_one_of(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Every member of the group must be one of the names. */
static void check_names(struct reading *reading, const config_setting_t *group, const char *const *names, size_t count) {
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);

        if (!is_one_of(config_setting_name(member), names, count)) {
            complain(reading, line_of(member), "there is no option '%s' here", config_setting_name(member));
        }
    }
}

#define CHECK_NAMES(reading, group, names) check_names(reading, group, names, sizeof(names) / sizeof(names)[0])

/* The text of a setting; numbers are texts too. NULL (reported) for anything else. The caller frees. */
static char *take_text(struct reading *reading, const config_setting_t *setting) {
    if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
        const char *text = config_setting_get_string(setting);
        const char *wrong = config_check_utf8(text); /* it may stand in an event */

        if (wrong == NULL) {
            return config_text_copy(text);
        }
        complain(reading, line_of(setting), "%s: %s", config_setting_name(setting) != NULL ? config_setting_name(setting) : "this text",
                 wrong);
        return NULL;
    }
    if (config_setting_type(setting) == CONFIG_TYPE_INT) {
        return config_text_format("%d", config_setting_get_int(setting));
    }
    complain(reading, line_of(setting), "%s must be text in \"double quotes\"",
             config_setting_name(setting) != NULL ? config_setting_name(setting) : "this");
    return NULL;
}

/* The member's text, or NULL when it is not there (or no text: reported). */
static char *member_text(struct reading *reading, const config_setting_t *group, const char *name) {
    const config_setting_t *member = config_setting_get_member(group, name);

    return member != NULL ? take_text(reading, member) : NULL;
}

static bool member_bool(struct reading *reading, const config_setting_t *group, const char *name, bool otherwise) {
    const config_setting_t *member = config_setting_get_member(group, name);

    if (member != NULL && config_setting_type(member) != CONFIG_TYPE_BOOL) {
        complain(reading, line_of(member), "%s must be true or false", name);
        return otherwise;
    }
    return member != NULL ? config_setting_get_bool(member) == CONFIG_TRUE : otherwise;
}

/* One text or several: `each` is called with every one of them. */
static void each_text(struct reading *reading, const config_setting_t *setting, void (*each)(struct reading *, char *, unsigned, void *),
                      void *context) {
    bool several = config_setting_is_aggregate(setting) && !config_setting_is_group(setting);

    for (int i = 0; i < (several ? config_setting_length(setting) : 1); i++) {
        const config_setting_t *one = several ? config_setting_get_elem(setting, (unsigned)i) : setting;
        char *text = take_text(reading, one);

        if (text != NULL) {
            each(reading, text, line_of(one), context);
        }
    }
}

static void add_text(struct reading *reading, char *text, unsigned line, void *context) {
    struct map_texts *texts = context;

    (void)reading;
    (void)line;
    texts->at = memory_resize(texts->at, texts->count + 1, sizeof *texts->at);
    texts->at[texts->count++] = text;
}

static void add_pattern(struct reading *reading, char *text, unsigned line, void *context) {
    struct date_patterns *patterns = context;
    const char *fault = patterns->count < DATE_PATTERNS_MAX ? date_pattern_fault(text) : "at most 8 date formats";

    if (fault != NULL) {
        complain(reading, line, "\"%s\": %s", text, fault);
    } else {
        snprintf(patterns->at[patterns->count++], DATE_PATTERN_SIZE, "%s", text);
    }
    free(text);
}

struct columns {
    size_t *count;
    struct map_column *at;
};

static void add_column(struct reading *reading, char *text, unsigned line, void *context) {
    const struct columns *columns = context;

    if (*columns->count == MAP_COLUMNS_MAX || text[0] == '\0') {
        complain(reading, line, "a column's header, at most %d of them", MAP_COLUMNS_MAX);
        free(text);
        return;
    }
    columns->at[(*columns->count)++] = (struct map_column){text, line, MAP_NO_COLUMN};
}

static void take_columns(struct reading *reading, const config_setting_t *setting, size_t *count, struct map_column *at) {
    struct columns columns = {count, at};

    each_text(reading, setting, add_column, &columns);
}

/* ---- Fields */

static void take_pairs(struct reading *reading, const config_setting_t *list, struct map_field *field) {
    if (!config_setting_is_list(list)) {
        complain(reading, line_of(list), "values is a list of pairs: ( (\"as written\", \"as meant\"), ... )");
        return;
    }
    field->pairs = memory_new((size_t)config_setting_length(list) + 1, sizeof *field->pairs);
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *pair = config_setting_get_elem(list, (unsigned)i);

        if (!config_setting_is_list(pair) || config_setting_length(pair) != 2) {
            complain(reading, line_of(pair), "each of values is a pair: (\"as written\", \"as meant\")");
            continue;
        }
        struct map_pair *taken = &field->pairs[field->pair_count];

        taken->from = take_text(reading, config_setting_get_elem(pair, 0));
        taken->to = take_text(reading, config_setting_get_elem(pair, 1));
        for (size_t k = 0; taken->from != NULL && k < field->pair_count; k++) {
            if (map_same(text_of(taken->from), field->pairs[k].from)) {
                complain(reading, line_of(pair), "\"%s\" is there twice", taken->from);
            }
        }
        if (taken->from == NULL || taken->to == NULL) {
            free(taken->from);
            free(taken->to);
        } else {
            field->pair_count++;
        }
    }
}

static void check_field(struct reading *reading, const config_setting_t *group, const struct map_field *field) {
    bool has_values = field->pair_count > 0;

    if ((field->column_count == 0) == (field->constant == NULL)) {
        complain(reading, field->line, "either `column` or `value` says where it comes from");
    }
    if (field->otherwise != NULL && !has_values) {
        complain(reading, field->line, "`otherwise` is for what is not among `values`");
    }
    if (field->kind == MAP_DATE && (has_values || field->hash || field->as_name || field->prefix != NULL || field->column_count > 1)) {
        complain(reading, field->line, "a date is one column, and nothing else is done with it");
    }
    if (field->kind != MAP_DATE && config_setting_get_member(group, "formats") != NULL) {
        complain(reading, field->line, "`formats` are for dates");
    }
}

static void read_group_field(struct reading *reading, const config_setting_t *group, struct map_field *field) {
    static const char *const names[] = {"column", "value", "values", "otherwise", "empty", "prefix", "hash", "as_name", "formats"};
    const config_setting_t *member = config_setting_get_member(group, "column");

    CHECK_NAMES(reading, group, names);
    if (member != NULL) {
        take_columns(reading, member, &field->column_count, field->columns);
    }
    member = config_setting_get_member(group, "values");
    if (member != NULL) {
        take_pairs(reading, member, field);
    }
    member = config_setting_get_member(group, "formats");
    if (member != NULL) {
        each_text(reading, member, add_pattern, &field->patterns);
    }
    field->constant = member_text(reading, group, "value");
    field->otherwise = member_text(reading, group, "otherwise");
    field->empty = member_text(reading, group, "empty");
    field->prefix = member_text(reading, group, "prefix");
    field->hash = member_bool(reading, group, "hash", false);
    field->as_name = member_bool(reading, group, "as_name", false);
    check_field(reading, group, field);
}

/* A field of a group: `constant` lets it be a mere text. */
static void read_field(struct reading *reading, const config_setting_t *setting, enum map_kind kind, bool constant,
                       struct map_field *field) {
    field->line = line_of(setting);
    field->kind = kind;
    if (config_setting_is_group(setting)) {
        read_group_field(reading, setting, field);
        if (!constant && field->constant != NULL) {
            complain(reading, field->line, "%s comes from a column", config_setting_name(setting));
        }
    } else if (constant) {
        field->constant = take_text(reading, setting);
    } else {
        complain(reading, field->line, "%s is a group: { column = \"...\"; }", config_setting_name(setting));
    }
    if (kind == MAP_DATE && field->patterns.count == 0) {
        field->patterns = reading->map->patterns;
    }
    if (field->hash && !reading->map->keyed) {
        complain(reading, field->line, "`hash` needs a `key_file`");
    }
}

/* ---- Events */

static enum map_kind kind_of(const char *member) {
    static const char *const numbers[] = {"priority", "impact", "likelihood"};

    if (strcmp(member, "clock_start") == 0) {
        return MAP_DATE;
    }
    return is_one_of(member, numbers, 3) ? MAP_NUMBER : MAP_TEXT;
}

static bool in_vocabulary(enum event_type type, const char *member) {
    for (size_t i = 0; i < sizeof vocabulary / sizeof vocabulary[0]; i++) {
        for (size_t k = 0; vocabulary[i].type == type && vocabulary[i].members[k] != NULL; k++) {
            if (strcmp(vocabulary[i].members[k], member) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void add_member(struct reading *reading, struct map_event *event, const config_setting_t *setting, bool is_dimension) {
    event->members = memory_resize(event->members, event->member_count + 1, sizeof *event->members);
    struct map_member *member = &event->members[event->member_count++];
    const char *name = config_setting_name(setting);

    *member = (struct map_member){.name = config_text_copy(name), .is_dimension = is_dimension};
    read_field(reading, setting, is_dimension ? MAP_TEXT : kind_of(name), true, &member->field);
}

static void read_data(struct reading *reading, const config_setting_t *group, struct map_event *event) {
    if (!config_setting_is_group(group)) {
        complain(reading, line_of(group), "data is a group: { team = { column = \"...\"; }; ... }");
        return;
    }
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(member);

        if (!in_vocabulary(event->type, name)) {
            complain(reading, line_of(member), "%s has no member '%s'", event_type_name(event->type), name);
        } else if (strcmp(name, "dimensions") != 0) {
            add_member(reading, event, member, false);
        } else if (!config_setting_is_group(member)) {
            complain(reading, line_of(member), "dimensions is a group: { deprivation = { column = \"...\"; }; }");
        } else {
            for (int k = 0; k < config_setting_length(member); k++) {
                add_member(reading, event, config_setting_get_elem(member, (unsigned)k), true);
            }
        }
    }
}

static void read_condition(struct reading *reading, const config_setting_t *group, struct map_condition *condition) {
    static const char *const names[] = {"column", "is", "is_not"};

    condition->line = line_of(group);
    const config_setting_t *is = config_setting_is_group(group) ? config_setting_get_member(group, "is") : NULL;
    const config_setting_t *is_not = config_setting_is_group(group) ? config_setting_get_member(group, "is_not") : NULL;
    char *column = config_setting_is_group(group) ? member_text(reading, group, "column") : NULL;

    condition->column = (struct map_column){column, condition->line, MAP_NO_COLUMN};
    condition->negated = is_not != NULL;
    if (column == NULL || (is == NULL) == (is_not == NULL)) {
        complain(reading, condition->line, "when is { column = \"...\"; is = [ \"...\" ]; }, or is_not");
        return;
    }
    CHECK_NAMES(reading, group, names);
    each_text(reading, is != NULL ? is : is_not, add_text, &condition->values);
}

static void read_type(struct reading *reading, const config_setting_t *group, struct map_event *event) {
    char *type = member_text(reading, group, "type");

    event->type = type != NULL ? event_type_of(text_of(type)) : EVENT_TYPE_COUNT;
    if (event->type == EVENT_TYPE_COUNT) {
        complain(reading, event->line, type == NULL ? "an event has a type" : "there is no type of event \"%s\"", type);
    } else if (event->type == EVENT_RETRACTED) {
        complain(reading, event->line, "an import retracts nothing");
        event->type = EVENT_TYPE_COUNT;
    }
    event->name = member_text(reading, group, "name");
    if (event->name == NULL) {
        event->name = config_text_copy(type != NULL ? type : "");
    }
    free(type);
}

static void check_event_name(struct reading *reading, const struct map_event *event) {
    for (size_t i = 0; event->type != EVENT_TYPE_COUNT && i < reading->map->event_count; i++) {
        const struct map_event *other = &reading->map->events[i];

        if (reading->map->one_per_event && other->type == event->type) {
            complain(reading, event->line, "%s is there twice", event_type_name(event->type));
        } else if (strcmp(other->name, event->name) == 0) {
            complain(reading, event->line, "two events with the name \"%s\": give each its own, for instance name = \"first contact\"",
                     event->name);
        }
    }
}

static void read_event(struct reading *reading, const config_setting_t *group) {
    static const char *const names[] = {"type", "name", "date", "required", "when", "data"};
    struct import_map *map = reading->map;
    struct map_event *event = &map->events[map->event_count];

    event->line = line_of(group);
    if (!config_setting_is_group(group)) {
        complain(reading, event->line, "an event is a group: { type = \"asc....\"; ... }");
        return;
    }
    CHECK_NAMES(reading, group, names);
    read_type(reading, group, event);
    event->required = member_bool(reading, group, "required", event->type == EVENT_REFERRAL_RECEIVED);
    const config_setting_t *date = config_setting_get_member(group, "date");
    const config_setting_t *when = config_setting_get_member(group, "when");
    const config_setting_t *data = config_setting_get_member(group, "data");

    if ((date != NULL) == map->one_per_event) {
        complain(reading, event->line, map->one_per_event ? "the date of an event stands outside `events`" : "an event has a date");
    } else if (date != NULL) {
        read_field(reading, date, MAP_DATE, false, &event->date);
    }
    if (when != NULL) {
        read_condition(reading, when, &event->condition);
    }
    if (data != NULL && event->type != EVENT_TYPE_COUNT) {
        read_data(reading, data, event);
    }
    check_event_name(reading, event);
    map->event_count++;
}

static void read_events(struct reading *reading, const config_setting_t *root) {
    const config_setting_t *list = config_setting_get_member(root, "events");

    if (list == NULL || !config_setting_is_list(list) || config_setting_length(list) == 0) {
        complain(reading, list != NULL ? line_of(list) : 0, "events is a list of groups: ( { type = \"asc....\"; ... }, ... )");
        return;
    }
    for (int i = 0; i < config_setting_length(list); i++) {
        if (reading->map->event_count == MAP_EVENTS_MAX) {
            complain(reading, line_of(list), "more than %d events", MAP_EVENTS_MAX);
            return;
        }
        read_event(reading, config_setting_get_elem(list, (unsigned)i));
    }
}

/* ---- The rest */

static void read_file_options(struct reading *reading, const config_setting_t *root) {
    static const char *const names[] = {"delimiter", "encoding"};
    const config_setting_t *group = config_setting_get_member(root, "file");

    reading->map->file = (struct csv_options){.delimiter = ',', .encoding = CSV_UTF_8, .stop = -1};
    if (group == NULL) {
        return;
    }
    if (!config_setting_is_group(group)) {
        complain(reading, line_of(group), "file is a group: { delimiter = \",\"; encoding = \"utf-8\"; }");
        return;
    }
    CHECK_NAMES(reading, group, names);
    char *delimiter = member_text(reading, group, "delimiter");
    char *encoding = member_text(reading, group, "encoding");

    if (delimiter != NULL && strlen(delimiter) == 1 && strchr(",;\t|:", delimiter[0]) != NULL) {
        reading->map->file.delimiter = delimiter[0];
    } else if (delimiter != NULL) {
        complain(reading, line_of(group), "the delimiter is one of , ; | : or \\t");
    }
    if (encoding != NULL && strcasecmp(encoding, "windows-1252") == 0) {
        reading->map->file.encoding = CSV_WINDOWS_1252;
    } else if (encoding != NULL && strcasecmp(encoding, "utf-8") != 0) {
        complain(reading, line_of(group), "the encoding is \"utf-8\" or \"windows-1252\" (which Latin-1 is a part of)");
    }
    free(delimiter);
    free(encoding);
}

static void read_key_file(struct reading *reading, const config_setting_t *root) {
    const config_setting_t *setting = config_setting_get_member(root, "key_file");
    char *name = setting != NULL ? take_text(reading, setting) : NULL;

    if (name == NULL) {
        return;
    }
    char *path = name[0] == '/' ? config_text_copy(name) : config_text_format("%s/%s", reading->folder, name);
    const char *reason = pseudonym_read_key(path, reading->map->pseudonym_key);

    if (reason != NULL) {
        complain(reading, line_of(setting), "%s: %s", keyfile_shown(path), reason);
    }
    reading->map->keyed = true; /* so that a bad key file is one complaint, not one for every hash */
    free(path);
    free(name);
}

static void read_dates(struct reading *reading, const config_setting_t *root) {
    const config_setting_t *formats = config_setting_get_member(root, "formats");
    const config_setting_t *empty = config_setting_get_member(root, "empty");
    struct import_map *map = reading->map;
    const char *reason;

    if (formats != NULL) {
        each_text(reading, formats, add_pattern, &map->patterns);
    } else {
        map->patterns.count = 1;
        strcpy(map->patterns.at[0], "yyyy-mm-dd");
    }
    if (empty != NULL) {
        each_text(reading, empty, add_text, &map->empties);
    }
    map->timezone = member_text(reading, root, "timezone");
    if (map->timezone != NULL && !config_timezone_known(map->timezone, &reason)) {
        complain(reading, line_of(config_setting_get_member(root, "timezone")), "%s", reason);
    }
}

static void read_rows(struct reading *reading, const config_setting_t *root) {
    char *rows = member_text(reading, root, "rows");

    reading->map->one_per_event = rows != NULL && strcmp(rows, "event") == 0;
    if (rows == NULL || (strcmp(rows, "event") != 0 && strcmp(rows, "wait") != 0)) {
        complain(reading, 0, "rows is \"wait\" (a row is a wait with its dates in columns) or \"event\" (a row is one event)");
    }
    free(rows);
    reading->map->source = member_text(reading, root, "source");
    if (reading->map->source == NULL || reading->map->source[0] == '\0') {
        complain(reading, 0, "source names the case system, as \"urn:las\"");
    }
}

/* What is there of the fields that stand outside `events`. */
static void read_row_fields(struct reading *reading, const config_setting_t *root) {
    struct import_map *map = reading->map;
    const struct {
        const char *name;
        enum map_kind kind;
        bool needed, allowed;
        struct map_field *field;
    } fields[] = {{"subject", MAP_TEXT, true, true, &map->subject},
                  {"type", MAP_TEXT, map->one_per_event, map->one_per_event, &map->type},
                  {"date", MAP_DATE, map->one_per_event, map->one_per_event, &map->date},
                  {"sequence", MAP_TEXT, false, map->one_per_event, &map->sequence}};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const config_setting_t *setting = config_setting_get_member(root, fields[i].name);

        if (setting != NULL && !fields[i].allowed) {
            complain(reading, line_of(setting), "%s is for rows = \"event\"", fields[i].name);
        } else if (setting != NULL) {
            read_field(reading, setting, fields[i].kind, false, fields[i].field);
        } else if (fields[i].needed) {
            complain(reading, 0, "%s = { column = \"...\"; } is missing", fields[i].name);
        }
    }
    const config_setting_t *key = config_setting_get_member(root, "key");

    if (key != NULL) {
        take_columns(reading, key, &map->key_count, map->keys);
    } else if (map->one_per_event) {
        complain(reading, 0, "key names the column or columns by which an event is known, so that no event is taken twice");
    } else {
        for (size_t i = 0; i < map->subject.column_count; i++) {
            const struct map_column *column = &map->subject.columns[i];

            map->keys[map->key_count++] = (struct map_column){config_text_copy(column->name), column->line, MAP_NO_COLUMN};
        }
    }
}

static void read_map(struct reading *reading, const config_setting_t *root) {
    static const char *const names[] = {"rows",     "source", "timezone", "file", "formats", "empty",    "key",
                                        "key_file", "times",  "subject",  "type", "date",    "sequence", "events"};

    CHECK_NAMES(reading, root, names);
    read_rows(reading, root);
    /* Columns of one row often have times in some and only dates in others, and midnight would be before everything of its day. */
    reading->map->times = member_bool(reading, root, "times", reading->map->one_per_event);
    read_file_options(reading, root);
    read_dates(reading, root);
    read_key_file(reading, root);
    read_row_fields(reading, root);
    read_events(reading, root);
}

struct import_map *map_load(const char *path, config_report *report, void *context) {
    struct import_map *map = memory_new(1, sizeof *map);
    const char *slash = strrchr(path, '/');
    struct reading reading = {.map = map, .report = report, .context = context};
    config_t config;

    reading.folder = slash == NULL ? config_text_copy(".") : config_text_format("%.*s", (int)(slash - path) + 1, path);
    map->path = config_text_copy(path);
    config_init(&config);
    config_set_include_dir(&config, reading.folder);
    struct source_findings findings = config_source_check(path, reading.folder, report, context);

    reading.errors = findings.errors;
    if (findings.unreadable) {
        reading.errors++;
    } else if (config_read_file(&config, path) != CONFIG_TRUE) {
        complain(&reading, (unsigned)config_error_line(&config), "%s", config_error_text(&config));
    } else {
        read_map(&reading, config_root_setting(&config));
    }
    config_destroy(&config);
    free(reading.folder);
    if (reading.errors > 0) {
        map_destroy(&map);
    }
    return map;
}

/* ---- The end of it */

static void free_columns(struct map_column *columns, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(columns[i].name);
    }
}

static void free_texts(struct map_texts *texts) {
    for (size_t i = 0; i < texts->count; i++) {
        free(texts->at[i]);
    }
    free(texts->at);
}

static void free_field(struct map_field *field) {
    free_columns(field->columns, field->column_count);
    for (size_t i = 0; i < field->pair_count; i++) {
        free(field->pairs[i].from);
        free(field->pairs[i].to);
    }
    free(field->pairs);
    free(field->constant);
    free(field->otherwise);
    free(field->empty);
    free(field->prefix);
}

void map_destroy(struct import_map **map) {
    struct import_map *gone = *map;

    if (gone == NULL) {
        return;
    }
    for (size_t i = 0; i < gone->event_count; i++) {
        struct map_event *event = &gone->events[i];

        for (size_t k = 0; k < event->member_count; k++) {
            free(event->members[k].name);
            free_field(&event->members[k].field);
        }
        free(event->members);
        free(event->name);
        free_field(&event->date);
        free(event->condition.column.name);
        free_texts(&event->condition.values);
    }
    free_field(&gone->subject);
    free_field(&gone->type);
    free_field(&gone->date);
    free_field(&gone->sequence);
    free_columns(gone->keys, gone->key_count);
    free_texts(&gone->empties);
    free(gone->path);
    free(gone->source);
    free(gone->timezone);
    sodium_memzero(gone->pseudonym_key, sizeof gone->pseudonym_key);
    free(gone);
    *map = NULL;
}

/* ---- Columns in the file */

struct binding {
    struct reading reading;
    const struct text *headers;
    size_t count;
    bool *used;
};

static void bind_column(struct binding *binding, struct map_column *column) {
    column->at = MAP_NO_COLUMN;
    for (size_t i = 0; i < binding->count; i++) {
        if (!text_equal(csv_trim(binding->headers[i]), csv_trim(text_of(column->name)))) {
            continue;
        }
        if (column->at != MAP_NO_COLUMN) {
            complain(&binding->reading, column->line, "the file has two columns \"%s\"", column->name);
            return;
        }
        column->at = i;
        binding->used[i] = true;
    }
    if (column->at == MAP_NO_COLUMN) {
        complain(&binding->reading, column->line, "the file has no column \"%s\" (line 1 of the file has the headers)", column->name);
    }
}

static void bind_field(struct binding *binding, struct map_field *field) {
    for (size_t i = 0; i < field->column_count; i++) {
        bind_column(binding, &field->columns[i]);
    }
    field->tally = (struct map_date_tally){0};
}

bool map_bind(struct import_map *map, const struct text *headers, size_t count, bool *used, config_report *report, void *context) {
    struct binding binding = {{.map = map, .report = report, .context = context}, headers, count, used};

    memset(used, 0, count * sizeof *used);
    for (size_t i = 0; i < map->key_count; i++) {
        bind_column(&binding, &map->keys[i]);
    }
    bind_field(&binding, &map->subject);
    bind_field(&binding, &map->type);
    bind_field(&binding, &map->date);
    bind_field(&binding, &map->sequence);
    for (size_t i = 0; i < map->event_count; i++) {
        struct map_event *event = &map->events[i];

        bind_field(&binding, &event->date);
        if (event->condition.line > 0) {
            bind_column(&binding, &event->condition.column);
        }
        for (size_t k = 0; k < event->member_count; k++) {
            bind_field(&binding, &event->members[k].field);
        }
    }
    return binding.reading.errors == 0;
}

void map_each_date(struct import_map *map, void (*each)(void *context, struct map_field *field), void *context) {
    if (map->date.line > 0) {
        each(context, &map->date);
    }
    for (size_t i = 0; i < map->event_count; i++) {
        struct map_event *event = &map->events[i];

        if (event->date.line > 0) {
            each(context, &event->date);
        }
        for (size_t k = 0; k < event->member_count; k++) {
            if (event->members[k].field.kind == MAP_DATE && event->members[k].field.column_count > 0) {
                each(context, &event->members[k].field);
            }
        }
    }
}

bool map_same(struct text a, const char *b) {
    size_t length = strlen(b);

    return a.length == length && strncasecmp(a.at, b, length) == 0;
}

bool map_is_empty(const struct import_map *map, struct text cell) {
    struct text trimmed = csv_trim(cell);

    if (trimmed.length == 0) {
        return true;
    }
    for (size_t i = 0; i < map->empties.count; i++) {
        if (map_same(trimmed, map->empties.at[i])) {
            return true;
        }
    }
    return false;
}
