/* The wire protocol of waitlistd, version 1, in constants: endpoints, frames, limits, operations, topics, codes (docs/protocol.md). */
#ifndef WAITLIST_PROTOCOL_H
#define WAITLIST_PROTOCOL_H

#include <stdint.h>

/* Every JSON object of the protocol carries "v":1. */
#define WAITLIST_PROTOCOL_VERSION 1

/* Where the daemon listens unless its configuration says otherwise, and the customary TCP ports. */
#define WAITLIST_RUN_DIRECTORY "/run/waitlistd"
#define WAITLIST_INGEST_SOCKET "ingest.ipc"
#define WAITLIST_PUBLISH_SOCKET "publish.ipc"
#define WAITLIST_QUERY_SOCKET "query.ipc"
#define WAITLIST_INGEST_PORT 5871
#define WAITLIST_PUBLISH_PORT 5872
#define WAITLIST_QUERY_PORT 5873

/* Ingest: ROUTER at the daemon; DEALER or REQ at the client. Request: [batch id] [events] …; reply: [batch id] [JSON]. */
#define WAITLIST_BATCH_ID_BYTES_MAX 32
#define WAITLIST_BATCH_EVENTS_MAX 1024
#define WAITLIST_BATCH_BYTES_MAX 4194304 /* all frames; a larger one is refused as too_large */

/* Codes of a refused batch: nothing of it was taken. */
#define WAITLIST_ERROR_BAD_REQUEST "bad_request"
#define WAITLIST_ERROR_TOO_MANY_EVENTS "too_many_events"
#define WAITLIST_ERROR_TOO_LARGE "too_large"
#define WAITLIST_ERROR_FORBIDDEN "forbidden"
#define WAITLIST_ERROR_READ_ONLY "read_only" /* disk full or failing: send the same batch again later */
/* Further codes of a refused query. */
#define WAITLIST_ERROR_UNKNOWN_OP "unknown_op"
#define WAITLIST_ERROR_NOT_FOUND "not_found"
#define WAITLIST_ERROR_CONFLICT "conflict" /* what it is about is in no state for this */
#define WAITLIST_ERROR_BUSY "busy"         /* ask again later */
#define WAITLIST_ERROR_INTERNAL "internal"

/* Publish: XPUB at the daemon; SUB at the client. Frames: [topic] [seq, 8 bytes big-endian] [JSON]. Every topic ends with a full stop. */
#define WAITLIST_TOPIC_ALERT "alert."         /* alert.<rule>.<pathway>.<team>. */
#define WAITLIST_TOPIC_POSITION "position."   /* position.<pathway>.<team>.  position.<pathway>.*.  position.*.*. */
#define WAITLIST_TOPIC_HEARTBEAT "heartbeat." /* every second */
#define WAITLIST_TOPIC_ALL "*"                /* the total over pathways or teams, in a position topic */
#define WAITLIST_TOPIC_NONE "-"               /* where an alert has no pathway or team */
#define WAITLIST_SEQ_BYTES 8
#define WAITLIST_HEARTBEAT_MS 1000
#define WAITLIST_CHAIN_DIGITS 64           /* of the journal's chain, in heartbeats and in health: SHA-256 in lower-case hex */
#define WAITLIST_POSITION_REFRESH_MS 10000 /* every position topic is published at least this often */
#define WAITLIST_STALE_MS 5000             /* without a heartbeat for so long, what is shown is not live */

/* Query: ROUTER at the daemon; REQ or DEALER at the client. [JSON request] gives [JSON reply]. */
#define WAITLIST_OP_HEALTH "health"
#define WAITLIST_OP_SUMMARY "summary"
#define WAITLIST_OP_DISTRIBUTION "distribution"
#define WAITLIST_OP_FLOW "flow"
#define WAITLIST_OP_EXCEPTIONS "exceptions"
#define WAITLIST_OP_DATA_QUALITY "data_quality"
#define WAITLIST_OP_SERIES "series"
#define WAITLIST_OP_RESTATEMENT "restatement"
#define WAITLIST_OP_POLICIES "policies"
#define WAITLIST_OP_ALERT_FIGURES "alert_figures"
#define WAITLIST_OP_WAITS "waits"
#define WAITLIST_OP_WAIT "wait"
#define WAITLIST_OP_ALERTS "alerts"
#define WAITLIST_OP_ALERT_ACK "alert.ack"
#define WAITLIST_OP_FOLLOW_REPORT "follow.report"
#define WAITLIST_OP_EXPORT "export"
#define WAITLIST_OP_QUARANTINE "quarantine"
#define WAITLIST_OP_QUARANTINE_RETRY "quarantine.retry"
#define WAITLIST_OP_QUARANTINE_DISCARD "quarantine.discard"
#define WAITLIST_OP_ACCESS "access"
#define WAITLIST_OP_SNAPSHOT "snapshot"
#define WAITLIST_OP_CONFIG "config"
#define WAITLIST_OP_REDACT "redact"
#define WAITLIST_OP_RETENTION "retention"
#define WAITLIST_OP_BACKUP "backup"
#define WAITLIST_OP_BACKUP_STATUS "backup.status"
#define WAITLIST_OP_CLOCK_SET "clock.set"
#define WAITLIST_PAGE_ROWS_MAX 1000
#define WAITLIST_QUERY_BYTES_MAX 65536 /* a longer request is refused as bad_request */

/* The seq frame of a publication. */
static inline uint64_t waitlist_seq_decode(const unsigned char bytes[WAITLIST_SEQ_BYTES]) {
    uint64_t seq = 0;
    for (int i = 0; i < WAITLIST_SEQ_BYTES; i++) {
        seq = (seq << 8) | bytes[i];
    }
    return seq;
}

static inline void waitlist_seq_encode(uint64_t seq, unsigned char bytes[WAITLIST_SEQ_BYTES]) {
    for (int i = WAITLIST_SEQ_BYTES - 1; i >= 0; i--) {
        bytes[i] = (unsigned char)(seq & 0xff);
        seq >>= 8;
    }
}

#endif
