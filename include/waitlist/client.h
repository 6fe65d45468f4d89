/* libwaitlist: send events to waitlistd, ask it questions, follow its alerts without loss, watch its positions.
 *
 * Words: a *wait* is one person waiting for one thing; a *position* is the counts of a queue now; a *transition* is one step in the life
 * of an alert (raised, acknowledged, moved, resolved); *durable* means on the daemon's disk, so that a power cut cannot take it.
 *
 * Threads. A struct waitlist_client may be shared by all threads. Every other object belongs to one thread at a time: calls on one object
 * must not overlap, different objects may be used at once. The library starts no threads but ZeroMQ's own and installs no signal handlers.
 * After fork() the child must use none of the parent's objects.
 *
 * Time. Timeouts are milliseconds; 0 does what can be done at once; a negative timeout is taken as WAITLIST_TIMEOUT_MAX. Nothing waits
 * for ever. A signal ends a wait early with WAITLIST_INTERRUPTED; the call can simply be made again.
 *
 * Memory. Every queue has a limit, named at the function that fills it. When memory runs out the process is ended by abort().
 * Strings returned through `char **` belong to the caller, who frees them with waitlist_free. Everything `const` that the library gives
 * is borrowed, valid as long as its comment says.
 *
 * Names: whoever passes NULL where this header does not allow it, or uses an object after its destroy, has undefined behaviour.
 */
#ifndef WAITLIST_CLIENT_H
#define WAITLIST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waitlist/event.h>
#include <waitlist/protocol.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest that any call waits: one day. */
#define WAITLIST_TIMEOUT_MAX 86400000
/* Alternatives in one endpoint list. */
#define WAITLIST_ENDPOINTS_MAX 8

/* What became of a call. Each function names those that it returns, with their causes. */
enum waitlist_status {
    WAITLIST_OK = 0,
    WAITLIST_TIMEOUT,       /* the time given is over; nothing is lost, call again */
    WAITLIST_INTERRUPTED,   /* a signal came; call again */
    WAITLIST_UNREACHABLE,   /* nobody at any of the endpoints within the time */
    WAITLIST_NO_REPLY,      /* the daemon was reached, but did not answer within the time */
    WAITLIST_REFUSED,       /* the daemon answered, and said no; the reply or the callback has the code and the message */
    WAITLIST_FULL,          /* a limit is reached; nothing was taken */
    WAITLIST_INVALID,       /* an argument cannot be used; nothing was done */
    WAITLIST_BAD_REPLY,     /* what answered does not speak this protocol */
    WAITLIST_EPOCH_CHANGED, /* the daemon now keeps another journal than the one followed: what was seen may not be true of it */
    WAITLIST_SYSTEM,        /* the operating system refused sockets or threads; errno says why */
    /* A handshake of keys failed (tcp:// only). No connection was made or is left; it is tried again every two seconds. */
    WAITLIST_KEY_REFUSED,       /* the daemon does not accept this key */
    WAITLIST_KEY_NEEDED,        /* there a key is needed, and this client has none: the daemon says so, or it is beyond this machine */
    WAITLIST_SERVER_KEY_WRONG,  /* what answers there does not have the daemon's key that was given */
    WAITLIST_SERVER_WITHOUT_KEY /* what answers there has no key, so nothing proves that it is the daemon */
};

/* A short English sentence without a full stop; never NULL, never freed. */
const char *waitlist_status_text(enum waitlist_status status);
/* "0.1.0"; never freed. */
const char *waitlist_version(void);
/* Frees what the library gave to the caller. NULL is allowed. */
void waitlist_free(void *memory);

/* ---- Where the daemon is ------------------------------------------------------------------------------------------------------- */

/* Each a list of ZeroMQ endpoints separated by commas or blanks, at most WAITLIST_ENDPOINTS_MAX, all of the SAME daemon: alternatives,
 * tried in turn, each after the one before did not answer. NULL: the socket of that name in WAITLIST_RUN_DIRECTORY. */
