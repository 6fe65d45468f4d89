/* Policy and standing rules as the journal keeps them: canonical JSON, the same bytes for the same ones; the policy is read back strictly.
 */
#include "daemon/config/check.h"
#include "daemon/config/keys.h"
#include "daemon/core/memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_VERSION = 1, HOLIDAYS_MAX = 10000 };

static void set(json_t *object, const char *name, json_t *value) {
    ENSURE(json_object_set_new(object, name, value) == 0);
}

static json_t *date_to_json(day_t day) {
    char date[DATE_SIZE];
    date_format(day, date);
    return json_string(date);
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
            set(object, name, json_integer(days[priority]));
    }
    return object;
}

static const char *const *choices_of(const char *key_path) {
    const struct config_key *key = config_key_of(key_path);
    ENSURE(key && key->choices);
    return key->choices;
}

static json_t *choice_to_json(const char *key_path, unsigned int value) {
    return json_string(choices_of(key_path)[value]);
}

static json_t *rule_to_json(const struct alert_rule_policy *rule) {
    json_t *object = json_object();
    set(object, "enabled", json_boolean(rule->enabled));
    set(object, "levels", numbers_to_json(rule->levels, rule->level_count));
    set(object, "severity", choice_to_json("alerts.breach.severity", rule->severity));
    return object;
}

static json_t *pathway_to_json(const struct pathway_policy *pathway) {
    json_t *alerts = json_object();
    set(alerts, "approaching", rule_to_json(&pathway->approaching));
    set(alerts, "breach", rule_to_json(&pathway->breach));
    set(alerts, "escalation", rule_to_json(&pathway->escalation));
    /* As releases before it wrote: what says nothing is left out, so that the policies of their journals keep their bytes. */
    if (pathway->contact_overdue.enabled || pathway->contact_overdue.severity != SEVERITY_WARNING)
        set(alerts, "contact_overdue", rule_to_json(&pathway->contact_overdue));
    json_t *object = json_object();
    set(object, "name", json_string(pathway->name));
    set(object, "standard_days", json_integer(pathway->standard_days));
    set(object, "standard_by_priority", by_priority_to_json(pathway->standard_by_priority));
    set(object, "unit", choice_to_json("pathways[].unit", pathway->unit));
    set(object, "pauses", choice_to_json("pathways[].pauses", pathway->pauses));
    set(object, "clock_stops_on", choice_to_json("pathways[].clock_stops_on", pathway->stops_on));
    set(object, "completes_on", json_string(event_type_name(pathway->completes_on)));
    set(object, "alerts", alerts);
    return object;
}

char *policy_to_json(const struct policy *policy, const struct holidays *holidays, day_t from) {
    json_t *calendar = json_array(), *pathways = json_array(), *contact = json_object(), *record = json_object();
    for (size_t i = 0; holidays && i < holidays->count; i++)
        ENSURE(json_array_append_new(calendar, date_to_json(holidays->at[i])) == 0);
    for (size_t i = 0; i < policy->pathway_count; i++)
        ENSURE(json_array_append_new(pathways, pathway_to_json(&policy->pathways[i])) == 0);
    set(contact, "interval_days", json_integer(policy->contact_interval_days));
    set(contact, "by_priority", by_priority_to_json(policy->contact_by_priority));
    set(record, "v", json_integer(RECORD_VERSION));
    set(record, "from", date_to_json(from));
    set(record, "calendar", calendar);
    set(record, "pathways", pathways);
    set(record, "contact", contact);
    set(record, "bands", numbers_to_json(policy->bands, policy->band_count));
    char *text = json_dumps(record, JSON_SORT_KEYS | JSON_COMPACT);
    ENSURE(text != NULL);
    json_decref(record);
    return text;
}

static json_t *sources_to_json(const struct config *config) {
    json_t *sources = json_array();
    for (size_t i = 0; i < config->source_count; i++) {
        const struct source_config *source = &config->sources[i];
        if (source->silence_minutes == 0)
            continue;
        json_t *object = json_object();
        set(object, "name", json_string(source->name));
        set(object, "silence_minutes", json_integer(source->silence_minutes));
        set(object, "hours", json_string(source->hours ? source->hours : ""));
        ENSURE(json_array_append_new(sources, object) == 0);
    }
    return sources;
}

