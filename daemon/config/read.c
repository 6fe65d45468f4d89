/* From libconfig's tree to the configuration, by the table of keys. */
#include "daemon/config/read.h"

#include "daemon/config/check.h"
#include "daemon/config/complain.h"
#include "daemon/config/keys.h"
#include "daemon/config/source.h"
#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDPOINT_BYTES_MAX = 200 };

static const char *const role_choices[] = {"producer", "viewer", "manager", "analyst", "admin", NULL}; /* as access_role_name */

struct reader {
    struct config *config;
    const char *path;
    const char *folder;
    const config_setting_t *standing; /* the group in the file in which a default is being filled in */
    config_report *report;
    void *context;
    size_t errors;
};

static void read_members(struct reader *reader, const config_setting_t *group, const struct config_key *parent, size_t index);

static void refuse(struct reader *reader, const config_setting_t *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void refuse(struct reader *reader, const config_setting_t *at, const char *format, ...) {
    if (!config_setting_source_file(at) && reader->standing)
        at = reader->standing;
    char *file = config_source_name(config_setting_source_file(at), reader->path, reader->folder);
    unsigned int line = config_setting_source_line(at);
    va_list arguments;
    va_start(arguments, format);
    config_complain_list(reader->report, reader->context, file, line > 0 ? line : 1, format, arguments);
    va_end(arguments);
    free(file);
    reader->errors++;
}

/* What a key must be, for a complaint. */
static char *wanted(const struct config_key *key) {
    long long minimum = key->minimum, maximum = key->maximum;
    char first[DATE_SIZE], last[DATE_SIZE];
    switch (key->type) {
    case KEY_GROUP:
        return config_text_copy("a group { … }");
    case KEY_LIST:
        return config_text_format("a list ( { … }, { … } ) of %lld to %lld groups", minimum, maximum);
    case KEY_BOOLEAN:
        return config_text_copy("true or false");
    case KEY_INTEGER:
        return config_text_format("a whole number from %lld to %lld", minimum, maximum);
    case KEY_DATE:
        date_format((day_t)minimum, first);
        date_format((day_t)maximum, last);
        return config_text_format("a date \"YYYY-MM-DD\" from %s to %s", first, last);
    case KEY_NAME:
    case KEY_DISTRICT:
    case KEY_PATHWAY:
    case KEY_TEAM:
        return config_text_copy("a name in quotes, of 1 to 64 characters A-Z a-z 0-9 _ -");
    case KEY_TEXT:
    case KEY_PATH:
    case KEY_TIMEZONE:
        return config_text_format("a text in quotes, of %lld to %lld bytes", minimum, maximum);
    case KEY_HOURS:
        return config_text_copy("hours in quotes, \"Mon-Fri 08:00-18:00\"");
    case KEY_ADDRESS:
        return config_text_copy("an address and a port in quotes, \"127.0.0.1:8090\"");
    case KEY_HEADER:
        return config_text_copy("the name of a header in quotes, \"X-Remote-User\"");
    case KEY_NAMES:
        return config_text_format("a list ( \"one\", \"two\" ) of at most %lld names", maximum);
    case KEY_ENDPOINTS:
        return config_text_format("a list [ \"ipc://…\" ] of 1 to %d endpoints", ENDPOINTS_MAX);
    case KEY_PEER_KEY:
    case KEY_KEY_OR_PATH:
        return config_text_copy("a public key of 40 characters in quotes, as 'waitlistctl keygen --curve' prints it");
    case KEY_ENDPOINT:
        return config_text_copy("one of the endpoints, as endpoints has it");
    case KEY_ROLES:
        return config_text_copy("a list of \"producer\", \"viewer\", \"manager\", \"analyst\" or \"admin\", at least one");
    case KEY_TEAMS:
        return config_text_format("a list ( \"one\", \"two\" ) of at most %lld teams, or ( \"*\" )", maximum);
    case KEY_SOURCES:
        return config_text_format("a list ( \"one\", \"two\" ) of at most %lld sources", maximum);
    case KEY_NETWORKS:
        return config_text_format("a list ( \"127.0.0.1\", \"10.1.0.0/16\" ) of at most %lld addresses or networks", maximum);
    case KEY_LEVELS:
        return config_text_format("1 to %d different whole numbers [ … ] from %lld to %lld", POLICY_LEVELS_MAX, minimum, maximum);
    case KEY_BANDS:
        return config_text_format("1 to %d rising whole numbers [ … ] from %lld to %lld", POLICY_BANDS_MAX, minimum, maximum);
    case KEY_BY_PRIORITY:
        return config_text_format("a list ( (1, 2), (2, 7) ) of a priority, 1 to 4, and its days, %lld to %lld", minimum, maximum);
    case KEY_CHOICE:
    case KEY_COMPLETION:
        break;
    }
    char *all = config_text_format("\"%s\"", key->choices[0]);
    for (size_t i = 1; key->choices[i]; i++) {
        char *longer = config_text_format("%s or \"%s\"", all, key->choices[i]);
        free(all);
        all = longer;
    }
    return all;
}

/* What a setting is, for a complaint. */
static char *found(const config_setting_t *setting) {
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_GROUP:
        return config_text_copy("a group");
    case CONFIG_TYPE_LIST:
        return config_text_copy("a list");
    case CONFIG_TYPE_ARRAY:
        return config_text_copy("an array");
    case CONFIG_TYPE_STRING:
        return config_text_format("the text \"%.80s\"", config_setting_get_string(setting));
    case CONFIG_TYPE_BOOL:
        return config_text_copy(config_setting_get_bool(setting) ? "true" : "false");
    case CONFIG_TYPE_FLOAT:
        return config_text_format("the number %g", config_setting_get_float(setting));
    default:
        return config_text_format("%lld", config_setting_get_int64(setting));
    }
}

