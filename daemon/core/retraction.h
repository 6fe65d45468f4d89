/* Which identities were retracted (rules, section 4, "Retraction"): the identity named alone decides, whenever it arrives. */
#ifndef WAITLIST_CORE_RETRACTION_H
#define WAITLIST_CORE_RETRACTION_H

#include "daemon/core/names.h"

enum retraction_kind {
    RETRACTION_NONE,    /* nobody retracted this identity */
    RETRACTION_UNKNOWN, /* its target has not arrived: `retracts_unknown` */
    RETRACTION_CANNOT,  /* its target is a retraction: `cannot_retract` */
    RETRACTION_TAKES    /* its target never happened */
};

struct retractions;

struct retractions *retractions_create(uint64_t seed);
void retractions_destroy(struct retractions **retractions);

/* What has been said of an identity. */
enum retraction_kind retractions_kind(const struct retractions *retractions, struct text source, struct text id);
/* A retraction of the identity arrived, itself an event of `wait`; `kind` as its target now is known. */
void retractions_add(struct retractions *retractions, struct text source, struct text id, enum retraction_kind kind, uint32_t wait);
/* The target of retractions of kind RETRACTION_UNKNOWN arrived: they become `kind`; calls `each` (may be NULL) for the wait of every one of
 * them. */
void retractions_resolve(struct retractions *retractions, struct text source, struct text id, enum retraction_kind kind,
                         void (*each)(void *context, uint32_t wait), void *context);

void retractions_save(const struct retractions *retractions, struct bytes_out *out);
/* Into retractions that hold nothing yet, of waits up to `wait_count`. What is refused leaves `in->failed`. */
void retractions_load(struct retractions *retractions, struct bytes_in *in, uint32_t wait_count);

#endif
