/* The hash chain: SHA-256 over everything that decides a figure, in the order in which it was written. Knows no database.
 *
 * Digests are over bytes, numbers little-endian; docs/journal.md, "The chain", is the same in words. */
#ifndef WAITLIST_JOURNAL_CHAIN_H
#define WAITLIST_JOURNAL_CHAIN_H

#include "daemon/core/calendar.h"

#define CHAIN_DIGEST_SIZE 32
#define CHAIN_SALT_SIZE 16
#define CHAIN_MARK_SIZE 4 /* bytes of a head beside each event, that tell which event is the first that is not as it was */

struct chain_digest {
    unsigned char bytes[CHAIN_DIGEST_SIZE];
};

struct chain_salt {
    unsigned char bytes[CHAIN_SALT_SIZE];
};

/* What is beside an event in the chain. */
struct chain_event {
    uint64_t seq;
    uint64_t previous_seq;
    instant_t received;
    struct text kept;             /* kept_write */
    struct chain_digest erasable; /* chain_erasable of the bytes as they were received */
};

/* Everything but events: alert transitions, records, reported positions. */
enum chain_kind { CHAIN_ALERT = 1, CHAIN_RECORD = 2, CHAIN_REPORT = 3 };

struct chain_act {
    enum chain_kind what;
    int64_t key; /* of its row: alert seq, record id, day */
    uint64_t after_seq;
    int64_t numbers[3]; /* alert: previous alert seq; record: at; report: at, reconstructed, rule version; else 0 */
    struct text kind;   /* of a record */
    struct text body;
};

struct chain; /* the memory of the hash function */

/* Ends the process when the library has no SHA-256. */
struct chain *chain_create(void);
void chain_destroy(struct chain **chain);

/* The digest of the part that can be erased. Without the salt nobody can find out by trying what it was made of. */
void chain_erasable(struct chain *chain, const struct chain_salt *salt, struct text bytes, struct chain_digest *digest);
/* Each moves the head on by one link. */
void chain_add_event(struct chain *chain, struct chain_digest *head, const struct chain_event *event);
void chain_add_act(struct chain *chain, struct chain_digest *head, const struct chain_act *act);

bool chain_digest_equal(const struct chain_digest *a, const struct chain_digest *b);
/* 64 hex digits. */
#define CHAIN_TEXT_SIZE (2 * CHAIN_DIGEST_SIZE + 1)
void chain_digest_format(const struct chain_digest *digest, char text[CHAIN_TEXT_SIZE]);
bool chain_digest_parse(struct text text, struct chain_digest *digest);

#endif