/* The key that one element of a list or an array is held against. */
static struct config_key element_of(const struct config_key *key) {
    struct config_key element = *key;
    if (key->type == KEY_NAMES || key->type == KEY_TEAMS) {
        element.type = KEY_NAME;
    } else if (key->type == KEY_ROLES) {
        element = (struct config_key){.path = key->path, .type = KEY_CHOICE, .choices = role_choices, .help = key->help};
    } else if (key->type == KEY_SOURCES || key->type == KEY_NETWORKS) {
        element.type = KEY_TEXT;
        element.minimum = 1;
        element.maximum = SOURCE_BYTES_MAX;
    } else if (key->type == KEY_ENDPOINTS) {
        element.type = KEY_TEXT;
        element.minimum = 1;
        element.maximum = ENDPOINT_BYTES_MAX;
    } else {
        element.type = KEY_INTEGER;
    }
    return element;
}

/* "contact.interval_days is 0, but must be a whole number from 1 to 3650: calendar days …" */
static void refuse_value(struct reader *reader, const struct config_key *key, const config_setting_t *setting) {
    bool in_sequence = config_setting_name(setting) == NULL;
    struct config_key against = in_sequence ? element_of(key) : *key;
    char *is = found(setting), *must = wanted(&against);
    refuse(reader, setting, "%s %s %s, but %s must be %s%s%s", key->path, in_sequence ? "has" : "is", is, in_sequence ? "each" : "it", must,
           key->help ? ": " : "", key->help ? key->help : "");
    free(is);
    free(must);
}

static bool is_sequence(const config_setting_t *setting) {
    return config_setting_is_list(setting) || config_setting_is_array(setting);
}

static bool read_number(struct reader *reader, const struct config_key *key, const config_setting_t *setting, int32_t *value) {
    int type = config_setting_type(setting);
    if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) {
        long long number = type == CONFIG_TYPE_INT ? config_setting_get_int(setting) : config_setting_get_int64(setting);
        if (number >= key->minimum && number <= key->maximum) {
            *value = (int32_t)number;
            return true;
        }
    }
    refuse_value(reader, key, setting);
    return false;
}

static const char *read_string(struct reader *reader, const struct config_key *key, const config_setting_t *setting) {
    if (config_setting_type(setting) == CONFIG_TYPE_STRING)
        return config_setting_get_string(setting);
    refuse_value(reader, key, setting);
    return NULL;
}

