/* Following alerts without loss: publications as long as they come in an unbroken row, the query `alerts` whenever they do not.
 *
 * A publication carries no epoch. It is believed only after a heartbeat on the same connection has said which journal it is from; a page
 * of missed transitions only when its reply, or the `health` asked after it, names the journal followed. */
#include "client/lib/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_BEATS 2 /* heartbeats between two reports */
#define ALERT_PARTS 3  /* rule, pathway, team */

enum phase { PHASE_IDLE, PHASE_ALERTS, PHASE_EPOCH };

struct waitlist_follower {
    struct feed feed;
    struct request request;
    struct request report; /* of its own: what is published goes on being taken while it is answered */
    char *name;            /* under which it reports; NULL: it does not */
    int beats_to_report;
    char *filter[ALERT_PARTS]; /* NULL: any */
    char *prefix;
    const char *topics[3];
    struct waitlist_cursor cursor; /* delivered */
    uint64_t complete;             /* delivered, or waiting in the page */
    uint64_t known;                /* the highest that the daemon has told of */
    uint64_t asked_for;            /* what was known when the page was asked for */
    enum phase phase;
    bool caught_up;   /* a page was taken since the start, a restart or a lost connection */
    bool discouraged; /* the last page brought nothing of what is known: not again before something new is told */
    bool epoch_changed;
    json_t *page; /* rows, of which those from `page_at` on are to be delivered */
    size_t page_at;
    uint64_t page_through;
    json_t *current; /* what the last transition given borrows from */
    char *current_json;
};

struct waitlist_follower *waitlist_follower_create(struct waitlist_client *client, const struct waitlist_cursor *cursor,
                                                   const struct waitlist_alert_filter *filter) {
    const char *const names[ALERT_PARTS] = {filter != NULL ? filter->rule : NULL, filter != NULL ? filter->pathway : NULL,
                                            filter != NULL ? filter->team : NULL};
    char prefix[(WAITLIST_NAME_BYTES_MAX + 1) * ALERT_PARTS + sizeof WAITLIST_TOPIC_ALERT] = WAITLIST_TOPIC_ALERT;
    size_t size = strlen(prefix);
    bool open = true;

    for (int i = 0; i < ALERT_PARTS; i++) {
        if (names[i] != NULL && !endpoints_name_is_valid(names[i])) {
            errno = EINVAL;
            return NULL;
        }
    }
    struct waitlist_follower *follower = client_new(sizeof *follower);

    for (int i = 0; i < ALERT_PARTS; i++) {
        open = open && names[i] != NULL;
        if (open) {
            size += (size_t)snprintf(prefix + size, sizeof prefix - size, "%s.", names[i]);
        }
        follower->filter[i] = names[i] != NULL ? client_copy(names[i], strlen(names[i])) : NULL;
    }
    follower->prefix = client_copy(prefix, strlen(prefix));
    follower->topics[0] = follower->prefix;
    follower->topics[1] = WAITLIST_TOPIC_HEARTBEAT;
    feed_init(&follower->feed, client, follower->topics);
    request_init(&follower->request, client);
    request_init(&follower->report, client);
    follower->report.attempts_max = 1; /* the next one says more */
    if (cursor != NULL) {
        waitlist_follower_restart(follower, cursor);
    }
    return follower;
}

static void drop_page(struct waitlist_follower *follower) {
    json_decref(follower->page);
    follower->page = NULL;
    follower->page_at = 0;
}

static void drop_current(struct waitlist_follower *follower) {
    json_decref(follower->current);
    follower->current = NULL;
    free(follower->current_json);
    follower->current_json = NULL;
}

void waitlist_follower_destroy(struct waitlist_follower **follower) {
    if (*follower == NULL) {
        return;
    }
    link_close(&(*follower)->feed.link);
    request_clear(&(*follower)->request);
    request_clear(&(*follower)->report);
    free((*follower)->name);
    drop_page(*follower);
    drop_current(*follower);
    for (int i = 0; i < ALERT_PARTS; i++) {
        free((*follower)->filter[i]);
    }
    free((*follower)->prefix);
    free(*follower);
    *follower = NULL;
}

