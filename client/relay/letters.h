/* The dead letters from the command line: listed, and tried again. */
#ifndef WAITLIST_RELAY_LETTERS_H
#define WAITLIST_RELAY_LETTERS_H

#include "client/relay/settings.h"

/* `route`: NULL: all. Each prints a line a letter and returns an exit code: 0 all done, 1 not all. */
int letters_list(const struct relay_settings *settings, const char *route);
int letters_retry(const struct relay_settings *settings, const char *route);

#endif
