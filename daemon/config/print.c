/* The effective configuration as libconfig text and as JSON, and what a reload would change, by the table of keys. */
#include "daemon/config/complain.h"
#include "daemon/config/keys.h"
#include "daemon/core/memory.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_quoted(FILE *out, const char *text) {
    fputc('"', out);
    for (; text && *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void print_names(FILE *out, const struct known_names *names) {
    fputs("(", out);
    for (size_t i = 0; i < names->count; i++) {
        fputs(i > 0 ? ", " : " ", out);
        print_quoted(out, names->at[i].name);
    }
    fputs(names->count > 0 ? " )" : ")", out);
}

static void print_endpoints(FILE *out, const struct endpoint_list *list) {
    fputs("[ ", out);
    for (size_t i = 0; i < list->count; i++) {
        fputs(i > 0 ? ", " : "", out);
        print_quoted(out, list->uri[i]);
    }
    fputs(" ]", out);
}

static void print_texts(FILE *out, const struct access_texts *texts) {
    fputs("(", out);
    for (size_t i = 0; i < texts->count; i++) {
        fputs(i > 0 ? ", " : " ", out);
        print_quoted(out, texts->at[i]);
    }
    fputs(texts->count > 0 ? " )" : ")", out);
}

static void print_roles(FILE *out, unsigned roles) {
    const char *between = " ";
    fputs("(", out);
    for (int role = 0; role < ACCESS_ROLE_COUNT; role++) {
        if ((roles & ACCESS_BIT(role)) == 0)
            continue;
        fputs(between, out);
        print_quoted(out, access_role_name((enum access_role)role));
        between = ", ";
    }
    fputs(" )", out);
}

static void print_numbers(FILE *out, const int32_t *values, size_t count) {
    fputs("[ ", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%d", i > 0 ? ", " : "", values[i]);
    fputs(" ]", out);
}

static void print_by_priority(FILE *out, const int32_t days[PRIORITY_COUNT]) {
    bool any = false;
    fputs("(", out);
    for (int priority = 1; priority < PRIORITY_COUNT; priority++) {
        if (days[priority] == 0)
            continue;
        fprintf(out, "%s(%d, %d)", any ? ", " : " ", priority, days[priority]);
        any = true;
    }
    fputs(any ? " )" : ")", out);
}

static void print_value(FILE *out, const struct config *config, const struct config_key *key, size_t index) {
    const void *value = config_value_const(config, key, index);
    char date[DATE_SIZE];
    switch (key->type) {
    case KEY_GROUP:
    case KEY_LIST:
        memory_broken();
    case KEY_BOOLEAN:
        fputs(*(const bool *)value ? "true" : "false", out);
        break;
    case KEY_INTEGER:
        fprintf(out, "%d", *(const int32_t *)value);
        break;
    case KEY_CHOICE:
        print_quoted(out, key->choices[*(const unsigned int *)value]);
        break;
    case KEY_COMPLETION:
        print_quoted(out, event_type_name(*(const enum event_type *)value));
        break;
    case KEY_DATE:
        date_format(*(const day_t *)value, date);
        print_quoted(out, date);
        break;
    case KEY_NAME:
        print_quoted(out, value);
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
        print_quoted(out, *(char *const *)value);
        break;
    case KEY_ROLES:
        print_roles(out, *(const unsigned *)value);
        break;
    case KEY_TEAMS:
    case KEY_SOURCES:
    case KEY_NETWORKS:
        print_texts(out, value);
        break;
    case KEY_NAMES:
        print_names(out, value);
        break;
    case KEY_ENDPOINTS:
        print_endpoints(out, value);
        break;
    case KEY_LEVELS: {
        const struct alert_rule_policy *rule = value;
        print_numbers(out, rule->levels, rule->level_count);
        break;
    }
    case KEY_BANDS: {
        const struct policy *policy = value;
        print_numbers(out, policy->bands, policy->band_count);
        break;
    }
    case KEY_BY_PRIORITY:
        print_by_priority(out, value);
        break;
    }
}

/* A stream into memory; close_text ends it. */
static FILE *open_text(char **text, size_t *size) {
    FILE *out = open_memstream(text, size);
    ENSURE(out != NULL);
    return out;
}

static void close_text(FILE *out) {
    ENSURE(fclose(out) == 0); /* writing into memory fails for want of memory only */
}

static char *value_text(const struct config *config, const struct config_key *key, size_t index) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_text(&text, &size);
    print_value(out, config, key, index);
    close_text(out);
    return text;
}

/* True when a key with an inherited default has no value of its own. */
static bool is_inherited(const struct config *config, const struct config_key *key, size_t index) {
    if (!key->fallback || key->fallback[0] != '=')
        return false;
    char *own = value_text(config, key, index);
    char *origin = value_text(config, config_key_of(key->fallback + 1), 0);
    bool same = strcmp(own, origin) == 0;
    free(own);
    free(origin);
    return same;
}

static char *members_text(const struct config *config, const struct config_key *parent, size_t index, int depth, bool explained);

static void print_list(FILE *out, const struct config *config, const struct config_key *list, int depth) {
    size_t count = config_list_count(config, list);
    if (count == 0) {
        fprintf(out, "%*s%s = ();\n", depth * 4, "", config_key_name(list));
        return;
    }
    fprintf(out, "%*s%s = (\n", depth * 4, "", config_key_name(list));
    for (size_t i = 0; i < count; i++) {
        char *members = members_text(config, list, i, depth + 2, false);
        fprintf(out, "%*s{\n%s%*s}%s\n", depth * 4 + 4, "", members, depth * 4 + 4, "", i + 1 < count ? "," : "");
        free(members);
    }
    fprintf(out, "%*s);\n", depth * 4, "");
}

static void print_group(FILE *out, const struct config *config, const struct config_key *group, size_t index, int depth, bool explained) {
    char *members = members_text(config, group, index, depth + 1, explained);
    if (members[0])
        fprintf(out, "%*s%s = {\n%s%*s};\n", depth * 4, "", config_key_name(group), members, depth * 4, "");
    free(members);
}

/* The keys of a group with their values; `explained`: each with its help in a comment. */
static char *members_text(const struct config *config, const struct config_key *parent, size_t index, int depth, bool explained) {
    char *text = NULL;
    size_t size = 0, count;
    FILE *out = open_text(&text, &size);
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        const struct config_key *key = &keys[i];
        if (!config_key_is_in(key, parent) || is_inherited(config, key, index))
            continue;
        if (explained && key->help)
            fprintf(out, "%*s# %s\n", depth * 4, "", key->help);
        if (key->type == KEY_GROUP) {
            print_group(out, config, key, index, depth, explained);
        } else if (key->type == KEY_LIST) {
            print_list(out, config, key, depth);
        } else {
            fprintf(out, "%*s%s = ", depth * 4, "", config_key_name(key));
            print_value(out, config, key, index);
            fputs(";\n", out);
        }
    }
    close_text(out);
    return text;
}

