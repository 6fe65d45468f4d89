/* Those who failed to sign in and wait to be told so: the loop goes on meanwhile, and what they try next comes later each time. */
#ifndef WAITLIST_DASHBOARD_FAILURES_H
#define WAITLIST_DASHBOARD_FAILURES_H

#include "client/dashboard/http.h"
#include "daemon/system/log.h"

#define FAILURES_WAITING_MAX 64       /* one more is told at once to come again */
#define FAILURES_OF_AN_ADDRESS_MAX 16 /* and one more from the same address */

struct failures;

struct failures *failures_create(struct log *log);
/* Nobody may wait any more. */
void failures_destroy(struct failures **failures);

/* Has `answer` be called with the exchange when its time has come. False when as many wait as may: nothing was done. */
bool failures_add(struct failures *failures, struct exchange *exchange, int64_t now_ms,
                  void (*answer)(void *context, struct exchange *exchange), void *context);
/* Answers those whose time has come. */
void failures_run(struct failures *failures, int64_t now_ms);
/* Answers everybody, before the server ends. */
void failures_release(struct failures *failures);
/* How many there have been. */
uint64_t failures_count(const struct failures *failures);
/* When failures_run has to be called; INT64_MAX: never. */
int64_t failures_due_ms(const struct failures *failures);

#endif
