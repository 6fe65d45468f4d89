/* The delivery of events by the client library: looks at signals, patience and progress between its steps. */
#include "client/ctl/deliver.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "client/ctl/send.h"

#define STEP_MS 250     /* between two looks at signals and patience */
#define IDLE_MS 20      /* for answers while the input has nothing */
#define CONNECT_MS 3000 /* a daemon that was never reached is given up after so long */
#define LOOK_EVERY 1024 /* events between two looks while nothing holds up */

struct delivery {
    struct delivery_options options;
    struct waitlist_sender *sender;
    struct progress progress;
    enum delivery_state state;
    bool was_connected, read_only;
    enum waitlist_status locked_out; /* why */
    int64_t done;
    uint64_t answered, since_look;
    int64_t moved_at; /* when the last answer came, or nothing was under way */
};

int delivery_signals(void) {
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int stop = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);

    if (stop < 0) {
        ctl_complain("signals cannot be watched: %s", strerror(errno));
    }
    return stop;
}

static void on_reply(void *context, const struct waitlist_batch_reply *reply) {
    const struct delivery_options *options = &((struct delivery *)context)->options;

    for (size_t i = 0; i < reply->quarantined_count; i++) {
        const struct waitlist_quarantined *one = &reply->quarantined[i];

        options->refused(options->context, one->tag, one->tag, one);
    }
    if (!reply->durable) {
        const struct waitlist_quarantined why = {
            .tag = reply->first_tag, .id = "", .code = reply->error_code, .pointer = "", .message = reply->error_message};

        options->refused(options->context, reply->first_tag, reply->last_tag, &why);
    }
}

static void on_notice(void *context, enum waitlist_sender_notice notice, uint64_t detail) {
    struct delivery *delivery = context;

    if (notice == WAITLIST_NOTICE_READ_ONLY && !delivery->read_only) {
        ctl_complain("the daemon takes no events now (its disk is full or failing); trying again in %llu ms, and so on",
                     (unsigned long long)detail);
    } else if (notice == WAITLIST_NOTICE_WRITABLE) {
        ctl_complain("the daemon takes events again");
    }
    delivery->read_only = notice == WAITLIST_NOTICE_READ_ONLY || (delivery->read_only && notice != WAITLIST_NOTICE_WRITABLE);
}

struct delivery *delivery_create(const struct delivery_options *options) {
    struct waitlist_client *client = ctl_client(options->ctl);

    if (client == NULL) {
        return NULL;
    }
    struct delivery *delivery = calloc(1, sizeof *delivery);
    const struct waitlist_sender_options sending = {
        .batch = options->batch, .window = options->window, .on_reply = on_reply, .on_notice = on_notice, .context = delivery};

    if (delivery == NULL) {
        abort();
    }
    *delivery = (struct delivery){.options = *options, .moved_at = ctl_now()};
    delivery->sender = waitlist_sender_create(client, &sending);
    if (delivery->sender == NULL) {
        abort();
    }
    progress_begin(&delivery->progress, options->total);
    return delivery;
}

void delivery_destroy(struct delivery **delivery) {
    if (*delivery == NULL) {
        return;
    }
    waitlist_sender_destroy(&(*delivery)->sender);
    free(*delivery);
    *delivery = NULL;
}

static void look_around(struct delivery *delivery) {
    struct waitlist_sender_totals totals;
    struct signalfd_siginfo signal_info;
    int64_t now = ctl_now();
    int patience = delivery->options.ctl->timeout_ms;

    delivery->since_look = 0;
    waitlist_sender_totals(delivery->sender, &totals);
    uint64_t answered = totals.submitted - totals.pending;

    delivery->was_connected = delivery->was_connected || totals.connected;
    if (answered != delivery->answered || totals.pending == 0) {
        delivery->answered = answered;
        delivery->moved_at = now;
    }
    progress_draw(&delivery->progress, delivery->done, totals.accepted + totals.duplicates,
                  delivery->read_only ? "(daemon is read-only)"
                  : totals.connected  ? ""
                                      : "(connecting)");
    if (read(delivery->options.stop, &signal_info, sizeof signal_info) > 0) {
        delivery->state = DELIVERY_INTERRUPTED;
        return;
    }
    if (!delivery->was_connected && patience > CONNECT_MS) {
        patience = CONNECT_MS;
    }
    if (now - delivery->moved_at > patience) {
        delivery->state = DELIVERY_STUCK;
    }
}

