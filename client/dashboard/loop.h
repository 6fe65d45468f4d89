/* The loop of the gateway: browsers, the daemon, signals and time in one poll. */
#ifndef WAITLIST_DASHBOARD_LOOP_H
#define WAITLIST_DASHBOARD_LOOP_H

#include "client/dashboard/gateway.h"
#include "daemon/system/log.h"
#include "daemon/system/signals.h"

struct loop_setup {
    struct gateway *gateway;
    struct http *http;
    struct signals *signals;
    struct log *log;
};

/* Runs until somebody asks for the end; false when polling failed. */
bool loop_run(const struct loop_setup *setup);
/* The monotonic clock, which nobody else reads. */
int64_t loop_clock_ms(void);

#endif
