/* The configuration: one libconfig file, one table of keys, every error with its file and line (waitlistd.conf(5)). */
#ifndef WAITLIST_CONFIG_CONFIG_H
#define WAITLIST_CONFIG_CONFIG_H

#include "daemon/core/feed.h"
#include "daemon/core/known.h"
#include "daemon/core/queue_limit.h"
#include "daemon/security/access.h"

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
    char *hours;         /* "Mon-Fri 08:00-18:00"; NULL or "": always */
    bool allow_numeric_references;
};

struct queue_limit_config {
    char name[NAME_MAX_BYTES + 1];
    char *pathway; /* NULL: all of them */
    char *team;    /* the same */
    enum queue_measure measure;
    int limit;
    int clears_at; /* -1: one below the limit */
    enum severity severity;
};

/* Of waitlistctl and waitlist-dashboard, where they reach the daemon over TCP; the daemon only checks it. */
struct client_config {
    char *key;        /* the file of the secret key; NULL: none */
    char *server_key; /* the daemon's public key, or its file; NULL: none */
};

/* How the pages learn who asks. */
enum sign_in { SIGN_IN_TOKENS, SIGN_IN_PROXY, SIGN_IN_NONE };
/* What the members of a group of the council's directory may do. */
struct group_config {
    char *group;
    unsigned roles; /* ACCESS_BIT of each */
    struct access_texts teams;
};

/* Of waitlist-dashboard, which reads the same file; the daemon only checks it. */
struct dashboard_config {
    char *listen; /* "127.0.0.1:8090" */
    bool allow_beyond_loopback;
    char *host_names; /* with commas or blanks between; NULL: none */
    enum sign_in sign_in;
    unsigned open_role; /* of everybody, where nobody signs in: 0 a viewer, and on as config_open_role says */
    char *tokens;       /* the file of people's tokens; NULL: none */
    char *user_header;  /* in which the proxy says who asks; NULL: none */
    char *groups_header;
    char *groups_separator;
    struct access_texts trusted_proxies; /* networks, checked */
    size_t group_count;
    struct group_config *groups;
    bool secure_cookies;
    int session_idle_minutes;
    int session_hours;
    int sessions;
    char *web; /* NULL: where the pages were installed */
    int connections;
    int streams;
    int questions;
    int answer_timeout_s;
    int csv_rows;
    struct {
        bool enabled;
        char *command; /* NULL: where waitlistctl was installed */
        char *key;     /* NULL: packs are not signed */
        int time_limit_s;
    } evidence;
};

/* What a quarterly report measures: of those waiting at the end of the quarter, or of what happened in it. */
enum kpi_measure {
    KPI_WAITING,
    KPI_OVER_STANDARD,
    KPI_OVER_STANDARD_PERCENT,
    KPI_OVER_6_MONTHS,
    KPI_NO_CONTACT_PERCENT,
    KPI_MEDIAN_WAIT,
    KPI_LONGEST_WAIT,
    KPI_STARTED, /* from here on of what happened */
    KPI_COMPLETED,
    KPI_WITHIN_STANDARD_PERCENT,
    KPI_MEDIAN_COMPLETED,
    KPI_DIED,
    KPI_MEASURE_COUNT
};
enum kpi_polarity { KPI_LOW_IS_GOOD, KPI_HIGH_IS_GOOD };
struct kpi_config {
    char name[NAME_MAX_BYTES + 1];
    char *label;                         /* NULL: the name */
    char *pathway, *team, *client_group; /* NULL: all */
    enum kpi_measure measure;
    enum kpi_polarity polarity;
    int target;    /* -1: none */
    int benchmark; /* -1: none */
    char *benchmark_source;
    bool statutory;
};

/* Who may connect, and what each may do. */
struct security_config {
    bool allow_plain_loopback;
    char *secret_key; /* the file; NULL: no CURVE */
    size_t peer_count;
    struct access_entry *peers;
    size_t local_count;
    struct access_entry *local;
    char *access_log_directory; /* NULL: beside the journal */
    int access_log_retention_days;
};