/* True when there is nothing wrong. */
static bool passes(struct reader *reader, const struct config_key *key, const config_setting_t *setting, const char *wrong) {
    if (wrong) {
        /* In the place of a public key somebody may have put the secret one: it is not repeated. */
        bool is_key = key->type == KEY_PEER_KEY && config_setting_type(setting) == CONFIG_TYPE_STRING;
        char *is = is_key ? config_text_copy("no public key") : found(setting);
        refuse(reader, setting, "%s is %s: %s", key->path, is, wrong);
        free(is);
    }
    return !wrong;
}

static const char *check_district(const struct config *config, const char *name) {
    const char *wrong = config_check_name(name);
    if (wrong || config->districts.count == 0)
        return wrong;
    for (size_t i = 0; i < config->districts.count; i++)
        if (strcmp(config->districts.at[i].name, name) == 0)
            return NULL;
    return "it is not among the districts: add it to districts, or name one that is there";
}

static const char *check_pathway(const struct config *config, const char *name) {
    return policy_pathway_index(&config->policy, text_of(name)) >= 0 ? NULL
                                                                     : "it is no pathway: add it to pathways, or name one that is there";
}

static const char *check_team(const struct config *config, const char *name) {
    const char *wrong = config_check_name(name);
    bool is_listed = config->teams.count == 0;
    for (size_t i = 0; i < config->teams.count && !is_listed; i++)
        is_listed = strcmp(config->teams.at[i].name, name) == 0;
    return wrong != NULL || is_listed ? wrong : "it is not among the teams: add it to teams, or name one that is there";
}

static void read_text(struct reader *reader, const struct config_key *key, const config_setting_t *setting, char **value) {
    const char *text = read_string(reader, key, setting), *wrong = NULL;
    if (!text || !passes(reader, key, setting, config_check_printable(text)))
        return;
    bool measured = key->type == KEY_TEXT || key->type == KEY_PATH || key->type == KEY_KEY_OR_PATH || key->type == KEY_TIMEZONE;
    struct feed_hours hours;
    int64_t length = (int64_t)strlen(text);
    if (measured && (length < key->minimum || length > key->maximum)) {
        refuse_value(reader, key, setting);
        return;
    }
    if (key->type == KEY_TIMEZONE)
        (void)config_timezone_known(text, &wrong);
    else if (key->type == KEY_HOURS && length > 0)
        wrong = config_check_hours(text, &hours);
    else if (key->type == KEY_ADDRESS)
        wrong = config_check_address(text, reader->config->dashboard.allow_beyond_loopback);
    else if (key->type == KEY_HEADER && length > 0)
        wrong = config_check_name(text);
    else if (key->type == KEY_DISTRICT && length > 0)
        wrong = check_district(reader->config, text);
    else if (key->type == KEY_PATHWAY && length > 0)
        wrong = check_pathway(reader->config, text);
    else if (key->type == KEY_TEAM && length > 0)
        wrong = check_team(reader->config, text);
    else if (key->type == KEY_PEER_KEY)
        wrong = config_check_public_key(text);
    if (!passes(reader, key, setting, wrong) || length == 0)
        return;
    bool is_path = key->type == KEY_PATH || (key->type == KEY_KEY_OR_PATH && config_check_public_key(text) != NULL);

    *value = is_path && text[0] != '/' ? config_text_format("%s/%s", reader->folder, text) : config_text_copy(text);
}

static void read_name(struct reader *reader, const struct config_key *key, const config_setting_t *setting, char name[NAME_MAX_BYTES + 1]) {
    const char *text = read_string(reader, key, setting);
    if (text && passes(reader, key, setting, config_check_name(text)))
        memcpy(name, text, strlen(text) + 1);
}

static void read_date(struct reader *reader, const struct config_key *key, const config_setting_t *setting, day_t *day) {
    const char *text = read_string(reader, key, setting);
    if (text && (!date_parse(text_of(text), day) || *day < key->minimum || *day > key->maximum))
        refuse_value(reader, key, setting);
}

/* The index of the choice, or -1, reported. */
static int read_choice(struct reader *reader, const struct config_key *key, const config_setting_t *setting) {
    const char *text = read_string(reader, key, setting);
    for (int i = 0; text && key->choices[i]; i++)
        if (strcmp(key->choices[i], text) == 0)
            return i;
    if (text)
        refuse_value(reader, key, setting);
    return -1;
}

