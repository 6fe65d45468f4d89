/* What the parts of libwaitlist share: memory, time, names, endpoint lists, one connection of one kind, JSON in small doses. */
#ifndef WAITLIST_CLIENT_LIB_INTERNAL_H
#define WAITLIST_CLIENT_LIB_INTERNAL_H

#include <jansson.h>
#include <stdatomic.h>
#include <waitlist/client.h>
#include <zmq.h>

/* ---- memory.c: out of memory ends the process */
void *client_new(size_t size); /* zeroed */
void *client_grow(void *memory, size_t size);
char *client_copy(const char *text, size_t size); /* NUL-terminated */
#define CLIENT_CHECK(condition) ((condition) ? (void)0 : client_bug(#condition, __FILE__, __LINE__))
_Noreturn void client_bug(const char *condition, const char *file, int line);

/* ---- time.c: the monotonic clock in milliseconds */
int64_t client_now(void);
int64_t client_deadline(int timeout_ms);      /* the clock's reading at which the timeout is over */
int client_remaining(int64_t deadline);       /* milliseconds, 0 when over */
int64_t client_earlier(int64_t a, int64_t b); /* of two readings; 0 stands for none */

/* ---- endpoints.c */
struct endpoints {
    size_t count;
    char *uri[WAITLIST_ENDPOINTS_MAX];
};
bool endpoints_parse(struct endpoints *endpoints, const char *list);
void endpoints_clear(struct endpoints *endpoints);
/* [A-Za-z0-9_-]{1,64} */
bool endpoints_name_is_valid(const char *name);

struct waitlist_client {
    void *context; /* ZeroMQ's */
    struct endpoints ingest, publish, query;
    bool has_keys;
    struct waitlist_keys keys;
    atomic_ulong links; /* numbers the monitors' names */
};

/* ---- link.c: one socket to one of the endpoints, with a monitor that tells when the connection is made or lost */
struct link {
    struct waitlist_client *client;
    const struct endpoints *endpoints;
    const char *const *topics; /* of a SUB, NULL-terminated */
    void *socket;              /* NULL while closed */
    void *monitor;
    size_t current; /* endpoint in use */
    int type;       /* ZMQ_DEALER or ZMQ_SUB */
    int queue;      /* messages in each direction at most */
    int64_t opened_at;
    bool connected;
    bool is_secured;              /* this socket has keys */
    unsigned failures;            /* handshakes in a row that came to nothing without a reason */
    enum waitlist_status refusal; /* why the last handshake failed; OK: none did since a connection was there */
    bool refusal_is_news;
    int64_t retry_at; /* nothing more comes of this socket: another one from then on; 0: it is alive */
};

void link_init(struct link *link, struct waitlist_client *client, const struct endpoints *endpoints, int type, int queue,
               const char *const *topics);
bool link_open(struct link *link); /* false: the system refused; errno */
void link_close(struct link *link);
/* Closes, goes to the next endpoint and opens. */
bool link_next(struct link *link);
/* Takes what the monitor says. True when a connection that was there is gone. */
bool link_lost(struct link *link);
/* Whether link_next must be called: the handshake was refused a while ago, or there is another endpoint to try. */
bool link_is_due(const struct link *link);
/* That a handshake failed at the last endpoint of the list, and why: once each time; OK otherwise. */
enum waitlist_status link_refused(struct link *link);
bool link_is_refusal(enum waitlist_status status);
/* Waits for a message on any of the links (closed ones are passed over) or on `fd` (-1: none), or for news of a connection. */
enum waitlist_status link_wait(struct link *const links[], size_t count, int fd, int timeout_ms);
/* The frames of one message, at most `maximum` (further frames are read and dropped). Returns how many the message had, 0 when there is
 * none now. The caller closes the first min(returned, maximum) with link_release. */
size_t link_receive(struct link *link, zmq_msg_t *frames, size_t maximum);
void link_release(zmq_msg_t *frames, size_t count, size_t maximum);

/* ---- json.c */
json_t *json_from(const void *bytes, size_t size);               /* an object with "v":1, or NULL */
const char *json_text(const json_t *object, const char *member); /* NULL when it is no string */
uint64_t json_count(const json_t *object, const char *member);   /* 0 when it is no number of 0 or more */
bool json_number(const json_t *object, const char *member, double *value);
bool json_whole(const json_t *object, const char *member, int64_t *value);

/* ---- heartbeat.c */
struct pulse {
    struct waitlist_heartbeat last;
    int64_t came_at; /* 0: never */
};
/* False when it is no heartbeat. */
bool pulse_take(struct pulse *pulse, const void *bytes, size_t size);
bool pulse_tell(const struct pulse *pulse, struct waitlist_heartbeat *heartbeat);
bool pulse_is_fresh(const struct pulse *pulse);

/* ---- feed.c: a subscription with its heartbeats */
struct feed {
    struct link link;
    struct pulse pulse;
    bool confirmed; /* a heartbeat came on the present connection, so what comes on it is of pulse.last.epoch */
};
void feed_init(struct feed *feed, struct waitlist_client *client, const char *const *topics);
enum feed_news { FEED_SAME, FEED_LOST, FEED_FAILED };
/* Connects, and connects anew after silence. LOST: publications may have been missed. FAILED: the system refused. */
enum feed_news feed_keep(struct feed *feed);
int64_t feed_due(const struct feed *feed);
/* One publication: its three frames, to be released. False: none there now. Others than publications are dropped. */
bool feed_receive(struct feed *feed, zmq_msg_t frames[3]);
/* "position.north.a." with prefix "position." gives the texts between the full stops; how many there are, 0 when it is no such topic. */
size_t feed_topic_parts(zmq_msg_t *topic, const char *prefix, char parts[][WAITLIST_NAME_BYTES_MAX + 1], size_t maximum);

/* ---- transition.c: fields borrowed from `row` */
bool client_transition_read(const json_t *row, struct waitlist_transition *transition);

/* ---- request.c: one question at a time, answered while other things go on */
enum request_state { REQUEST_IDLE, REQUEST_WAITING };
struct request {
    struct link link;
    enum request_state state;
    char *text;
    int64_t sent_at;
    int patience_ms;  /* without an answer for so long it is asked again elsewhere */
    int connect_ms;   /* without a connection for so long the next endpoint is tried */
    int attempts;     /* on connections that were there */
    int attempts_max; /* 0: no limit */
};
void request_init(struct request *request, struct waitlist_client *client);
void request_clear(struct request *request);
bool request_ask(struct request *request, const char *text); /* false: the system refused */
/* OK: `*reply` is the answer (the caller frees it), `*size` its bytes. TIMEOUT: not yet. NO_REPLY: all attempts are over. SYSTEM. */
enum waitlist_status request_take(struct request *request, char **reply, size_t *size);
/* The clock's reading at which request_take must be called again although nothing came; 0: none. */
int64_t request_due(const struct request *request);

/* ---- what waitlist_wait needs of the two */
struct link *follower_feed_link(struct waitlist_follower *follower);
struct link *follower_request_link(struct waitlist_follower *follower);
int64_t follower_due(const struct waitlist_follower *follower);
bool follower_has_news(const struct waitlist_follower *follower);
struct link *positions_feed_link(struct waitlist_positions *positions);
struct link *positions_request_link(struct waitlist_positions *positions);
int64_t positions_due(const struct waitlist_positions *positions);

#endif
