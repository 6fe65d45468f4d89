/* The completion script, built in from completion/waitlistctl.bash. */
#ifndef WAITLIST_CTL_COMPLETION_H
#define WAITLIST_CTL_COMPLETION_H

#include <stddef.h>

extern const char completion_bash[];
extern const size_t completion_bash_size;

#endif
