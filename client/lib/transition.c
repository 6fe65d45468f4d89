/* One alert transition, from JSON to its struct. */
#include "client/lib/internal.h"

#include <string.h>

bool client_transition_read(const json_t *row, struct waitlist_transition *transition) {
    memset(transition, 0, sizeof *transition);
    transition->seq = json_count(row, "seq");
    transition->alert_id = json_text(row, "alert_id");
    transition->transition = json_text(row, "transition");
    transition->rule = json_text(row, "rule");
    transition->subject = json_text(row, "subject");
    transition->pathway = json_text(row, "pathway");
    transition->team = json_text(row, "team");
    transition->from_team = json_text(row, "from_team");
    transition->severity = json_text(row, "severity");
    transition->occurred_on = json_text(row, "occurred_on");
    transition->at = json_text(row, "at");
    transition->reason = json_text(row, "reason");
    transition->by = json_text(row, "by");
    transition->note = json_text(row, "note");
    transition->expected_by = json_text(row, "expected_by");
    transition->has_level = json_whole(row, "level", &transition->level);
    transition->has_days = json_whole(row, "days", &transition->days);
    transition->has_standard = json_whole(row, "standard", &transition->standard);
    transition->has_value = json_whole(row, "value", &transition->value);
    transition->has_limit = json_whole(row, "limit", &transition->limit);
    transition->late = json_is_true(json_object_get(row, "late"));
    return transition->seq > 0 && transition->transition != NULL && transition->rule != NULL;
}
