/* Scenario `load`: any number of waits with the same number of events each, made without remembering a single one. */
#ifndef WAITLIST_SIMULATE_LOAD_H
#define WAITLIST_SIMULATE_LOAD_H

#include "client/simulate/record.h"
#include "client/simulate/simulate.h"

struct load;

/* NULL, or what is wrong. */
const char *load_check(const struct simulate_options *options);
struct load *load_create(const struct simulate_options *options);
void load_destroy(struct load **load);
bool load_next(struct load *load, struct record *record);
double load_progress(const struct load *load);

#endif
