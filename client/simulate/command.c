/* `waitlistctl simulate`: the options of the synthetic council. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/simulate/deliver.h"
#include "daemon/core/text.h"

enum {
    KEY_SCENARIO = 's',
    KEY_OUT = 'o',
    KEY_SEND = 'S',
    KEY_SEED = 0x100,
    KEY_BEGIN,
    KEY_FROM,
    KEY_UNTIL,
    KEY_DRIVE_CLOCK,
    KEY_PACE,
    KEY_RATE,
    KEY_EVENTS,
    KEY_OPEN,
    KEY_EVENTS_PER_WAIT,
    KEY_FORMAT
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What is simulated:", 1},
    {"scenario", KEY_SCENARIO, "NAME", 0,
     "lancashire-2025 (default): a county with the published figures; load: even work for measurements", 1},
    {"seed", KEY_SEED, "N", 0, "The same seed gives the same bytes (default 1)", 1},
    {"begin", KEY_BEGIN, "DATE", 0, "The council's first day; its open waits of that day come first (default 2023-10-01)", 1},
    {"until", KEY_UNTIL, "DATE", 0, "The last day on which events arrive (default 2025-07-31)", 1},
    {"from", KEY_FROM, "DATE", 0, "Leave out what arrived before this day: goes on where --until the day before ended", 1},
    {NULL, 0, NULL, 0, "Scenario load:", 2},
    {"events", KEY_EVENTS, "N", 0, "Events in all, duplicates included (default 1000000)", 2},
    {"events-per-wait", KEY_EVENTS_PER_WAIT, "N", 0, "Events of each wait, 1 to 64 (default 20)", 2},
    {"open", KEY_OPEN, "N", 0, "Waits left open at the end (default: one in twelve)", 2},
    {NULL, 0, NULL, 0, "Where it goes:", 3},
    {"out", KEY_OUT, "FILE", 0, "NDJSON into FILE, - for standard output (default)", 3},
    {"send", KEY_SEND, NULL, 0, "To the daemon", 3},
    {"drive-clock", KEY_DRIVE_CLOCK, "STEP", OPTION_ARG_OPTIONAL,
     "With --send: set the clock of a daemon under --simulated-clock as the events arrive, by hour (default) or day; it ends at 23:00 "
     "of the last day",
     3},
    {"pace", KEY_PACE, "SECONDS", 0, "Let every simulated day take so long", 3},
    {"rate", KEY_RATE, "N", 0, "At most N events a second", 3},
    {"format", KEY_FORMAT, "FORMAT", 0, "Of the report after --send: table (default), json or csv", 3},
    {NULL, 0, NULL, 0, NULL, 0},
};

struct wish {
    struct simulate_options simulated;
    struct deliver_options delivered;
    bool sends;
    bool for_load; /* an option of scenario load was given */
};

static uint64_t number_of(const struct argp_state *state, const char *name, const char *text, uint64_t least, uint64_t most) {
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < least || value > most) {
        argp_error(state, "--%s: %s is not a whole number from %llu to %llu", name, text, (unsigned long long)least,
                   (unsigned long long)most);
    }
    return value;
}

static double seconds_of(const struct argp_state *state, const char *name, const char *text) {
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value > 0.0 && value <= 1e9)) {
        argp_error(state, "--%s: %s is not a number above 0", name, text);
    }
    return value;
}

static day_t date_of(const struct argp_state *state, const char *name, const char *text) {
    day_t day = DAY_NONE;
    if (!date_parse(text_of(text), &day)) {
        argp_error(state, "--%s: %s is not a date like 2025-04-30", name, text);
    }
    return day;
}

/* The index of a word in a list that ends with NULL. */
static int word_of(const struct argp_state *state, const char *name, const char *text, const char *const *words) {
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    argp_error(state, "--%s: %s is not known", name, text);
    return 0;
}

static void parse_scenario(const struct argp_state *state, const char *text, struct wish *wish) {
    static const char *const scenarios[] = {"lancashire-2025", "load", NULL};
    wish->simulated.scenario = word_of(state, "scenario", text, scenarios) == 0 ? SIMULATE_LANCASHIRE_2025 : SIMULATE_LOAD;
}

static void parse_clock(const struct argp_state *state, const char *text, struct wish *wish) {
    static const char *const steps[] = {"hour", "day", NULL};
    wish->delivered.clock = text == NULL || word_of(state, "drive-clock", text, steps) == 0 ? CLOCK_BY_HOUR : CLOCK_BY_DAY;
}