struct waitlist_endpoints {
    const char *ingest;
    const char *publish;
    const char *query;
};

struct waitlist_client;

/* ---- Keys ---------------------------------------------------------------------------------------------------------------------- */

/* CURVE keys, each 40 characters of Z85 and a NUL. They are used on tcp:// endpoints only: ipc:// endpoints are guarded by the owner and
 * the mode of their sockets. */
#define WAITLIST_KEY_SIZE 41
struct waitlist_keys {
    char server_public[WAITLIST_KEY_SIZE]; /* the daemon's, by which it is known for the right one */
    char client_public[WAITLIST_KEY_SIZE]; /* this client's, by which the daemon knows it */
    char client_secret[WAITLIST_KEY_SIZE];
};

/* One English sentence without a full stop: which file, what is wrong with it, what to do. Never any part of a key. */
#define WAITLIST_PROBLEM_SIZE 1024

/* Reads this client's pair from `key_file`, the secret key's file as 'waitlistctl keygen --curve' writes it, and the daemon's public key
 * from `server_key`: the file of a public key, or the key itself where no file has that name.
 * The secret key's file must be a regular one (symbolic links are followed) that belongs to root or to whom this process runs as, that
 * others can neither read nor write and its group not write.
 * OK. INVALID: `problem` says why; `*keys` holds nothing. Wipe it with waitlist_keys_forget as soon as the client has it. */
enum waitlist_status waitlist_keys_load(struct waitlist_keys *keys, const char *key_file, const char *server_key,
                                        char problem[WAITLIST_PROBLEM_SIZE]);
void waitlist_keys_forget(struct waitlist_keys *keys);

/* ---- The client ---------------------------------------------------------------------------------------------------------------- */

/* `endpoints` (NULL: all defaults) is copied. Nothing is connected yet.
 * NULL with errno EINVAL (an empty or too long list, an endpoint that is not ipc:// or tcp:// with an address) or as zmq_ctx_new
 * sets it. */
struct waitlist_client *waitlist_client_create(const struct waitlist_endpoints *endpoints);
/* The same for the three sockets ingest.ipc, publish.ipc and query.ipc inside `directory`, an absolute path with or without "ipc://"
 * before it. */
struct waitlist_client *waitlist_client_create_in(const char *directory);
/* With these keys, which are copied, every connection to a tcp:// endpoint is encrypted, and both sides are known to each other. To be
 * called before anything is made from the client; the copy is wiped when the client is destroyed or given others (NULL: none).
 * OK. INVALID: they have not the form of keys, or the pair is no pair. SYSTEM: the installed libzmq was built without CURVE. */
enum waitlist_status waitlist_client_use_keys(struct waitlist_client *client, const struct waitlist_keys *keys);
/* Destroy all objects made from it first. Unsent data is dropped. Sets *client to NULL; does nothing when it is NULL. */
void waitlist_client_destroy(struct waitlist_client **client);

/* ---- Questions ----------------------------------------------------------------------------------------------------------------- */

struct waitlist_query;

/* A connection for questions, opened at the first one. NULL never. */
struct waitlist_query *waitlist_query_create(struct waitlist_client *client);
void waitlist_query_destroy(struct waitlist_query **query);

/* How long to try to connect before WAITLIST_UNREACHABLE (default 3,000 ms; a shorter timeout of the question goes first), and how often
 * one question is sent at most while no answer comes (default 3; 1 for what must not be asked twice). Out of range values are INVALID. */
enum waitlist_status waitlist_query_limits(struct waitlist_query *query, int connect_ms, int attempts);

