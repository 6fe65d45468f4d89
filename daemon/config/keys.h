/* The table of every configuration key: it drives parsing, ranges, defaults, reloading, printing and the shipped file's test. */
#ifndef WAITLIST_CONFIG_KEYS_H
#define WAITLIST_CONFIG_KEYS_H

#include "daemon/config/config.h"

#define SOURCE_BYTES_MAX 256 /* of a CloudEvents source (rules, section 2) */

enum key_type {
    KEY_GROUP,       /* { … }: the keys below it */
    KEY_LIST,        /* ( { … }, … ): minimum to maximum groups; `scope` is that of a group */
    KEY_BOOLEAN,     /* bool */
    KEY_INTEGER,     /* int, int32_t: minimum to maximum */
    KEY_CHOICE,      /* an enum whose value is the index in `choices` */
    KEY_COMPLETION,  /* enum event_type: a completing type by its name */
    KEY_DATE,        /* day_t: minimum to maximum */
    KEY_NAME,        /* char[NAME_MAX_BYTES + 1] */
    KEY_TEXT,        /* char *: minimum to maximum bytes; NULL when empty; so are all below that say char * */
    KEY_PATH,        /* char *: resolved against the folder of the file */
    KEY_TIMEZONE,    /* char *: a zone that the system has */
    KEY_HOURS,       /* char *: "Mon-Fri 08:00-18:00" */
    KEY_ADDRESS,     /* char *: "127.0.0.1:8090" */
    KEY_HEADER,      /* char *: the name of an HTTP header */
    KEY_DISTRICT,    /* char *: a name, one of the listed districts if there are any */
    KEY_PATHWAY,     /* char *: the name of a configured pathway */
    KEY_TEAM,        /* char *: a name, one of the listed teams if there are any */
    KEY_NAMES,       /* struct known_names without labels: at most `maximum` */
    KEY_ENDPOINTS,   /* struct endpoint_list */
    KEY_PEER_KEY,    /* char *: a CURVE public key, 40 characters of Z85 */
    KEY_KEY_OR_PATH, /* char *: such a key, or its file, as a KEY_PATH */
    KEY_ENDPOINT,    /* char *: one of the endpoints */
    KEY_ROLES,       /* unsigned: a bit for each role, at least one */
    KEY_TEAMS,       /* struct access_texts: names of teams, or "*" for all of them */
    KEY_SOURCES,     /* struct access_texts: sources of events */
    KEY_NETWORKS,    /* struct access_texts: addresses, or networks as 10.1.0.0/16 */
    KEY_LEVELS,      /* the levels of a struct alert_rule_policy: 1 to POLICY_LEVELS_MAX numbers, distinct */
    KEY_BANDS,       /* the bands of a struct policy: 1 to POLICY_BANDS_MAX numbers, rising */
    KEY_BY_PRIORITY, /* int32_t[PRIORITY_COUNT]: ( (priority, days), … ) */
};

/* What a key's offset counts from: the whole configuration, or one element of a list. */
enum key_scope {
    SCOPE_CONFIG,
    SCOPE_PATHWAY,
    SCOPE_PATHWAY_LABEL,
    SCOPE_TEAM,
    SCOPE_DIMENSION,
    SCOPE_SOURCE,
    SCOPE_QUEUE_LIMIT,
    SCOPE_KPI,
    SCOPE_PEER,
    SCOPE_LOCAL,
    SCOPE_GROUP
};

struct config_key {
    const char *path; /* "council.name", "pathways[].name" */
    enum key_type type;
    enum key_scope scope;
    size_t offset;
    int64_t minimum;
    int64_t maximum;
    const char *const *choices; /* ends with NULL */
    const char *fallback;       /* the default in libconfig's syntax; "=path": the value of that key; NULL: the key is required */
    bool fixed;                 /* cannot change while running */
    const char *help;
};

/* In the order in which they are read: a key may be checked against those before it. */
const struct config_key *config_keys(size_t *count);
const struct config_key *config_key_of(const char *path);

/* Whether `key` stands directly in `group` (NULL: at the top of the file), and its own name there. */
bool config_key_is_in(const struct config_key *key, const struct config_key *group);
const char *config_key_name(const struct config_key *key);

/* Where the value of a key lives, in element `index` of its list (0 outside lists). */
void *config_value(struct config *config, const struct config_key *key, size_t index);
const void *config_value_const(const struct config *config, const struct config_key *key, size_t index);

/* The number of groups of a KEY_LIST. config_list_resize gives room for `count` zeroed ones, once, before they are read. */
size_t config_list_count(const struct config *config, const struct config_key *list);
void config_list_resize(struct config *config, const struct config_key *list, size_t count);

/* The three types of event that may complete a wait, as choices. */
extern const char *const config_completions[];

#endif
