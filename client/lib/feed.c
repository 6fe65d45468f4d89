/* A subscription: connected, watched for silence, its publications taken apart. */
#include "client/lib/internal.h"

#include <stdio.h>
#include <string.h>

#define QUEUE 20000     /* publications; what is over it the publisher or ZeroMQ drops, and the follower finds the gap */
#define CONNECT_MS 1000 /* without a connection for so long the next endpoint is tried */
#define SILENCE_MS 10000

void feed_init(struct feed *feed, struct waitlist_client *client, const char *const *topics) {
    memset(feed, 0, sizeof *feed);
    link_init(&feed->link, client, &client->publish, ZMQ_SUB, QUEUE, topics);
}

static int64_t heard_at(const struct feed *feed) {
    return feed->pulse.came_at > feed->link.opened_at ? feed->pulse.came_at : feed->link.opened_at;
}

static int64_t patience_until(const struct feed *feed) {
    if (feed->link.connected) {
        return heard_at(feed) + SILENCE_MS;
    }
    return client_earlier(feed->link.endpoints->count > 1 ? feed->link.opened_at + CONNECT_MS : 0, feed->link.retry_at);
}

enum feed_news feed_keep(struct feed *feed) {
    struct link *link = &feed->link;

    if (link->socket == NULL) {
        return link_open(link) ? FEED_SAME : FEED_FAILED;
    }
    bool lost = link_lost(link); /* ZeroMQ connects again by itself */
    int64_t until = patience_until(feed);

    if (until != 0 && client_now() >= until) {
        if (!link_next(link)) {
            return FEED_FAILED;
        }
        lost = true;
    }
    feed->confirmed = feed->confirmed && !lost;
    return lost ? FEED_LOST : FEED_SAME;
}

int64_t feed_due(const struct feed *feed) {
    return feed->link.socket == NULL ? 0 : patience_until(feed);
}

bool feed_receive(struct feed *feed, zmq_msg_t frames[3]) {
    size_t count;

    while ((count = link_receive(&feed->link, frames, 3)) > 0) {
        if (count == 3 && zmq_msg_size(&frames[1]) == WAITLIST_SEQ_BYTES) {
            return true;
        }
        link_release(frames, count, 3);
    }
    return false;
}

size_t feed_topic_parts(zmq_msg_t *topic, const char *prefix, char parts[][WAITLIST_NAME_BYTES_MAX + 1], size_t maximum) {
    const char *at = zmq_msg_data(topic);
    const char *end = at + zmq_msg_size(topic);
    size_t count = 0;

    if ((size_t)(end - at) < strlen(prefix) || memcmp(at, prefix, strlen(prefix)) != 0) {
        return 0;
    }
    for (at += strlen(prefix); at < end; count++) {
        const char *stop = memchr(at, '.', (size_t)(end - at));

        if (stop == NULL || stop == at || stop - at > WAITLIST_NAME_BYTES_MAX || count == maximum) {
            return 0;
        }
        snprintf(parts[count], WAITLIST_NAME_BYTES_MAX + 1, "%.*s", (int)(stop - at), at);
        at = stop + 1;
    }
    return count;
}