static void take_status(struct delivery *delivery, enum waitlist_status status) {
    if (ctl_is_about_keys(status)) {
        delivery->locked_out = status;
        delivery->state = DELIVERY_LOCKED_OUT;
    } else {
        look_around(delivery);
    }
}

void delivery_look(struct delivery *delivery, int64_t done) {
    delivery->done = done;
    look_around(delivery);
}

bool delivery_send(struct delivery *delivery, const char *event, size_t size, uint64_t line, int64_t done) {
    delivery->done = done;
    if (++delivery->since_look >= LOOK_EVERY) {
        look_around(delivery);
    }
    while (delivery->state == DELIVERY_GOING) {
        size_t taken;
        enum waitlist_status status = waitlist_sender_submit_lines(delivery->sender, event, size, line, STEP_MS, &taken);

        if (status == WAITLIST_OK) {
            return true;
        }
        if (status == WAITLIST_INVALID) {
            abort(); /* too long: the caller's mistake */
        }
        if (status == WAITLIST_SYSTEM) {
            delivery->state = DELIVERY_STUCK;
        } else {
            take_status(delivery, status);
        }
    }
    return false;
}

bool delivery_await(struct delivery *delivery, int input) {
    struct pollfd ready[2] = {{.fd = input, .events = POLLIN}, {.fd = delivery->options.stop, .events = POLLIN}};

    while (delivery->state == DELIVERY_GOING && poll(ready, 2, 0) >= 0 && ready[0].revents == 0) {
        struct waitlist_sender_totals totals;

        look_around(delivery);
        waitlist_sender_totals(delivery->sender, &totals);
        if (totals.pending > 0) {
            take_status(delivery, waitlist_sender_poll(delivery->sender, IDLE_MS));
        } else {
            (void)poll(ready, 2, STEP_MS);
        }
    }
    return delivery->state == DELIVERY_GOING;
}

void delivery_interrupt(struct delivery *delivery) {
    delivery->state = DELIVERY_INTERRUPTED;
}

enum delivery_state delivery_finish(struct delivery *delivery) {
    while (delivery->state == DELIVERY_GOING) {
        enum waitlist_status status = waitlist_sender_flush(delivery->sender, STEP_MS);

        if (status == WAITLIST_OK || status == WAITLIST_REFUSED) {
            delivery->state = DELIVERY_DONE;
        } else {
            take_status(delivery, status);
        }
    }
    progress_end(&delivery->progress);
    return delivery->state;
}

enum delivery_state delivery_state(const struct delivery *delivery) {
    return delivery->state;
}

void delivery_totals(const struct delivery *delivery, struct waitlist_sender_totals *totals) {
    waitlist_sender_totals(delivery->sender, totals);
}

bool delivery_reached(const struct delivery *delivery) {
    struct waitlist_sender_totals totals;

    waitlist_sender_totals(delivery->sender, &totals);
    return delivery->was_connected || totals.connected || totals.submitted > totals.pending;
}

int delivery_explain(const struct delivery *delivery, const char *again) {
    struct waitlist_sender_totals totals;

    waitlist_sender_totals(delivery->sender, &totals);
    if (delivery->state == DELIVERY_STUCK && delivery->read_only && delivery_reached(delivery)) {
        ctl_complain("the daemon is still read-only: given up after --timeout; %s", again);
        return CTL_REFUSED;
    }
    if (delivery->state == DELIVERY_STUCK) {
        return ctl_explain(totals.connected ? WAITLIST_NO_REPLY : WAITLIST_UNREACHABLE, delivery->options.ctl->ingest);
    }
    if (delivery->state == DELIVERY_LOCKED_OUT) {
        int code = ctl_explain(delivery->locked_out, delivery->options.ctl->ingest);

        if (totals.submitted > totals.pending) {
            ctl_complain("%s", again);
        }
        return code;
    }
    if (delivery->state == DELIVERY_INTERRUPTED) {
        ctl_complain("interrupted; %s", again);
        return CTL_REFUSED;
    }
    return totals.quarantined > 0 || totals.refused > 0 ? CTL_REFUSED : CTL_DONE;
}