/* The length of a list or array of at least `minimum` and at most `maximum` elements; -1, reported. */
static int length_of(struct reader *reader, const struct config_key *key, const config_setting_t *setting, int minimum, int maximum) {
    int length = is_sequence(setting) ? config_setting_length(setting) : -1;
    if (length >= minimum && length <= maximum)
        return length;
    if (length < 0) {
        refuse_value(reader, key, setting);
    } else {
        char *must = wanted(key);
        refuse(reader, setting, "%s has %d elements, but it must be %s", key->path, length, must);
        free(must);
    }
    return -1;
}

static void read_names(struct reader *reader, const struct config_key *key, const config_setting_t *setting, struct known_names *names) {
    int length = length_of(reader, key, setting, (int)key->minimum, (int)key->maximum);
    if (length < 1)
        return;
    *names = (struct known_names){(size_t)length, memory_new((size_t)length, sizeof *names->at)};
    for (int i = 0; i < length; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
        read_name(reader, key, element, names->at[i].name);
        for (int j = 0; j < i; j++)
            if (names->at[i].name[0] && strcmp(names->at[i].name, names->at[j].name) == 0) {
                refuse(reader, element, "%s has \"%s\" twice: remove one", key->path, names->at[i].name);
                break;
            }
    }
}

static bool list_has(const struct endpoint_list *list, const char *uri) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->uri[i], uri) == 0)
            return true;
    return false;
}

static void read_endpoints(struct reader *reader, const struct config_key *key, const config_setting_t *setting,
                           struct endpoint_list *list) {
    const struct config *config = reader->config;
    int length = length_of(reader, key, setting, 1, ENDPOINTS_MAX);
    for (int i = 0; i < length; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
        const char *uri = read_string(reader, key, element);
        if (!uri || !passes(reader, key, element, config_check_printable(uri)) ||
            !passes(reader, key, element,
                    config_check_endpoint(uri, config->security.allow_plain_loopback, config->security.secret_key != NULL)))
            continue;
        if (list_has(&config->ingest, uri) || list_has(&config->publish, uri) || list_has(&config->query, uri))
            refuse(reader, element, "%s has %s, which is an endpoint already: give each socket its own", key->path, uri);
        else
            list->uri[list->count++] = config_text_copy(uri);
    }
}

static void read_roles(struct reader *reader, const struct config_key *key, const config_setting_t *setting, unsigned *roles) {
    int length = length_of(reader, key, setting, 1, ACCESS_ROLE_COUNT);
    for (int i = 0; i < length; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
        enum access_role role = access_role_of(text_of(config_setting_get_string(element)));
        if (role == ACCESS_ROLE_COUNT)
            refuse_value(reader, key, element);
        else
            *roles |= ACCESS_BIT(role);
    }
}

static const char *check_source(const char *source) {
    const char *wrong = config_check_printable(source);
    size_t length = strlen(source);
    return wrong != NULL || (length > 0 && length <= SOURCE_BYTES_MAX) ? wrong : "a source has 1 to 256 bytes";
}

static void read_texts(struct reader *reader, const struct config_key *key, const config_setting_t *setting, struct access_texts *texts) {
    int length = length_of(reader, key, setting, (int)key->minimum, (int)key->maximum);
    if (length < 1)
        return;
    texts->at = memory_new((size_t)length, sizeof *texts->at);
    for (int i = 0; i < length; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
        const char *text = read_string(reader, key, element), *wrong = NULL;
        if (text == NULL)
            continue;
        struct network network;
        if (key->type == KEY_SOURCES)
            wrong = check_source(text);
        else if (key->type == KEY_NETWORKS)
            wrong = config_check_network(text, &network);
        else if (strcmp(text, ACCESS_EVERY_TEAM) != 0)
            wrong = check_team(reader->config, text);
        if (passes(reader, key, element, wrong))
            texts->at[texts->count++] = config_text_copy(text);
    }
}

