/* What of an event stays when its personal part is erased (rules, section 3, "Redaction"), in a form of its own that the chain covers. */
#ifndef WAITLIST_JOURNAL_KEPT_H
#define WAITLIST_JOURNAL_KEPT_H

#include "daemon/core/event.h"

#define KEPT_SIZE 4096 /* bytes; a checked event needs some 3,500 at most */

/* Type, subject, time, source, id, sequence and every value that a position, a flow or a list groups by; no person, no worker, nothing that
 * means nothing here. The same event gives the same bytes for ever: docs/journal.md, "The chain". */
struct text kept_write(const struct event *event, char kept[KEPT_SIZE]);

#endif
