/* Keeping a register that is being replayed, and taking it up again: the replay then goes on with the events that came since.
 *
 * What was folded depends on some of the policy and on the calendar; both are kept too, and a register with others is not taken up. */
#ifndef WAITLIST_CORE_PRESERVE_H
#define WAITLIST_CORE_PRESERVE_H

#include "daemon/core/bytes.h"
#include "daemon/core/register.h"

enum preserve_result {
    PRESERVE_LOADED,
    PRESERVE_OTHER_RULES, /* folded under another calendar, or a pathway completes on another event now */
    PRESERVE_REFUSED      /* it holds what no register could be */
};

/* Before register_begin, and not for a register of a past day. */
void register_save(const struct waiting_register *reg, struct bytes_out *out);

/* Into a register that was just created. Its events reach to `seq`, its alerts to `alert_seq`; it must hold nothing beyond. Anything but
 * PRESERVE_LOADED leaves a register that can only be destroyed. Whatever the bytes are, nothing worse happens. */
enum preserve_result register_load(struct waiting_register *reg, struct bytes_in *in, uint64_t seq, uint64_t alert_seq);

#endif
