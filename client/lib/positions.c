/* The newest position of every queue: a snapshot first, then what is published; what is newer counts, by the journal's seq. */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

#define TOPIC_PARTS 2 /* pathway, team */

struct entry {
    char pathway[WAITLIST_NAME_BYTES_MAX + 1];
    char team[WAITLIST_NAME_BYTES_MAX + 1];
    int64_t came_at;
    struct waitlist_position value;
};

struct waitlist_positions {
    struct feed feed;
    struct request request;
    struct entry **entries; /* ordered by pathway and team */
    size_t count, capacity;
    char epoch[WAITLIST_EPOCH_BYTES + 1]; /* "": none met */
    uint64_t dropped;
    int64_t asked_at; /* entries older than the snapshot's question are not in the journal any more */
    bool has_snapshot;
    bool discouraged;   /* the last snapshot failed: not again before the next heartbeat */
    bool epoch_changed; /* to be told */
};

static const char *const topics[] = {WAITLIST_TOPIC_POSITION, WAITLIST_TOPIC_HEARTBEAT, NULL};

struct waitlist_positions *waitlist_positions_create(struct waitlist_client *client) {
    struct waitlist_positions *positions = client_new(sizeof *positions);

    feed_init(&positions->feed, client, topics);
    request_init(&positions->request, client);
    return positions;
}

static void forget_entries(struct waitlist_positions *positions) {
    for (size_t i = 0; i < positions->count; i++) {
        free(positions->entries[i]);
    }
    positions->count = 0;
}

void waitlist_positions_destroy(struct waitlist_positions **positions) {
    if (*positions == NULL) {
        return;
    }
    link_close(&(*positions)->feed.link);
    request_clear(&(*positions)->request);
    forget_entries(*positions);
    free((*positions)->entries);
    free(*positions);
    *positions = NULL;
}

