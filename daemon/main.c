/* waitlistd: arguments, configuration, the parts in order, the loop, and the shutdown as their mirror image. */
#include "daemon/config/config.h"
#include "daemon/ledger/ledger.h"
#include "daemon/loop.h"
#include "daemon/sockets.h"
#include "daemon/system/log.h"
#include "daemon/system/notify.h"
#include "daemon/system/secrecy.h"
#include "daemon/system/signals.h"
#include "daemon/timers.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, START_EXTENSION_US = 30000000, PROGRESS_MS = 1000 };
enum { KEY_CHECK_CONFIG = 1000, KEY_PRINT_CONFIG, KEY_SIMULATED_CLOCK, KEY_LOG_LEVEL };

const char *argp_program_version = "waitlistd " WAITLIST_VERSION;

struct arguments {
    const char *config_path;
    bool check_config;
    bool print_config;
    instant_t simulated;
    enum log_level log_level;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "The configuration; without it the built-in defaults", 0},
    {"check-config", KEY_CHECK_CONFIG, NULL, 0, "Check the configuration, name every error with its file and line, and exit", 0},
    {"print-config", KEY_PRINT_CONFIG, NULL, 0, "Print the effective configuration and exit", 0},
    {"simulated-clock", KEY_SIMULATED_CLOCK, "RFC3339", 0,
     "For demonstrations and tests: start at this instant and stand still until a client sends clock.set", 0},
    {"log-level", KEY_LOG_LEVEL, "LEVEL", 0, "error, warning, notice, info (default) or debug", 0},
    {NULL, 0, NULL, 0, NULL, 0}};

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->config_path = argument;
        return 0;
    case KEY_CHECK_CONFIG:
        arguments->check_config = true;
        return 0;
    case KEY_PRINT_CONFIG:
        arguments->print_config = true;
        return 0;
    case KEY_SIMULATED_CLOCK:
        if (!instant_parse(text_of(argument), &arguments->simulated))
            argp_error(state, "--simulated-clock takes an instant, as 2025-04-30T09:00:00+01:00");
        return 0;
    case KEY_LOG_LEVEL:
        if (!log_level_of(argument, &arguments->log_level))
            argp_error(state, "--log-level takes error, warning, notice, info or debug");
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
    "Keeps every adult social care waiting list live: takes assessment events, counts who has waited too long, publishes alerts.\v"
    "It runs in the foreground and logs to standard error; a service manager is told when it is ready. "
    "SIGHUP reloads the configuration, all or nothing; SIGTERM finishes the batch, answers and ends.\n\n"
    "Example: waitlistd -c /etc/waitlistd/waitlistd.conf\n\n"
    "See waitlistd(8) and waitlistd.conf(5).",
    NULL,
    NULL,
    NULL};

static void complain(void *context, const char *line) {
    (void)context;
    fprintf(stderr, "waitlistd: %s\n", line);
}

