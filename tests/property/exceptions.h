/* Holding the list of exceptions, and the figures made of it, against the oracle. */
#ifndef WAITLIST_TESTS_EXCEPTIONS_H
#define WAITLIST_TESTS_EXCEPTIONS_H

#include "tests/property/run.h"

/* Every page of one random list as at the day: which exceptions and warnings, in which order, with the events that they contradict.
 * `journal` has the events in the order in which the register took them. */
void compare_exceptions(struct waiting_register *reg, const struct oracle *oracle, const struct memory_journal *journal,
                        const struct calendar *calendar, day_t day, struct random *random, struct verdict *verdict);

#endif
