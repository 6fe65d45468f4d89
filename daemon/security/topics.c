/* Which topics somebody may subscribe to. */
#include "daemon/security/topics.h"

#include "daemon/core/alert.h"

#include <stdio.h>
#include <string.h>

_Static_assert(ALERT_RULE_COUNT <= 8, "TOPICS_MAX counts eight rules");

static const char no_name[] = "-"; /* in a topic, of an alert without a pathway or a team */

struct narrowing {
    struct text subscription;
    topics_visit *visit;
    void *context;
    size_t count;
};

static bool begins_with(struct text text, struct text start) {
    return text.length >= start.length && memcmp(text.at, start.at, start.length) == 0;
}

/* One topic that may be had, with all that begins with it. */
static void allow(struct narrowing *narrowing, struct text allowed) {
    bool is_within = begins_with(narrowing->subscription, allowed);
    if (!is_within && !begins_with(allowed, narrowing->subscription))
        return;
    bool is_whole = narrowing->subscription.length <= allowed.length;
    narrowing->count++;
    narrowing->visit(narrowing->context, is_within ? narrowing->subscription : allowed, is_whole);
}

static void allow_alerts(struct narrowing *narrowing, const char *rule, const char *pathway, const struct access_texts *teams) {
    char topic[TOPIC_SIZE];
    int start = snprintf(topic, sizeof topic, "alert.%s.%s.", rule, pathway);
    struct text shared = {topic, (uint32_t)start};
    /* Most of the thousands are passed over by what they begin with. */
    if (!begins_with(shared, narrowing->subscription) && !begins_with(narrowing->subscription, shared))
        return;
    for (size_t i = 0; i < teams->count; i++) {
        if (strcmp(teams->at[i], no_name) == 0) /* a name that teams may have, and alerts of no team too */
            continue;
        int length = snprintf(topic, sizeof topic, "alert.%s.%s.%s.", rule, pathway, teams->at[i]);
        allow(narrowing, (struct text){topic, (uint32_t)length});
    }
}

bool topics_depend_on_policy(const struct access_rights *rights) {
    return !access_sees_everybody(rights) && access_has(rights, ACCESS_MANAGER) && rights->teams.count > 0;
}

size_t topics_narrow(const struct access_rights *rights, const struct policy *policy, struct text subscription, topics_visit *visit,
                     void *context) {
    struct narrowing narrowing = {.subscription = subscription, .visit = visit, .context = context};
    if (access_sees_everybody(rights)) {
        allow(&narrowing, text_of(""));
        return narrowing.count;
    }
    if (access_has(rights, ACCESS_VIEWER)) {
        allow(&narrowing, text_of("heartbeat."));
        allow(&narrowing, text_of("position."));
    }
    for (int rule = 0; rule < ALERT_RULE_COUNT && topics_depend_on_policy(rights); rule++) {
        const char *name = alert_rule_name((enum alert_rule)rule);
        for (size_t i = 0; i < policy->pathway_count; i++)
            allow_alerts(&narrowing, name, policy->pathways[i].name, &rights->teams);
        allow_alerts(&narrowing, name, no_name, &rights->teams);
    }
    return narrowing.count;
}