/* At most `maximum` numbers, each in the key's range; gives how many. */
static size_t read_numbers(struct reader *reader, const struct config_key *key, const config_setting_t *setting, int32_t *values,
                           int maximum, bool rising) {
    int length = length_of(reader, key, setting, 1, maximum);
    for (int i = 0; i < length; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
        if (!read_number(reader, key, element, &values[i]))
            continue;
        if (rising && i > 0 && values[i] <= values[i - 1])
            refuse(reader, element, "%s: %d comes after %d, but the numbers must rise", key->path, values[i], values[i - 1]);
        for (int j = 0; !rising && j < i; j++)
            if (values[i] == values[j]) {
                refuse(reader, element, "%s has %d twice: remove one", key->path, values[i]);
                break;
            }
    }
    return length > 0 ? (size_t)length : 0;
}

static void read_by_priority(struct reader *reader, const struct config_key *key, const config_setting_t *setting,
                             int32_t days[PRIORITY_COUNT]) {
    static const struct config_key priorities = {.minimum = 1, .maximum = PRIORITY_COUNT - 1, .type = KEY_INTEGER};
    struct config_key priority_key = priorities, days_key = *key;
    priority_key.path = days_key.path = key->path;
    priority_key.help = "the priority, the first of each pair";
    days_key.type = KEY_INTEGER;
    int length = length_of(reader, key, setting, 0, PRIORITY_COUNT - 1);
    for (int i = 0; i < length; i++) {
        const config_setting_t *pair = config_setting_get_elem(setting, (unsigned int)i);
        if (!is_sequence(pair) || config_setting_length(pair) != 2) {
            refuse(reader, pair, "%s: each element is a pair (priority, days), for example (1, 7)", key->path);
            continue;
        }
        int32_t priority, value;
        bool known = read_number(reader, &priority_key, config_setting_get_elem(pair, 0), &priority);
        if (!read_number(reader, &days_key, config_setting_get_elem(pair, 1), &value) || !known)
            continue;
        if (days[priority] != 0)
            refuse(reader, pair, "%s has priority %d twice: remove one", key->path, priority);
        days[priority] = value;
    }
}

/* The text by which the groups of a list are told apart: the list's first key. */
static const char *name_of(const struct config *config, const struct config_key *list, size_t index) {
    const struct config_key *name = list + 1;
    ENSURE(config_key_is_in(name, list));
    const void *value = config_value_const(config, name, index);
    return name->type == KEY_NAME ? value : *(char *const *)value;
}

static void read_list(struct reader *reader, const struct config_key *key, const config_setting_t *setting) {
    int length = length_of(reader, key, setting, (int)key->minimum, (int)key->maximum);
    if (length < 1)
        return;
    config_list_resize(reader->config, key, (size_t)length);
    for (size_t i = 0; i < (size_t)length; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
        if (!config_setting_is_group(element)) {
            refuse(reader, element, "%s: each element is a group { name = \"…\"; … }", key->path);
            continue;
        }
        read_members(reader, element, key, i);
        const char *name = name_of(reader->config, key, i);
        for (size_t j = 0; name && name[0] && j < i; j++) {
            const char *other = name_of(reader->config, key, j);
            if (other && strcmp(other, name) == 0) {
                refuse(reader, element, "%s has \"%s\" twice: remove or rename one", key->path, name);
                break;
            }
        }
    }
}