void waitlist_follower_restart(struct waitlist_follower *follower, const struct waitlist_cursor *cursor) {
    static const struct waitlist_cursor beginning = {"", 0};
    /* The caller may give the follower's own cursor back. */
    struct waitlist_cursor chosen = cursor != NULL ? *cursor : beginning;

    request_clear(&follower->request);
    drop_page(follower);
    follower->cursor = chosen;
    follower->complete = chosen.seq;
    follower->known = 0;
    follower->phase = PHASE_IDLE;
    follower->caught_up = false;
    follower->discouraged = false;
    follower->epoch_changed = false;
    follower->feed.confirmed = false;
}

/* The journal that the daemon says it keeps: the one followed, or the first one met. */
static bool same_epoch(struct waitlist_follower *follower, const char *epoch) {
    if (follower->cursor.epoch[0] == '\0') {
        snprintf(follower->cursor.epoch, sizeof follower->cursor.epoch, "%s", epoch);
    }
    if (strcmp(follower->cursor.epoch, epoch) == 0) {
        return true;
    }
    follower->epoch_changed = true;
    request_clear(&follower->request);
    drop_page(follower);
    follower->phase = PHASE_IDLE;
    return false;
}

static bool fits(const struct waitlist_follower *follower, const char *const values[ALERT_PARTS]) {
    for (int i = 0; i < ALERT_PARTS; i++) {
        if (follower->filter[i] != NULL && (values[i] == NULL || strcmp(follower->filter[i], values[i]) != 0)) {
            return false;
        }
    }
    return true;
}

static bool page_has_rows(const struct waitlist_follower *follower) {
    return follower->page != NULL && follower->phase == PHASE_IDLE && follower->page_at < json_array_size(follower->page);
}

/* ---- Catching up */

static char *alerts_request(const struct waitlist_follower *follower) {
    json_t *object = json_pack("{s:i, s:s, s:I, s:s, s:i}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_ALERTS, "since",
                               (json_int_t)follower->complete, "state", "all", "limit", WAITLIST_PAGE_ROWS_MAX);
    json_t *filter = json_object();

    for (int i = 1; i < ALERT_PARTS; i++) {
        if (follower->filter[i] != NULL) {
            CLIENT_CHECK(json_object_set_new(filter, i == 1 ? "pathway" : "team", json_string(follower->filter[i])) == 0);
        }
    }
    if (json_object_size(filter) > 0) {
        CLIENT_CHECK(json_object_set(object, "filter", filter) == 0);
    }
    json_decref(filter);
    char *text = json_dumps(object, JSON_COMPACT);

    CLIENT_CHECK(text != NULL);
    json_decref(object);
    return text;
}

static bool ask_alerts(struct waitlist_follower *follower) {
    char *text = alerts_request(follower);
    bool asked = request_ask(&follower->request, text);

    free(text);
    follower->asked_for = follower->known;
    follower->phase = PHASE_ALERTS;
    return asked;
}

/* Every row after what is complete, rising, and none beyond `through`. */
static bool page_is_sound(const struct waitlist_follower *follower, const json_t *rows, const json_t *through) {
    uint64_t last = follower->complete;
    size_t i;
    const json_t *row;

    if (!json_is_array(rows) || !json_is_integer(through) || json_integer_value(through) < 0) {
        return false;
    }
    json_array_foreach(rows, i, row) {
        struct waitlist_transition transition;

        if (!client_transition_read(row, &transition) || transition.seq <= last) {
            return false;
        }
        last = transition.seq;
    }
    return json_array_size(rows) == 0 || last <= (uint64_t)json_integer_value(through);
}

static void take_page(struct waitlist_follower *follower) {
    bool further = follower->page_through > follower->complete;

    follower->phase = PHASE_IDLE;
    follower->page_at = 0;
    follower->caught_up = true;
    follower->discouraged = !further && follower->asked_for > follower->complete;
    follower->complete = further ? follower->page_through : follower->complete;
}

