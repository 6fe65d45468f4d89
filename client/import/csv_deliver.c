/* Sending an import's events by the client library. */
#include "client/import/csv_deliver.h"
#include "client/ctl/send.h"
#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define STEP_MS 250     /* between two looks at signals and patience */
#define CONNECT_MS 3000 /* a daemon that was never reached is given up after so long */
#define LOOK_EVERY 1024 /* events between two looks while nothing holds up */

struct delivery {
    struct ctl_context *ctl;
    struct csv_report *report;
    struct waitlist_sender *sender;
    struct progress progress;
    int stop;
    enum delivery_state state;
    bool was_connected, read_only;
    uint64_t answered, since_look, bytes;
    int64_t moved_at; /* when the last answer came, or nothing was under way */
};

static void report_quarantined(struct csv_report *report, const struct waitlist_quarantined *one, uint64_t last_line) {
    char message[512];
    struct report_line line = {.line = one->tag, .last_line = last_line, .code = one->code, .message = message};

    snprintf(message, sizeof message, "%s%s%s (the daemon's answer to event %.64s)", one->pointer, one->pointer[0] != '\0' ? ": " : "",
             one->message, one->id);
    csv_report_add(report, &line);
}

static void on_reply(void *context, const struct waitlist_batch_reply *reply) {
    struct delivery *delivery = context;

    for (size_t i = 0; i < reply->quarantined_count; i++) {
        report_quarantined(delivery->report, &reply->quarantined[i], reply->quarantined[i].tag);
    }
    if (!reply->durable) {
        const struct waitlist_quarantined why = {
            .tag = reply->first_tag, .id = "", .code = reply->error_code, .pointer = "", .message = reply->error_message};

        report_quarantined(delivery->report, &why, reply->last_tag);
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

struct delivery *delivery_create(struct ctl_context *ctl, struct csv_report *report, int stop, int64_t file_bytes) {
    struct waitlist_client *client = ctl_client(ctl);

    if (client == NULL) {
        return NULL;
    }
    struct delivery *delivery = memory_new(1, sizeof *delivery);
    const struct waitlist_sender_options options = {.on_reply = on_reply, .on_notice = on_notice, .context = delivery};

    *delivery = (struct delivery){.ctl = ctl, .report = report, .stop = stop, .moved_at = ctl_now()};
    delivery->sender = waitlist_sender_create(client, &options);
    ENSURE(delivery->sender != NULL);
    progress_begin(&delivery->progress, file_bytes);
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

void delivery_interrupt(struct delivery *delivery) {
    delivery->state = DELIVERY_INTERRUPTED;
}

/* Draws, looks for signals, and for whether anything still moves. */
static void look_around(struct delivery *delivery) {
    struct waitlist_sender_totals totals;
    struct signalfd_siginfo signal_info;
    int64_t now = ctl_now();
    int patience = delivery->ctl->timeout_ms;

    delivery->since_look = 0;
    waitlist_sender_totals(delivery->sender, &totals);
    uint64_t answered = totals.submitted - totals.pending;

    delivery->was_connected = delivery->was_connected || totals.connected;
    if (answered != delivery->answered || totals.pending == 0) {
        delivery->answered = answered;
        delivery->moved_at = now;
    }
    progress_draw(&delivery->progress, (int64_t)delivery->bytes, totals.accepted + totals.duplicates,
                  delivery->read_only ? "(daemon is read-only)"
                  : totals.connected  ? ""
                                      : "(connecting)");
    if (read(delivery->stop, &signal_info, sizeof signal_info) > 0) {
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

bool delivery_send(struct delivery *delivery, struct text json, uint64_t line, uint64_t bytes_done) {
    delivery->bytes = bytes_done;
    if (++delivery->since_look >= LOOK_EVERY) {
        look_around(delivery);
    }
    while (delivery->state == DELIVERY_GOING) {
        enum waitlist_status status = waitlist_sender_submit(delivery->sender, json.at, json.length, line, STEP_MS);

        if (status == WAITLIST_OK) {
            return true;
        }
        ENSURE(status != WAITLIST_INVALID); /* an event that the checks let through is one line of at most 16 KiB */
        if (status == WAITLIST_SYSTEM) {
            delivery->state = DELIVERY_STUCK;
        } else {
            look_around(delivery);
        }
    }
    return false;
}

enum delivery_state delivery_finish(struct delivery *delivery) {
    while (delivery->state == DELIVERY_GOING) {
        enum waitlist_status status = waitlist_sender_flush(delivery->sender, STEP_MS);

        if (status == WAITLIST_OK || status == WAITLIST_REFUSED) {
            delivery->state = DELIVERY_DONE;
        } else {
            look_around(delivery);
        }
    }
    progress_end(&delivery->progress);
    return delivery->state;
}

int delivery_conclude(struct delivery *delivery, struct waitlist_sender_totals *totals, bool *reached) {
    const char *endpoints = delivery->ctl->ingest;

    waitlist_sender_totals(delivery->sender, totals);
    *reached = delivery->was_connected || totals->connected || totals->submitted > totals->pending;
    if (delivery->state == DELIVERY_STUCK && !*reached) {
        return ctl_explain(WAITLIST_UNREACHABLE, endpoints);
    }
    if (delivery->state == DELIVERY_STUCK && delivery->read_only) {
        ctl_complain("the daemon is still read-only: given up after --timeout; importing the file again is safe");
        return CTL_REFUSED;
    }
    if (delivery->state == DELIVERY_STUCK) {
        return ctl_explain(totals->connected ? WAITLIST_NO_REPLY : WAITLIST_UNREACHABLE, endpoints);
    }
    if (delivery->state == DELIVERY_INTERRUPTED) {
        ctl_complain("interrupted; importing the file again is safe");
        return CTL_REFUSED;
    }
    return totals->quarantined > 0 || totals->refused > 0 ? CTL_REFUSED : CTL_DONE;
}
