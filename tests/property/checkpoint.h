/* Replaying a run's journal as a start does: from its beginning, or from a checkpoint that was taken at some seq. */
#ifndef WAITLIST_TESTS_CHECKPOINT_H
#define WAITLIST_TESTS_CHECKPOINT_H

#include "tests/property/generator.h"
#include "tests/property/run.h"

/* A register of the run's journal and alert log, replayed but not begun. `sees_all`: identities of later events can be found already. */
struct waiting_register *checkpoint_replay(struct run *run, struct random *random, bool sees_all);

#endif
