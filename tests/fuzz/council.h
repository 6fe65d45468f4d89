/* A small council for the fuzz targets of the daemon: a configuration and a ledger with the golden events, which can be had anew. */
#ifndef WAITLIST_TESTS_FUZZ_COUNCIL_H
#define WAITLIST_TESTS_FUZZ_COUNCIL_H

#include "daemon/ledger/ledger.h"

#define COUNCIL_NOW ((instant_t)1748779200000) /* 2025-06-01T12:00:00Z, for which the golden events were written */

struct council {
    struct config *config;
    struct ledger *ledger;
};

/* Made once of the golden events, good and bad; then the same files again at every call. With `checkpoint` one of all events lies beside
 * the journal. The ledger is open. */
struct council *council_open(bool checkpoint);
void council_close(struct council **council);

/* Opens the ledger of files that are there. */
struct ledger *council_ledger(const struct config *config);

#endif
