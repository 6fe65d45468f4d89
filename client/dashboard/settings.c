/* The command line and the configuration of the gateway. */
#include "client/dashboard/settings.h"

#include "daemon/config/check.h"
#include "daemon/core/memory.h"
#include "daemon/security/handshake.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <waitlist/protocol.h>

#define DEFAULT_CONFIG "/etc/waitlistd/waitlistd.conf"
#define OTHER_DESCRIPTORS 64 /* beside the connections: sockets, ZeroMQ's, the log */

enum { EXIT_USAGE = 2 };
enum { KEY_LISTEN = 1000, KEY_ENDPOINT, KEY_QUERY, KEY_PUBLISH, KEY_WEB, KEY_LOG_LEVEL, KEY_SIGN_IN, KEY_OPEN_ROLE };

const char *argp_program_version = "waitlist-dashboard " WAITLIST_VERSION;

struct arguments {
    struct settings *settings;
    const char *config_path;
    bool has_sign_in, has_open_role;
    enum sign_in sign_in;
    unsigned open_role;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "The daemon's configuration (default: " DEFAULT_CONFIG " if it is there)", 0},
    {"listen", KEY_LISTEN, "ADDRESS:PORT", 0, "Where browsers find it (default: 127.0.0.1:8090); port 0: any that is free", 0},
    {"web", KEY_WEB, "DIRECTORY", 0, "The folder of the pages", 0},
    {"endpoint", KEY_ENDPOINT, "DIRECTORY", 0, "The daemon's run directory, with or without ipc:// (default: " WAITLIST_RUN_DIRECTORY ")",
     0},
    {"query-endpoint", KEY_QUERY, "ENDPOINT", 0, "Where the daemon answers questions", 0},
    {"publish-endpoint", KEY_PUBLISH, "ENDPOINT", 0, "Where the daemon publishes", 0},
    {"sign-in", KEY_SIGN_IN, "tokens|proxy|none", 0, "How it learns who asks; none: not at all, on the loopback address only", 0},
    {"open-role", KEY_OPEN_ROLE, "ROLE", 0, "With --sign-in=none what everybody may do: viewer, manager, analyst or admin", 0},
    {"log-level", KEY_LOG_LEVEL, "LEVEL", 0, "error, warning, notice, info (default) or debug", 0},
    {NULL, 0, NULL, 0, NULL, 0}};

static void replace(char **text, const char *with) {
    char *copy = strdup(with);

    ENSURE(copy != NULL);
    free(*text);
    *text = copy;
}

static void in_directory(char **uri, const char *directory, const char *name) {
    const char *path = strncmp(directory, "ipc://", 6) == 0 ? directory + 6 : directory;

    free(*uri);
    ENSURE(asprintf(uri, "ipc://%s/%s", path, name) > 0);
}

/* The daemon's address, unlike those where it listens, may be a name. */
static const char *check_endpoint(const char *uri) {
    const char *colon = strrchr(uri, ':');
    bool is_tcp = strncmp(uri, "tcp://", 6) == 0;

    if (!is_tcp) {
        return config_check_endpoint(uri, true, true);
    }
    return colon > uri + 6 && colon[1] != '\0' && strspn(colon + 1, "0123456789") == strlen(colon + 1)
               ? NULL
               : "a tcp endpoint needs a host and a port: write tcp://waiting.council.example:5873";
}

static void take_endpoint(char **uri, const char *argument, struct argp_state *state) {
    const char *wrong = check_endpoint(argument);

    if (wrong != NULL) {
        argp_error(state, "%s: %s", argument, wrong);
    }
    replace(uri, argument);
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct arguments *arguments = state->input;
    struct settings *settings = arguments->settings;

    switch (key) {
    case 'c':
        arguments->config_path = argument;
        return 0;
    case KEY_LISTEN:
        replace(&settings->listen, argument);
        return 0;
    case KEY_WEB:
        replace(&settings->web, argument);
        return 0;
    case KEY_ENDPOINT:
        in_directory(&settings->query, argument, WAITLIST_QUERY_SOCKET);
        in_directory(&settings->publish, argument, WAITLIST_PUBLISH_SOCKET);
        return 0;
    case KEY_QUERY:
        take_endpoint(&settings->query, argument, state);
        return 0;
    case KEY_PUBLISH:
        take_endpoint(&settings->publish, argument, state);
        return 0;
    case KEY_SIGN_IN:
        arguments->has_sign_in = config_sign_in_of(argument, &arguments->sign_in);
        if (!arguments->has_sign_in) {
            argp_error(state, "--sign-in takes tokens, proxy or none");
        }
        return 0;
    case KEY_OPEN_ROLE:
        arguments->has_open_role = config_open_role_of(argument, &arguments->open_role);
        if (!arguments->has_open_role) {
            argp_error(state, "--open-role takes viewer, manager, analyst or admin");
        }
        return 0;
    case KEY_LOG_LEVEL:
        if (!log_level_of(argument, &settings->log_level)) {
            argp_error(state, "--log-level takes error, warning, notice, info or debug");
        }
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "there is nothing to say beside options");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    take_option,
    NULL,
    "Serves the dashboard of the waiting lists to browsers: pages, questions, a stream of what changes, figures for monitoring.\v"
    "It keeps nothing: it can be ended and started at any time, and open pages go on by themselves. It listens on the loopback address "
    "unless it is told otherwise; put a reverse proxy in front of it. People sign in with a token of their own, or the proxy says who they "
    "are.\n\n"
    "Example: waitlist-dashboard -c /etc/waitlistd/waitlistd.conf\n\n"
    "See waitlist-dashboard(8) and waitlistd.conf(5).",
    NULL,
    NULL,
    NULL};