static void read_value(struct reader *reader, const struct config_key *key, const config_setting_t *setting, size_t index) {
    void *value = key->type == KEY_LIST ? NULL : config_value(reader->config, key, index);
    int choice;
    switch (key->type) {
    case KEY_GROUP:
        memory_broken();
    case KEY_LIST:
        read_list(reader, key, setting);
        break;
    case KEY_BOOLEAN:
        if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
            *(bool *)value = config_setting_get_bool(setting);
        else
            refuse_value(reader, key, setting);
        break;
    case KEY_INTEGER:
        (void)read_number(reader, key, setting, value);
        break;
    case KEY_CHOICE:
        choice = read_choice(reader, key, setting);
        if (choice >= 0)
            *(unsigned int *)value = (unsigned int)choice;
        break;
    case KEY_COMPLETION:
        choice = read_choice(reader, key, setting);
        if (choice >= 0)
            *(enum event_type *)value = event_type_of(text_of(key->choices[choice]));
        break;
    case KEY_DATE:
        read_date(reader, key, setting, value);
        break;
    case KEY_NAME:
        read_name(reader, key, setting, value);
        break;
    case KEY_TEXT:
    case KEY_PATH:
    case KEY_TIMEZONE:
    case KEY_HOURS:
    case KEY_ADDRESS:
    case KEY_HEADER:
    case KEY_DISTRICT:
    case KEY_PATHWAY:
    case KEY_TEAM:
    case KEY_PEER_KEY:
    case KEY_KEY_OR_PATH:
    case KEY_ENDPOINT:
        read_text(reader, key, setting, value);
        break;
    case KEY_ROLES:
        read_roles(reader, key, setting, value);
        break;
    case KEY_TEAMS:
    case KEY_SOURCES:
    case KEY_NETWORKS:
        read_texts(reader, key, setting, value);
        break;
    case KEY_NAMES:
        read_names(reader, key, setting, value);
        break;
    case KEY_ENDPOINTS:
        read_endpoints(reader, key, setting, value);
        break;
    case KEY_LEVELS: {
        struct alert_rule_policy *rule = value;
        rule->level_count = (uint8_t)read_numbers(reader, key, setting, rule->levels, POLICY_LEVELS_MAX, false);
        break;
    }
    case KEY_BANDS: {
        struct policy *policy = value;
        policy->band_count = read_numbers(reader, key, setting, policy->bands, POLICY_BANDS_MAX, true);
        break;
    }
    case KEY_BY_PRIORITY:
        read_by_priority(reader, key, setting, value);
        break;
    }
}

/* A default that is the value of another key. */
static void inherit(struct reader *reader, const struct config_key *key, size_t index) {
    const struct config_key *origin = config_key_of(key->fallback + 1);
    ENSURE(origin && origin->type == key->type);
    const void *from = config_value_const(reader->config, origin, index);
    void *to = config_value(reader->config, key, index);
    if (key->type == KEY_BOOLEAN) {
        memcpy(to, from, sizeof(bool));
    } else if (key->type == KEY_CHOICE) {
        memcpy(to, from, sizeof(unsigned int));
    } else {
        ENSURE(key->type == KEY_LEVELS);
        const struct alert_rule_policy *source = from;
        struct alert_rule_policy *target = to;
        target->level_count = source->level_count;
        memcpy(target->levels, source->levels, sizeof target->levels);
    }
}

static void read_default(struct reader *reader, const struct config_key *key, size_t index) {
    if (key->fallback[0] == '=') {
        inherit(reader, key, index);
        return;
    }
    char *text = config_text_format("value = %s;", key->fallback);
    config_t tree;
    config_init(&tree);
    ENSURE(config_read_string(&tree, text));
    read_value(reader, key, config_lookup(&tree, "value"), index);
    config_destroy(&tree);
    free(text);
}

static void read_key(struct reader *reader, const struct config_key *key, const config_setting_t *group, size_t index) {
    const config_setting_t *setting = group ? config_setting_get_member(group, config_key_name(key)) : NULL;
    if (key->type == KEY_GROUP) {
        if (setting && !config_setting_is_group(setting)) {
            refuse_value(reader, key, setting);
            setting = NULL;
        }
        read_members(reader, setting, key, index);
    } else if (setting) {
        read_value(reader, key, setting, index);
    } else if (key->fallback) {
        read_default(reader, key, index);
    } else {
        char *must = wanted(key);
        refuse(reader, group, "%s is missing: add %s = …, %s: %s", key->path, config_key_name(key), must, key->help);
        free(must);
    }
}

/* The names of all keys that may stand in a group. */
static char *names_in(const struct config_key *parent) {
    size_t count;
    const struct config_key *keys = config_keys(&count);
    char *all = config_text_copy("");
    for (size_t i = 0; i < count; i++) {
        if (!config_key_is_in(&keys[i], parent))
            continue;
        char *longer = config_text_format("%s%s%s", all, all[0] ? ", " : "", config_key_name(&keys[i]));
        free(all);
        all = longer;
    }
    return all;
}

