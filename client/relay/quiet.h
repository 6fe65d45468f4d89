/* What others say is logged only where it repeats nothing that must not be in a log: no secret of ours, no message. */
#ifndef WAITLIST_RELAY_QUIET_H
#define WAITLIST_RELAY_QUIET_H

#include <stdbool.h>
#include <stddef.h>

#define QUIET_SECRET_BYTES 8   /* so much of a token or address, in one piece, gives it away */
#define QUIET_MESSAGE_BYTES 12 /* so much of a message is no accident */

/* Whether `said` holds `least` bytes of the text, or all of a shorter one. */
bool quiet_repeats(const char *said, const char *text, size_t size, size_t least);

#endif