/* Asks one question and waits for its answer.
 * `request`: JSON text of one object with "op" ("v":1 is put in when it is missing); `timeout_ms`: for everything, all attempts together.
 * The question is sent again on a new connection, to the next endpoint, when the connection broke or a share of the time (timeout_ms
 * divided by the attempts) brought no answer, so an answer of an earlier attempt can never be taken for this one's.
 * `*reply`: the JSON text exactly as the daemon gave it, also with WAITLIST_REFUSED; NULL otherwise.
 * OK: "ok":true. REFUSED: "ok":false. UNREACHABLE, NO_REPLY, INTERRUPTED, SYSTEM: as above. BAD_REPLY: not JSON, not version 1 or without
 * "ok". INVALID: the request is not a JSON object or has no "op". KEY_REFUSED and its like: no endpoint could be connected to, and of one
 * this is why; said at once where there is only one. */
enum waitlist_status waitlist_query_ask(struct waitlist_query *query, const char *request, int timeout_ms, char **reply);

/* ---- Sending events ------------------------------------------------------------------------------------------------------------ */

struct waitlist_sender;

/* One event that the daemon could not accept; it is kept in the daemon's quarantine. Texts are never NULL ("" when there is none). */
struct waitlist_quarantined {
    uint64_t tag;        /* as submitted */
    const char *id;      /* the event's, "" when it could not be read */
    const char *code;    /* rules' codes: "bad_data", "not_json" … */
    const char *pointer; /* JSON Pointer into the event */
    const char *message; /* one English sentence */
};

/* The answer to one batch. Everything in it is valid until the callback returns. */
struct waitlist_batch_reply {
    uint64_t first_tag, last_tag; /* of the batch's first and last event */
    size_t events;
    bool durable;        /* true: all that follows is on disk. false: refused as a whole, see error_code; it will not be sent again */
    uint64_t accepted;   /* new */
    uint64_t duplicates; /* accepted before; also those of a batch that was sent again because its answer got lost */
    uint64_t seq;        /* the journal's after this batch */
    size_t quarantined_count;
    const struct waitlist_quarantined *quarantined;
    const char *error_code;    /* "" when durable */
    const char *error_message; /* "" when durable */
};

/* What happens between replies. */
enum waitlist_sender_notice {
    WAITLIST_NOTICE_RESENT,    /* `detail` batches were sent again: the connection broke or no answer came */
    WAITLIST_NOTICE_READ_ONLY, /* the daemon's disk is full or failing: trying again in `detail` ms */
    WAITLIST_NOTICE_WRITABLE   /* it takes events again */
};

/* Callbacks are called from inside waitlist_sender_* calls, on their thread. They must not call functions on the same sender but
 * waitlist_sender_totals. */
struct waitlist_sender_options {
    size_t batch;       /* events a batch at most, 1-1,024; 0: 256 */
    size_t batch_bytes; /* bytes a batch at most, 16 KiB to 3 MiB; 0: 256 KiB. One longer event goes alone */
    size_t window;      /* batches under way at most, 1-1,024; 0: 16 */
    int resend_ms;      /* without an answer for so long a batch is sent again, 100 or more; 0: 10,000 */
    int retry_ms;       /* first pause after read_only, doubled up to 10 s; 10 or more; 0: 250 */
    void (*on_reply)(void *context, const struct waitlist_batch_reply *reply);             /* NULL: none */
    void (*on_notice)(void *context, enum waitlist_sender_notice notice, uint64_t detail); /* NULL: none */
    void *context;
};

/* Counted in events since creation, but for the last three. submitted = accepted + duplicates + quarantined + refused + pending. */
struct waitlist_sender_totals {
    uint64_t submitted;
    uint64_t accepted;
    uint64_t duplicates;
    uint64_t quarantined;
    uint64_t refused; /* in batches that the daemon refused as a whole */
    uint64_t pending; /* not answered yet */
    uint64_t seq;     /* the highest journal seq of a reply */
    uint64_t resent;  /* batches sent again */
    size_t in_flight; /* batches sent and not answered */
    bool connected;   /* at this moment */
};

/* Memory: at most (window + 1) × batch_bytes and 8 bytes an event. NULL with errno EINVAL when an option is out of range. */
struct waitlist_sender *waitlist_sender_create(struct waitlist_client *client, const struct waitlist_sender_options *options);
/* Drops what is not answered: call waitlist_sender_flush first. What was under way may or may not have been taken; sending it again is
 * safe. */
