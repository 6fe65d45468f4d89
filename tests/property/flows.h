/* Holding the flow of a register against the oracle. */
#ifndef WAITLIST_TESTS_FLOWS_H
#define WAITLIST_TESTS_FLOWS_H

#include "daemon/core/flow.h"
#include "tests/property/run.h"

/* One random flow over days up to `last`. */
void compare_random_flow(struct waiting_register *reg, const struct oracle *oracle, day_t last, struct random *random,
                         struct verdict *verdict);

/* Law 7 for everything, every pathway, every team and every team of a pathway over `from` to `to`. `before` and `after` are the registers
 * of the ends of the day before the first day and of the last one; NULL: the oracle, by its newest policy, says who waits. */
void check_law_7(struct waiting_register *reg, const struct oracle *oracle, struct waiting_register *before, struct waiting_register *after,
                 day_t from, day_t to, struct verdict *verdict);

#endif