/* Owned as a whole by config_load; read-only for everybody else. */
struct config {
    char *path;
    char *council_name;
    char *timezone;
    char *calendar_path; /* resolved against the configuration file's folder; NULL: no bank holidays */
    day_t epoch;
    struct endpoint_list ingest, publish, query;
    int publish_interval_ms;
    int max_future_skew_s;
    int requests_waiting;
    int publications_waiting;
    int backdated_days;
    char *journal_path;
    int checkpoint_events;     /* 0: none is taken */
    int checkpoint_interval_s; /* at least, between two of one run */
    char *backup_directory;    /* NULL or "": beside the journal */
    struct policy policy;
    struct alert_rule_policy approaching, breach, escalation,
        contact_overdue;                              /* what a pathway has that says nothing else; the policy's own are filled in */
    struct alert_rule_policy feed_silent, quarantine; /* about no pathway: they are no part of the policy */
    int quarantine_limit;                             /* events waiting for somebody */
    char *pathway_labels[POLICY_PATHWAYS_MAX];        /* NULL: the name */
    struct known_names teams, districts, client_groups;
    size_t dimension_count;
    struct known_dimension *dimensions;
    size_t queue_limit_count;
    struct queue_limit_config *queue_limits;
    size_t kpi_count;
    struct kpi_config *kpis;
    size_t source_count;
    struct source_config *sources;
    struct security_config security;
    int retention_years; /* after the end of a wait; 0: for ever */
    struct client_config client;
    struct dashboard_config dashboard;
};

/* Loads and checks `path` (NULL: every default). NULL on failure; `report` (a callback a line, "file:line: message") gets all errors of the
 * file: but a file that cannot be parsed gives its first syntax error only. `report` may be NULL. */
typedef void config_report(void *context, const char *line);
struct config *config_load(const char *path, config_report *report, void *context);
void config_free(struct config **config);

/* As the configuration writes it. */
const char *config_kpi_measure_name(enum kpi_measure measure);
/* Of dashboard.open_role. */
enum access_role config_open_role(const struct dashboard_config *dashboard);
/* False when it is none of tokens, proxy, none. */
bool config_sign_in_of(const char *name, enum sign_in *sign_in);
/* False when nobody may be it at the pages. */
bool config_open_role_of(const char *name, unsigned *open_role);

/* The rights on a socket of whoever has this name, as libzmq's User-Id says it. NULL: nobody has it any more, or it is "". */
const struct access_rights *config_rights(const struct config *config, enum access_socket socket, const char *peer);

/* Whether somebody who is connected may have lost something: an entry of security.peers or security.local is gone or another one, or an
 * endpoint without an entry has got one. */
bool config_cuts_peers(const struct config *running, const struct config *next);

/* What a reload would need a restart for: calls `report` for each changed key that cannot change while running; returns how many. */
int config_fixed_changes(const struct config *running, const struct config *next, config_report *report, void *context);

/* The limit as the core wants it; its texts are borrowed. */
struct queue_limit config_queue_limit(const struct queue_limit_config *limit);

/* When the source is expected to send. */
struct feed_hours config_source_hours(const struct source_config *source);

/* The effective configuration as libconfig text (--print-config), and as JSON without secrets (the `config` op).
 * The caller frees with free(). */
char *config_print(const struct config *config);
char *config_to_json(const struct config *config);

/* What the configuration lists as known, as a text that another thread can be given: a line a name. The caller frees with free(). */
char *known_to_text(const struct config *config, size_t *length);
/* The same to ask. The caller destroys it. */
struct known_values *known_from_text(struct text text, uint64_t seed);

/* Bank holidays in rising order, without doubles. */
struct holidays {
    size_t count;
    day_t *at;
};
/* The holidays of the configuration's calendar file: GOV.UK's bank-holidays.json, of which the division england-and-wales is read.
 * False on failure, reported; the caller frees with holidays_clear. Without a calendar file there are none. */
bool config_holidays(const struct config *config, struct holidays *holidays, config_report *report, void *context);
void holidays_clear(struct holidays *holidays);

/* The calendar of the configuration: the time zone's midnights 1970-2100 and the holidays of the calendar file.
 * NULL on failure, reported. */
struct calendar *config_calendar(const struct config *config, config_report *report, void *context);
/* The same from a zone's name and holidays that are at hand already (those of an earlier policy, say). For the time of the call the
 * process's TZ is another: no other thread may read or write the environment or ask for local time meanwhile. */
struct calendar *config_calendar_of(const char *zone, const struct holidays *holidays, config_report *report, void *context);
/* True when the system has a zone of this name; otherwise `*reason` says why not (a static text). */
bool config_timezone_known(const char *zone, const char **reason);

/* The policy as the journal keeps it, canonical JSON:
 * {"v":1,"from":"YYYY-MM-DD","calendar":[holidays],"pathways":[…],"contact":…,"bands":…}.
 * The same policy always gives the same bytes. `holidays` NULL: none. The caller frees with free(). */
char *policy_to_json(const struct policy *policy, const struct holidays *holidays, day_t from);
/* The rules of alerts that are about no wait (rules, section 8) as canonical JSON; NULL where none can raise anything. The caller frees. */
char *standing_rules_to_json(const struct config *config);
/* False when the text is not such a record; otherwise the caller frees the holidays with holidays_clear. */
bool policy_from_json(struct text json, struct policy *policy, struct holidays *holidays, day_t *from);

#endif
