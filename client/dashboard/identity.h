/* Who asks: a name, roles and teams, held by everything that is done for them and told when their time is over. */
#ifndef WAITLIST_DASHBOARD_IDENTITY_H
#define WAITLIST_DASHBOARD_IDENTITY_H

#include "daemon/core/calendar.h"
#include "daemon/security/access.h"

#include <jansson.h>

#define IDENTITY_USER_BYTES_MAX 128

struct identity {
    size_t holders;
    char user[IDENTITY_USER_BYTES_MAX + 1]; /* "": nobody knows, as nobody signs in */
    struct access_rights rights;            /* its teams are the identity's own */
    bool is_ambient; /* the browser or the proxy shows it by itself: what changes something must come from our own pages */
    bool has_ended;  /* signed out, taken away, or over: nothing more goes to them */
    int64_t ends_ms; /* on the monotonic clock; what is sent for longer ends then, and is asked for anew; INT64_MAX: never */
    instant_t until; /* when they have to sign in again; 0: nobody knows */
};

/* Copies the rights. The caller holds it. */
struct identity *identity_create(const char *user, const struct access_rights *rights);
struct identity *identity_hold(struct identity *identity);
void identity_release(struct identity **identity);
/* Adds roles and teams to those that it has; false when there are more teams than one may have. */
bool identity_add(struct identity *identity, unsigned roles, const struct access_texts *teams);
/* Whether nothing more may be sent to them. */
bool identity_is_over(const struct identity *identity, int64_t now_ms);

/* Roles and teams as arrays of names, the caller's. */
json_t *identity_roles(const struct identity *identity);
json_t *identity_teams(const struct identity *identity);

/* Says in a question on whose behalf it is asked. What a viewer may ask is asked as a viewer, whoever wants to know: the answer is the
 * same, and equal questions of many are one. What is about people names who asks, for the access log. Where nobody signs in and everybody
 * may do everything, nothing is said: the daemon is asked in the gateway's own name. */
void identity_ask_for(const struct identity *identity, json_t *question);
/* Whether the question is about people, whoever asks: then each look is one of its own, which the access log is to hold. */
bool identity_shows_people(const json_t *question);

#endif
