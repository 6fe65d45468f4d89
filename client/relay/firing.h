/* The alerts that an Alertmanager is to believe in: what is open, sent again and again while it is, and resolved in the end. */
#ifndef WAITLIST_RELAY_FIRING_H
#define WAITLIST_RELAY_FIRING_H

#include "client/relay/message.h"

/* Alerts of one route. Those that come after are counted in one alert of their own (WaitlistAlertsLeftOut). */
#define FIRING_MAX 100000
/* Alerts in one request. */
#define FIRING_PAGE 200

struct firing;

struct firing *firing_create(const struct relay_settings *settings, const struct route_settings *route);
void firing_destroy(struct firing **firing);

/* An alert that is open, as the daemon lists it. */
void firing_open(struct firing *firing, const json_t *row);
/* A transition, in the order of seq; `now_ms` is the clock by which resend_s and hold_s are counted. One that was taken already changes
 * nothing. */
void firing_take(struct firing *firing, const json_t *row, int64_t now_ms);
/* Resolves all that were there before the last firing_begin and have not been opened since: what became of them is not known. */
void firing_begin(struct firing *firing);
void firing_settle(struct firing *firing);

/* When something is to be sent next; INT64_MAX: never. */
int64_t firing_due(const struct firing *firing, int64_t now_ms);
/* A JSON array of at most FIRING_PAGE alerts that are due, as Alertmanager's API v2 takes them; NULL: none. `wall_ms`: the time of day,
 * since 1970. The caller frees. Until firing_sent, calling it again gives the same alerts. */
char *firing_page(struct firing *firing, int64_t now_ms, int64_t wall_ms);
/* They were taken. */
void firing_sent(struct firing *firing, int64_t now_ms);

/* Alerts were left out, and there is room again: load what is open anew. */
bool firing_has_room_again(const struct firing *firing);
size_t firing_count(const struct firing *firing);

#endif
