/* POST to one address over libcurl, on a connection that is kept. */
#ifndef WAITLIST_RELAY_HTTP_H
#define WAITLIST_RELAY_HTTP_H

#include "client/relay/settings.h"
#include "client/relay/stop.h"

#define REASON_BYTES 256

/* What became of a message. */
enum outcome {
    OUTCOME_DELIVERED,
    OUTCOME_REJECTED, /* it will not be taken, however often it is sent */
    OUTCOME_FAILED,   /* the target answered, and could not: perhaps this message's fault */
    OUTCOME_AWAY,     /* the target is not there, or has no time: surely not this message's fault */
    OUTCOME_STOPPED   /* the relay ends */
};

struct http;

/* `url` is borrowed. NULL when libcurl or a token file cannot be had. */
struct http *http_create(const char *url, const struct route_settings *route, const struct stop *stop);
void http_destroy(struct http **http);

/* `headers`: "Name: value" each, NULL-terminated. `reason`: one line for the log. `*retry_after_s`: what the target asked for, 0: nothing.
 */
enum outcome http_post(struct http *http, const char *const *headers, const char *body, size_t size, char reason[REASON_BYTES],
                       int *retry_after_s);

#endif
