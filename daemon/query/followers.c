/* Who follows the alerts and how far each has come. */
#include "daemon/query/followers.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

struct follower {
    char name[FOLLOWER_NAME_MAX + 1];
    char peer[NAME_MAX_BYTES + 1];
    uint64_t alert_seq;
    int64_t at_ms;
};

struct followers {
    struct follower all[FOLLOWERS_MAX]; /* in the order of followers_at */
    size_t count;
};

struct followers *followers_create(void) {
    return memory_new(1, sizeof(struct followers));
}

void followers_destroy(struct followers **followers) {
    free(*followers);
    *followers = NULL;
}

static int by_lag(const void *a, const void *b) {
    const struct follower *first = a, *second = b;
    if (first->alert_seq != second->alert_seq)
        return first->alert_seq < second->alert_seq ? -1 : 1;
    return strcmp(first->name, second->name);
}

/* The follower of this name; a new one, in the place of the one silent for longest when there is no other. */
static struct follower *find(struct followers *followers, struct text name) {
    struct follower *oldest = &followers->all[0];
    for (size_t i = 0; i < followers->count; i++) {
        struct follower *follower = &followers->all[i];
        if (text_is(name, follower->name))
            return follower;
        if (follower->at_ms < oldest->at_ms)
            oldest = follower;
    }
    struct follower *found = followers->count < FOLLOWERS_MAX ? &followers->all[followers->count++] : oldest;
    ENSURE(name.length >= 1 && name.length <= FOLLOWER_NAME_MAX);
    memcpy(found->name, name.at, name.length);
    found->name[name.length] = '\0';
    found->peer[0] = '\0';
    return found;
}

bool followers_report(struct followers *followers, struct text peer, struct text name, uint64_t alert_seq, int64_t now_ms) {
    struct follower *follower = find(followers, name);
    if (follower->peer[0] != '\0' && !text_is(peer, follower->peer) && now_ms - follower->at_ms < FOLLOWER_OWNED_MS)
        return false;
    ENSURE(peer.length < sizeof follower->peer);
    memcpy(follower->peer, peer.at, peer.length);
    follower->peer[peer.length] = '\0';
    follower->alert_seq = alert_seq;
    follower->at_ms = now_ms;
    qsort(followers->all, followers->count, sizeof followers->all[0], by_lag);
    return true;
}

size_t followers_count(const struct followers *followers) {
    return followers->count;
}

void followers_at(const struct followers *followers, size_t place, struct follower_figures *figures) {
    const struct follower *follower = &followers->all[place];
    *figures = (struct follower_figures){follower->name, follower->alert_seq, follower->at_ms};
}
