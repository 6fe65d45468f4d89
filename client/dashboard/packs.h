/* Packs of evidence that pages have asked for: one is made at a time, by a program of its own, and kept for a while when it is done. */
#ifndef WAITLIST_DASHBOARD_PACKS_H
#define WAITLIST_DASHBOARD_PACKS_H

#include "client/dashboard/identity.h"
#include "daemon/system/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#define PACKS_WAITING_MAX 3 /* beside the one that is made */
#define PACKS_MAX 16        /* with those that are over; the oldest of these goes for a new one */
#define PACKS_KEPT_MS (INT64_C(15) * 60 * 1000)
#define PACKS_BYTES_MAX ((size_t)256 * 1024 * 1024) /* of all that are kept, and so of one */
/* Nobody has asked for one that waits or is made: its page is gone. Browsers let pages out of sight ask once a minute. */
#define PACKS_ABANDONED_MS (INT64_C(3) * 60 * 1000)

#define PACK_ID_SIZE 33 /* 128 random bits in hexadecimal */
#define PACK_MESSAGE_SIZE 600
#define PACK_KNOWN_AT_SIZE 40

struct packs;

struct pack_request {
    char from[11], to[11];             /* days, checked */
    char known_at[PACK_KNOWN_AT_SIZE]; /* a seq or an instant, checked; "": everything in the journal */
    bool publish;
};

enum pack_state { PACK_WAITING, PACK_MAKING, PACK_DONE, PACK_FAILED };

struct pack {
    char id[PACK_ID_SIZE];
    char user[IDENTITY_USER_BYTES_MAX + 1]; /* who asked for it; "": nobody knows */
    char *behalf;                           /* the same with their rights, as the daemon wants it; NULL: the gateway asks for itself */
    struct pack_request request;
    enum pack_state state;
    unsigned asked, questions; /* of the daemon, of about so many */
    char message[PACK_MESSAGE_SIZE];
    int file; /* of one that is done: it has no name any more, so nothing is left when the gateway goes; else -1 */
    size_t bytes;
    int64_t seen_ms, since_ms; /* somebody last asked for it; it came into its state */
};

struct packs_setup {
    const char *command;                 /* waitlistctl */
    const char *key;                     /* that signs; NULL: not signed */
    const char *labels;                  /* the configuration with names that people read; NULL: none */
    const char *query;                   /* where the daemon answers */
    const char *client_key, *server_key; /* files of keys for it (server_key: or the key itself); NULL: none */
    int64_t time_limit_ms;
    struct log *log;
};

/* Texts of the setup are borrowed. */
struct packs *packs_create(const struct packs_setup *setup);
/* Whatever is made is killed, and nothing stays on the disk. */
void packs_destroy(struct packs **packs);

/* Borrowed until the next call that takes `packs` and the time. NULL: as many wait as may. */
const struct pack *packs_ask(struct packs *packs, const struct pack_request *request, const struct identity *who, int64_t now_ms);
/* NULL: there is none, or not any more. Somebody is then known to want it. */
const struct pack *packs_find(struct packs *packs, const char *id, int64_t now_ms);
/* How many are made before this one; 0 of one that does not wait. */
size_t packs_before(const struct packs *packs, const struct pack *pack);
/* Forgets it; what is made of it is killed. */
void packs_cancel(struct packs *packs, const char *id, int64_t now_ms);
bool packs_are_signed(const struct packs *packs);

enum { PACKS_POLL_ITEMS = 2 };
/* Fills so many items, which it returns: none while nothing is made. */
int packs_poll(const struct packs *packs, zmq_pollitem_t items[PACKS_POLL_ITEMS]);
/* Takes what the program said, begins the next, and ends what is over; to be called at least once a second. */
void packs_run(struct packs *packs, int64_t now_ms);

#endif
