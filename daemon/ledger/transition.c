/* Reading back an alert transition of the journal; with simdjson, because a start reads every one of them. */
#include "daemon/ledger/transition.h"

#include "daemon/wire/wire.h"

#include <string.h>

static enum severity severity_of(struct text name) {
    int severity = SEVERITY_INFO;
    while (severity < SEVERITY_CRITICAL && !text_is(name, severity_name((enum severity)severity)))
        severity++;
    return (enum severity)severity;
}

static enum alert_reason reason_of(struct text name) {
    int reason = ALERT_REASON_NONE;
    while (reason < ALERT_REASON_CLEARED && !text_is(name, alert_reason_name((enum alert_reason)reason)))
        reason++;
    return (enum alert_reason)reason;
}

static void take_text(struct alert_transition *transition, struct text name, struct text value) {
    if (text_is(name, "alert_id"))
        transition->raised_seq = wire_raised_seq(value);
    else if (text_is(name, "transition"))
        transition->change = alert_change_of(value);
    else if (text_is(name, "rule"))
        transition->rule = alert_rule_of(value);
    else if (text_is(name, "subject"))
        transition->subject = value;
    else if (text_is(name, "pathway"))
        transition->pathway = value;
    else if (text_is(name, "team"))
        transition->team = value;
    else if (text_is(name, "from_team"))
        transition->from_team = value;
    else if (text_is(name, "severity"))
        transition->severity = severity_of(value);
    else if (text_is(name, "occurred_on"))
        date_parse(value, &transition->occurred_on);
    else if (text_is(name, "at"))
        instant_parse(value, &transition->at);
    else if (text_is(name, "reason"))
        transition->reason = reason_of(value);
    else if (text_is(name, "by"))
        transition->by = value;
    else if (text_is(name, "note"))
        transition->note = value;
    else if (text_is(name, "expected_by"))
        date_parse(value, &transition->expected_by);
}

static void take_number(struct alert_transition *transition, struct text name, int64_t value) {
    if (text_is(name, "seq"))
        transition->alert_seq = (uint64_t)value;
    else if (text_is(name, "level"))
        transition->level = (int32_t)value;
    else if (text_is(name, "days"))
        transition->days = (int32_t)value;
    else if (text_is(name, "value"))
        transition->days = (int32_t)value;
    else if (text_is(name, "standard") || text_is(name, "limit"))
        transition->standard = (int32_t)value;
}

bool transition_read(struct json_parser *parser, struct text body, struct alert_transition *transition) {
    struct json_value root, value;
    struct json_cursor cursor;
    struct text name, text;
    int64_t number;
    memset(transition, 0, sizeof *transition);
    transition->occurred_on = DAY_NONE;
    transition->at = transition->acknowledged_at = INSTANT_NONE;
    transition->expected_by = DAY_NONE;
    transition->change = ALERT_CHANGE_COUNT;
    transition->rule = ALERT_RULE_COUNT;
    transition->days = ALERT_VALUE_NONE;
    if (json_parser_read(parser, body, &root) != JSON_FAULT_NONE || !json_members_start(root, &cursor))
        return false;
    while (json_members_next(&cursor, &name, &value)) {
        if (json_value_text(value, &text))
            take_text(transition, name, text);
        else if (json_value_integer(value, &number))
            take_number(transition, name, number);
        else if (text_is(name, "late"))
            transition->late = json_value_is_true(value);
    }
    return transition->alert_seq > 0 && transition->raised_seq > 0 && transition->change < ALERT_CHANGE_COUNT &&
           transition->rule < ALERT_RULE_COUNT && transition->subject.length > 0 && transition->subject.length <= STANDING_SUBJECT_MAX &&
           (transition->pathway.at != NULL || !alert_rule_is_about_waits(transition->rule)) && transition->occurred_on != DAY_NONE &&
           transition->at != INSTANT_NONE && (transition->change != ALERT_ACKNOWLEDGED || transition->by.at != NULL);
}
