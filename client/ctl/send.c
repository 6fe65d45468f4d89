/* waitlistctl send: events from a file or a pipe, in batches, until every one is durable. */
#include "client/ctl/send.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES (256 * 1024)
#define LINE_BYTES_MAX WAITLIST_SENDER_EVENT_MAX
#define STEP_MS 250     /* between two looks at signals and patience */
#define CONNECT_MS 3000 /* a daemon that was never reached is given up after so long */

enum { OPTION_WINDOW = 0x400, OPTION_BATCH };

struct send_arguments {
    struct ctl_context *ctl;
    const char *path;
    size_t window, batch;
};

enum outcome { SEND_GOING, SEND_ALL, SEND_INTERRUPTED, SEND_STUCK, SEND_UNREADABLE };

struct sending {
    const struct send_arguments *arguments;
    struct waitlist_sender *sender;
    struct send_report report;
    struct progress progress;
    int input, ended; /* file descriptors: the events; signals */
    enum outcome outcome;
    uint64_t line; /* number of the next line, from 1 */
    int64_t bytes; /* read so far */
    char *buffer;  /* what was read and is not submitted; LINE_BYTES_MAX + CHUNK_BYTES */
    size_t filled;
    bool skipping; /* inside a line that is too long */
    bool was_connected;
    bool read_only;
    uint64_t answered;
    int64_t moved_at; /* when the last answer came, or nothing was under way */
};