char *config_print(const struct config *config) {
    char *members = members_text(config, NULL, 0, 0, true);
    char *text = config_text_format("# The effective configuration%s%s.\n%s", config->path ? ", from " : ": every default",
                                    config->path ? config->path : "", members);
    free(members);
    return text;
}

static json_t *text_to_json(const char *text) {
    json_t *json = text ? json_string(text) : json_null();
    ENSURE(json != NULL); /* texts were checked to be UTF-8 when they were read */
    return json;
}

static json_t *numbers_to_json(const int32_t *values, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        ENSURE(json_array_append_new(array, json_integer(values[i])) == 0);
    return array;
}

static json_t *by_priority_to_json(const int32_t days[PRIORITY_COUNT]) {
    json_t *object = json_object();
    for (int priority = 1; priority < PRIORITY_COUNT; priority++) {
        const char name[2] = {(char)('0' + priority), '\0'};
        if (days[priority] != 0)
            ENSURE(json_object_set_new(object, name, json_integer(days[priority])) == 0);
    }
    return object;
}

static json_t *names_to_json(const struct known_names *names) {
    json_t *array = json_array();
    for (size_t i = 0; i < names->count; i++)
        ENSURE(json_array_append_new(array, text_to_json(names->at[i].name)) == 0);
    return array;
}

