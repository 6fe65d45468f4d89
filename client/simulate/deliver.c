/* Delivers a simulated stream. Only here does the simulation meet the real clock, files and sockets. */
#include "client/simulate/deliver.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <waitlist/client.h>

#include "client/simulate/british.h"
#include "daemon/core/memory.h"

#define FILE_BUFFER_BYTES (1 << 20)
#define PROGRESS_EVERY_MS 200
#define CLOCK_SET_TIMEOUT_MS 120000 /* a clock that passes months does all their midnights first */
#define HEALTH_TIMEOUT_MS 5000
#define STALLED_MS 60000 /* so long without any answer the daemon counts as not reachable */
#define SLICE_MS 100

/* The stream with its skipping, pacing and progress. */
struct delivery {
    struct simulation *simulation;
    const struct deliver_options *options;
    instant_t first_wanted;
    instant_t first_arrival; /* of the first event delivered: pacing counts from it */
    int64_t began;           /* milliseconds of the monotonic clock, as all times that are not simulated */
    int64_t last_progress;
    uint64_t delivered;
    bool shows_progress;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void start(struct delivery *delivery, struct simulation *simulation, const struct deliver_options *options) {
    *delivery = (struct delivery){
        .simulation = simulation,
        .options = options,
        .first_wanted = options->from == DAY_NONE ? INSTANT_NONE : british_instant(options->from, 0),
        .first_arrival = INSTANT_NONE,
        .began = now_ms(),
        .shows_progress = isatty(STDERR_FILENO) == 1,
    };
}

static bool next_wanted(struct delivery *delivery, struct simulated_event *event) {
    while (simulate_next(delivery->simulation, event)) {
        if (event->arrival >= delivery->first_wanted) {
            if (delivery->first_arrival == INSTANT_NONE) {
                delivery->first_arrival = event->arrival;
            }
            return true;
        }
    }
    return false;
}

static void show_progress(struct delivery *delivery, instant_t arrival) {
    if (!delivery->shows_progress) {
        return;
    }
    int64_t now = now_ms();
    if (now - delivery->last_progress < PROGRESS_EVERY_MS) {
        return;
    }
    delivery->last_progress = now;
    char date[DATE_SIZE];
    date_format(british_day(arrival), date);
    double seconds = (double)(now - delivery->began + 1) / 1000.0;
    fprintf(stderr, "\r%s  %3.0f %%  %" PRIu64 " events  %.0f a second ", date, simulate_progress(delivery->simulation) * 100.0,
            delivery->delivered, (double)delivery->delivered / seconds);
    fflush(stderr);
}

static void end_progress(const struct delivery *delivery) {
    if (delivery->shows_progress && delivery->last_progress != 0) {
        fputs("\r\033[K", stderr);
    }
}

/* Milliseconds until the next event may go: by the rate, and by the pace of days. */
static int64_t until_due(const struct delivery *delivery, instant_t arrival) {
    double due = 0.0;
    if (delivery->options->rate > 0.0) {
        due = (double)delivery->delivered * 1000.0 / delivery->options->rate;
    }
    if (delivery->options->seconds_per_day > 0.0) {
        double paced = (double)(arrival - delivery->first_arrival) / (double)DAY_MS * delivery->options->seconds_per_day * 1000.0;
        due = paced > due ? paced : due;
    }
    int64_t left = delivery->began + (int64_t)due - now_ms();
    return left > 0 ? left : 0;
}

static int write_failed(const struct deliver_options *options) {
    fprintf(stderr, "%s: cannot write %s: %s\n", options->program, options->path, strerror(errno));
    return DELIVER_NOT_ALL;
}

static int write_all(struct delivery *delivery, FILE *file) {
    struct simulated_event event;
    while (next_wanted(delivery, &event)) {
        int64_t wait = until_due(delivery, event.arrival);
        if (wait > 0 && fflush(file) != 0) {
            return write_failed(delivery->options);
        }
        for (; wait > 0; wait = until_due(delivery, event.arrival)) {
            poll(NULL, 0, (int)(wait < SLICE_MS ? wait : SLICE_MS));
        }
        if (fwrite(event.bytes, 1, event.length, file) != event.length || putc('\n', file) == EOF) {
            return write_failed(delivery->options);
        }
        delivery->delivered++;
        if (delivery->delivered % 1024 == 0) {
            show_progress(delivery, event.arrival);
        }
    }
    return DELIVER_DONE;
}

int deliver_to_file(struct simulation *simulation, const struct deliver_options *options) {
    bool to_stdout = strcmp(options->path, "-") == 0;
    FILE *file = to_stdout ? stdout : fopen(options->path, "we");
    if (file == NULL) {
        return write_failed(options);
    }
    char *buffer = memory_new(1, FILE_BUFFER_BYTES);
    if (!to_stdout) {
        setvbuf(file, buffer, _IOFBF, FILE_BUFFER_BYTES);
    }
    struct delivery delivery;
    start(&delivery, simulation, options);
    int code = write_all(&delivery, file);
    bool closed = to_stdout ? fflush(file) == 0 : fclose(file) == 0;
    end_progress(&delivery);
    free(buffer);
    return code == DELIVER_DONE && !closed ? write_failed(options) : code;
}

/* One connection of each kind, and the events of the hour or day that wait for the daemon's clock. */
struct line {
    struct delivery delivery;
    struct waitlist_sender *sender;
    struct waitlist_query *query;
    char *held;
    size_t held_bytes;
    size_t held_capacity;
    uint64_t held_events;
    instant_t held_last; /* the arrival of the last event held */
    int64_t held_period; /* which hour or day they belong to */
};

static int sending_failed(const struct line *line, enum waitlist_status status) {
    struct waitlist_sender_totals totals;
    waitlist_sender_totals(line->sender, &totals);
    bool is_reason = status != WAITLIST_FULL && status != WAITLIST_TIMEOUT && status != WAITLIST_NO_REPLY;
    bool unreachable = status == WAITLIST_UNREACHABLE || !totals.connected;
    fprintf(stderr, "%s: %s; %" PRIu64 " events are not acknowledged\n", line->delivery.options->program,
            waitlist_status_text(unreachable && !is_reason ? WAITLIST_UNREACHABLE : status), totals.pending);
    return unreachable ? DELIVER_UNREACHABLE : DELIVER_NOT_ALL;
}

/* Whether to go on after a status that only says "not yet": as long as answers come. */
static bool is_patient(const struct line *line, enum waitlist_status status, uint64_t *pending, int64_t *since) {
    if (status == WAITLIST_INTERRUPTED) {
        return true;
    }
    if (status != WAITLIST_FULL && status != WAITLIST_TIMEOUT && status != WAITLIST_UNREACHABLE) {
        return false;
    }
    struct waitlist_sender_totals totals;
    waitlist_sender_totals(line->sender, &totals);
    if (totals.pending != *pending) {
        *pending = totals.pending;
        *since = now_ms();
    }
    return now_ms() - *since < STALLED_MS;
}

static int submit(struct line *line, const char *bytes, size_t length) {
    uint64_t pending = UINT64_MAX;
    int64_t since = now_ms();
    enum waitlist_status status;
    while ((status = waitlist_sender_submit(line->sender, bytes, length, line->delivery.delivered, SLICE_MS * 10)) != WAITLIST_OK) {
        if (!is_patient(line, status, &pending, &since)) {
            return sending_failed(line, status);
        }
    }
    line->delivery.delivered++;
    return DELIVER_DONE;
}

static int flush(struct line *line) {
    uint64_t pending = UINT64_MAX;
    int64_t since = now_ms();
    enum waitlist_status status;
    while ((status = waitlist_sender_flush(line->sender, SLICE_MS * 10)) != WAITLIST_OK) {
        if (status == WAITLIST_REFUSED) {
            return DELIVER_DONE; /* counted in the totals, which decide in the end */
        }
        if (!is_patient(line, status, &pending, &since)) {
            return sending_failed(line, status);
        }
    }
    return DELIVER_DONE;
}

static int set_clock(struct line *line, instant_t now) {
    char text[INSTANT_SIZE];
    char request[96];
    instant_format(now, text);
    snprintf(request, sizeof(request), "{\"v\":1,\"op\":\"clock.set\",\"now\":\"%s\"}", text);
    char *reply = NULL;
    enum waitlist_status status;
    do {
        waitlist_free(reply);
        reply = NULL;
        status = waitlist_query_ask(line->query, request, CLOCK_SET_TIMEOUT_MS, &reply);
    } while (status == WAITLIST_INTERRUPTED);
    if (status != WAITLIST_OK) {
        fprintf(stderr, "%s: the daemon's clock cannot be set to %s: %s%s%s\n", line->delivery.options->program, text,
                waitlist_status_text(status), reply != NULL ? ": " : "", reply != NULL ? reply : "");
    }
    waitlist_free(reply);
    return status == WAITLIST_OK ? DELIVER_DONE : status == WAITLIST_REFUSED ? DELIVER_NOT_ALL : DELIVER_UNREACHABLE;
}

/* Waits for the time of the next event, and meanwhile lets go what has gathered. */
static void wait_until_due(struct line *line, instant_t arrival) {
    for (int64_t wait = until_due(&line->delivery, arrival); wait > 0; wait = until_due(&line->delivery, arrival)) {
        int slice = (int)(wait < SLICE_MS ? wait : SLICE_MS);
        int64_t before = now_ms();
        waitlist_sender_poll(line->sender, slice);
        if (now_ms() == before) { /* nothing was under way */
            poll(NULL, 0, slice);
        }
    }
}

static int64_t period_of(const struct line *line, instant_t arrival) {
    return line->delivery.options->clock == CLOCK_BY_DAY ? british_day(arrival) : arrival / HOUR_MS;
}

static void hold(struct line *line, const struct simulated_event *event) {
    void *block = line->held;
    memory_reserve(&block, &line->held_capacity, line->held_bytes + event->length + 1, 1);
    line->held = block;
    memcpy(line->held + line->held_bytes, event->bytes, event->length);
    line->held[line->held_bytes + event->length] = '\n';
    line->held_bytes += event->length + 1;
    line->held_events++;
    line->held_last = event->arrival;
    line->held_period = period_of(line, event->arrival);
}

/* The clock goes to the last arrival of the hour or day, then its events go: none of them is in the daemon's future. */
static int release(struct line *line) {
    if (line->held_events == 0) {
        return DELIVER_DONE;
    }
    wait_until_due(line, line->held_last);
    int code = set_clock(line, line->held_last);
    for (size_t at = 0; code == DELIVER_DONE && at < line->held_bytes;) {
        size_t length = (size_t)((char *)memchr(line->held + at, '\n', line->held_bytes - at) - (line->held + at));
        code = submit(line, line->held + at, length);
        at += length + 1;
    }
    line->held_bytes = 0;
    line->held_events = 0;
    return code == DELIVER_DONE ? flush(line) : code;
}

static int send_all(struct line *line) {
    struct delivery *delivery = &line->delivery;
    struct simulated_event event;
    int code = DELIVER_DONE;
    while (code == DELIVER_DONE && next_wanted(delivery, &event)) {
        if (delivery->options->clock == CLOCK_NOT_DRIVEN) {
            wait_until_due(line, event.arrival);
            code = submit(line, event.bytes, event.length);
        } else {
            if (line->held_events > 0 && period_of(line, event.arrival) != line->held_period) {
                code = release(line);
            }
            hold(line, &event);
        }
        show_progress(delivery, event.arrival);
    }
    if (code != DELIVER_DONE || delivery->options->clock == CLOCK_NOT_DRIVEN) {
        return code == DELIVER_DONE ? flush(line) : code;
    }
    code = release(line);
    return code == DELIVER_DONE ? set_clock(line, british_instant(delivery->options->until, 23 * HOUR_MS)) : code;
}

/* Asked first, so that a daemon that is not there is said at once and not after the patience of sending. */
static int look_for_daemon(const struct line *line, const struct deliver_options *options) {
    char *reply = NULL;
    enum waitlist_status status = waitlist_query_ask(line->query, "{\"v\":1,\"op\":\"" WAITLIST_OP_HEALTH "\"}", HEALTH_TIMEOUT_MS, &reply);
    waitlist_free(reply);
    if (status == WAITLIST_OK || status == WAITLIST_REFUSED || status == WAITLIST_INTERRUPTED) {
        return DELIVER_DONE;
    }
    if (status == WAITLIST_UNREACHABLE) {
        fprintf(stderr, "%s: nobody answers at %s: is waitlistd running, and may you read its sockets?\n", options->program,
                options->where);
    } else {
        fprintf(stderr, "%s: waitlistd at %s: %s\n", options->program, options->where, waitlist_status_text(status));
    }
    return DELIVER_UNREACHABLE;
}

static void report(const struct line *line) {
    static const char *const names[] = {"sent", "accepted", "duplicates", "quarantined", "refused", "seq"};
    struct waitlist_sender_totals totals;
    waitlist_sender_totals(line->sender, &totals);
    const uint64_t values[] = {totals.submitted, totals.accepted, totals.duplicates, totals.quarantined, totals.refused, totals.seq};
    size_t count = sizeof(values) / sizeof(values[0]);
    switch (line->delivery.options->format) {
    case FORMAT_TABLE:
        for (size_t i = 0; i < count; i++) {
            printf("%-12s %12" PRIu64 "\n", names[i], values[i]);
        }
        return;
    case FORMAT_JSON:
        for (size_t i = 0; i < count; i++) {
            printf("%s\"%s\":%" PRIu64, i == 0 ? "{" : ",", names[i], values[i]);
        }
        puts("}");
        return;
    case FORMAT_CSV:
        for (size_t i = 0; i < count; i++) {
            printf("%s%s", i == 0 ? "" : ",", names[i]);
        }
        for (size_t i = 0; i < count; i++) {
            printf("%s%" PRIu64, i == 0 ? "\n" : ",", values[i]);
        }
        putchar('\n');
        return;
    }
}

static int send_and_report(struct line *line) {
    int code = send_all(line);
    end_progress(&line->delivery);
    struct waitlist_sender_totals totals;
    waitlist_sender_totals(line->sender, &totals);
    report(line);
    return code == DELIVER_DONE && totals.quarantined + totals.refused > 0 ? DELIVER_NOT_ALL : code;
}

int deliver_to_daemon(struct simulation *simulation, const struct deliver_options *options, struct waitlist_client *client) {
    struct line line = {.held_capacity = 0};
    struct waitlist_sender_options sending = {.batch = 0};
    line.sender = waitlist_sender_create(client, &sending);
    if (line.sender == NULL) {
        fprintf(stderr, "%s: cannot send: %s\n", options->program, strerror(errno));
        return DELIVER_UNREACHABLE;
    }
    line.query = waitlist_query_create(client);
    start(&line.delivery, simulation, options);
    int code = look_for_daemon(&line, options);
    if (code == DELIVER_DONE) {
        code = send_and_report(&line);
    }
    waitlist_query_destroy(&line.query);
    waitlist_sender_destroy(&line.sender);
    free(line.held);
    return code;
}
