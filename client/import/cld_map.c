/* Reads the map of a Client Level Data import. */
#include "client/import/cld_map.h"

#include <errno.h>
#include <libconfig.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waitlist/event.h>

#include "client/import/cld_values.h"
#include "client/import/pseudonym.h"
#include "daemon/config/check.h"
#include "daemon/core/memory.h"

#define TEXT_PLAIN_BYTES 4096

struct reading {
    const char *path;
    char *message; /* "" while all is well */
};

static void complain(struct reading *reading, const config_setting_t *setting, const char *what) {
    if (reading->message[0] == '\0') {
        snprintf(reading->message, CLD_MESSAGE_BYTES, "%s:%u: %s", reading->path, config_setting_source_line(setting), what);
    }
}

static char *copy(const char *text) {
    size_t size = strlen(text) + 1;

    return memcpy(memory_new(size, 1), text, size);
}

static char *copy_plain(const char *text) {
    char plain[CLD_LABEL_BYTES];

    (void)cld_plain(text_of(text), plain, sizeof plain);
    return copy(plain);
}

static bool is_name(const char *text) {
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    return length > 0 && length <= WAITLIST_NAME_BYTES_MAX && text[length] == '\0';
}

/* Columns of which nothing may leave the parser. */
static bool is_personal(const char *plain) {
    static const char *const personal[] = {"first name",
                                           "last name",
                                           "nhs number",
                                           "la person unique identifier",
                                           "gp practice name",
                                           "date of birth",
                                           "date of death",
                                           "postcode",
                                           "event reference",
                                           "gp practice code",
                                           "adult 1 linked person id",
                                           "adult 2 linked person id",
                                           "adult 3 linked person id"};

    for (size_t i = 0; i < sizeof personal / sizeof personal[0]; i++) {
        if (strcmp(plain, personal[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- Single values */

static char *text_member(struct reading *reading, const config_setting_t *group, const char *name, const char *otherwise) {
    const config_setting_t *setting = config_setting_get_member(group, name);

    if (setting == NULL) {
        return copy(otherwise);
    }
    if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
        complain(reading, setting, "a text in \"double quotes\" is wanted here");
        return copy(otherwise);
    }
    const char *text = config_setting_get_string(setting);
    const char *wrong = config_check_printable(text); /* it may stand in an event */

    if (wrong != NULL) {
        complain(reading, setting, wrong);
        return copy(otherwise);
    }
    return copy(text);
}

/* A name of the rules, section 2, or "". */
static char *name_member(struct reading *reading, const config_setting_t *group, const char *name, const char *otherwise) {
    char *text = text_member(reading, group, name, otherwise);

    if (text[0] != '\0' && !is_name(text)) {
        complain(reading, config_setting_get_member(group, name), "a name of 1 to 64 characters A-Z a-z 0-9 _ - is wanted here");
    }
    return text;
}

static char *column_member(struct reading *reading, const config_setting_t *group) {
    char *given = text_member(reading, group, "column", "");
    char *plain = copy_plain(given);

    free(given);
    if (is_personal(plain)) {
        complain(reading, config_setting_get_member(group, "column"), "this column identifies people: nothing of it may be used");
    }
    return plain;
}

/* Every member of a group is one of `known`, a list ended by NULL. */
static void check_members(struct reading *reading, const config_setting_t *group, const char *const *known) {
    if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
        complain(reading, group, "a group in { } is wanted here");
        return;
    }
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        size_t at = 0;

        while (known[at] != NULL && strcmp(known[at], config_setting_name(member)) != 0) {
            at++;
        }
        if (known[at] == NULL) {
            complain(reading, member, "there is no such option");
        }
    }
}

/* ---- Classification */

static void read_patterns(struct reading *reading, const config_setting_t *group, const char *name, enum cld_match match,
                          struct cld_rule *rule) {
    const config_setting_t *list = config_setting_get_member(group, name);

    for (int i = 0; list != NULL && i < config_setting_length(list); i++) {
        const char *text = config_setting_get_string_elem(list, i);
        char *plain = text != NULL ? copy_plain(text) : NULL;

        if (plain == NULL || plain[0] == '\0') {
            complain(reading, list, "a list of texts is wanted here, each with a letter or a digit");
            free(plain);
            return;
        }
        rule->patterns = memory_resize(rule->patterns, rule->pattern_count + 1, sizeof *rule->patterns);
        rule->patterns[rule->pattern_count++] = (struct cld_pattern){match, plain};
    }
}

static void read_rules(struct reading *reading, const config_setting_t *root, struct cld_map *map) {
    static const char *const known[] = {"pathway", "column", "equals", "contains", "words", NULL};
    const config_setting_t *list = config_setting_get_member(root, "classification");
    int count = list != NULL ? config_setting_length(list) : 0;

    if (count > CLD_RULES_MAX) {
        complain(reading, list, "more than 64 rules");
        return;
    }
    map->rules = memory_new((size_t)count + 1, sizeof *map->rules);
    for (int i = 0; i < count; i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        struct cld_rule *rule = &map->rules[i];

        check_members(reading, group, known);
        if (reading->message[0] != '\0') {
            return;
        }
        map->rule_count++;
        rule->pathway = name_member(reading, group, "pathway", "");
        rule->column = column_member(reading, group);
        read_patterns(reading, group, "equals", CLD_EQUALS, rule);
        read_patterns(reading, group, "contains", CLD_CONTAINS, rule);
        read_patterns(reading, group, "words", CLD_WORD, rule);
        if (rule->pathway[0] == '\0' || rule->column[0] == '\0' || rule->pattern_count == 0) {
            complain(reading, group, "a rule has a pathway, a column, and texts in equals, contains or words");
        }
    }
}

/* ---- Names from columns */

static void read_values(struct reading *reading, const config_setting_t *group, struct cld_naming *naming) {
    const config_setting_t *list = config_setting_get_member(group, "values");
    int count = list != NULL ? config_setting_length(list) : 0;

    naming->values = memory_new((size_t)count + 1, sizeof *naming->values);
    for (int i = 0; i < count; i++) {
        const config_setting_t *pair = config_setting_get_elem(list, (unsigned)i);
        const char *value = config_setting_get_string_elem(pair, 0);
        const char *name = config_setting_get_string_elem(pair, 1);

        if (value == NULL || name == NULL || config_setting_length(pair) != 2 || !is_name(name)) {
            complain(reading, pair, "a pair (\"as in the file\", \"name\") is wanted here");
            return;
        }
        naming->values[naming->value_count].plain = copy_plain(value);
        naming->values[naming->value_count++].name = copy(name);
    }
}

static void read_naming(struct reading *reading, const config_setting_t *root, const char *name, const char *otherwise,
                        struct cld_naming *naming) {
    static const char *const known[] = {"column", "default", "values", NULL};
    const config_setting_t *group = config_setting_get_member(root, name);

    if (group == NULL) {
        naming->column = copy("");
        naming->otherwise = copy(otherwise);
        return;
    }
    check_members(reading, group, known);
    naming->column = column_member(reading, group);
    naming->otherwise = name_member(reading, group, "default", otherwise);
    read_values(reading, group, naming);
    if (otherwise[0] != '\0' && naming->otherwise[0] == '\0') {
        complain(reading, group, "this default cannot be empty");
    }
}

/* ---- The key */

static void read_key(struct reading *reading, const config_setting_t *root, unsigned char key[CLD_KEY_BYTES]) {
    const config_setting_t *setting = config_setting_get_member(root, "person_key_file");
    const char *name = setting != NULL ? config_setting_get_string(setting) : NULL;
    const char *slash = strrchr(reading->path, '/');
    char path[4096];

    if (name == NULL || name[0] == '\0') {
        complain(reading, setting != NULL ? setting : root, "person_key_file is wanted: the file with the secret key of the pseudonyms");
        return;
    }
    int folder = name[0] != '/' && slash != NULL ? (int)(slash - reading->path) + 1 : 0;

    if (snprintf(path, sizeof path, "%.*s%s", folder, reading->path, name) >= (int)sizeof path) {
        complain(reading, setting, "the path is too long");
        return;
    }
    const char *fault = pseudonym_read_key(path, key);

    if (fault != NULL) {
        char what[CLD_MESSAGE_BYTES / 2];

        snprintf(what, sizeof what, "the key file: %s%s", fault,
                 access(path, F_OK) == 0 ? "" : " (make it once: openssl rand -hex 32 > FILE; chmod 600 FILE)");
        complain(reading, setting, what);
    }
}

/* ---- The whole */

static void read_encoding(struct reading *reading, const config_setting_t *root, struct cld_map *map) {
    char *name = text_member(reading, root, "encoding", "utf-8");

    map->encoding = strcmp(name, "windows-1252") == 0 ? CSV_WINDOWS_1252 : CSV_UTF_8;
    if (map->encoding == CSV_UTF_8 && strcmp(name, "utf-8") != 0) {
        complain(reading, config_setting_get_member(root, "encoding"), "encoding is \"utf-8\" or \"windows-1252\"");
    }
    free(name);
}

static void read_groups(struct reading *reading, const config_setting_t *root, struct cld_map *map) {
    static const char *const group_names[] = {"working_age", "older_people", "carer", NULL};
    static const char *const dimension_names[] = {"origin", "origin_value", "route_of_access", "primary_support_reason", NULL};
    config_t none;

    config_init(&none);
    const config_setting_t *empty = config_root_setting(&none);
    const config_setting_t *groups = config_setting_get_member(root, "client_groups");
    const config_setting_t *dimensions = config_setting_get_member(root, "dimensions");

    groups = groups != NULL ? groups : empty;
    dimensions = dimensions != NULL ? dimensions : empty;
    check_members(reading, groups, group_names);
    check_members(reading, dimensions, dimension_names);
    map->working_age = name_member(reading, groups, "working_age", "working_age");
    map->older_people = name_member(reading, groups, "older_people", "older_people");
    map->carer = name_member(reading, groups, "carer", "carer");
    map->origin_dimension = name_member(reading, dimensions, "origin", "origin");
    map->origin_value = name_member(reading, dimensions, "origin_value", "client_level_data");
    map->route_dimension = name_member(reading, dimensions, "route_of_access", "");
    map->reason_dimension = name_member(reading, dimensions, "primary_support_reason", "");
    config_destroy(&none);
}

static bool is_source(const char *source) {
    size_t length = strlen(source);

    for (size_t i = 0; i < length; i++) {
        if (source[i] <= ' ' || source[i] > '~' || source[i] == '"' || source[i] == '\\') {
            return false;
        }
    }
    return length > 0 && length <= 128;
}

static void read_all(struct reading *reading, const config_setting_t *root, struct cld_map *map) {
    static const char *const known[] = {"person_key_file",  "source", "encoding", "classification", "unclassified",
                                        "closed_requests",  "team",   "district", "client_groups",  "dimensions",
                                        "link_within_days", NULL};
    const config_setting_t *link = config_setting_get_member(root, "link_within_days");

    check_members(reading, root, known);
    read_key(reading, root, map->key);
    read_encoding(reading, root, map);
    map->source = text_member(reading, root, "source", "urn:client-level-data");
    if (!is_source(map->source)) {
        complain(reading, config_setting_get_member(root, "source"), "source has 1 to 128 printable characters without blanks and quotes");
    }
    read_rules(reading, root, map);
    map->unclassified = name_member(reading, root, "unclassified", "");
    map->closed_requests = name_member(reading, root, "closed_requests", "");
    read_naming(reading, root, "team", "imported", &map->team);
    read_naming(reading, root, "district", "", &map->district);
    read_groups(reading, root, map);
    if (link != NULL) {
        map->link_within_days = config_setting_get_int(link);
        if (config_setting_type(link) != CONFIG_TYPE_INT || map->link_within_days < 0 || map->link_within_days > 3650) {
            complain(reading, link, "a number of days, 0 to 3650, is wanted here");
        }
    }
}

struct cld_map *cld_map_read(const char *path, char message[CLD_MESSAGE_BYTES]) {
    struct reading reading = {path, message};
    config_t config;

    message[0] = '\0';
    ENSURE(sodium_init() >= 0);
    struct cld_map *map = memory_new(1, sizeof *map);

    config_init(&config);
    errno = 0;
    if (config_read_file(&config, path) == CONFIG_TRUE) {
        read_all(&reading, config_root_setting(&config), map);
    } else if (config_error_type(&config) == CONFIG_ERR_PARSE) {
        snprintf(message, CLD_MESSAGE_BYTES, "%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
    } else {
        snprintf(message, CLD_MESSAGE_BYTES, "%s: %s", path, errno != 0 ? strerror(errno) : "cannot be read");
    }
    config_destroy(&config);
    if (message[0] != '\0') {
        cld_map_destroy(&map);
    }
    return map;
}

static void clear_naming(struct cld_naming *naming) {
    for (size_t i = 0; i < naming->value_count; i++) {
        free(naming->values[i].plain);
        free(naming->values[i].name);
    }
    free(naming->values);
    free(naming->column);
    free(naming->otherwise);
}

void cld_map_destroy(struct cld_map **map) {
    if (*map == NULL) {
        return;
    }
    for (size_t i = 0; i < (*map)->rule_count; i++) {
        struct cld_rule *rule = &(*map)->rules[i];

        for (size_t p = 0; p < rule->pattern_count; p++) {
            free(rule->patterns[p].plain);
        }
        free(rule->patterns);
        free(rule->pathway);
        free(rule->column);
    }
    free((*map)->rules);
    clear_naming(&(*map)->team);
    clear_naming(&(*map)->district);
    char *const texts[] = {(*map)->source,           (*map)->unclassified, (*map)->closed_requests,  (*map)->working_age,
                           (*map)->older_people,     (*map)->carer,        (*map)->origin_dimension, (*map)->route_dimension,
                           (*map)->reason_dimension, (*map)->origin_value};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(texts[i]);
    }
    sodium_memzero((*map)->key, sizeof(*map)->key);
    free(*map);
    *map = NULL;
}

/* Whether `word` stands in `plain` as whole words. */
static bool has_word(const char *plain, const char *word) {
    size_t length = strlen(word);

    for (const char *at = strstr(plain, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == plain || at[-1] == ' ') && (at[length] == '\0' || at[length] == ' ')) {
            return true;
        }
    }
    return false;
}

static bool fits(const struct cld_rule *rule, const char *plain) {
    for (size_t i = 0; i < rule->pattern_count; i++) {
        const struct cld_pattern *pattern = &rule->patterns[i];
        bool found = pattern->match == CLD_EQUALS     ? strcmp(plain, pattern->plain) == 0
                     : pattern->match == CLD_CONTAINS ? strstr(plain, pattern->plain) != NULL
                                                      : has_word(plain, pattern->plain);

        if (found) {
            return true;
        }
    }
    return false;
}

int cld_map_classify(const struct cld_map *map, const int *columns, const struct text *cells, size_t count) {
    char plain[TEXT_PLAIN_BYTES];
    int plain_of = -1;

    for (size_t i = 0; i < map->rule_count; i++) {
        if (columns[i] < 0 || (size_t)columns[i] >= count || cld_is_missing(cells[columns[i]])) {
            continue;
        }
        if (plain_of != columns[i]) {
            (void)cld_plain(cells[columns[i]], plain, sizeof plain);
            plain_of = columns[i];
        }
        if (fits(&map->rules[i], plain)) {
            return (int)i;
        }
    }
    return -1;
}

void cld_map_name(const struct cld_naming *naming, struct text cell, char *out) {
    char plain[WAITLIST_NAME_BYTES_MAX + 1];
    char whole[CLD_LABEL_BYTES];

    out[0] = '\0';
    if (cld_is_missing(cell)) {
        return;
    }
    (void)cld_plain(cell, whole, sizeof whole);
    for (size_t i = 0; i < naming->value_count; i++) {
        if (strcmp(naming->values[i].plain, whole) == 0) {
            memcpy(out, naming->values[i].name, strlen(naming->values[i].name) + 1);
            return;
        }
    }
    size_t length = cld_plain(cell, plain, sizeof plain);

    for (size_t i = 0; i < length; i++) {
        out[i] = plain[i] == ' ' ? '_' : plain[i];
    }
    out[length] = '\0';
}
