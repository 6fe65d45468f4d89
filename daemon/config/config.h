/* The configuration: one libconfig file, one table of keys, every error with its file and line (interfaces, section 4). */
#ifndef WAITLIST_CONFIG_CONFIG_H
#define WAITLIST_CONFIG_CONFIG_H

#include "daemon/core/policy.h"

#define ENDPOINTS_MAX 8

struct endpoint_list {
    size_t count;
    char *uri[ENDPOINTS_MAX];
};

struct known_name {
    char name[NAME_MAX_BYTES + 1];
    char *label;    /* NULL when none */
    char *district; /* of a team; NULL when none */
};
struct known_names {
    size_t count; /* 0: every name is known */
    struct known_name *at;
};
struct known_dimension {
    char name[NAME_MAX_BYTES + 1];
    struct known_names values;
};
struct source_config {
    char *name;
    int silence_minutes; /* 0: not watched */
    char *hours;         /* "Mon-Fri 08:00-18:00", NULL: always */
    bool allow_numeric_references;
};

/* Owned as a whole by config_load; read-only for everybody else. */
struct config {
    char *path;
    char *council_name;
    char *timezone;
    char *calendar_path; /* resolved against the configuration file's folder */
    day_t epoch;
    struct endpoint_list ingest, publish, query;
    int publish_interval_ms;
    int max_future_skew_s;
    char *journal_path;
    struct policy policy;
    char *pathway_labels[POLICY_PATHWAYS_MAX]; /* NULL: the name */
    struct known_names teams, districts, client_groups;
    size_t dimension_count;
    struct known_dimension *dimensions;
    size_t source_count;
    struct source_config *sources;
    bool allow_plain_loopback;
};

/* Loads and checks `path` (NULL: every default). NULL on failure; `report` (a callback a line, "file:line: message") gets all errors of the file. */
typedef void config_report(void *context, const char *line);
struct config *config_load(const char *path, config_report *report, void *context);
void config_free(struct config **config);

/* What a reload would need a restart for: calls `report` for each changed key that cannot change while running; returns how many. */
int config_fixed_changes(const struct config *running, const struct config *next, config_report *report, void *context);

/* The effective configuration as libconfig text (--print-config), and as JSON without secrets (the `config` op). The caller frees with free(). */
char *config_print(const struct config *config);
char *config_to_json(const struct config *config);

/* The calendar of the configuration: the time zone's midnights 1970-2100 and the holidays of the calendar file. NULL on failure, reported. */
struct calendar *config_calendar(const struct config *config, config_report *report, void *context);

/* The policy as the journal keeps it: canonical JSON {"v":1,"from":"YYYY-MM-DD","calendar":[holidays],"pathways":[…],"contact":…,"bands":…}.
 * The same policy always gives the same bytes. The caller frees with free(). */
char *policy_to_json(const struct policy *policy, day_t from);
/* False when the text is not such a record. */
bool policy_from_json(struct text json, struct policy *policy, day_t *from);

#endif
