/* The ingest socket (docs/protocol.md, Ingest): batches of events to the ledger, answers only after they are durable.
 *
 * A turn: intake_receive inside an open ledger turn; after the commit intake_answer, or intake_refuse when the disk took nothing. */
#ifndef WAITLIST_INTAKE_INTAKE_H
#define WAITLIST_INTAKE_INTAKE_H

#include "daemon/ledger/ledger.h"

#define INTAKE_BATCH_EVENTS_MAX 1024
#define INTAKE_BATCH_BYTES_MAX (4u << 20)    /* a larger request is refused as too_large */
#define INTAKE_MESSAGE_BYTES_MAX (8ll << 20) /* a larger frame cuts its sender off, by libzmq (ZMQ_MAXMSGSIZE) */
#define INTAKE_TURN_EVENTS_MAX 4096
#define INTAKE_TURN_BYTES_MAX (8u << 20)

struct intake;

struct intake_figures {
    uint64_t requests;
    uint64_t events;
    uint64_t accepted;
    uint64_t duplicates;
    uint64_t quarantined;
    uint64_t malformed;       /* requests answered with an error */
    uint64_t forbidden;       /* of these: the sender may not send, or not for a source */
    uint64_t answers_dropped; /* the sender was gone or did not read: it sends the batch again, which is safe */
};

/* `socket`: a bound ROUTER with ZMQ_ROUTER_MANDATORY, borrowed. `denied` is told of every batch that its sender may not send. */
struct intake *intake_create(void *socket, access_denied *denied, void *context);
void intake_destroy(struct intake **intake);
/* Goes on with another socket; nobody waits for an answer through the one before. */
void intake_move(struct intake *intake, void *socket);

/* Takes requests until the socket is empty or a turn is full, and admits their events. `read_only`: every request is answered so.
 * Returns how many events were looked at; `*failed` says that the socket is broken. */
size_t intake_receive(struct intake *intake, struct ledger *ledger, bool read_only, bool *failed);
/* How many requests wait for an answer. */
size_t intake_waiting(const struct intake *intake);
void intake_answer(struct intake *intake);
/* Answers every waiting request `read_only`: nothing of the turn was taken. */
void intake_refuse(struct intake *intake);
void intake_figures(const struct intake *intake, struct intake_figures *figures);

#endif
