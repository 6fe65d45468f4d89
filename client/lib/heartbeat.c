/* The daemon's heartbeat, and how old the last one is. */
#include "client/lib/internal.h"

#include <stdio.h>

static void copy_text(char *to, size_t size, const json_t *object, const char *member) {
    const char *text = json_text(object, member);

    snprintf(to, size, "%s", text != NULL ? text : "");
}

bool pulse_take(struct pulse *pulse, const void *bytes, size_t size) {
    json_t *object = json_from(bytes, size);
    const char *epoch = json_text(object, "epoch");

    if (object == NULL || epoch == NULL || epoch[0] == '\0') {
        json_decref(object);
        return false;
    }
    copy_text(pulse->last.epoch, sizeof pulse->last.epoch, object, "epoch");
    copy_text(pulse->last.now, sizeof pulse->last.now, object, "now");
    copy_text(pulse->last.today, sizeof pulse->last.today, object, "today");
    copy_text(pulse->last.version, sizeof pulse->last.version, object, "version");
    copy_text(pulse->last.chain, sizeof pulse->last.chain, object, "chain");
    pulse->last.journal_seq = json_count(object, "journal_seq");
    pulse->last.alert_seq = json_count(object, "alert_seq");
    pulse->came_at = client_now();
    json_decref(object);
    return true;
}

bool pulse_tell(const struct pulse *pulse, struct waitlist_heartbeat *heartbeat) {
    *heartbeat = pulse->last;
    heartbeat->age_ms = pulse->came_at == 0 ? -1 : client_now() - pulse->came_at;
    return pulse->came_at != 0;
}

bool pulse_is_fresh(const struct pulse *pulse) {
    return pulse->came_at != 0 && client_now() - pulse->came_at <= WAITLIST_STALE_MS;
}