static int check_config(const struct config *config) {
    char message[SOCKETS_MESSAGE_SIZE];
    struct calendar *calendar = config_calendar(config, complain, NULL);
    bool sound = calendar != NULL;
    calendar_destroy(&calendar);
    if (!sockets_check(config, NULL, message)) {
        complain(NULL, message);
        sound = false;
    }
    if (sound)
        printf("%s: the configuration is sound\n", config->path == NULL ? "defaults" : config->path);
    return sound ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_config(const struct config *config) {
    char *text = config_print(config);
    bool printed = fputs(text, stdout) >= 0 && fflush(stdout) == 0;
    free(text);
    return printed ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Long work tells the service manager that it goes on, in the midst of a turn too: what is slow is not stuck. */
static void tell_progress(void *context, enum ledger_work work, uint64_t done, uint64_t total) {
    static const char *const doing[] = {
        [LEDGER_READS_EVENTS] = "reading the journal",
        [LEDGER_CATCHES_UP_DAYS] = "catching up",
        [LEDGER_CHAINS_EVENTS] = "making the hash chain of an older journal",
    };
    char status[120];
    struct timer *timer = context;
    if (!timer_take(timer, timers_read(INSTANT_NONE).monotonic_ms))
        return;
    if (work != LEDGER_COUNTS_WAITS) {
        snprintf(status, sizeof status, "%s: %llu of %llu %s", doing[work], (unsigned long long)done, (unsigned long long)total,
                 work == LEDGER_CATCHES_UP_DAYS ? "days" : "events");
        notify_status(status);
    }
    notify_extend(START_EXTENSION_US);
    notify_watchdog();
}

/* `progress` lives as long as the ledger, which may have to read the journal again later. */
static struct ledger *open_ledger(const struct config *config, const struct arguments *arguments, struct log *log, struct timer *progress) {
    char message[LEDGER_MESSAGE_SIZE];
    struct moment moment = timers_read(arguments->simulated);
    int64_t watchdog_ms = (int64_t)notify_watchdog_interval_ms();
    int64_t every_ms = watchdog_ms > 0 && watchdog_ms < PROGRESS_MS ? watchdog_ms : PROGRESS_MS;
    timer_start(progress, moment.monotonic_ms - every_ms, every_ms); /* the first news at once */
    struct ledger_setup setup = {.config = config, .now = moment.now, .progress = tell_progress, .context = progress};
    struct ledger *ledger = ledger_open(&setup, message);
    if (ledger == NULL) {
        log_line(log, LOG_LEVEL_ERROR, "cannot open the journal", LOG_STRING("path", config->journal_path), LOG_STRING("reason", message));
        return NULL;
    }
    const struct checkpoint_news *news = ledger_checkpoint_news(ledger);
    if (news->ignored[0] != '\0')
        log_line(log, LOG_LEVEL_WARNING, "the checkpoint is not used, all events were replayed", LOG_STRING("reason", news->ignored));
    if (news->unwritten[0] != '\0')
        log_line(log, LOG_LEVEL_WARNING, "the checkpoint cannot be written", LOG_STRING("reason", news->unwritten));
    const char *notice = journal_notice(ledger_journal(ledger));
    if (notice != NULL)
        log_line(log, LOG_LEVEL_WARNING, notice);
    struct register_figures figures;
    register_figures(ledger_register(ledger), &figures);
    log_line(log, LOG_LEVEL_NOTICE, "journal read", LOG_STRING("path", config->journal_path),
             LOG_COUNT("events", journal_last_seq(ledger_journal(ledger))), LOG_COUNT("from_checkpoint", news->from_seq),
             LOG_COUNT("waits", figures.waits), LOG_COUNT("open", figures.open), LOG_COUNT("open_alerts", figures.open_alerts),
             LOG_NUMBER("took_ms", timers_read(arguments->simulated).monotonic_ms - moment.monotonic_ms));
    if (ledger_is_behind(ledger))
        log_line(log, LOG_LEVEL_ERROR,
                 "the journal's disk is full: the daemon shows what is durable, events are refused until there is room",
                 LOG_STRING("path", config->journal_path));
    return ledger;
}

static bool serve(struct config **config, const struct arguments *arguments, struct log *log, struct signals *signals) {
    struct timer progress;
    struct ledger *ledger = open_ledger(*config, arguments, log, &progress);
    if (ledger == NULL)
        return false;
    char message[SOCKETS_MESSAGE_SIZE];
    struct sockets sockets;
    bool ended_well = false;
    if (sockets_open(&sockets, *config, message)) {
        if ((*config)->security.allow_plain_loopback)
            log_line(log, LOG_LEVEL_WARNING,
                     sockets.has_key ? "security.allow_plain_loopback has no effect: with a secret key every TCP endpoint takes keys only"
                                     : "plain TCP on loopback is allowed: any local user can connect (security.allow_plain_loopback)");
        if (arguments->simulated != INSTANT_NONE)
            log_line(log, LOG_LEVEL_WARNING, "the clock is simulated and stands still until clock.set");
        struct loop_setup setup = {.config_path = arguments->config_path,
                                   .config = config,
                                   .ledger = ledger,
                                   .sockets = &sockets,
                                   .signals = signals,
                                   .log = log,
                                   .simulated = arguments->simulated};
        log_line(log, LOG_LEVEL_NOTICE, "ready", LOG_STRING("version", WAITLIST_VERSION));
        ended_well = loop_run(&setup);
        sockets_close(&sockets);
    } else {
        log_line(log, LOG_LEVEL_ERROR, "cannot open the sockets", LOG_STRING("reason", message));
    }
    ledger_close(&ledger);
    log_line(log, LOG_LEVEL_NOTICE, "ended");
    return ended_well;
}

static int run(struct config **config, const struct arguments *arguments) {
    struct log *log = log_create(STDERR_FILENO, arguments->log_level, log_prefix_for(STDERR_FILENO));
    log_warn_of_root(log);
    struct signals *signals = signals_create();
    bool ended_well = false;
    if (signals == NULL)
        log_line(log, LOG_LEVEL_ERROR, "cannot watch for signals", LOG_STRING("reason", strerror(errno)));
    else
        ended_well = serve(config, arguments, log, signals);
    signals_destroy(&signals);
    log_destroy(&log);
    return ended_well ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **words) {
    struct arguments arguments = {.simulated = INSTANT_NONE, .log_level = LOG_LEVEL_INFO};
    argp_err_exit_status = EXIT_USAGE;
    secrecy_begin("waitlistd");
    argp_parse(&parser, count, words, 0, NULL, &arguments);
    struct config *config = config_load(arguments.config_path, complain, NULL);
    if (config == NULL)
        return EXIT_FAILURE;
    int status;
    if (arguments.print_config)
        status = print_config(config);
    else if (arguments.check_config)
        status = check_config(config);
    else
        status = run(&config, &arguments);
    config_free(&config);
    return status;
}
