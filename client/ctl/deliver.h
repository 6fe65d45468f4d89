/* Events on their way to the daemon, as `send` and the imports deliver them: windowed, patient while the daemon is read-only, with a bar on
 * a terminal, ended by a signal or when nothing moves. */
#ifndef WAITLIST_CTL_DELIVER_H
#define WAITLIST_CTL_DELIVER_H

#include "client/ctl/ctl.h"

enum delivery_state {
    DELIVERY_GOING,
    DELIVERY_DONE,        /* every event was answered */
    DELIVERY_INTERRUPTED, /* by a signal */
    DELIVERY_STUCK,       /* no connection, no answer, or read-only for longer than --timeout */
    DELIVERY_LOCKED_OUT   /* keys stand between; see delivery_explain */
};

/* Of lines `line` to `last_line` something was not accepted: one event (a quarantine), or all of a batch that was refused. */
typedef void (*delivery_refused)(void *context, uint64_t line, uint64_t last_line, const struct waitlist_quarantined *why);

struct delivery_options {
    struct ctl_context *ctl;
    size_t batch, window; /* 0: the library's */
    int stop;             /* delivery_signals() */
    int64_t total;        /* of what delivery_send counts as done, for the bar; 0: not known */
    delivery_refused refused;
    void *context;
};

struct delivery;

/* Blocks SIGINT and SIGTERM: from here on they are readable from the descriptor that is returned. -1: not possible, which has been said. */
int delivery_signals(void);

/* NULL when there can be no client, which has been said. */
struct delivery *delivery_create(const struct delivery_options *options);
void delivery_destroy(struct delivery **delivery);

/* Takes an event of a line, of at most WAITLIST_SENDER_EVENT_MAX bytes; a blank one is passed over. `done` is for the bar. False when the
 * delivery has ended. */
bool delivery_send(struct delivery *delivery, const char *event, size_t size, uint64_t line, int64_t done);
/* Waits until `input` is readable; meanwhile what has gathered goes out. False when the delivery has ended. */
bool delivery_await(struct delivery *delivery, int input);
/* Draws, and looks for signals and for whether anything still moves; the others do so now and then. */
void delivery_look(struct delivery *delivery, int64_t done);
void delivery_interrupt(struct delivery *delivery);
/* Waits for all answers, and takes the bar away. */
enum delivery_state delivery_finish(struct delivery *delivery);

enum delivery_state delivery_state(const struct delivery *delivery);
void delivery_totals(const struct delivery *delivery, struct waitlist_sender_totals *totals);
/* Whether there ever was a daemon. */
bool delivery_reached(const struct delivery *delivery);
/* Says why it ended early (`again` as "sending the file again is safe"), and gives the exit code. */
int delivery_explain(const struct delivery *delivery, const char *again);

#endif