/* The reply is the caller's no more. */
static enum waitlist_status take_alerts(struct waitlist_follower *follower, const json_t *reply) {
    const json_t *through = json_object_get(reply, "through");
    json_t *rows = json_object_get(reply, "rows");
    const char *epoch = json_text(reply, "epoch");

    if (!page_is_sound(follower, rows, through)) {
        return WAITLIST_BAD_REPLY;
    }
    drop_page(follower);
    follower->page = json_incref(rows);
    follower->page_through = (uint64_t)json_integer_value(through);
    if (epoch != NULL) {
        if (same_epoch(follower, epoch)) {
            take_page(follower);
        }
        return WAITLIST_OK;
    }
    follower->phase = PHASE_EPOCH;
    return request_ask(&follower->request, "{\"v\":1,\"op\":\"" WAITLIST_OP_HEALTH "\"}") ? WAITLIST_OK : WAITLIST_SYSTEM;
}

static enum waitlist_status take_epoch(struct waitlist_follower *follower, const json_t *reply) {
    const char *epoch = json_text(reply, "epoch");

    if (epoch == NULL) {
        return WAITLIST_BAD_REPLY;
    }
    if (same_epoch(follower, epoch)) {
        take_page(follower);
    }
    return WAITLIST_OK;
}

static enum waitlist_status take_reply(struct waitlist_follower *follower) {
    char *text = NULL;
    size_t size = 0;
    enum waitlist_status status = request_take(&follower->request, &text, &size);

    if (status != WAITLIST_OK) {
        return status == WAITLIST_TIMEOUT ? WAITLIST_OK : status;
    }
    json_t *reply = json_from(text, size);
    const json_t *ok = json_object_get(reply, "ok");

    if (json_is_true(ok)) {
        status = follower->phase == PHASE_ALERTS ? take_alerts(follower, reply) : take_epoch(follower, reply);
    } else {
        status = json_is_false(ok) ? WAITLIST_REFUSED : WAITLIST_BAD_REPLY;
    }
    if (status == WAITLIST_REFUSED || status == WAITLIST_BAD_REPLY) {
        drop_page(follower);
        follower->phase = PHASE_IDLE;
        follower->discouraged = true;
    }
    json_decref(reply);
    free(text);
    return status;
}

/* ---- Publications */

static void take_heartbeat(struct waitlist_follower *follower, zmq_msg_t *body) {
    if (!pulse_take(&follower->feed.pulse, zmq_msg_data(body), zmq_msg_size(body))) {
        return;
    }
    follower->discouraged = false;
    follower->beats_to_report -= follower->beats_to_report > 0;
    if (same_epoch(follower, follower->feed.pulse.last.epoch)) {
        follower->feed.confirmed = true;
        if (follower->feed.pulse.last.alert_seq > follower->known) {
            follower->known = follower->feed.pulse.last.alert_seq;
        }
    }
}

/* True: it is the next one, and the caller's. */
static bool take_alert(struct waitlist_follower *follower, zmq_msg_t frames[3], const char *const parts[ALERT_PARTS]) {
    uint64_t seq = waitlist_seq_decode(zmq_msg_data(&frames[1]));
    bool is_next = follower->feed.confirmed && follower->caught_up && follower->phase == PHASE_IDLE && !page_has_rows(follower) &&
                   seq == follower->complete + 1;
    struct waitlist_transition transition;

    if (seq > follower->known) {
        follower->known = seq;
        follower->discouraged = false;
    }
    if (!is_next) {
        return false; /* seen already, or to be asked for */
    }
    drop_current(follower);
    follower->current = json_loadb(zmq_msg_data(&frames[2]), zmq_msg_size(&frames[2]), 0, NULL);
    if (!client_transition_read(follower->current, &transition) || transition.seq != seq) {
        return false; /* the journal's own words will tell */
    }
    if (!fits(follower, parts) && strcmp(transition.transition, "moved") == 0) {
        return false; /* it is published on the topics of both teams; the other one may be ours */
    }
    follower->complete = seq;
    if (!fits(follower, parts)) {
        return false;
    }
    follower->current_json = client_copy(zmq_msg_data(&frames[2]), zmq_msg_size(&frames[2]));
    return true;
}