/* Where the queue is, or would be put in. */
static size_t place_of(const struct waitlist_positions *positions, const char *pathway, const char *team, bool *found) {
    size_t low = 0;
    size_t high = positions->count;

    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(positions->entries[middle]->pathway, pathway);

        order = order != 0 ? order : strcmp(positions->entries[middle]->team, team);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct entry *entry_of(struct waitlist_positions *positions, const char *pathway, const char *team) {
    bool found;
    size_t place = place_of(positions, pathway, team, &found);

    if (found) {
        return positions->entries[place];
    }
    if (positions->count == WAITLIST_POSITION_TOPICS_MAX) {
        positions->dropped++;
        return NULL;
    }
    if (positions->count == positions->capacity) {
        positions->capacity = positions->capacity == 0 ? 64 : positions->capacity * 2;
        positions->entries = client_grow(positions->entries, positions->capacity * sizeof *positions->entries);
    }
    struct entry *entry = client_new(sizeof *entry);

    memcpy(entry->pathway, pathway, strlen(pathway) + 1);
    memcpy(entry->team, team, strlen(team) + 1);
    entry->value.pathway = entry->pathway;
    entry->value.team = entry->team;
    memmove(&positions->entries[place + 1], &positions->entries[place], (positions->count - place) * sizeof *positions->entries);
    positions->entries[place] = entry;
    positions->count++;
    return entry;
}

static void read_value(struct waitlist_position *value, const json_t *position) {
    const json_t *bands = json_object_get(position, "bands");
    size_t i;
    const json_t *band;

    (void)json_whole(position, "waiting", &value->waiting);
    (void)json_whole(position, "unallocated", &value->unallocated);
    (void)json_whole(position, "allocated", &value->allocated);
    (void)json_whole(position, "in_progress", &value->in_progress);
    (void)json_whole(position, "paused", &value->paused);
    (void)json_whole(position, "breach", &value->breach);
    (void)json_whole(position, "due", &value->due);
    (void)json_whole(position, "scheduled", &value->scheduled);
    (void)json_whole(position, "no_contact", &value->no_contact);
    value->has_longest = json_whole(position, "longest", &value->longest);
    value->has_median = json_number(position, "median", &value->median);
    value->has_mean = json_number(position, "mean", &value->mean);
    value->has_p90 = json_number(position, "p90", &value->p90);
    value->band_count = 0;
    json_array_foreach(bands, i, band) {
        if (i < WAITLIST_BANDS_MAX) {
            value->bands[i] = json_integer_value(band);
            value->band_count = i + 1;
        }
    }
}

/* A row of a snapshot or a publication: the counts stand in "position"; `seq`: the journal's that they include. */
static void take_row(struct waitlist_positions *positions, const char *pathway, const char *team, const json_t *row, uint64_t seq) {
    const json_t *position = json_object_get(row, "position");
    struct entry *entry = json_is_object(position) ? entry_of(positions, pathway, team) : NULL;

    if (entry != NULL && (entry->came_at == 0 || seq >= entry->value.journal_seq)) {
        entry->value.journal_seq = seq;
        entry->came_at = client_now();
        read_value(&entry->value, position);
    }
}

/* The journal that the daemon says it keeps. False: another one than before; everything was forgotten. */
static bool same_epoch(struct waitlist_positions *positions, const char *epoch) {
    bool first = positions->epoch[0] == '\0';
    bool same = strncmp(positions->epoch, epoch, WAITLIST_EPOCH_BYTES) == 0;

    if (!same) {
        strncpy(positions->epoch, epoch, WAITLIST_EPOCH_BYTES);
    }
    if (same || first) {
        return true;
    }
    forget_entries(positions);
    request_clear(&positions->request);
    positions->has_snapshot = false;
    positions->epoch_changed = true;
    return false;
}

/* ---- Snapshot */

static void take_snapshot_row(struct waitlist_positions *positions, const json_t *row, uint64_t seq) {
    const json_t *keys = json_object_get(row, "keys");
    const char *pathway = json_text(keys, "pathway");
    const char *team = json_text(keys, "team");

    pathway = pathway != NULL ? pathway : WAITLIST_TOPIC_ALL;
    team = team != NULL ? team : WAITLIST_TOPIC_ALL;
    if (strlen(pathway) <= WAITLIST_NAME_BYTES_MAX && strlen(team) <= WAITLIST_NAME_BYTES_MAX) {
        take_row(positions, pathway, team, row, seq);
    }
}

/* Queues that the snapshot left out are empty and gone. */
static void forget_older(struct waitlist_positions *positions, int64_t than) {
    size_t kept = 0;

    for (size_t i = 0; i < positions->count; i++) {
        if (positions->entries[i]->came_at < than) {
            free(positions->entries[i]);
        } else {
            positions->entries[kept++] = positions->entries[i];
        }
    }
    positions->count = kept;
}

static enum waitlist_status take_snapshot(struct waitlist_positions *positions, const json_t *reply) {
    const json_t *rows = json_object_get(reply, "positions");
    const char *epoch = json_text(reply, "epoch");
    uint64_t seq = json_count(reply, "journal_seq");
    size_t i;
    const json_t *row;

    if (!json_is_array(rows)) {
        return WAITLIST_BAD_REPLY;
    }
    if (epoch != NULL && !same_epoch(positions, epoch)) {
        return WAITLIST_OK; /* asked again, for the new journal */
    }
    json_array_foreach(rows, i, row) {
        take_snapshot_row(positions, row, seq);
    }
    forget_older(positions, positions->asked_at);
    positions->has_snapshot = true;
    return WAITLIST_OK;
}

/* OK: a snapshot was taken. TIMEOUT: nothing came. */
static enum waitlist_status take_reply(struct waitlist_positions *positions) {
    char *text = NULL;
    size_t size = 0;
    enum waitlist_status status = request_take(&positions->request, &text, &size);

    if (status != WAITLIST_OK) {
        return status;
    }
    json_t *reply = json_from(text, size);
    const json_t *ok = json_object_get(reply, "ok");

    if (json_is_true(ok)) {
        status = take_snapshot(positions, reply);
    } else {
        status = json_is_false(ok) ? WAITLIST_REFUSED : WAITLIST_BAD_REPLY;
    }
    positions->discouraged = status != WAITLIST_OK;
    json_decref(reply);
    free(text);
    return status;
}

/* ---- Publications */

/* True: it was news. */
static bool take_publication(struct waitlist_positions *positions, zmq_msg_t frames[3]) {
    char parts[TOPIC_PARTS][WAITLIST_NAME_BYTES_MAX + 1];

    if (feed_topic_parts(&frames[0], WAITLIST_TOPIC_POSITION, parts, TOPIC_PARTS) == TOPIC_PARTS) {
        json_t *row = json_loadb(zmq_msg_data(&frames[2]), zmq_msg_size(&frames[2]), 0, NULL);

        if (positions->feed.confirmed) {
            take_row(positions, parts[0], parts[1], row, waitlist_seq_decode(zmq_msg_data(&frames[1])));
        }
        json_decref(row);
        return positions->feed.confirmed;
    }
    if (!pulse_take(&positions->feed.pulse, zmq_msg_data(&frames[2]), zmq_msg_size(&frames[2]))) {
        return false;
    }
    positions->feed.confirmed = true;
    positions->discouraged = false;
    (void)same_epoch(positions, positions->feed.pulse.last.epoch);
    return true;
}

static enum waitlist_status refusal_of(struct waitlist_positions *positions) {
    enum waitlist_status feed = link_refused(&positions->feed.link);
    enum waitlist_status request = link_refused(&positions->request.link);

    return feed != WAITLIST_OK ? feed : request;
}

/* OK: there was news. */
static enum waitlist_status turn(struct waitlist_positions *positions) {
    enum feed_news news = feed_keep(&positions->feed);
    zmq_msg_t frames[3];
    bool changed = false;

    if (news == FEED_FAILED) {
        return WAITLIST_SYSTEM;
    }
    if (news == FEED_LOST) {
        positions->has_snapshot = false; /* a restarted daemon does not publish the queues that became empty meanwhile */
    }
    while (feed_receive(&positions->feed, frames)) {
        changed = take_publication(positions, frames) || changed;
        link_release(frames, 3, 3);
    }
    enum waitlist_status status = take_reply(positions);
    enum waitlist_status refused = refusal_of(positions);

    if (refused != WAITLIST_OK) {
        return refused;
    }
    if (positions->epoch_changed) {
        positions->epoch_changed = false;
        return WAITLIST_EPOCH_CHANGED;
    }
    if (status != WAITLIST_TIMEOUT && status != WAITLIST_OK) {
        return status;
    }
    if (!positions->has_snapshot && !positions->discouraged && positions->request.state == REQUEST_IDLE) {
        positions->asked_at = client_now();
        if (!request_ask(&positions->request, "{\"v\":1,\"op\":\"" WAITLIST_OP_SNAPSHOT "\"}")) {
            return WAITLIST_SYSTEM;
        }
    }
    return changed ? WAITLIST_OK : status;
}

enum waitlist_status waitlist_positions_update(struct waitlist_positions *positions, int timeout_ms) {
    struct link *links[] = {&positions->feed.link, &positions->request.link};
    int64_t deadline = client_deadline(timeout_ms);

    for (;;) {
        enum waitlist_status status = turn(positions);

        if (status != WAITLIST_TIMEOUT || client_now() >= deadline) {
            return status;
        }
        status = link_wait(links, 2, -1, client_remaining(client_earlier(positions_due(positions), deadline)));
        if (status == WAITLIST_INTERRUPTED || status == WAITLIST_SYSTEM) {
            return status;
        }
    }
}

/* ---- The caller's side */

static void show(const struct entry *entry, struct waitlist_position *position) {
    *position = entry->value;
    position->age_ms = client_now() - entry->came_at;
}

bool waitlist_positions_get(const struct waitlist_positions *positions, const char *pathway, const char *team,
                            struct waitlist_position *position) {
    bool found;
    size_t place = place_of(positions, pathway, team, &found);

    if (found) {
        show(positions->entries[place], position);
    }
    return found;
}

void waitlist_positions_each(const struct waitlist_positions *positions,
                             void (*each)(void *context, const struct waitlist_position *position), void *context) {
    for (size_t i = 0; i < positions->count; i++) {
        struct waitlist_position position;

        show(positions->entries[i], &position);
        each(context, &position);
    }
}

bool waitlist_positions_heartbeat(const struct waitlist_positions *positions, struct waitlist_heartbeat *heartbeat) {
    return pulse_tell(&positions->feed.pulse, heartbeat);
}

bool waitlist_positions_is_live(const struct waitlist_positions *positions) {
    return positions->has_snapshot && positions->feed.confirmed && pulse_is_fresh(&positions->feed.pulse);
}

uint64_t waitlist_positions_dropped(const struct waitlist_positions *positions) {
    return positions->dropped;
}

struct link *positions_feed_link(struct waitlist_positions *positions) {
    return &positions->feed.link;
}

struct link *positions_request_link(struct waitlist_positions *positions) {
    return &positions->request.link;
}

int64_t positions_due(const struct waitlist_positions *positions) {
    return client_earlier(feed_due(&positions->feed), request_due(&positions->request));
}