static json_t *queue_limits_to_json(const struct config *config) {
    json_t *limits = json_array();
    for (size_t i = 0; i < config->queue_limit_count; i++) {
        const struct queue_limit_config *limit = &config->queue_limits[i];
        json_t *object = json_object();
        set(object, "name", json_string(limit->name));
        set(object, "pathway", limit->pathway ? json_string(limit->pathway) : json_null());
        set(object, "team", limit->team ? json_string(limit->team) : json_null());
        set(object, "measure", choice_to_json("queue_limits[].measure", limit->measure));
        set(object, "limit", json_integer(limit->limit));
        set(object, "clears_at", json_integer(limit->clears_at));
        set(object, "severity", choice_to_json("queue_limits[].severity", limit->severity));
        ENSURE(json_array_append_new(limits, object) == 0);
    }
    return limits;
}

char *standing_rules_to_json(const struct config *config) {
    json_t *feeds = sources_to_json(config), *limits = queue_limits_to_json(config);
    if (json_array_size(feeds) == 0 && json_array_size(limits) == 0 && !config->quarantine.enabled) {
        json_decref(feeds);
        json_decref(limits);
        return NULL;
    }
    json_t *record = json_object(), *feed_silent = rule_to_json(&config->feed_silent), *quarantine = rule_to_json(&config->quarantine);
    set(feed_silent, "sources", feeds);
    set(quarantine, "limit", json_integer(config->quarantine_limit));
    set(record, "v", json_integer(RECORD_VERSION));
    set(record, "feed_silent", feed_silent);
    set(record, "quarantine", quarantine);
    set(record, "queue_limits", limits);
    char *text = json_dumps(record, JSON_SORT_KEYS | JSON_COMPACT);
    ENSURE(text != NULL);
    json_decref(record);
    return text;
}

static bool read_integer(const json_t *value, int64_t minimum, int64_t maximum, int32_t *out) {
    if (!json_is_integer(value) || json_integer_value(value) < minimum || json_integer_value(value) > maximum)
        return false;
    *out = (int32_t)json_integer_value(value);
    return true;
}

/* A number of days in the range that the configuration gives a key. */
static bool read_days(const json_t *value, const char *key_path, int32_t *out) {
    const struct config_key *key = config_key_of(key_path);
    return read_integer(value, key->minimum, key->maximum, out);
}

static bool read_date(const json_t *value, day_t *day) {
    const char *text = json_string_value(value);
    return text && date_parse((struct text){text, (uint32_t)json_string_length(value)}, day);
}

static bool read_choice(const json_t *value, const char *key_path, unsigned int *out) {
    const char *const *choices = choices_of(key_path);
    const char *text = json_string_value(value);
    for (unsigned int i = 0; text && choices[i]; i++)
        if (strcmp(choices[i], text) == 0) {
            *out = i;
            return true;
        }
    return false;
}

