/* Scenario `lancashire-2025`: a county simulated day by day, whose queues follow the published figures. */
#ifndef WAITLIST_SIMULATE_LANCASHIRE_H
#define WAITLIST_SIMULATE_LANCASHIRE_H

#include "client/simulate/record.h"
#include "client/simulate/simulate.h"

struct lancashire;

/* NULL, or what is wrong. */
const char *lancashire_check(const struct simulate_options *options);
struct lancashire *lancashire_create(const struct simulate_options *options);
void lancashire_destroy(struct lancashire **county);
bool lancashire_next(struct lancashire *county, struct record *record);
double lancashire_progress(const struct lancashire *county);

#endif
