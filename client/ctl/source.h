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

/* Tells a daemon what is going to leave it (docs/protocol.md, export), so that who may not take it hears so before anything is asked, and
 * who does leaves a trace; a journal's file is not asked. False with a reason. */
bool source_permits(const struct evidence_source *evidence, const char *kind, day_t from, day_t to, const json_t *known_at,
                    char message[EVIDENCE_MESSAGE_SIZE]);

/* An evidence_progress; its context is a struct progress *, begun with a total of 0. */
void source_progress(void *context, unsigned done, unsigned total);

/* The argument of --known-at, in the place of what is there; a seq or an instant, else the command ends as wrongly used. The caller holds
 * it. */
void source_take_known_at(struct argp_state *state, const char *argument, json_t **known_at);

#endif