static json_t *endpoints_to_json(const struct endpoint_list *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        ENSURE(json_array_append_new(array, text_to_json(list->uri[i])) == 0);
    return array;
}

static json_t *texts_to_json(const struct access_texts *texts) {
    json_t *array = json_array();
    for (size_t i = 0; i < texts->count; i++)
        ENSURE(json_array_append_new(array, text_to_json(texts->at[i])) == 0);
    return array;
}

static json_t *roles_to_json(unsigned roles) {
    json_t *array = json_array();
    for (int role = 0; role < ACCESS_ROLE_COUNT; role++)
        if ((roles & ACCESS_BIT(role)) != 0)
            ENSURE(json_array_append_new(array, text_to_json(access_role_name((enum access_role)role))) == 0);
    return array;
}

static json_t *value_to_json(const struct config *config, const struct config_key *key, size_t index) {
    const void *value = config_value_const(config, key, index);
    char date[DATE_SIZE];
    switch (key->type) {
    case KEY_GROUP:
    case KEY_LIST:
        break;
    case KEY_BOOLEAN:
        return json_boolean(*(const bool *)value);
    case KEY_INTEGER:
        return json_integer(*(const int32_t *)value);
    case KEY_CHOICE:
        return text_to_json(key->choices[*(const unsigned int *)value]);
    case KEY_COMPLETION:
        return text_to_json(event_type_name(*(const enum event_type *)value));
    case KEY_DATE:
        date_format(*(const day_t *)value, date);
        return text_to_json(date);
    case KEY_NAME:
        return text_to_json(value);
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
        return text_to_json(*(char *const *)value);
    case KEY_ROLES:
        return roles_to_json(*(const unsigned *)value);
    case KEY_TEAMS:
    case KEY_SOURCES:
    case KEY_NETWORKS:
        return texts_to_json(value);
    case KEY_NAMES:
        return names_to_json(value);
    case KEY_ENDPOINTS:
        return endpoints_to_json(value);
    case KEY_LEVELS: {
        const struct alert_rule_policy *rule = value;
        return numbers_to_json(rule->levels, rule->level_count);
    }
    case KEY_BANDS: {
        const struct policy *policy = value;
        return numbers_to_json(policy->bands, policy->band_count);
    }
    case KEY_BY_PRIORITY:
        return by_priority_to_json(value);
    }
    memory_broken();
}

static json_t *members_to_json(const struct config *config, const struct config_key *parent, size_t index) {
    json_t *object = json_object();
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (!config_key_is_in(&keys[i], parent))
            continue;
        json_t *value;
        if (keys[i].type == KEY_GROUP) {
            value = members_to_json(config, &keys[i], index);
        } else if (keys[i].type == KEY_LIST) {
            value = json_array();
            for (size_t j = 0; j < config_list_count(config, &keys[i]); j++)
                ENSURE(json_array_append_new(value, members_to_json(config, &keys[i], j)) == 0);
        } else {
            value = value_to_json(config, &keys[i], index);
        }
        ENSURE(json_object_set_new(object, config_key_name(&keys[i]), value) == 0);
    }
    return object;
}

char *config_to_json(const struct config *config) {
    json_t *object = members_to_json(config, NULL, 0);
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    ENSURE(text != NULL);
    json_decref(object);
    return text;
}

int config_fixed_changes(const struct config *running, const struct config *next, config_report *report, void *context) {
    int changes = 0;
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (!keys[i].fixed)
            continue;
        char *old = value_text(running, &keys[i], 0), *new = value_text(next, &keys[i], 0);
        bool is_secret = strcmp(keys[i].path, "security.secret_key") == 0; /* the key itself may stand there by mistake */
        if (strcmp(old, new) != 0 && is_secret) {
            config_complain(report, context, next->path ? next->path : "defaults", 0, "%s cannot change while running; restart to apply it",
                            keys[i].path);
            changes++;
        } else if (strcmp(old, new) != 0) {
            config_complain(report, context, next->path ? next->path : "defaults", 0,
                            "%s cannot change while running: it is %s, the file says %s; restart to apply it", keys[i].path, old, new);
            changes++;
        }
        free(old);
        free(new);
    }
    return changes;
}