static void refuse_unknown(struct reader *reader, const config_setting_t *group, const struct config_key *parent) {
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned int)i);
        bool known = false;
        for (size_t j = 0; j < count && !known; j++)
            known = config_key_is_in(&keys[j], parent) && strcmp(config_key_name(&keys[j]), config_setting_name(member)) == 0;
        if (known)
            continue;
        char *names = names_in(parent);
        refuse(reader, member, "unknown key %s in %s: remove it or correct it; there may be %s", config_setting_name(member),
               parent ? parent->path : "the file", names);
        free(names);
    }
}

/* All keys that stand directly in `parent`; `group` NULL: it is not in the file. */
static void read_members(struct reader *reader, const config_setting_t *group, const struct config_key *parent, size_t index) {
    size_t count;
    const struct config_key *keys = config_keys(&count);
    const config_setting_t *outer = reader->standing;
    if (group && config_setting_source_file(group))
        reader->standing = group;
    for (size_t i = 0; i < count; i++)
        if (config_key_is_in(&keys[i], parent))
            read_key(reader, &keys[i], group, index);
    if (group)
        refuse_unknown(reader, group, parent);
    reader->standing = outer;
}

/* Which were read after the entries that name them. */
static void check_local_endpoints(struct reader *reader, const config_setting_t *root) {
    const struct config *config = reader->config;
    const struct security_config *security = &config->security;
    const config_setting_t *list =
        security->local_count > 0 ? config_setting_lookup((config_setting_t *)(uintptr_t)root, "security.local") : NULL;
    for (size_t i = 0; i < security->local_count; i++) {
        const char *endpoint = security->local[i].endpoint;
        const config_setting_t *element = config_setting_get_elem(list, (unsigned int)i);
        if (strcmp(security->local[i].name, ACCESS_LOCAL_NAME) == 0)
            refuse(reader, element, "security.local has the name \"%s\", which endpoints have that are not listed: choose another",
                   ACCESS_LOCAL_NAME);
        if (endpoint == NULL)
            continue;
        if (!list_has(&config->ingest, endpoint) && !list_has(&config->publish, endpoint) && !list_has(&config->query, endpoint))
            refuse(reader, element, "security.local[].endpoint is \"%s\": it is none of the endpoints", endpoint);
        if (security->secret_key != NULL && strncmp(endpoint, "tcp://", 6) == 0)
            refuse(reader, element, "security.local has \"%s\", which takes keys: who comes through it stands in security.peers", endpoint);
        if (security->local[i].group != NULL && strncmp(endpoint, "ipc://", 6) != 0)
            refuse(reader, element, "security.local[].group is of ipc endpoints: \"%s\" has no file", endpoint);
        if (access_find_endpoint(security->local, i, endpoint) != NULL)
            refuse(reader, element, "security.local has the endpoint \"%s\" twice: remove one", endpoint);
    }
}

/* A name stands for one peer wherever it is read, a key for one name. */
static void check_peers(struct reader *reader, const config_setting_t *root) {
    const struct security_config *security = &reader->config->security;
    const config_setting_t *list =
        security->peer_count > 0 ? config_setting_lookup((config_setting_t *)(uintptr_t)root, "security.peers") : NULL;
    for (size_t i = 0; i < security->peer_count; i++) {
        const struct access_entry *peer = &security->peers[i];
        const config_setting_t *element = config_setting_get_elem(list, (unsigned int)i);
        if (peer->key != NULL && access_find_key(security->peers, i, text_of(peer->key)) != NULL)
            refuse(reader, element, "security.peers has the key of \"%s\" twice: each peer needs its own", peer->name);
        if (strcmp(peer->name, ACCESS_LOCAL_NAME) == 0 || access_find(security->local, security->local_count, text_of(peer->name)) != NULL)
            refuse(reader, element, "security.peers has \"%s\", which is a name of security.local: rename one", peer->name);
    }
}

size_t config_read_keys(struct config *config, const config_setting_t *root, const char *path, const char *folder, config_report *report,
                        void *context) {
    struct reader reader = {.config = config, .path = path, .folder = folder, .report = report, .context = context};
    read_members(&reader, root, NULL, 0);
    check_local_endpoints(&reader, root);
    check_peers(&reader, root);
    return reader.errors;
}
