/* The keys of waitlistctl's client. */
#ifndef WAITLIST_CTL_KEYS_H
#define WAITLIST_CTL_KEYS_H

#include "client/ctl/ctl.h"

/* Gives the client of the context its keys, if any were chosen and an endpoint wants some. False after having said why they cannot be
 * used; keys that only the configuration names and that nothing hangs on are let be. */
bool ctl_use_keys(struct ctl_context *ctl);

#endif
