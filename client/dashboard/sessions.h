/* Who has signed in: sessions in memory, known by the cookie's 256 random bits, of which only a hash is kept. */
#ifndef WAITLIST_DASHBOARD_SESSIONS_H
#define WAITLIST_DASHBOARD_SESSIONS_H

#include "client/dashboard/identity.h"

#define SESSION_KEY_SIZE 44 /* 43 characters for 256 bits, and a NUL */
#define SESSION_HASH_BYTES 32
#define SESSIONS_OF_ONE_MAX 10 /* of one user: the one unused for longest goes for a new one */

struct sessions;

/* The clock of all of it is the monotonic one, in milliseconds. */
struct sessions_setup {
    size_t maximum;
    int64_t idle_ms;    /* a session unused for so long ends */
    int64_t longest_ms; /* and one that began so long ago */
};

struct sessions *sessions_create(const struct sessions_setup *setup);
void sessions_destroy(struct sessions **sessions);

/* Begins one for `identity`, which it holds, with a key that never was before: `proof` is the hash of what its owner signed in with.
 * False when there are as many as may be. */
bool sessions_begin(struct sessions *sessions, struct identity *identity, const unsigned char proof[SESSION_HASH_BYTES], int64_t now_ms,
                    char key[SESSION_KEY_SIZE]);
/* Whose session it is, borrowed; NULL: there is none, or it is over. `is_used`: somebody sits there, it does not grow old. */
struct identity *sessions_find(struct sessions *sessions, const char *key, bool is_used, int64_t now_ms);
/* Ends it, if there is one. */
void sessions_end(struct sessions *sessions, const char *key);
/* Ends those for whom `stays` is false. */
void sessions_end_unless(struct sessions *sessions,
                         bool (*stays)(void *context, const struct identity *identity, const unsigned char proof[SESSION_HASH_BYTES]),
                         void *context);
/* Ends those whose time is over; to be called now and then. */
void sessions_run(struct sessions *sessions, int64_t now_ms);

struct sessions_figures {
    size_t open;
    uint64_t begun, ended;
};
void sessions_figures(const struct sessions *sessions, struct sessions_figures *figures);

#endif
