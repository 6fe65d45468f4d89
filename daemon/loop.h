/* The loop of the daemon: one thread that takes events, commits, publishes, answers. */
#ifndef WAITLIST_LOOP_H
#define WAITLIST_LOOP_H

#include "daemon/config/config.h"
#include "daemon/ledger/ledger.h"
#include "daemon/sockets.h"
#include "daemon/system/log.h"
#include "daemon/system/signals.h"

struct loop_setup {
    const char *config_path; /* NULL: defaults; read again at a reload */
    struct config **config;  /* a reload replaces it */
    struct ledger *ledger;
    struct sockets *sockets; /* which are made anew when somebody is let in no more */
    struct signals *signals;
    struct log *log;
    instant_t simulated; /* INSTANT_NONE: the system's clock */
};

/* Runs until SIGTERM or SIGINT (true), or until something fails that only a new start can mend (false, logged). */
bool loop_run(const struct loop_setup *setup);

#endif
