/* What of a subscription to the publishing socket somebody may have (docs/protocol.md, Rights). Pure.
 *
 * libzmq gives a subscriber each publication whose topic begins with its subscription, so rights are topics that end with a full stop, and
 * a subscription is narrowed to what lies within both: it stands as it is where it lies within one of them, and becomes all of those that
 * lie within it. */
#ifndef WAITLIST_SECURITY_TOPICS_H
#define WAITLIST_SECURITY_TOPICS_H

#include "daemon/core/policy.h"
#include "daemon/security/access.h"

#define TOPIC_SIZE (16 + 3 * (NAME_MAX_BYTES + 1) + 1) /* of an alert, with its NUL */
/* Topics that one subscription can become: each rule of each pathway, and of none, of each team of a manager; positions and heartbeat. */
#define TOPICS_MAX (8 * (POLICY_PATHWAYS_MAX + 1) * ACCESS_TEXTS_MAX + 2)

/* `is_whole`: the topic is a right as a whole, so that every subscription that it begins with becomes it too; else it is `subscription`
 * itself, and nothing but that becomes it. */
typedef void topics_visit(void *context, struct text topic, bool is_whole);

/* Calls `visit` for each topic that `subscription` becomes, none of which begins with another; returns how many. 0: all of it is
 * forbidden. The pathways are those of `policy`. */
size_t topics_narrow(const struct access_rights *rights, const struct policy *policy, struct text subscription, topics_visit *visit,
                     void *context);
/* Whether what a subscription becomes depends on the pathways. */
bool topics_depend_on_policy(const struct access_rights *rights);

#endif