void waitlist_sender_destroy(struct waitlist_sender **sender);

/* Takes one event (a JSON object, also over several lines). `tag` is the caller's (a line number, say) and comes back with the replies.
 * The event is copied. It leaves when its batch is full or with waitlist_sender_poll or _flush.
 * At the limit (window full) it waits up to `timeout_ms` for an answer.
 * OK: taken. FULL: no room within the time, nothing taken. INVALID: blank, over WAITLIST_SENDER_EVENT_MAX, or a line break inside a JSON
 * string, so it could not be sent as one line. INTERRUPTED, SYSTEM, KEY_REFUSED and its like: nothing taken. Whether the event is a good
 * one only the daemon says. */
#define WAITLIST_SENDER_EVENT_MAX 1048576
enum waitlist_status waitlist_sender_submit(struct waitlist_sender *sender, const char *event, size_t size, uint64_t tag, int timeout_ms);

/* Takes events, one a line (LF or CR LF; blank lines are skipped; the last line needs no LF). The tag of a line is `first_tag` plus the
 * number of lines before it in `lines`. `*taken`: bytes that are done with; call again with the rest.
 * As waitlist_sender_submit; after FULL or INTERRUPTED the rest is untouched; INVALID: the line at `*taken` is too long. */
enum waitlist_status waitlist_sender_submit_lines(struct waitlist_sender *sender, const char *lines, size_t size, uint64_t first_tag,
                                                  int timeout_ms, size_t *taken);

/* Sends what has gathered, takes answers, sends again what is overdue; returns after the first answer, or when there is nothing under way.
 * OK: something was answered, or nothing is under way. TIMEOUT: nothing came. INTERRUPTED, SYSTEM. KEY_REFUSED and its like: once for each
 * time that it was tried. */
enum waitlist_status waitlist_sender_poll(struct waitlist_sender *sender, int timeout_ms);

/* Waits until every event submitted so far is answered.
 * OK: all are durable (accepted, duplicates, or in quarantine: see the totals). REFUSED: all are answered, but since the last flush some
 * batches were refused as a whole. UNREACHABLE: not all within the time and no connection now. TIMEOUT: not all within the time.
 * INTERRUPTED, SYSTEM, KEY_REFUSED and its like. After all but the first two, call again: nothing was dropped. */
enum waitlist_status waitlist_sender_flush(struct waitlist_sender *sender, int timeout_ms);

void waitlist_sender_totals(const struct waitlist_sender *sender, struct waitlist_sender_totals *totals);

/* ---- Following alerts ---------------------------------------------------------------------------------------------------------- */

struct waitlist_follower;

/* How far a follower is: everything up to `seq` of the journal `epoch` has been delivered. Store it to go on later. */
#define WAITLIST_EPOCH_BYTES 64
struct waitlist_cursor {
    char epoch[WAITLIST_EPOCH_BYTES + 1]; /* "": any journal; the first one met is taken */
    uint64_t seq;                         /* 0: from the beginning */
};

/* Which alerts: NULL means all. `rule` and `team` and `pathway` must all fit. */
struct waitlist_alert_filter {
    const char *rule;
    const char *pathway;
    const char *team;
};

/* One transition. Of a rule that is about no wait the subject is a source, say. Texts are NULL where the alert has none, numbers have a
 * `has_`; all valid until the next call on the follower. */
struct waitlist_transition {
    uint64_t seq;
    const char *alert_id;
    const char *transition; /* "raised", "acknowledged", "overdue", "moved", "resolved" */
    const char *rule;
    const char *subject;
    const char *pathway;
    const char *team;
    const char *from_team; /* of "moved": the team before */
    const char *severity;
    const char *occurred_on; /* YYYY-MM-DD */
    const char *at;          /* RFC 3339 */
    const char *reason;
    const char *by; /* of "acknowledged" and "overdue", as the next two */
    const char *note;
    const char *expected_by; /* YYYY-MM-DD */
    bool has_level, has_days, has_standard, has_value, has_limit;
    int64_t level;    /* days */
    int64_t days;     /* waited */
    int64_t standard; /* of the pathway and priority */
    int64_t value;    /* what was measured, where the rule is about no wait */
    int64_t limit;    /* its limit */
    bool late;
    const char *json; /* all of it, as the daemon gave it */
};

