/* Where evidence is asked for: a running daemon, or the journal that --journal names. */
#ifndef WAITLIST_CTL_SOURCE_H
#define WAITLIST_CTL_SOURCE_H

#include "client/ctl/ctl.h"
#include "client/ctl/send.h"
#include "client/evidence/evidence.h"

/* Borrows `ctl`. False after having said why there is nobody to ask, with the exit code in `*code`. */
struct source {
    struct ctl_context *ctl;
    int code; /* of the last question that failed */
};
bool source_open(struct source *source, struct ctl_context *ctl, struct evidence_source *evidence);

/* An evidence_progress; its context is a struct progress *, begun with a total of 0. */
void source_progress(void *context, unsigned done, unsigned total);

/* The argument of --known-at, in the place of what is there; a seq or an instant, else the command ends as wrongly used. The caller holds
 * it. */
void source_take_known_at(struct argp_state *state, const char *argument, json_t **known_at);

#endif
