/* waitlistctl send: events from a file or a pipe, in batches, until every one is durable. */
#include "client/ctl/send.h"
#include "client/ctl/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES (256 * 1024)
#define LINE_BYTES_MAX WAITLIST_SENDER_EVENT_MAX

enum { OPTION_WINDOW = 0x400, OPTION_BATCH };

struct send_arguments {
    struct ctl_context *ctl;
    const char *path;
    size_t window, batch;
};

struct sending {
    const struct send_arguments *arguments;
    struct delivery *delivery;
    struct send_report report;
    int input, stop; /* file descriptors: the events; signals */
    uint64_t line;   /* number of the next line, from 1 */
    int64_t bytes;   /* read so far */
    char *buffer;    /* what was read and is not submitted; LINE_BYTES_MAX + CHUNK_BYTES */
    size_t filled;
    bool skipping; /* inside a line that is too long */
    bool unreadable;
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

static void on_refused(void *context, uint64_t line, uint64_t last_line, const struct waitlist_quarantined *why) {
    struct sending *sending = context;

    send_report_add(&sending->report, line, last_line, why);
}

static void note_too_long(struct sending *sending) {
    const struct waitlist_quarantined why = {
        .id = "", .code = WAITLIST_ERROR_TOO_LARGE, .pointer = "", .message = "the line was not sent: it is over 1 MiB"};

    send_report_add(&sending->report, sending->line, sending->line, &why);
    sending->report.too_long++;
    sending->skipping = true;
}

/* Submits the whole lines of the buffer; at the end also the last one without a line end. False when the delivery has ended. */
static bool submit_lines(struct sending *sending, bool at_end) {
    size_t at = 0;
    bool going = true;

    while (going && at < sending->filled) {
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
            going = delivery_send(sending->delivery, line, size, sending->line++, sending->bytes);
        } else if (end != NULL) {
            sending->line++;
            sending->skipping = false;
        }
        at += size + (end != NULL);
    }
    memmove(sending->buffer, sending->buffer + at, sending->filled - at);
    sending->filled -= at;
    return going;
}

/* False at the end of the input, or of the delivery. */
static bool read_more(struct sending *sending) {
    if (!delivery_await(sending->delivery, sending->input)) {
        return false;
    }
    ssize_t got = read(sending->input, sending->buffer + sending->filled, CHUNK_BYTES);

    if (got < 0) {
        ctl_complain("%s: %s", sending->arguments->path, strerror(errno));
        sending->unreadable = true;
        return false;
    }
    sending->filled += (size_t)got;
    sending->bytes += got;
    delivery_look(sending->delivery, sending->bytes);
    return got > 0;
}

/* What was read before an interruption or a failing read is still reported as it stands. */
static enum delivery_state send_all(struct sending *sending) {
    while (read_more(sending) && submit_lines(sending, false)) {
    }
    if (delivery_state(sending->delivery) == DELIVERY_GOING && !sending->unreadable) {
        (void)submit_lines(sending, true);
    }
    return delivery_finish(sending->delivery);
}

static int conclude(struct sending *sending, enum delivery_state state) {
    struct ctl_context *ctl = sending->arguments->ctl;
    struct waitlist_sender_totals totals;

    delivery_totals(sending->delivery, &totals);
    bool done =
        state == DELIVERY_DONE && !sending->unreadable && totals.quarantined == 0 && totals.refused == 0 && sending->report.too_long == 0;

    if (state != DELIVERY_STUCK || delivery_reached(sending->delivery)) {
        send_report_print(&sending->report, &totals, done, ctl->format);
    }
    int code = delivery_explain(sending->delivery, "sending the file again is safe");

    return code == CTL_DONE && !done ? CTL_REFUSED : code;
}

static int run(struct sending *sending) {
    const struct send_arguments *arguments = sending->arguments;
    struct stat file;
    bool has_size = fstat(sending->input, &file) == 0 && S_ISREG(file.st_mode);
    const struct delivery_options options = {.ctl = arguments->ctl,
                                             .batch = arguments->batch,
                                             .window = arguments->window,
                                             .stop = sending->stop,
                                             .total = has_size ? (int64_t)file.st_size : 0,
                                             .refused = on_refused,
                                             .context = sending};

    sending->delivery = delivery_create(&options);
    if (sending->delivery == NULL) {
        return CTL_USAGE;
    }
    sending->buffer = malloc(LINE_BYTES_MAX + 2 * CHUNK_BYTES);
    if (sending->buffer == NULL) {
        abort();
    }
    send_report_init(&sending->report);
    sending->line = 1;
    int code = conclude(sending, send_all(sending));

    send_report_clear(&sending->report);
    free(sending->buffer);
    delivery_destroy(&sending->delivery);
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
    struct sending sending = {.arguments = &arguments};

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
    sending.stop = delivery_signals();
    if (sending.stop < 0) {
        return CTL_REFUSED;
    }
    int code = run(&sending);

    close(sending.stop);
    if (!is_stdin) {
        close(sending.input);
    }
    return code;
}