/* What the daemon last said about itself. */
struct waitlist_heartbeat {
    char epoch[WAITLIST_EPOCH_BYTES + 1];
    char now[40];   /* RFC 3339: the daemon's clock */
    char today[16]; /* YYYY-MM-DD: the council's day */
    char version[32];
    char chain[WAITLIST_CHAIN_DIGITS + 1]; /* head of the journal's hash chain, in hex; "" from a daemon that has none */
    uint64_t journal_seq;
    uint64_t alert_seq;
    int64_t age_ms; /* since it came; -1: none yet. Over WAITLIST_STALE_MS what is shown is not live */
};

/* Starts after `cursor` (NULL: from the beginning, any journal); `filter` NULL: all. Both are copied. Connects at the first call of next.
 * NULL with errno EINVAL when a filter's text is no name ([A-Za-z0-9_-]{1,64}). */
struct waitlist_follower *waitlist_follower_create(struct waitlist_client *client, const struct waitlist_cursor *cursor,
                                                   const struct waitlist_alert_filter *filter);
void waitlist_follower_destroy(struct waitlist_follower **follower);

/* The next transition: each exactly once, in the order of seq, whatever was published while nobody listened, was dropped or came twice.
 * Memory: at most one page (1,000 transitions) waits inside; while it waits nothing more is asked for, and what the publisher then drops
 * is caught up afterwards.
 * OK: `*transition` is filled. TIMEOUT: none came (see waitlist_follower_heartbeat for whether that is news or silence).
 * EPOCH_CHANGED: the daemon has another journal than the cursor's; said again by every call until waitlist_follower_restart.
 * BAD_REPLY, REFUSED: the daemon does not answer the query for missed alerts as this protocol says; it is tried again with the next
 * heartbeat. INTERRUPTED, SYSTEM. KEY_REFUSED and its like: once for each time that it was tried. While the daemon is away this waits, then
 * says TIMEOUT, and goes on by itself when it is back. */
enum waitlist_status waitlist_follower_next(struct waitlist_follower *follower, int timeout_ms, struct waitlist_transition *transition);

/* Calls `each` for every transition until it returns false (OK), or as waitlist_follower_next when that is neither OK nor TIMEOUT;
 * TIMEOUT when `timeout_ms` is over. */
enum waitlist_status waitlist_follower_run(struct waitlist_follower *follower, int timeout_ms,
                                           bool (*each)(void *context, const struct waitlist_transition *transition), void *context);

/* Under this name ([A-Za-z0-9_-], 1 to 64) the daemon is told every other second how far the follower is, and shows its lag in `health`.
 * NULL: it is told no more. False with errno EINVAL when it is no such name. Two followers of one name overwrite each other. */
bool waitlist_follower_report_as(struct waitlist_follower *follower, const char *name);
/* How far it is. To be stored after the transition given last has been dealt with: whoever stores it before may lose one by a crash,
 * whoever stores it after may see one again, and whoever stores it together with what was done (one transaction, one write) neither. */
void waitlist_follower_cursor(const struct waitlist_follower *follower, struct waitlist_cursor *cursor);
/* Goes on from another place, or after EPOCH_CHANGED in the new journal (a cursor with epoch "" takes whatever journal is there). */
void waitlist_follower_restart(struct waitlist_follower *follower, const struct waitlist_cursor *cursor);
/* True with the last heartbeat; false (age_ms -1, all else empty) before the first. */
bool waitlist_follower_heartbeat(const struct waitlist_follower *follower, struct waitlist_heartbeat *heartbeat);
/* True when all that the daemon has told of has been delivered and its last heartbeat is not older than WAITLIST_STALE_MS. */
bool waitlist_follower_is_live(const struct waitlist_follower *follower);