static void complain(void *context, const char *line) {
    (void)context;
    fprintf(stderr, "waitlist-dashboard: %s\n", line);
}

/* The first that another process can reach: all of a list lead to the same daemon. */
static void first_endpoint(char **uri, const struct endpoint_list *list) {
    for (size_t i = 0; *uri == NULL && i < list->count; i++) {
        if (strncmp(list->uri[i], "inproc:", 7) != 0) {
            replace(uri, list->uri[i]);
        }
    }
}

/* --listen may say port 0, which the configuration may not. */
static bool may_listen(const struct settings *settings) {
    const char *colon = strrchr(settings->listen, ':');
    char address[80];
    const char *wrong;

    snprintf(address, sizeof address, "%s%s", settings->listen, "");
    if (colon != NULL && strcmp(colon, ":0") == 0) {
        snprintf(address, sizeof address, "%.*s:1", (int)(colon - settings->listen), settings->listen);
    }
    wrong = config_check_address(address, settings->dashboard.allow_beyond_loopback);
    if (wrong == NULL && settings->dashboard.sign_in == SIGN_IN_NONE && config_check_address(address, false) != NULL) {
        wrong = "dashboard.sign_in is \"none\", which is for the loopback address alone: set \"tokens\" or \"proxy\"";
    }
    if (wrong != NULL) {
        fprintf(stderr, "waitlist-dashboard: %s: %s\n", settings->listen, wrong);
    }
    return wrong == NULL;
}

bool settings_wants_keys(const struct settings *settings) {
    return settings->config->client.key != NULL &&
           (strncmp(settings->query, "tcp://", 6) == 0 || strncmp(settings->publish, "tcp://", 6) == 0);
}

static bool are_keys_complete(const struct settings *settings) {
    const struct client_config *client = &settings->config->client;
    bool may_be_plain = handshake_may_be_plain(settings->query) && handshake_may_be_plain(settings->publish);

    if ((client->key == NULL) != (client->server_key == NULL)) {
        complain(NULL, "client.key and client.server_key go together: this side's own key, and the daemon's");
        return false;
    }
    if (client->key == NULL && !may_be_plain) {
        complain(NULL, "a daemon on another machine is reached with keys only: client.key and client.server_key");
        return false;
    }
    return true;
}

/* What would leave everybody outside, or be believed of everybody. */
static bool may_sign_in(const struct dashboard_config *dashboard) {
    const char *wrong = NULL;

    if (dashboard->sign_in == SIGN_IN_PROXY && (dashboard->user_header == NULL || dashboard->groups_header == NULL)) {
        wrong = "dashboard.sign_in is \"proxy\", which needs user_header and groups_header: nobody could come in";
    } else if (dashboard->sign_in == SIGN_IN_PROXY && dashboard->trusted_proxies.count == 0) {
        wrong = "dashboard.sign_in is \"proxy\", which needs trusted_proxies: nobody could come in";
    } else if (dashboard->sign_in != SIGN_IN_PROXY && dashboard->user_header != NULL) {
        wrong = "dashboard.user_header is set, which needs sign_in = \"proxy\", groups_header and groups: set them, or take it out";
    } else if (dashboard->sign_in == SIGN_IN_TOKENS && dashboard->tokens == NULL) {
        wrong = "dashboard.sign_in is \"tokens\", which needs dashboard.tokens: nobody could come in";
    }
    if (wrong != NULL) {
        complain(NULL, wrong);
    }
    return wrong == NULL;
}

bool settings_read(struct settings *settings, int count, char **words) {
    struct arguments arguments = {.settings = settings};

    memset(settings, 0, sizeof *settings);
    settings->log_level = LOG_LEVEL_INFO;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&parser, count, words, 0, NULL, &arguments);
    if (arguments.config_path == NULL && access(DEFAULT_CONFIG, R_OK) == 0) {
        arguments.config_path = DEFAULT_CONFIG;
    }
    settings->config = config_load(arguments.config_path, complain, NULL);
    if (settings->config == NULL) {
        return false;
    }
    settings->dashboard = settings->config->dashboard;
    if (arguments.has_sign_in) {
        settings->dashboard.sign_in = arguments.sign_in;
    }
    if (arguments.has_open_role) {
        settings->dashboard.open_role = arguments.open_role;
    }
    first_endpoint(&settings->query, &settings->config->query);
    first_endpoint(&settings->publish, &settings->config->publish);
    if (settings->query == NULL || settings->publish == NULL) {
        complain(NULL, "the configuration has no endpoint that another process can reach");
        return false;
    }
    if (settings->listen == NULL) {
        replace(&settings->listen, settings->dashboard.listen);
    }
    if (settings->web == NULL) {
        replace(&settings->web, settings->dashboard.web != NULL ? settings->dashboard.web : WAITLIST_WEB_FOLDER);
    }
    return are_keys_complete(settings) && may_sign_in(&settings->dashboard) && may_listen(settings);
}

void settings_clear(struct settings *settings) {
    free(settings->listen);
    free(settings->web);
    free(settings->query);
    free(settings->publish);
    config_free(&settings->config);
}

void settings_raise_limits(const struct settings *settings, struct log *log) {
    rlim_t wanted = (rlim_t)settings->dashboard.connections + OTHER_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return;
    }
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
        log_line(log, LOG_LEVEL_WARNING, "the system gives fewer descriptors than dashboard.connections needs (LimitNOFILE of the unit)",
                 LOG_COUNT("descriptors", limit.rlim_cur), LOG_COUNT("needed", wanted));
    }
}
