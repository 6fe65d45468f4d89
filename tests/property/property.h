/* The main program of a property test: many random histories, each checked, the first that fails shrunk and printed. */
#ifndef WAITLIST_TESTS_PROPERTY_H
#define WAITLIST_TESTS_PROPERTY_H

#include "tests/property/run.h"

/* Begins the run with run_begin and leaves run_end to the caller; the first thing that is wrong goes into the verdict. */
typedef void property_check(struct run *run, const struct world *world, const struct history *history, struct verdict *verdict);

/* SEED in the environment chooses the first history (its number, or "random"), HISTORIES how many follow. The exit code. */
int property_main(property_check *check, uint64_t histories_default);

#endif