/* A cursor in a file, one line "EPOCH SEQ". Saving writes PATH.next, syncs it, renames it over `path` and syncs the folder: after a power
 * cut there is the cursor of before or this one, never half of one. One writer a path.
 * OK. INVALID: the cursor names no epoch (nothing was ever followed). SYSTEM: errno says why; what is at `path` is still a whole cursor. */
enum waitlist_status waitlist_cursor_save(const char *path, const struct waitlist_cursor *cursor);
/* OK: `*cursor` is filled. SYSTEM: errno says why, ENOENT where there is no such file. INVALID: it holds something else than a cursor;
 * nothing should then be followed in silence from some other place. */
enum waitlist_status waitlist_cursor_load(const char *path, struct waitlist_cursor *cursor);

/* ---- Positions ----------------------------------------------------------------------------------------------------------------- */

struct waitlist_positions;

#define WAITLIST_BANDS_MAX 16
#define WAITLIST_POSITION_TOPICS_MAX 16384

/* The newest position of one queue. The statistics are meaningless without their has_ (an empty queue has none). */
struct waitlist_position {
    const char *pathway; /* WAITLIST_TOPIC_ALL: every pathway */
    const char *team;    /* WAITLIST_TOPIC_ALL: every team */
    uint64_t journal_seq;
    int64_t waiting, unallocated, allocated, in_progress, paused, breach, due, scheduled, no_contact;
    bool has_longest, has_median, has_mean, has_p90;
    int64_t longest;
    double median, mean, p90; /* days */
    size_t band_count;
    int64_t bands[WAITLIST_BANDS_MAX];
    int64_t age_ms; /* since this value came */
};

/* The newest value of every queue: first as the daemon's snapshot says, then as published. Connects at the first update. NULL never.
 * Memory: at most WAITLIST_POSITION_TOPICS_MAX queues; further ones are counted by waitlist_positions_dropped and not shown. */
struct waitlist_positions *waitlist_positions_create(struct waitlist_client *client);
void waitlist_positions_destroy(struct waitlist_positions **positions);

/* Takes what has come, waiting up to `timeout_ms` for the first news.
 * OK: at least one value changed or a heartbeat came. TIMEOUT. EPOCH_CHANGED: once for each change; all values were forgotten and are
 * being asked for again. REFUSED, BAD_REPLY: the snapshot failed and is asked for again with the next heartbeat. INTERRUPTED, SYSTEM.
 * KEY_REFUSED and its like: once for each time that it was tried. */
enum waitlist_status waitlist_positions_update(struct waitlist_positions *positions, int timeout_ms);

/* One queue, or false when nothing is known of it. Names borrowed until the next update. */
bool waitlist_positions_get(const struct waitlist_positions *positions, const char *pathway, const char *team,
                            struct waitlist_position *position);
/* All, ordered by pathway and team as bytes. `each` must not call update. */
void waitlist_positions_each(const struct waitlist_positions *positions,
                             void (*each)(void *context, const struct waitlist_position *position), void *context);
bool waitlist_positions_heartbeat(const struct waitlist_positions *positions, struct waitlist_heartbeat *heartbeat);
/* True when a snapshot has been taken since the connection was made and the last heartbeat is not older than WAITLIST_STALE_MS. */
bool waitlist_positions_is_live(const struct waitlist_positions *positions);
uint64_t waitlist_positions_dropped(const struct waitlist_positions *positions);

/* ---- Several at once ----------------------------------------------------------------------------------------------------------- */

/* Waits until the follower or the positions (either may be NULL) may have news, `fd` (-1: none) is readable, or the time is over; then
 * call next or update with timeout 0. For programs with one loop: a terminal, a gateway.
 * OK: something may be there. TIMEOUT. INTERRUPTED. SYSTEM. */
enum waitlist_status waitlist_wait(struct waitlist_follower *follower, struct waitlist_positions *positions, int fd, int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
