/* The JSON shapes of docs/protocol.md: position, wait, alert transition. All keys are always present, absent values are null. */
#ifndef WAITLIST_WIRE_WIRE_H
#define WAITLIST_WIRE_WIRE_H

#include "daemon/core/flow.h"
#include "daemon/core/selection.h"

#include <jansson.h>

#define WIRE_VERSION 1
#define ALERT_ID_SIZE 24 /* "a" and a number, NUL */

/* New references; the caller owns them. */
json_t *wire_text(struct text text);     /* null when absent */
json_t *wire_day(day_t day);             /* null for DAY_NONE */
json_t *wire_instant(instant_t instant); /* null for INSTANT_NONE */
json_t *wire_tenths(int32_t tenths);     /* a number with at most one decimal; null for POSITION_NULL */
json_t *wire_position(const struct position *position);
/* What is known less what was reported; null where one of the two has no such figure. */
json_t *wire_difference(const struct position *known, const struct position *reported);
json_t *wire_flow(const struct flow *flow);
json_t *wire_wait(const struct wait_view *view);
json_t *wire_transition(const struct alert_transition *transition);
/* An open alert: the same with acknowledged_at and overdue. */
json_t *wire_open_alert(const struct alert_transition *alert);
/* The same as compact text, as it is journalled and published; returns its length. A midnight writes thousands of them, so it is printed
 * directly: the alphabets of subjects and names (rules, section 2) need no escaping, only what somebody wrote does. */
#define WIRE_TRANSITION_SIZE 3072
size_t wire_transition_text(const struct alert_transition *transition, char out[WIRE_TRANSITION_SIZE]);
size_t wire_open_alert_text(const struct alert_transition *alert, char out[WIRE_TRANSITION_SIZE]);

/* An alert is named after the seq of its first transition: "a104". */
void wire_alert_id(uint64_t raised_seq, char out[ALERT_ID_SIZE]);
/* The seq in an alert's name, 0 when it is none. */
uint64_t wire_raised_seq(struct text alert_id);

/* {"v":1,"ok":true}, to be filled; and {"v":1,"ok":false,"error":{…}} (pointer NULL: null). */
json_t *wire_reply(void);
json_t *wire_error(const char *code, const char *message, const char *pointer);

/* Compact text; the caller frees with free(). Aborts when memory runs out. */
char *wire_dump(const json_t *json, size_t *length);

#endif
