/* The named checks of an event's `data`: the vocabulary of each type, personal data, pathways and times (rules, sections 2 and 3). */
#ifndef WAITLIST_INGEST_VALIDATE_H
#define WAITLIST_INGEST_VALIDATE_H

#include "daemon/ingest/envelope.h"
#include "daemon/ingest/json.h"

/* Fills a rejection and returns false. The message is a plain sentence without a value of the event. */
bool validate_refuse(struct rejection *rejection, enum reject_code code, const struct json_path *path, const char *message);

/* 1-128 bytes of `A-Z a-z 0-9 . _ : / -`: a subject, person or worker. */
bool validate_is_reference(struct text text);
/* Whether the value is null or holds one at any depth; `*pointer` then says where. */
bool validate_holds_null(struct json_value value, const struct json_path *path, char pointer[JSON_POINTER_SIZE]);

/* Sets every member that comes from `data` to absent. */
void validate_clear(struct event *event);
/* All checks from unknown_type to time_too_old, of an event whose envelope is filled in. */
bool validate_event(struct json_value data, const struct intake_rules *rules, instant_t now, struct event *event,
                    struct rejection *rejection);
/* The check for personal data of an attribute that means nothing here. */
bool validate_extension(struct text name, struct json_value value, const struct intake_rules *rules, struct event *event,
                        struct rejection *rejection);
/* Fills the event from data that was accepted before; false when it cannot have been. */
bool validate_refill(struct json_value data, struct event *event);

#endif