/* Numbers of days; rising when said, else distinct. */
static bool read_numbers(const json_t *array, size_t maximum, bool rising, int32_t *values, size_t *count) {
    if (!json_is_array(array) || json_array_size(array) > maximum)
        return false;
    *count = json_array_size(array);
    for (size_t i = 0; i < *count; i++) {
        if (!read_days(json_array_get(array, i), "bands", &values[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (rising ? values[j] >= values[i] : values[j] == values[i])
                return false;
    }
    return true;
}

static bool read_by_priority(json_t *object, const char *key_path, int32_t days[PRIORITY_COUNT]) {
    if (!json_is_object(object))
        return false;
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        if (name[0] < '1' || name[0] >= '0' + PRIORITY_COUNT || name[1] != '\0' || !read_days(value, key_path, &days[name[0] - '0']))
            return false;
    }
    return true;
}

/* Exactly so many members: those that are read by name are then all there are. */
static bool has_members(const json_t *object, size_t count) {
    return json_is_object(object) && json_object_size(object) == count;
}

static bool read_rule(const json_t *object, bool levelled, struct alert_rule_policy *rule) {
    size_t count;
    unsigned int severity;
    const json_t *enabled = json_object_get(object, "enabled");
    if (!has_members(object, 3) || !json_is_boolean(enabled) ||
        !read_numbers(json_object_get(object, "levels"), POLICY_LEVELS_MAX, false, rule->levels, &count) || (count > 0) != levelled ||
        !read_choice(json_object_get(object, "severity"), "alerts.breach.severity", &severity))
        return false;
    rule->enabled = json_is_true(enabled);
    rule->level_count = (uint8_t)count;
    rule->severity = (enum severity)severity;
    return true;
}

static bool read_completion(const json_t *value, enum event_type *type) {
    const char *text = json_string_value(value);
    for (size_t i = 0; text && config_completions[i]; i++)
        if (strcmp(config_completions[i], text) == 0) {
            *type = event_type_of(text_of(text));
            return true;
        }
    return false;
}

static bool read_pathway(const json_t *object, struct pathway_policy *pathway) {
    const json_t *alerts = json_object_get(object, "alerts");
    const char *name = json_string_value(json_object_get(object, "name"));
    const json_t *contact_overdue = json_object_get(alerts, "contact_overdue");
    unsigned int unit, pauses, stops_on;
    if (!has_members(object, 8) || !has_members(alerts, contact_overdue == NULL ? 3 : 4) || !name || config_check_name(name))
        return false;
    memcpy(pathway->name, name, strlen(name) + 1);
    if (!read_days(json_object_get(object, "standard_days"), "pathways[].standard_days", &pathway->standard_days) ||
        !read_by_priority(json_object_get(object, "standard_by_priority"), "pathways[].standard_by_priority",
                          pathway->standard_by_priority) ||
        !read_choice(json_object_get(object, "unit"), "pathways[].unit", &unit) ||
        !read_choice(json_object_get(object, "pauses"), "pathways[].pauses", &pauses) ||
        !read_choice(json_object_get(object, "clock_stops_on"), "pathways[].clock_stops_on", &stops_on) ||
        !read_completion(json_object_get(object, "completes_on"), &pathway->completes_on))
        return false;
    pathway->unit = (enum day_unit)unit;
    pathway->contact_overdue.severity = SEVERITY_WARNING;
    pathway->pauses = (enum pause_rule)pauses;
    pathway->stops_on = (enum clock_stop)stops_on;
    return read_rule(json_object_get(alerts, "approaching"), true, &pathway->approaching) &&
           read_rule(json_object_get(alerts, "breach"), false, &pathway->breach) &&
           read_rule(json_object_get(alerts, "escalation"), true, &pathway->escalation) &&
           (contact_overdue == NULL || read_rule(contact_overdue, false, &pathway->contact_overdue));
}

static bool read_holidays(const json_t *array, struct holidays *holidays) {
    if (!json_is_array(array) || json_array_size(array) > HOLIDAYS_MAX)
        return false;
    holidays->at = memory_new(json_array_size(array), sizeof *holidays->at);
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (!read_date(json_array_get(array, i), &holidays->at[i]) || (i > 0 && holidays->at[i] <= holidays->at[i - 1]))
            return false;
        holidays->count++;
    }
    return true;
}

static bool read_record(const json_t *record, struct policy *policy, struct holidays *holidays, day_t *from) {
    const json_t *pathways = json_object_get(record, "pathways"), *contact = json_object_get(record, "contact");
    const json_t *version = json_object_get(record, "v");
    if (!has_members(record, 6) || !json_is_integer(version) || json_integer_value(version) != RECORD_VERSION)
        return false;
    if (!read_date(json_object_get(record, "from"), from) || !read_holidays(json_object_get(record, "calendar"), holidays))
        return false;
    if (!json_is_array(pathways) || json_array_size(pathways) < 1 || json_array_size(pathways) > POLICY_PATHWAYS_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(pathways); i++) {
        if (!read_pathway(json_array_get(pathways, i), &policy->pathways[i]) ||
            policy_pathway_index(policy, text_of(policy->pathways[i].name)) >= 0)
            return false;
        policy->pathway_count++;
    }
    return has_members(contact, 2) &&
           read_days(json_object_get(contact, "interval_days"), "contact.interval_days", &policy->contact_interval_days) &&
           read_by_priority(json_object_get(contact, "by_priority"), "contact.by_priority", policy->contact_by_priority) &&
           read_numbers(json_object_get(record, "bands"), POLICY_BANDS_MAX, true, policy->bands, &policy->band_count) &&
           policy->band_count > 0;
}

bool policy_from_json(struct text json, struct policy *policy, struct holidays *holidays, day_t *from) {
    *policy = (struct policy){0};
    *holidays = (struct holidays){0, NULL};
    json_error_t error;
    json_t *record = json.at ? json_loadb(json.at, json.length, JSON_REJECT_DUPLICATES, &error) : NULL;
    bool good = record && read_record(record, policy, holidays, from);
    json_decref(record);
    if (!good)
        holidays_clear(holidays);
    return good;
}
