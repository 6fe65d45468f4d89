/* waitlistctl alerts: the alert log, once or for as long as somebody looks. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { OPTION_FOLLOW = 0x300, OPTION_COUNT, OPTION_RULE, OPTION_NAME, OPTION_CURSOR_FILE };

struct alerts_arguments {
    struct query_options query; /* first: what query_take_option gets is this */
    bool follow;
    bool has_since;
    uint64_t since;
    uint64_t count; /* 0: without end */
    const char *rule;
    const char *name;        /* under which it reports; NULL: it does not */
    const char *cursor_path; /* where it notes how far it is; NULL: nowhere */
};

static uint64_t number_of(const char *text, const char *option, struct argp_state *state) {
    char *end;

    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);

    if (errno != 0 || end == text || *end != '\0' || text[0] == '-') {
        argp_error(state, "%s wants a number, not '%s'", option, text);
    }
    return number;
}

static error_t take_alerts_option(int key, char *argument, struct argp_state *state) {
    struct alerts_arguments *arguments = state->input;

    switch (key) {
    case OPTION_FOLLOW:
        arguments->follow = true;
        return 0;
    case OPTION_COUNT:
        arguments->count = number_of(argument, "--count", state);
        return 0;
    case OPTION_RULE:
        arguments->rule = argument;
        return 0;
    case OPTION_NAME:
        arguments->name = argument;
        return 0;
    case OPTION_CURSOR_FILE:
        arguments->cursor_path = argument;
        return 0;
    case OPTION_SINCE:
        arguments->since = number_of(argument, "--since", state);
        arguments->has_since = true;
        return query_take_option(key, argument, state);
    case ARGP_KEY_END:
        if (!arguments->follow &&
            (arguments->count > 0 || arguments->rule != NULL || arguments->name != NULL || arguments->cursor_path != NULL)) {
            argp_error(state, "--count, --rule, --name and --cursor go with --follow");
        }
        return 0;
    default:
        return query_take_option(key, argument, state);
    }
}

/* How far the reply came, and how to go on when the log goes further: the daemon tells of its newest transition in `health`. */
static void print_end(struct ctl_context *ctl, const json_t *reply, size_t rows) {
    json_t *health = NULL;
    long long through = (long long)ctl_int(reply, "through");
    if (ctl->journal == NULL) /* nobody writes to a journal's file: what it has is all there is */
        (void)ctl_ask(ctl, json_pack("{s:i,s:s}", "v", 1, "op", "health"), &health);
    long long newest = health != NULL ? (long long)ctl_int(health, "alert_seq") : through;
    json_decref(health);
    if (rows == 0) {
        printf("no such alerts (complete through seq %lld)\n", through);
    } else {
        printf("\n%zu transition%s, complete through seq %lld\n", rows, rows == 1 ? "" : "s", through);
    }
    if (newest > through) {
        printf("The log goes on to seq %lld: --since %lld shows what follows, --follow all of it.\n", newest, through);
    }
}

static int list_once(struct ctl_context *ctl, json_t *request) {
    json_t *reply;
    int code = ctl_ask(ctl, request, &reply);
    size_t rows = json_array_size(json_object_get(reply, "rows"));

    if (reply != NULL && (ctl->format != FORMAT_TABLE || rows > 0)) {
        answers_alerts(reply, ctl->format, stdout);
    }
    if (reply != NULL && ctl->format == FORMAT_TABLE) {
        print_end(ctl, reply, rows);
    }
    json_decref(reply);
    return code;
}

/* ---- Following */

static const char *or_dash(const char *text) {
    return text != NULL ? text : "-";
}

/* "29 of 28 days", or of what is about no wait "120 of 100". */
static void measured(const struct waitlist_transition *alert, char *text, size_t size) {
    text[0] = '\0';
    if (alert->has_days) {
        snprintf(text, size, "%lld of %lld days", (long long)alert->days, (long long)alert->standard);
    } else if (alert->has_value) {
        snprintf(text, size, "%lld of %lld", (long long)alert->value, (long long)alert->limit);
    }
}

static void print_followed(const struct ctl_context *ctl, const struct waitlist_transition *alert, bool first) {
    if (ctl->format == FORMAT_JSON) {
        puts(alert->json);
    } else if (ctl->format == FORMAT_CSV) {
        json_t *reply = json_pack("{s:[o]}", "rows", json_loads(alert->json, 0, NULL));

        answers_alerts(reply, first ? FORMAT_CSV : FORMAT_CSV_ROWS, stdout);
        json_decref(reply);
    } else {
        char line[1024];
        char level[32] = "", measure[64];

        measured(alert, measure, sizeof measure);
        if (alert->has_level) {
            snprintf(level, sizeof level, " %lld", (long long)alert->level);
        }
        snprintf(line, sizeof line, "%llu  %s  %-12s %s%s  %s  %s/%s  %s  %s", (unsigned long long)alert->seq, or_dash(alert->at),
                 alert->transition, alert->rule, level, or_dash(alert->subject), or_dash(alert->pathway), or_dash(alert->team), measure,
                 alert->reason != NULL ? alert->reason : "");
        (void)table_put_safely(line, stdout);
        putchar('\n');
    }
}