/* Takes publications up to the first that can be delivered. */
static bool take_publications(struct waitlist_follower *follower) {
    zmq_msg_t frames[3];
    bool found = false;

    while (!found && !follower->epoch_changed && feed_receive(&follower->feed, frames)) {
        char parts[ALERT_PARTS][WAITLIST_NAME_BYTES_MAX + 1];

        if (feed_topic_parts(&frames[0], WAITLIST_TOPIC_ALERT, parts, ALERT_PARTS) == ALERT_PARTS) {
            found = take_alert(follower, frames, (const char *const[]){parts[0], parts[1], parts[2]});
        } else if (zmq_msg_size(&frames[0]) == strlen(WAITLIST_TOPIC_HEARTBEAT) &&
                   memcmp(zmq_msg_data(&frames[0]), WAITLIST_TOPIC_HEARTBEAT, strlen(WAITLIST_TOPIC_HEARTBEAT)) == 0) {
            take_heartbeat(follower, &frames[2]);
        }
        link_release(frames, 3, 3);
    }
    return found;
}

/* ---- The caller's side */

static void deliver(struct waitlist_follower *follower, struct waitlist_transition *transition) {
    CLIENT_CHECK(client_transition_read(follower->current, transition));
    transition->json = follower->current_json;
    follower->cursor.seq = transition->seq;
}

/* The page's next row that is ours. */
static bool deliver_row(struct waitlist_follower *follower, struct waitlist_transition *transition) {
    while (page_has_rows(follower)) {
        json_t *row = json_array_get(follower->page, follower->page_at++);
        const char *const rule_only[ALERT_PARTS] = {json_text(row, "rule"), follower->filter[1], follower->filter[2]};

        /* Pathway and team are the daemon's to choose: it knows both teams of one who moved. */
        if (fits(follower, rule_only)) {
            drop_current(follower);
            follower->current = json_incref(row);
            follower->current_json = json_dumps(row, JSON_COMPACT);
            CLIENT_CHECK(follower->current_json != NULL);
            deliver(follower, transition);
            return true;
        }
    }
    if (follower->phase == PHASE_IDLE) {
        drop_page(follower);
        follower->cursor.seq = follower->complete;
    }
    return false;
}

/* Tells the daemon how far the program is. Nothing hangs on it: an answer is thrown away, and a daemon that does not know the op refuses.
 */
static void keep_reporting(struct waitlist_follower *follower) {
    char *reply = NULL;
    size_t size = 0;

    (void)request_take(&follower->report, &reply, &size);
    free(reply);
    if (follower->name == NULL || follower->beats_to_report > 0 || follower->report.state != REQUEST_IDLE || !follower->feed.confirmed) {
        return;
    }
    json_t *object = json_pack("{s:i, s:s, s:s, s:s, s:I}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_FOLLOW_REPORT, "name",
                               follower->name, "epoch", follower->cursor.epoch, "alert_seq", (json_int_t)follower->cursor.seq);
    char *text = json_dumps(object, JSON_COMPACT);

    CLIENT_CHECK(text != NULL);
    (void)request_ask(&follower->report, text);
    follower->beats_to_report = REPORT_BEATS;
    free(text);
    json_decref(object);
}

static enum waitlist_status refusal_of(struct waitlist_follower *follower) {
    enum waitlist_status feed = link_refused(&follower->feed.link);
    enum waitlist_status request = link_refused(&follower->request.link);

    return feed != WAITLIST_OK ? feed : request;
}

