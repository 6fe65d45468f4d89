/* Who is connected to the publishing socket, and what each has subscribed to.
 *
 * With ZMQ_XPUB_MANUAL libzmq hands over each subscription with the name of whoever sent it, and what is then subscribed counts for the
 * connection that the last message read came from. That needs care, for libzmq 4.3 says nothing when that connection has ended meanwhile,
 * and would go on with what is left of it, or with another in its place. So each connection has a number, which its messages carry, and
 * libzmq's monitor tells of each that begins and ends: it does so before the connection's end reaches the socket, so that whoever is
 * found here is there. */
#ifndef WAITLIST_PUBLISH_AUDIENCE_H
#define WAITLIST_PUBLISH_AUDIENCE_H

#include "daemon/core/policy.h"

#define AUDIENCE_SUBSCRIPTIONS_MAX 1024 /* of one connection */

struct audience;
struct listener;

/* Told when the connection of somebody ends who was named by audience_note. */
typedef void audience_gone(void *context, const char *peer);
/* `monitor`: of ZMQ_EVENT_ACCEPTED and ZMQ_EVENT_DISCONNECTED since before the socket was bound, borrowed. `gone` may be NULL. */
struct audience *audience_create(void *monitor, audience_gone *gone, void *context);
void audience_destroy(struct audience **audience);

/* The number of a connection that is about to be let in. */
uint64_t audience_number(struct audience *audience);
/* Takes what the monitor has told. */
void audience_refresh(struct audience *audience);
/* The connection of a message that came with this descriptor and number; NULL when it has ended. Until the next call of anything of libzmq
 * on the socket but zmq_setsockopt. */
struct listener *audience_find(struct audience *audience, int descriptor, uint64_t number);

enum audience_change { AUDIENCE_CHANGED, AUDIENCE_UNCHANGED, AUDIENCE_FULL };
enum audience_change audience_add(struct listener *listener, struct text subscription);
enum audience_change audience_remove(struct listener *listener, struct text subscription);
/* Whose connection it is, for when it ends. */
void audience_note(struct listener *listener, const char *peer);
/* Whether the topic begins with one of its subscriptions. */
bool audience_hears(const struct listener *listener, struct text topic);

#endif