/* Where to begin: after --since, or with what happens from now on. */
static int ask_start(struct ctl_context *ctl, const struct alerts_arguments *arguments, struct waitlist_cursor *cursor) {
    enum table_format format = ctl->format;
    json_t *health;

    ctl->format = FORMAT_TABLE; /* this answer is not the one to print */
    int code = ctl_ask(ctl, json_pack("{s:i, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_HEALTH), &health);

    ctl->format = format;
    if (health != NULL) {
        snprintf(cursor->epoch, sizeof cursor->epoch, "%s", ctl_text(health, "epoch"));
        cursor->seq = arguments->has_since ? arguments->since : (uint64_t)ctl_int(health, "alert_seq");
        json_decref(health);
    }
    return code;
}

static int complain_of_cursor(const char *path, enum waitlist_status status) {
    if (status == WAITLIST_INVALID) {
        ctl_complain("%s holds no cursor (one line, \"EPOCH SEQ\"): nothing is followed", path);
    } else {
        ctl_complain("%s: %s: the cursor was not %s", path, strerror(errno), errno == ENOENT ? "written" : "read or written");
    }
    return CTL_REFUSED;
}

/* What the file says goes before --since, which is for the first time. The place of a first time is noted at once: from then on nothing
 * is lost, whatever happens. */
static int find_start(struct ctl_context *ctl, const struct alerts_arguments *arguments, struct waitlist_cursor *cursor) {
    const char *path = arguments->cursor_path;

    if (path == NULL) {
        return ask_start(ctl, arguments, cursor);
    }
    enum waitlist_status status = waitlist_cursor_load(path, cursor);

    if (status == WAITLIST_OK) {
        return CTL_DONE;
    }
    if (status != WAITLIST_SYSTEM || errno != ENOENT) {
        return complain_of_cursor(path, status);
    }
    int code = ask_start(ctl, arguments, cursor);

    if (code != CTL_DONE) {
        return code;
    }
    status = waitlist_cursor_save(path, cursor);
    return status == WAITLIST_OK ? CTL_DONE : complain_of_cursor(path, status);
}

static const char *filter_text(const json_t *request, const char *name) {
    return json_string_value(json_object_get(json_object_get(request, "filter"), name));
}

struct following {
    struct ctl_context *ctl;
    const struct alerts_arguments *arguments;
    struct waitlist_follower *follower;
    struct waitlist_cursor saved;
    int ended; /* signals arrive here, so none can slip between two looks */
};

/* A pipe or a terminal cannot be synced, and need not be. */
static bool output_is_durable(void) {
    return fflush(stdout) == 0 && !ferror(stdout) &&
           (fdatasync(STDOUT_FILENO) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP);
}

/* After the line, never before it: whoever is killed between the two prints that line again, and loses none. */
static int commit(struct following *following) {
    const char *path = following->arguments->cursor_path;
    struct waitlist_cursor cursor;

    waitlist_follower_cursor(following->follower, &cursor);
    if (path == NULL || (cursor.seq == following->saved.seq && strcmp(cursor.epoch, following->saved.epoch) == 0)) {
        return CTL_DONE;
    }
    enum waitlist_status status = waitlist_cursor_save(path, &cursor);

    following->saved = cursor;
    return status == WAITLIST_OK ? CTL_DONE : complain_of_cursor(path, status);
}

static int take(struct following *following, const struct waitlist_transition *alert, bool first) {
    print_followed(following->ctl, alert, first);
    if (following->arguments->cursor_path == NULL ? fflush(stdout) != 0 : !output_is_durable()) {
        ctl_complain("seq %llu could not be written: %s", (unsigned long long)alert->seq, strerror(errno));
        return CTL_REFUSED;
    }
    return commit(following);
}

static int complain_of_other_journal(const struct following *following) {
    const char *path = following->arguments->cursor_path;
    struct waitlist_cursor cursor;
    struct waitlist_heartbeat heartbeat;

    waitlist_follower_cursor(following->follower, &cursor);
    bool is_known = waitlist_follower_heartbeat(following->follower, &heartbeat) && strcmp(heartbeat.epoch, cursor.epoch) != 0;

    ctl_complain("the daemon now keeps another journal%s%s than the one followed (epoch %s, through seq %llu); nothing of it was printed",
                 is_known ? ", epoch " : "", is_known ? heartbeat.epoch : "", cursor.epoch, (unsigned long long)cursor.seq);
    ctl_complain("to follow it%s%s, use --since: a restored journal has what the old one had up to the backup, and then its own",
                 path != NULL ? ", remove " : "", path != NULL ? path : "");
    return CTL_OTHER_JOURNAL;
}

static bool is_over(const struct following *following) {
    struct signalfd_siginfo signal_info;

    return read(following->ended, &signal_info, sizeof signal_info) > 0;
}

static void watch_heartbeat(const struct following *following, bool *was_live) {
    struct waitlist_heartbeat heartbeat;
    bool silent = waitlist_follower_heartbeat(following->follower, &heartbeat) && heartbeat.age_ms > WAITLIST_STALE_MS;

    if (silent == *was_live) {
        ctl_complain(silent ? "no heartbeat for 5 seconds: waiting for the daemon, nothing will be lost" : "the daemon is back");
        *was_live = !silent;
    }
}

/* Until --count, Ctrl-C, or another journal. */
static int follow_until(struct following *following) {
    uint64_t count = following->arguments->count;
    struct waitlist_transition alert;
    bool was_live = true;
    int code = CTL_DONE;

    for (uint64_t shown = 0; code == CTL_DONE && (count == 0 || shown < count) && !is_over(following);) {
        enum waitlist_status status = waitlist_follower_next(following->follower, 0, &alert);

        if (status == WAITLIST_OK) {
            code = take(following, &alert, shown++ == 0);
            continue;
        }
        if (status == WAITLIST_EPOCH_CHANGED) {
            return complain_of_other_journal(following);
        }
        if (status == WAITLIST_REFUSED || status == WAITLIST_BAD_REPLY || status == WAITLIST_SYSTEM || ctl_is_about_keys(status)) {
            return ctl_explain(status, following->ctl->publish);
        }
        code = commit(following); /* what did not pass the filter moves the cursor too */
        watch_heartbeat(following, &was_live);
        if (code == CTL_DONE) {
            (void)waitlist_wait(following->follower, NULL, following->ended, 1000);
        }
    }
    return code;
}

static int follow(struct ctl_context *ctl, const struct alerts_arguments *arguments) {
    const json_t *request = arguments->query.request;
    const struct waitlist_alert_filter filter = {arguments->rule, filter_text(request, "pathway"), filter_text(request, "team")};
    struct waitlist_cursor cursor = {"", 0};
    int code = find_start(ctl, arguments, &cursor);
    struct waitlist_client *client = code == CTL_DONE ? ctl_client(ctl) : NULL;
    sigset_t signals;

    if (client == NULL) {
        return code != CTL_DONE ? code : CTL_USAGE;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    struct following following = {.ctl = ctl,
                                  .arguments = arguments,
                                  .follower = waitlist_follower_create(client, &cursor, &filter),
                                  .saved = cursor,
                                  .ended = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)};

    if (following.follower == NULL || following.ended < 0) {
        ctl_complain("--rule and the filters pathway and team take one name each when following");
        code = CTL_USAGE;
    } else if (!waitlist_follower_report_as(following.follower, arguments->name)) {
        ctl_complain("--name takes 1 to 64 of A-Z a-z 0-9 _ -");
        code = CTL_USAGE;
    } else {
        code = follow_until(&following);
    }
    waitlist_follower_destroy(&following.follower);
    if (following.ended >= 0) {
        close(following.ended);
    }
    return code;
}

/* What a subscription cannot filter must not be ignored in silence. */
static bool can_be_followed(const json_t *request) {
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(request, "filter"), name, value) {
        if ((strcmp(name, "pathway") != 0 && strcmp(name, "team") != 0) || !json_is_string(value)) {
            ctl_complain("--follow filters by one pathway and one team, not by %s", name);
            return false;
        }
    }
    if (json_object_get(request, "state") != NULL || json_object_get(request, "limit") != NULL) {
        ctl_complain("--state and --limit do not go with --follow");
        return false;
    }
    return true;
}

int command_alerts(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        QUERY_OPTION_SINCE,
        QUERY_OPTION_STATE,
        QUERY_OPTION_FILTER,
        QUERY_OPTION_LIMIT,
        {"follow", OPTION_FOLLOW, NULL, 0, "go on with what happens, each transition once, also across a restart of the daemon", 0},
        {"rule", OPTION_RULE, "NAME", 0, "with --follow: only this rule", 0},
        {"name", OPTION_NAME, "NAME", 0, "with --follow: tell the daemon under this name how far it is, for 'waitlistctl status'", 0},
        {"cursor", OPTION_CURSOR_FILE, "FILE", 0,
         "with --follow: note in this file how far it is, and go on from there; --since is then where the first time begins", 0},
        {"count", OPTION_COUNT, "N", 0, "with --follow: end after so many", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_alerts_option,
        .doc = "The alert log: who is about to breach a standard, who has, and what became of it. --follow goes on after "
               "--since, or from now; Ctrl-C ends it. When the daemon keeps another journal than the one followed, it ends with 4.\v"
               "Example:\n  waitlistctl alerts --follow --since 0 --filter team=north --format json\n"
               "  waitlistctl alerts --follow --cursor /var/lib/letters/cursor --format json\n",
        .children = children};
    struct alerts_arguments arguments = {.follow = false};

    query_begin(&arguments.query, ctl, WAITLIST_OP_ALERTS);
    ctl_parse(&argp, "alerts", argc, argv, &arguments);
    if (!arguments.follow) {
        return list_once(ctl, arguments.query.request);
    }
    int code = can_be_followed(arguments.query.request) ? follow(ctl, &arguments) : CTL_USAGE;

    json_decref(arguments.query.request);
    return code;
}
