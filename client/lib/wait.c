/* Waiting for a follower, for positions and for something of the caller's, all at once. */
#include "client/lib/internal.h"

static bool is_readable(struct link *link) {
    int events = 0;
    size_t size = sizeof events;

    return link->socket != NULL && zmq_getsockopt(link->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

enum waitlist_status waitlist_wait(struct waitlist_follower *follower, struct waitlist_positions *positions, int fd, int timeout_ms) {
    struct link *links[4];
    size_t count = 0;
    int64_t deadline = client_deadline(timeout_ms);
    int64_t until = deadline;
    bool at_once = false;

    if (follower != NULL) {
        at_once = follower_has_news(follower);
        links[count++] = follower_feed_link(follower);
        links[count++] = follower_request_link(follower);
        until = client_earlier(follower_due(follower), until);
    }
    if (positions != NULL) {
        at_once = at_once || positions_feed_link(positions)->socket == NULL;
        links[count++] = positions_feed_link(positions);
        links[count++] = positions_request_link(positions);
        until = client_earlier(positions_due(positions), until);
    }
    for (size_t i = 0; i < count; i++) {
        at_once = at_once || is_readable(links[i]);
    }
    enum waitlist_status status = link_wait(links, count, fd, at_once ? 0 : client_remaining(until));

    /* A deadline of the connections' own is news too: next or update must act on it. */
    return status == WAITLIST_TIMEOUT && (at_once || until < deadline) ? WAITLIST_OK : status;
}