static size_t size_option(const char *text, const char *name, struct argp_state *state) {
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || number < 1 || number > 1024) {
        argp_error(state, "--%s is 1 to 1024, not '%s'", name, text);
    }
    return number;
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct send_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_WINDOW:
        arguments->window = size_option(argument, "window", state);
        return 0;
    case OPTION_BATCH:
        arguments->batch = size_option(argument, "batch", state);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL) {
            argp_error(state, "one file at a time");
        }
        arguments->path = argument;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path == NULL) {
            argp_error(state, "which file? (- reads standard input)");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void on_reply(void *context, const struct waitlist_batch_reply *reply) {
    struct sending *sending = context;

    for (size_t i = 0; i < reply->quarantined_count; i++) {
        const struct waitlist_quarantined *one = &reply->quarantined[i];

        send_report_add(&sending->report, one->tag, one->tag, one);
    }
    if (!reply->durable) {
        const struct waitlist_quarantined why = {.id = "", .code = reply->error_code, .pointer = "", .message = reply->error_message};

        send_report_add(&sending->report, reply->first_tag, reply->last_tag, &why);
    }
}

static void on_notice(void *context, enum waitlist_sender_notice notice, uint64_t detail) {
    struct sending *sending = context;

    if (notice == WAITLIST_NOTICE_READ_ONLY && !sending->read_only) {
        ctl_complain("the daemon takes no events now (its disk is full or failing); trying again in %llu ms, and so on",
                     (unsigned long long)detail);
    } else if (notice == WAITLIST_NOTICE_WRITABLE) {
        ctl_complain("the daemon takes events again");
    }
    sending->read_only = notice == WAITLIST_NOTICE_READ_ONLY || (sending->read_only && notice != WAITLIST_NOTICE_WRITABLE);
}

/* Draws, looks for signals, and for whether anything still moves. */
static void look_around(struct sending *sending) {
    struct waitlist_sender_totals totals;
    struct signalfd_siginfo signal_info;
    int64_t now = ctl_now();

    waitlist_sender_totals(sending->sender, &totals);
    uint64_t answered = totals.submitted - totals.pending;

    sending->was_connected = sending->was_connected || totals.connected;
    if (answered != sending->answered || totals.pending == 0) {
        sending->answered = answered;
        sending->moved_at = now;
    }
    progress_draw(&sending->progress, sending->bytes, totals.accepted + totals.duplicates,
                  sending->read_only ? "(daemon is read-only)"
                  : totals.connected ? ""
                                     : "(connecting)");
    if (read(sending->ended, &signal_info, sizeof signal_info) > 0) {
        sending->outcome = SEND_INTERRUPTED;
        return;
    }
    int patience = sending->arguments->ctl->timeout_ms;

    if (!sending->was_connected && patience > CONNECT_MS) {
        patience = CONNECT_MS;
    }
    if (now - sending->moved_at > patience) {
        sending->outcome = SEND_STUCK;
    }
}

static void submit(struct sending *sending, const char *line, size_t size) {
    uint64_t number = sending->line++;

    while (sending->outcome == SEND_GOING) {
        size_t taken;
        enum waitlist_status status = waitlist_sender_submit_lines(sending->sender, line, size, number, STEP_MS, &taken);

        if (status == WAITLIST_OK) {
            return;
        }
        if (status == WAITLIST_SYSTEM) {
            sending->outcome = SEND_STUCK;
            return;
        }
        look_around(sending);
    }
}

static void note_too_long(struct sending *sending) {
    const struct waitlist_quarantined why = {
        .id = "", .code = WAITLIST_ERROR_TOO_LARGE, .pointer = "", .message = "the line was not sent: it is over 1 MiB"};

    send_report_add(&sending->report, sending->line, sending->line, &why);
    sending->report.too_long++;
    sending->skipping = true;
}

/* Submits the whole lines of the buffer; at the end also the last one without a line end. */
static void submit_lines(struct sending *sending, bool at_end) {
    size_t at = 0;

    while (sending->outcome == SEND_GOING && at < sending->filled) {
        const char *line = sending->buffer + at;
        const char *end = memchr(line, '\n', sending->filled - at);
        size_t size = end != NULL ? (size_t)(end - line) : sending->filled - at;

        if (!sending->skipping && size > LINE_BYTES_MAX) {
            note_too_long(sending);
        }
        if (end == NULL && !at_end && !sending->skipping) {
            break;
        }
        if (!sending->skipping) {
            submit(sending, line, size);
        } else if (end != NULL) {
            sending->line++;
            sending->skipping = false;
        }
        at += size + (end != NULL);
    }
    memmove(sending->buffer, sending->buffer + at, sending->filled - at);
    sending->filled -= at;
}

/* Waits for input; while there is none, what has gathered goes out. False at the end of it. */
static bool read_more(struct sending *sending) {
    struct pollfd ready[2] = {{.fd = sending->input, .events = POLLIN}, {.fd = sending->ended, .events = POLLIN}};

    while (sending->outcome == SEND_GOING && poll(ready, 2, 0) >= 0 && ready[0].revents == 0) {
        struct waitlist_sender_totals totals;

        look_around(sending);
        waitlist_sender_totals(sending->sender, &totals);
        if (totals.pending > 0) {
            (void)waitlist_sender_poll(sending->sender, 20);
        } else {
            (void)poll(ready, 2, STEP_MS);
        }
    }
    if (sending->outcome != SEND_GOING) {
        return false;
    }
    ssize_t got = read(sending->input, sending->buffer + sending->filled, CHUNK_BYTES);

    if (got < 0) {
        ctl_complain("%s: %s", sending->arguments->path, strerror(errno));
        sending->outcome = SEND_UNREADABLE;
        return false;
    }
    sending->filled += (size_t)got;
    sending->bytes += got;
    look_around(sending);
    return got > 0;
}

static void send_all(struct sending *sending) {
    while (read_more(sending)) {
        submit_lines(sending, false);
    }
    if (sending->outcome == SEND_GOING) {
        submit_lines(sending, true);
    }
    /* What was read before an interruption is still waited for, so that the report is true; a second Ctrl-C is not needed: patience ends.
     */
    while (sending->outcome == SEND_GOING) {
        enum waitlist_status status = waitlist_sender_flush(sending->sender, STEP_MS);

        if (status == WAITLIST_OK || status == WAITLIST_REFUSED) {
            sending->outcome = SEND_ALL;
        } else {
            look_around(sending);
        }
    }
}

static int conclude(struct sending *sending) {
    struct ctl_context *ctl = sending->arguments->ctl;
    struct waitlist_sender_totals totals;

    progress_end(&sending->progress);
    waitlist_sender_totals(sending->sender, &totals);
    bool done = sending->outcome == SEND_ALL && totals.quarantined == 0 && totals.refused == 0 && sending->report.too_long == 0;

    if (sending->outcome == SEND_STUCK && !sending->was_connected) {
        return ctl_explain(WAITLIST_UNREACHABLE, ctl->ingest);
    }
    send_report_print(&sending->report, &totals, done, ctl->format);
    if (sending->outcome == SEND_STUCK && !sending->read_only) {
        return ctl_explain(totals.connected ? WAITLIST_NO_REPLY : WAITLIST_UNREACHABLE, ctl->ingest);
    }
    if (sending->outcome == SEND_STUCK) {
        ctl_complain("the daemon is still read-only: given up after --timeout");
    } else if (sending->outcome == SEND_INTERRUPTED) {
        ctl_complain("interrupted; sending the file again is safe");
    }
    return done ? CTL_DONE : CTL_REFUSED;
}

static int run(struct sending *sending) {
    const struct send_arguments *arguments = sending->arguments;
    struct waitlist_client *client = ctl_client(arguments->ctl);
    const struct waitlist_sender_options options = {
        .batch = arguments->batch, .window = arguments->window, .on_reply = on_reply, .on_notice = on_notice, .context = sending};
    struct stat file;

    if (client == NULL) {
        return CTL_USAGE;
    }
    sending->sender = waitlist_sender_create(client, &options);
    sending->buffer = malloc(LINE_BYTES_MAX + 2 * CHUNK_BYTES);
    if (sending->sender == NULL || sending->buffer == NULL) {
        abort();
    }
    send_report_init(&sending->report);
    sending->line = 1;
    sending->moved_at = ctl_now();
    bool has_size = fstat(sending->input, &file) == 0 && S_ISREG(file.st_mode);

    progress_begin(&sending->progress, has_size ? (int64_t)file.st_size : 0);
    send_all(sending);
    int code = conclude(sending);

    send_report_clear(&sending->report);
    free(sending->buffer);
    waitlist_sender_destroy(&sending->sender);
    return code;
}

int command_send(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {{"window", OPTION_WINDOW, "N", 0, "batches under way at once, 1 to 1024 (default 16)", 0},
                                                 {"batch", OPTION_BATCH, "N", 0, "events a batch, 1 to 1024 (default 256)", 0},
                                                 {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .args_doc = "FILE|-",
        .doc = "Send events, one JSON object a line. Ends with 0 only when every one is durable and none was quarantined; else it "
               "lists them by line. Sending a file again is safe.\v"
               "Example:\n  waitlistctl send events.ndjson\n",
        .children = children};
    struct send_arguments arguments = {.ctl = ctl};
    struct sending sending = {.arguments = &arguments, .outcome = SEND_GOING};
    sigset_t signals;

    ctl_parse(&argp, "send", argc, argv, &arguments);
    bool is_stdin = strcmp(arguments.path, "-") == 0;

    sending.input = is_stdin ? STDIN_FILENO : open(arguments.path, O_RDONLY | O_CLOEXEC);
    if (sending.input < 0) {
        ctl_complain("%s: %s", arguments.path, strerror(errno));
        return CTL_USAGE;
    }
    struct stat kind;
    if (fstat(sending.input, &kind) == 0 && S_ISDIR(kind.st_mode)) {
        ctl_complain("%s: is a folder; send wants a file of events, one a line", arguments.path);
        close(sending.input);
        return CTL_USAGE;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    sending.ended = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (sending.ended < 0) {
        ctl_complain("signals cannot be watched: %s", strerror(errno));
        return CTL_REFUSED;
    }
    int code = run(&sending);

    close(sending.ended);
    if (!is_stdin) {
        close(sending.input);
    }
    return code;
}
