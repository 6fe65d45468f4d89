/* What the relay was told: its own configuration file, with every error of the file in one run. */
#ifndef WAITLIST_RELAY_SETTINGS_H
#define WAITLIST_RELAY_SETTINGS_H

#include "daemon/config/config.h"

#include <stdbool.h>
#include <stddef.h>

#define RELAY_ROUTES_MAX 16
#define RELAY_WORDS_MAX 64
#define RELAY_SECRET_BYTES_MAX 4096

enum relay_target { TARGET_ALERTMANAGER, TARGET_WEBHOOK, TARGET_COMMAND, TARGET_FOLDER };

struct word_list {
    size_t count;
    char **at;
};

/* Empty lists fit everything. */
struct route_match {
    struct word_list rule, severity, pathway, team, transition;
};

/* Texts are NULL where nothing was said. */
struct route_settings {
    char *name;
    char *to_name, *send_name;
    enum relay_target to;
    bool is_digest; /* sends the morning list, not alerts */
    struct route_match match;
    bool references; /* who waits, who acted and what they wrote leave by this route */
    char *url;
    bool allow_plain_http;
    char *secret_file, *token_file, *ca_file;
    struct word_list command;
    char *folder;
    int timeout_s;
    int retry_first_ms, retry_last_s, attempts; /* attempts: answers that may be this message's fault, until it is a dead letter */
    int dead_letters;
    int group_wait_s; /* 0: each transition by itself */
    int late_wait_s;
    int resend_s, hold_s;
    char *at; /* "07:30" */
    int at_minute;
    unsigned line;
};

struct relay_settings {
    char *path;
    char *name;      /* each route reports to the daemon as NAME-ROUTE */
    char *state;     /* folder of cursors and dead letters */
    char *dashboard; /* NULL: no links */
    char *source;    /* of CloudEvents */
    char *timezone;
    char *publish, *query;  /* endpoint lists; NULL: the default */
    char *key, *server_key; /* of the connection by TCP: files, or for server_key the key itself; NULL: none */
    size_t route_count;
    struct route_settings *routes;
};

/* NULL on failure; `report` gets all errors of the file first. The caller destroys it. */
struct relay_settings *relay_settings_load(const char *path, config_report *report, void *context);
void relay_settings_destroy(struct relay_settings **settings);

/* The first line of a file, without blanks at its ends: a secret. NULL (errno, or 0 where it is empty or too long); the caller frees. */
char *relay_secret_read(const char *path);

/* Each option as "relay.name", "routes[].url", for the test that documents name them all. NULL at the end. */
const char *relay_option_name(size_t index);

#endif
