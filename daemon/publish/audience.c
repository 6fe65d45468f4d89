/* The connections of the publishing socket. */
#include "daemon/publish/audience.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { EVENT_BYTES = 6 };

struct subscription {
    char *at;
    uint32_t length;
};

/* By descriptor; the moments count what the monitor told and the numbers that were given. */
struct listener {
    uint64_t accepted_at; /* 0: never */
    uint64_t ended_at;
    struct subscription *subscriptions;
    size_t count;
    size_t capacity;
    char peer[NAME_MAX_BYTES + 1]; /* "": nobody is told when it ends */
};

struct audience {
    void *monitor;
    audience_gone *gone;
    void *context;
    uint64_t moment;
    struct listener *listeners;
    size_t capacity;
};

struct audience *audience_create(void *monitor, audience_gone *gone, void *context) {
    struct audience *audience = memory_new(1, sizeof *audience);
    audience->monitor = monitor;
    audience->gone = gone;
    audience->context = context;
    return audience;
}

static void forget(const struct audience *audience, struct listener *listener) {
    if (listener->peer[0] != '\0' && audience->gone != NULL)
        audience->gone(audience->context, listener->peer);
    listener->peer[0] = '\0';
    for (size_t i = 0; i < listener->count; i++)
        free(listener->subscriptions[i].at);
    free(listener->subscriptions);
    listener->subscriptions = NULL;
    listener->count = listener->capacity = 0;
}

void audience_destroy(struct audience **audience) {
    if (*audience == NULL)
        return;
    for (size_t i = 0; i < (*audience)->capacity; i++)
        forget(*audience, &(*audience)->listeners[i]);
    free((*audience)->listeners);
    free(*audience);
    *audience = NULL;
}

static void note_event(struct audience *audience, unsigned event, uint32_t descriptor) {
    size_t before = audience->capacity;
    memory_reserve((void **)&audience->listeners, &audience->capacity, (size_t)descriptor + 1, sizeof *audience->listeners);
    if (audience->capacity > before)
        memset(audience->listeners + before, 0, (audience->capacity - before) * sizeof *audience->listeners);
    struct listener *listener = &audience->listeners[descriptor];
    forget(audience, listener);
    *(event == ZMQ_EVENT_ACCEPTED ? &listener->accepted_at : &listener->ended_at) = ++audience->moment;
}

void audience_refresh(struct audience *audience) {
    unsigned char bytes[EVENT_BYTES];
    char endpoint[1];
    /* Two frames: the event in two bytes and its descriptor in four, as this machine writes numbers, and the endpoint. */
    while (zmq_recv(audience->monitor, bytes, sizeof bytes, ZMQ_DONTWAIT) == EVENT_BYTES) {
        uint16_t event;
        uint32_t descriptor;
        memcpy(&event, bytes, sizeof event);
        memcpy(&descriptor, bytes + sizeof event, sizeof descriptor);
        (void)zmq_recv(audience->monitor, endpoint, sizeof endpoint, 0);
        if (descriptor <= INT32_MAX)
            note_event(audience, event, descriptor);
    }
}

uint64_t audience_number(struct audience *audience) {
    audience_refresh(audience);
    return ++audience->moment;
}

/* A connection is accepted before it is numbered, and nobody else has its descriptor until it ends. */
struct listener *audience_find(struct audience *audience, int descriptor, uint64_t number) {
    audience_refresh(audience);
    if (descriptor < 0 || (size_t)descriptor >= audience->capacity)
        return NULL;
    struct listener *listener = &audience->listeners[descriptor];
    bool is_there = listener->accepted_at != 0 && listener->accepted_at < number && listener->ended_at < listener->accepted_at;
    return is_there ? listener : NULL;
}

static size_t place_of(const struct listener *listener, struct text subscription) {
    size_t place = 0;
    while (place < listener->count &&
           !text_equal((struct text){listener->subscriptions[place].at, listener->subscriptions[place].length}, subscription))
        place++;
    return place;
}

enum audience_change audience_add(struct listener *listener, struct text subscription) {
    if (place_of(listener, subscription) < listener->count)
        return AUDIENCE_UNCHANGED;
    if (listener->count == AUDIENCE_SUBSCRIPTIONS_MAX)
        return AUDIENCE_FULL;
    memory_reserve((void **)&listener->subscriptions, &listener->capacity, listener->count + 1, sizeof *listener->subscriptions);
    char *copy = memory_new((size_t)subscription.length + 1, 1);
    memcpy(copy, subscription.at, subscription.length);
    listener->subscriptions[listener->count++] = (struct subscription){copy, subscription.length};
    return AUDIENCE_CHANGED;
}

enum audience_change audience_remove(struct listener *listener, struct text subscription) {
    size_t place = place_of(listener, subscription);
    if (place == listener->count)
        return AUDIENCE_UNCHANGED;
    free(listener->subscriptions[place].at);
    listener->subscriptions[place] = listener->subscriptions[--listener->count];
    return AUDIENCE_CHANGED;
}

void audience_note(struct listener *listener, const char *peer) {
    size_t length = strnlen(peer, NAME_MAX_BYTES);
    memcpy(listener->peer, peer, length);
    listener->peer[length] = '\0';
}

bool audience_hears(const struct listener *listener, struct text topic) {
    for (size_t i = 0; i < listener->count; i++)
        if (listener->subscriptions[i].length <= topic.length &&
            memcmp(listener->subscriptions[i].at, topic.at, listener->subscriptions[i].length) == 0)
            return true;
    return false;
}
