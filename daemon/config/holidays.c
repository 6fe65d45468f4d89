/* The calendar: bank holidays from a file in the layout of GOV.UK's bank-holidays.json, put together with the zone's midnights. */
#include "daemon/config/complain.h"
#include "daemon/config/zone.h"
#include "daemon/core/memory.h"

#include "delivered_holidays.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char division_name[] = "england-and-wales";

static int compare_days(const void *a, const void *b) {
    day_t left = *(const day_t *)a, right = *(const day_t *)b;
    return (left > right) - (left < right);
}

void holidays_clear(struct holidays *holidays) {
    free(holidays->at);
    *holidays = (struct holidays){0, NULL};
}

/* Fills in rising order; false when an event has no date, reported. */
static bool read_events(const json_t *events, struct holidays *holidays, const char *path, config_report *report, void *context) {
    bool good = true;
    size_t count = json_array_size(events), kept = 0;
    holidays->at = memory_new(count, sizeof *holidays->at);
    for (size_t i = 0; i < count; i++) {
        const char *date = json_string_value(json_object_get(json_array_get(events, i), "date"));
        if (date && date_parse(text_of(date), &holidays->at[kept])) {
            kept++;
            continue;
        }
        config_complain(report, context, path, 0, "event %zu of %s needs a \"date\" that exists, as \"YYYY-MM-DD\"", i + 1, division_name);
        good = false;
    }
    qsort(holidays->at, kept, sizeof *holidays->at, compare_days);
    for (size_t i = 0; i < kept; i++)
        if (holidays->count == 0 || holidays->at[i] != holidays->at[holidays->count - 1])
            holidays->at[holidays->count++] = holidays->at[i];
    return good;
}

/* The list that is built in stands for a file of the usual name that nobody put there; a file of another name must be there. */
static bool is_delivered(const char *path) {
    static const char usual_name[] = "bank-holidays.json";
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return strcmp(name, usual_name) == 0 && access(path, F_OK) != 0 && errno == ENOENT;
}

bool config_holidays(const struct config *config, struct holidays *holidays, config_report *report, void *context) {
    *holidays = (struct holidays){0, NULL};
    const char *path = config->calendar_path;
    if (!path)
        return true;
    json_error_t error;
    json_t *root = is_delivered(path) ? json_loads(delivered_holidays, JSON_REJECT_DUPLICATES, &error)
                                      : json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        config_complain(report, context, path, error.line > 0 ? (unsigned int)error.line : 0, "cannot read the bank holidays: %s",
                        error.text);
        return false;
    }
    const json_t *events = json_object_get(json_object_get(root, division_name), "events");
    bool good = json_is_array(events) && json_array_size(events) > 0;
    if (good)
        good = read_events(events, holidays, path, report, context);
    else
        config_complain(
            report, context, path, 0,
            "needs {\"%s\":{\"events\":[{\"date\":\"YYYY-MM-DD\"}, …]}} with at least one event, as GOV.UK's bank-holidays.json has it",
            division_name);
    json_decref(root);
    if (!good)
        holidays_clear(holidays);
    return good;
}

struct calendar *config_calendar_of(const char *zone, const struct holidays *holidays, config_report *report, void *context) {
    instant_t *midnights = memory_new(ZONE_DAYS, sizeof *midnights);
    struct calendar *calendar = NULL;
    if (config_zone_midnights(zone, midnights, ZONE_DAYS))
        calendar = calendar_create(&(struct calendar_tables){midnights, ZONE_DAYS, holidays->at, holidays->count});
    else
        config_complain(report, context, zone, 0,
                        "the system has no such time zone: correct council.timezone, or install the package tzdata");
    free(midnights);
    return calendar;
}

struct calendar *config_calendar(const struct config *config, config_report *report, void *context) {
    struct holidays holidays;
    if (!config_holidays(config, &holidays, report, context))
        return NULL;
    struct calendar *calendar = config_calendar_of(config->timezone, &holidays, report, context);
    holidays_clear(&holidays);
    return calendar;
}
