/* What leaves the relay: CloudEvents in structured mode, without whatever the route may not tell. */
#ifndef WAITLIST_RELAY_MESSAGE_H
#define WAITLIST_RELAY_MESSAGE_H

#include "client/relay/settings.h"

#include <jansson.h>
#include <stdint.h>

#define MESSAGE_TYPE_ALERT "waitlistd.alert"     /* followed by .raised, .resolved … */
#define MESSAGE_TYPE_ALERTS "waitlistd.alerts"   /* several of one team */
#define MESSAGE_TYPE_JOURNAL "waitlistd.journal" /* the daemon keeps another journal */
#define MESSAGE_TYPE_DIGEST "waitlistd.digest"   /* the morning list of a team */
#define MESSAGE_TYPE_TEST "waitlistd.test"       /* --test */
#define MESSAGE_ID_BYTES 256

struct message {
    char id[MESSAGE_ID_BYTES]; /* the same for the same thing, however often it is sent */
    char *text;                /* the CloudEvent, one line */
    json_t *extra;             /* of a digest: {"text","html"}; NULL otherwise */
};

/* Whether the route is for this transition. Both teams of one that moved count. */
bool message_matches(const struct route_match *match, const json_t *row);

/* The transition as the route may tell it, with "link" where there is a dashboard. A new object. */
json_t *message_row(const struct relay_settings *settings, const struct route_settings *route, const json_t *row);

/* Where the alert is on the dashboard; its wait's page where the route may say whose. NULL without a dashboard; the caller frees. */
char *message_link(const struct relay_settings *settings, const struct route_settings *route, const json_t *row);

/* Puts an envelope around `data`, which is taken. `time`: RFC 3339, NULL: left out. `sequence`: the alert seq, 0: none. */
void message_make(struct message *message, const struct relay_settings *settings, const char *type, const char *id, const char *subject,
                  const char *time, uint64_t sequence, json_t *data);
/* One transition by itself. */
void message_of_transition(struct message *message, const struct relay_settings *settings, const struct route_settings *route,
                           const char *epoch, const json_t *row);
void message_clear(struct message *message);

/* Whether the subject of a rule is a wait, so that it is a reference to a person. */
bool message_is_about_a_wait(const json_t *row);

#endif
