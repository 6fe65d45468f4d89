/* Reading back what wire_transition_text wrote: an alert transition of the journal. */
#ifndef WAITLIST_LEDGER_TRANSITION_H
#define WAITLIST_LEDGER_TRANSITION_H

#include "daemon/core/alert.h"
#include "daemon/core/register.h"
#include "daemon/ingest/json.h"

#define TRANSITION_NESTING_MAX 2

/* False when the text is no transition. The texts of the transition live until the parser's next read. */
bool transition_read(struct json_parser *parser, struct text body, struct alert_transition *transition);

#endif
