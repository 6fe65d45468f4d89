/* Counters of one group of waits by clock-start day: an event changes one or two of them, a midnight none.
 *
 * A running wait is counted under its key (clock.h): how long it waits is today's index less the key, so that nothing is recounted when a
 * day passes. Paused waits whose days stand still are counted under their days; contacts under the later of last contact and start. */
#ifndef WAITLIST_CORE_TALLY_H
#define WAITLIST_CORE_TALLY_H

#include "daemon/core/position.h"

/* What one wait adds to its groups. */
struct contribution {
    enum status status; /* only STATUS_WAITING and STATUS_SCHEDULED count */
    uint8_t stage;
    bool is_paused;
    bool is_frozen;
    int32_t key; /* of a frozen wait: its days */
    int32_t standard;
    day_t contact_base; /* the later of last contact and start */
    int32_t contact_interval;
};

struct tally;

struct tally *tally_create(void);
void tally_destroy(struct tally **tally);
void tally_add(struct tally *tally, const struct contribution *contribution);
void tally_remove(struct tally *tally, const struct contribution *contribution);
/* Whether nobody waits or is scheduled. */
bool tally_is_empty(const struct tally *tally);
/* Adds everything counted here to the builder, as it stands at the end of `today`. */
void tally_collect(const struct tally *tally, const struct calendar *calendar, enum day_unit unit, day_t today,
                   struct position_builder *builder);
/* Calls `each` for everybody who waits, as many at a time as share their days and their standard. */
void tally_each_days(const struct tally *tally, const struct calendar *calendar, enum day_unit unit, day_t today,
                     void (*each)(void *context, int32_t days, int32_t standard, uint32_t count), void *context);
size_t tally_bytes(const struct tally *tally);

#endif
