/* One route: a thread with a follower, a cursor and a target of its own, so that no route waits for another. */
#ifndef WAITLIST_RELAY_ROUTE_H
#define WAITLIST_RELAY_ROUTE_H

#include "client/relay/backoff.h"
#include "client/relay/sink.h"

#include <pthread.h>
#include <stdatomic.h>
#include <waitlist/client.h>

struct route {
    const struct relay_settings *settings;
    const struct route_settings *route;
    struct waitlist_client *client;
    struct log *log;
    const struct stop *stop;
    struct sink *sink;            /* of an Alertmanager NULL */
    struct waitlist_query *query; /* the thread's own */
    struct backoff backoff;
    struct complaint complaint;  /* of the daemon and the state folder */
    struct complaint away, full; /* of the target, of the dead letters */
    char *cursor_path, *dead_path;
    char report_name[72];
    pthread_t thread;
    bool is_started;
    bool has_cursor; /* there was one when the route began */
    pthread_mutex_t lock;
    struct waitlist_cursor committed; /* under the lock */
    atomic_bool failed;
    atomic_ullong delivered, dead;
};

/* Reads the cursor; false (logged) when it is broken or the folder cannot be used. */
bool route_open(struct route *route, const struct relay_settings *settings, size_t index, struct waitlist_client *client, struct log *log,
                const struct stop *stop);
bool route_start(struct route *route);
/* After the end was asked for. */
void route_close(struct route *route);
void route_tell_committed(struct route *route, struct waitlist_cursor *cursor);

/* ---- for the kinds of routes */

/* Until the end is asked for. */
void route_run_events(struct route *route);
void route_run_alertmanager(struct route *route);
void route_run_digest(struct route *route);

/* Delivers, however long it takes, or makes a dead letter of it. False when the relay ends first. */
bool route_deliver(struct route *route, const struct message *message);
/* Waits by the steps of the back-off, or as long as the target asked for; true when the end is asked for. */
bool route_pause(struct route *route, int retry_after_s);
/* Notes in the file that everything up to the cursor is done; when that fails it is tried again until it is done. False: the relay ends. */
bool route_commit(struct route *route, const struct waitlist_cursor *cursor);
/* Asks until there is an answer; NULL when the relay ends first. Takes the request. */
json_t *route_ask(struct route *route, json_t *request);
/* The alerts that are open, and up to where they tell all; NULL when the relay ends first. */
json_t *route_ask_open(struct route *route, struct waitlist_cursor *through);
/* Where a route begins that has no cursor: with what comes now. False when the relay ends first. */
bool route_ask_now(struct route *route, struct waitlist_cursor *now);
/* Complains of what a follower says, and waits a little; true when the end is asked for. */
bool route_complain(struct route *route, enum waitlist_status status);
uint32_t route_random(void);

#endif