static void parse_format(const struct argp_state *state, const char *text, struct wish *wish) {
    static const char *const formats[] = {"table", "json", "csv", NULL};
    wish->delivered.format = (enum deliver_format)word_of(state, "format", text, formats);
}

static void check_together(const struct argp_state *state, const struct wish *wish) {
    const char *wrong = simulate_check(&wish->simulated);
    if (wrong != NULL) {
        argp_error(state, "%s", wrong);
    }
    if (wish->for_load && wish->simulated.scenario != SIMULATE_LOAD) {
        argp_error(state, "--events, --events-per-wait and --open are for --scenario load");
    }
    if (wish->sends && wish->delivered.path != NULL) {
        argp_error(state, "either --out or --send");
    }
    if (!wish->sends && wish->delivered.clock != CLOCK_NOT_DRIVEN) {
        argp_error(state, "--drive-clock needs --send");
    }
}

static error_t parse_load_option(int key, char *argument, struct argp_state *state, struct wish *wish) {
    switch (key) {
    case KEY_EVENTS:
        wish->simulated.events = number_of(state, "events", argument, 1, UINT64_C(10000000000));
        break;
    case KEY_EVENTS_PER_WAIT:
        wish->simulated.events_per_wait = (uint32_t)number_of(state, "events-per-wait", argument, 1, SIMULATE_EVENTS_PER_WAIT_MAX);
        break;
    case KEY_OPEN:
        wish->simulated.open_waits = number_of(state, "open", argument, 1, 999999999);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    wish->for_load = true;
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state) {
    struct wish *wish = state->input;
    switch (key) {
    case KEY_SCENARIO:
        parse_scenario(state, argument, wish);
        return 0;
    case KEY_SEED:
        wish->simulated.seed = number_of(state, "seed", argument, 0, UINT64_MAX);
        return 0;
    case KEY_BEGIN:
        wish->simulated.begin = date_of(state, "begin", argument);
        return 0;
    case KEY_FROM:
        wish->delivered.from = date_of(state, "from", argument);
        return 0;
    case KEY_UNTIL:
        wish->simulated.until = date_of(state, "until", argument);
        return 0;
    case KEY_OUT:
        wish->delivered.path = argument;
        return 0;
    case KEY_SEND:
        wish->sends = true;
        return 0;
    case KEY_DRIVE_CLOCK:
        parse_clock(state, argument, wish);
        return 0;
    case KEY_PACE:
        wish->delivered.seconds_per_day = seconds_of(state, "pace", argument);
        return 0;
    case KEY_RATE:
        wish->delivered.rate = seconds_of(state, "rate", argument);
        return 0;
    case KEY_FORMAT:
        parse_format(state, argument, wish);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: unexpected argument", argument);
        return EINVAL;
    case ARGP_KEY_SUCCESS:
        check_together(state, wish);
        return 0;
    default:
        return parse_load_option(key, argument, state, wish);
    }
}

static const char description[] = "Writes or sends the events of a synthetic council.\v"
                                  "Examples:\n"
                                  "  waitlistctl simulate --until 2023-10-31 --out october.ndjson\n"
                                  "  waitlistctl simulate --send --drive-clock --pace 5\n"
                                  "  waitlistctl simulate --scenario load --events 10000000 --send\n";

int simulate_main(int argc, char **argv, struct waitlist_client *client, const char *where) {
    const struct argp parser = {options, parse_option, NULL, description, NULL, NULL, NULL};
    struct wish wish = {.delivered = {.from = DAY_NONE, .program = argc > 0 ? argv[0] : "simulate", .where = where}};
    simulate_default(SIMULATE_LANCASHIRE_2025, &wish.simulated);
    argp_err_exit_status = DELIVER_USAGE;
    if (argp_parse(&parser, argc, argv, 0, NULL, &wish) != 0) {
        return DELIVER_USAGE;
    }
    wish.delivered.until = wish.simulated.until;
    if (!wish.sends && wish.delivered.path == NULL) {
        wish.delivered.path = "-";
    }
    if (wish.sends && client == NULL) {
        fprintf(stderr, "%s: no daemon to send to\n", wish.delivered.program);
        return DELIVER_UNREACHABLE;
    }
    struct simulation *simulation = simulate_create(&wish.simulated);
    int code = wish.sends ? deliver_to_daemon(simulation, &wish.delivered, client) : deliver_to_file(simulation, &wish.delivered);
    simulate_destroy(&simulation);
    return code;
}
