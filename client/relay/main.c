/* waitlist-relay: arguments, configuration, a thread a route, the reports to the daemon, and the shutdown as their mirror image. */
#include "client/relay/letters.h"
#include "client/relay/route.h"
#include "daemon/system/notify.h"
#include "daemon/system/secrecy.h"
#include "daemon/system/signals.h"

#include <argp.h>
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/waitlistd/waitlist-relay.conf"
#define REPORT_MS 2000
#define REPORT_TIMEOUT_MS 1000
#define EXIT_USAGE 2

enum { KEY_CHECK = 0x100, KEY_LIST, KEY_RETRY, KEY_ROUTE, KEY_LEVEL };

struct arguments {
    const char *config;
    const char *route;
    bool checks, lists, retries;
    enum log_level level;
};

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct arguments *arguments = state->input;

    switch (key) {
    case 'c':
        arguments->config = argument;
        return 0;
    case KEY_CHECK:
        arguments->checks = true;
        return 0;
    case KEY_LIST:
        arguments->lists = true;
        return 0;
    case KEY_RETRY:
        arguments->retries = true;
        return 0;
    case KEY_ROUTE:
        arguments->route = argument;
        return 0;
    case KEY_LEVEL:
        if (!log_level_of(argument, &arguments->level)) {
            argp_error(state, "--log-level is error, warning, notice, info or debug, not '%s'", argument);
        }
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' means nothing here", argument);
        return 0;
    case ARGP_KEY_END:
        if (arguments->route != NULL && !arguments->lists && !arguments->retries) {
            argp_error(state, "--route goes with --list-dead or --retry-dead");
        }
        if (arguments->checks + arguments->lists + arguments->retries > 1) {
            argp_error(state, "one of --check-config, --list-dead and --retry-dead at a time");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void report_error(void *context, const char *line) {
    (void)context;
    fprintf(stderr, "%s\n", line);
}

/* ---- Running */

struct relay {
    const struct relay_settings *settings;
    struct log *log;
    struct signals *signals;
    struct stop stop;
    struct waitlist_client *client;
    struct waitlist_query *query;
    struct route routes[RELAY_ROUTES_MAX];
    size_t open_count;
};

/* Tells the daemon how far each route is: what is committed, not what is under way. Nothing hangs on it. */
static void report(struct relay *relay) {
    for (size_t i = 0; i < relay->open_count; i++) {
        struct waitlist_cursor cursor;
        char request[512];
        char *reply = NULL;

        route_tell_committed(&relay->routes[i], &cursor);
        if (cursor.epoch[0] == '\0') {
            continue;
        }
        snprintf(request, sizeof request,
                 "{\"v\":1,\"op\":\"" WAITLIST_OP_FOLLOW_REPORT "\",\"name\":\"%s\",\"epoch\":\"%s\",\"alert_seq\":%llu}",
                 relay->routes[i].report_name, cursor.epoch, (unsigned long long)cursor.seq);
        enum waitlist_status status = waitlist_query_ask(relay->query, request, REPORT_TIMEOUT_MS, &reply);

        waitlist_free(reply);
        if (status != WAITLIST_OK && status != WAITLIST_REFUSED) {
            return; /* it is away: the next time tells more */
        }
    }
}

static void tell_status(struct relay *relay) {
    unsigned long long delivered = 0, dead = 0;
    char status[160];

    for (size_t i = 0; i < relay->open_count; i++) {
        delivered += atomic_load(&relay->routes[i].delivered);
        dead += atomic_load(&relay->routes[i].dead);
    }
    snprintf(status, sizeof status, "%zu routes, %llu messages delivered, %llu dead letters since the start", relay->open_count, delivered,
             dead);
    (void)notify_status(status);
}

static bool is_ended(struct relay *relay, int64_t until_ms) {
    struct pollfd waits[] = {{.fd = signals_descriptor(relay->signals), .events = POLLIN},
                             {.fd = relay->stop.descriptor, .events = POLLIN}};
    int64_t left = until_ms - stop_now_ms();

    (void)poll(waits, 2, left > 0 ? (int)left : 0);
    struct signal_requests asked = signals_take(relay->signals);

    if (asked.reload) {
        log_line(relay->log, LOG_LEVEL_NOTICE, "a changed configuration needs a restart; nothing is lost by one");
    }
    return asked.stop || (waits[1].revents & POLLIN) != 0;
}

static bool serve(struct relay *relay) {
    uint64_t watchdog_ms = notify_watchdog_interval_ms();
    int64_t step_ms = watchdog_ms > 0 && watchdog_ms < REPORT_MS ? (int64_t)watchdog_ms : REPORT_MS;
    bool ended_well = true;

    log_line(relay->log, LOG_LEVEL_NOTICE, "ready", LOG_STRING("version", WAITLIST_VERSION), LOG_COUNT("routes", relay->open_count));
    (void)notify_ready("following");
    for (int64_t next_ms = stop_now_ms(); !is_ended(relay, next_ms); next_ms += step_ms) {
        (void)notify_watchdog();
        report(relay);
        tell_status(relay);
        next_ms = next_ms < stop_now_ms() ? stop_now_ms() : next_ms;
    }
    (void)notify_stopping("ending");
    stop_ask(&relay->stop);
    for (size_t i = 0; i < relay->open_count; i++) {
        ended_well = ended_well && !atomic_load(&relay->routes[i].failed);
    }
    return ended_well;
}

static bool open_routes(struct relay *relay) {
    for (size_t i = 0; i < relay->settings->route_count; i++) {
        bool opened = route_open(&relay->routes[i], relay->settings, i, relay->client, relay->log, &relay->stop);

        relay->open_count++;
        if (!opened) {
            return false;
        }
    }
    for (size_t i = 0; i < relay->open_count; i++) {
        if (!route_start(&relay->routes[i])) {
            log_line(relay->log, LOG_LEVEL_ERROR, "a thread cannot be started");
            return false;
        }
    }
    return true;
}

static bool use_keys(struct relay *relay) {
    struct waitlist_keys keys;
    char problem[WAITLIST_PROBLEM_SIZE] = "the installed libzmq was built without CURVE";

    if (relay->settings->key == NULL) {
        return true;
    }
    bool is_done = waitlist_keys_load(&keys, relay->settings->key, relay->settings->server_key, problem) == WAITLIST_OK &&
                   waitlist_client_use_keys(relay->client, &keys) == WAITLIST_OK;

    waitlist_keys_forget(&keys);
    if (!is_done) {
        log_line(relay->log, LOG_LEVEL_ERROR, "the keys of the group client cannot be used", LOG_STRING("reason", problem));
    }
    return is_done;
}

static bool run_routes(struct relay *relay) {
    const struct waitlist_endpoints endpoints = {NULL, relay->settings->publish, relay->settings->query};
    bool ended_well = false;

    relay->client = waitlist_client_create(&endpoints);
    if (relay->client == NULL) {
        log_line(relay->log, LOG_LEVEL_ERROR, "the endpoints cannot be used", LOG_STRING("reason", strerror(errno)));
        return false;
    }
    relay->query = waitlist_query_create(relay->client);
    if (use_keys(relay) && open_routes(relay)) {
        ended_well = serve(relay);
    }
    stop_ask(&relay->stop);
    for (size_t i = 0; i < relay->open_count; i++) {
        route_close(&relay->routes[i]);
    }
    waitlist_query_destroy(&relay->query);
    waitlist_client_destroy(&relay->client);
    return ended_well;
}

static int run(const struct relay_settings *settings, enum log_level level) {
    struct relay *relay = calloc(1, sizeof *relay);
    bool ended_well = false;

    if (relay == NULL) {
        abort();
    }
    /* Before the first thread: the digests' local time, and what the routes share. */
    (void)setenv("TZ", settings->timezone, 1);
    tzset();
    (void)umask(0027);
    relay->settings = settings;
    relay->log = log_create(STDERR_FILENO, level, log_prefix_for(STDERR_FILENO));
    log_warn_of_root(relay->log);
    relay->signals = signals_create();
    if (relay->signals == NULL || !stop_open(&relay->stop)) {
        log_line(relay->log, LOG_LEVEL_ERROR, "signals cannot be watched", LOG_STRING("reason", strerror(errno)));
    } else {
        ended_well = run_routes(relay);
        stop_close(&relay->stop);
    }
    if (relay->signals != NULL) {
        signals_destroy(&relay->signals);
    }
    log_line(relay->log, LOG_LEVEL_NOTICE, "ended");
    log_destroy(&relay->log);
    free(relay);
    return ended_well ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    static const struct argp_option options[] = {
        {"config", 'c', "FILE", 0, "the configuration (default: " DEFAULT_CONFIG ")", 0},
        {"check-config", KEY_CHECK, NULL, 0, "tell all errors of the configuration, and end", 0},
        {"list-dead", KEY_LIST, NULL, 0, "print the messages that could not be delivered, a JSON object a line", 0},
        {"retry-dead", KEY_RETRY, NULL, 0, "send them once more; the relay may be running", 0},
        {"route", KEY_ROUTE, "NAME", 0, "with the two above: of this route only", 0},
        {"log-level", KEY_LEVEL, "LEVEL", 0, "error, warning, notice (the default), info or debug", 0},
        {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .doc = "Carries the alerts of waitlistd to where people are: to Prometheus Alertmanager, webhooks and commands; and each team's "
               "morning list.\v"
               "Exit codes: 0 done, 1 not all done or the configuration is wrong, 2 wrong usage.\n\n"
               "Example:\n  waitlist-relay -c /etc/waitlistd/waitlist-relay.conf --check-config\n"};
    struct arguments arguments = {.config = DEFAULT_CONFIG, .level = LOG_LEVEL_NOTICE};
    int code = EXIT_FAILURE;

    argp_program_version = "waitlist-relay " WAITLIST_VERSION;
    argp_err_exit_status = EXIT_USAGE;
    secrecy_begin("waitlist-relay");
    (void)argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct relay_settings *settings = relay_settings_load(arguments.config, report_error, NULL);

    if (settings == NULL) {
        return code;
    }
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        fprintf(stderr, "waitlist-relay: the libraries do not begin\n");
    } else if (arguments.checks) {
        code = EXIT_SUCCESS;
    } else if (arguments.lists || arguments.retries) {
        code = arguments.lists ? letters_list(settings, arguments.route) : letters_retry(settings, arguments.route);
    } else {
        code = run(settings, arguments.level);
    }
    curl_global_cleanup();
    relay_settings_destroy(&settings);
    return code;
}
