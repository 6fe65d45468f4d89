/* The open pages: each reads the ring of events at its own pace, after what it missed while it was away. */
#ifndef WAITLIST_DASHBOARD_STREAMS_H
#define WAITLIST_DASHBOARD_STREAMS_H

#include "client/dashboard/http.h"
#include "client/dashboard/identity.h"
#include "client/dashboard/news.h"

#define STREAMS_RESUME_MAX 10000 /* alerts behind; a page further behind is told to load everything again */

struct streams;

struct streams_setup {
    struct news *news;
    struct upstream *upstream;
    size_t maximum;
};

struct streams *streams_create(const struct streams_setup *setup);
/* The last stream must be over. */
void streams_destroy(struct streams **streams);

/* Answers GET /api/v1/stream: parameters pathway, team, last_event_id; the header Last-Event-ID goes first. What the stream says is what
 * `who` may see; it ends when they may see no more. */
void streams_answer(struct streams *streams, struct exchange *exchange, struct identity *who);
/* Somebody's time has ended: the next streams_run ends their streams. */
void streams_look(struct streams *streams);

/* Lets the pages read what is new, and what they missed be asked for. Bursts are handed on together: after one, not before streams_due_ms.
 */
void streams_run(struct streams *streams, int64_t now_ms);
int64_t streams_due_ms(const struct streams *streams);

struct streams_figures {
    size_t open;
    uint64_t begun;
    uint64_t refused; /* at the limit */
    uint64_t ended;   /* as who followed may see no more */
    uint64_t resets;  /* told to load everything again, as they read too slowly or were away too long */
};
void streams_figures(const struct streams *streams, struct streams_figures *figures);

#endif