/* One round: OK with a transition, TIMEOUT when there is none now, or what went wrong. */
static enum waitlist_status turn(struct waitlist_follower *follower, struct waitlist_transition *transition) {
    if (follower->epoch_changed) {
        return WAITLIST_EPOCH_CHANGED;
    }
    enum feed_news news = feed_keep(&follower->feed);

    if (news == FEED_FAILED) {
        return WAITLIST_SYSTEM;
    }
    enum waitlist_status refused = refusal_of(follower);

    if (refused != WAITLIST_OK) {
        return refused;
    }
    keep_reporting(follower);
    if (deliver_row(follower, transition)) {
        return WAITLIST_OK;
    }
    if (take_publications(follower)) {
        deliver(follower, transition);
        return WAITLIST_OK;
    }
    enum waitlist_status status = follower->epoch_changed ? WAITLIST_EPOCH_CHANGED : take_reply(follower);

    if (follower->epoch_changed) {
        return WAITLIST_EPOCH_CHANGED;
    }
    if (status != WAITLIST_OK) {
        return status;
    }
    if (deliver_row(follower, transition)) {
        return WAITLIST_OK;
    }
    bool behind = !follower->caught_up || follower->known > follower->complete;

    if (follower->phase == PHASE_IDLE && behind && !follower->discouraged && !ask_alerts(follower)) {
        return WAITLIST_SYSTEM;
    }
    return WAITLIST_TIMEOUT;
}

enum waitlist_status waitlist_follower_next(struct waitlist_follower *follower, int timeout_ms, struct waitlist_transition *transition) {
    struct link *links[] = {&follower->feed.link, &follower->request.link};
    int64_t deadline = client_deadline(timeout_ms);

    for (;;) {
        enum waitlist_status status = turn(follower, transition);

        if (status != WAITLIST_TIMEOUT || client_now() >= deadline) {
            return status;
        }
        status = link_wait(links, 2, -1, client_remaining(client_earlier(follower_due(follower), deadline)));
        if (status == WAITLIST_INTERRUPTED || status == WAITLIST_SYSTEM) {
            return status;
        }
    }
}

enum waitlist_status waitlist_follower_run(struct waitlist_follower *follower, int timeout_ms,
                                           bool (*each)(void *context, const struct waitlist_transition *transition), void *context) {
    int64_t deadline = client_deadline(timeout_ms);
    struct waitlist_transition transition;

    for (;;) {
        enum waitlist_status status = waitlist_follower_next(follower, client_remaining(deadline), &transition);

        if (status != WAITLIST_OK || !each(context, &transition)) {
            return status;
        }
    }
}

bool waitlist_follower_report_as(struct waitlist_follower *follower, const char *name) {
    if (name != NULL && !endpoints_name_is_valid(name)) {
        errno = EINVAL;
        return false;
    }
    free(follower->name);
    follower->name = name != NULL ? client_copy(name, strlen(name)) : NULL;
    follower->beats_to_report = 0;
    return true;
}

void waitlist_follower_cursor(const struct waitlist_follower *follower, struct waitlist_cursor *cursor) {
    *cursor = follower->cursor;
}

bool waitlist_follower_heartbeat(const struct waitlist_follower *follower, struct waitlist_heartbeat *heartbeat) {
    return pulse_tell(&follower->feed.pulse, heartbeat);
}

bool waitlist_follower_is_live(const struct waitlist_follower *follower) {
    return follower->caught_up && !follower->epoch_changed && !page_has_rows(follower) && follower->known <= follower->complete &&
           follower->feed.confirmed && pulse_is_fresh(&follower->feed.pulse);
}

struct link *follower_feed_link(struct waitlist_follower *follower) {
    return &follower->feed.link;
}

struct link *follower_request_link(struct waitlist_follower *follower) {
    return &follower->request.link;
}

int64_t follower_due(const struct waitlist_follower *follower) {
    return client_earlier(feed_due(&follower->feed), request_due(&follower->request));
}

bool follower_has_news(const struct waitlist_follower *follower) {
    return follower->epoch_changed || page_has_rows(follower) || follower->feed.link.socket == NULL;
}
