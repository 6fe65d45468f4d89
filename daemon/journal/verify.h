/* Checking a whole journal: that nothing is missing, damaged or other than it was when it was written. Reads only, also beside a daemon. */
#ifndef WAITLIST_JOURNAL_VERIFY_H
#define WAITLIST_JOURNAL_VERIFY_H

#include "daemon/journal/journal.h"

struct verify_options {
    bool (*kept)(void *context, struct text bytes, char *buffer, struct text *kept); /* as in journal_options */
    void (*progress)(void *context, uint64_t done, uint64_t total);                  /* events; may be NULL */
    void *context;
    const struct chain_digest *known_head; /* noted elsewhere, it must lie on the chain; NULL: none */
    uint64_t known_seq;                    /* the journal_seq noted with it; ignored without a head */
};

#define VERIFY_FAULT_SIZE 200

struct verify_result {
    uint64_t bad_seq;              /* the first event that is not as it was, or behind which something is not; 0 for what stands first */
    char fault[VERIFY_FAULT_SIZE]; /* what is wrong there, in words; "" when all is well */
    uint64_t events;               /* checked */
    uint64_t alerts;
    uint64_t records;
    uint64_t reports;
    uint64_t redacted; /* events among them that were */
    struct chain_digest head;
};

/* JOURNAL_OK: all was read, and the result says whether all is well. Else the reading itself failed, and `message` says how; a file that
 * SQLite cannot make sense of is JOURNAL_CORRUPT. What is committed while it works is left out. */
enum journal_status journal_verify(const char *path, const struct verify_options *options, struct verify_result *result, char message[256]);

#endif
