/* Sessions in the order of their beginning. */
#include "client/dashboard/sessions.h"

#include "daemon/core/memory.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SESSION_HASH_BYTES == crypto_hash_sha256_BYTES, "as the library has it");

struct session {
    unsigned char hash[SESSION_HASH_BYTES];
    unsigned char proof[SESSION_HASH_BYTES];
    struct identity *identity;
    int64_t used_ms;
};

struct sessions {
    struct sessions_setup setup;
    struct session *at;
    size_t count;
    struct sessions_figures figures;
};

struct sessions *sessions_create(const struct sessions_setup *setup) {
    struct sessions *sessions = memory_new(1, sizeof *sessions);

    sessions->setup = *setup;
    sessions->at = memory_new(setup->maximum, sizeof *sessions->at);
    return sessions;
}

static void end_at(struct sessions *sessions, size_t place) {
    struct session *session = &sessions->at[place];

    session->identity->has_ended = true;
    identity_release(&session->identity);
    memmove(session, session + 1, (sessions->count - place - 1) * sizeof *session);
    sessions->count--;
    sessions->figures.ended++;
}

void sessions_destroy(struct sessions **sessions) {
    if (*sessions == NULL) {
        return;
    }
    while ((*sessions)->count > 0) {
        end_at(*sessions, (*sessions)->count - 1);
    }
    free((*sessions)->at);
    free(*sessions);
    *sessions = NULL;
}

static bool is_over(const struct sessions *sessions, const struct session *session, int64_t now_ms) {
    return identity_is_over(session->identity, now_ms) || now_ms - session->used_ms >= sessions->setup.idle_ms;
}

void sessions_run(struct sessions *sessions, int64_t now_ms) {
    for (size_t i = sessions->count; i-- > 0;) {
        if (is_over(sessions, &sessions->at[i], now_ms)) {
            end_at(sessions, i);
        }
    }
}

/* Makes room for one more of the user. */
static void push_out(struct sessions *sessions, const char *user) {
    size_t own = 0, oldest = 0;

    for (size_t i = 0; i < sessions->count; i++) {
        if (strcmp(sessions->at[i].identity->user, user) != 0) {
            continue;
        }
        oldest = own == 0 || sessions->at[i].used_ms < sessions->at[oldest].used_ms ? i : oldest;
        own++;
    }
    if (own >= SESSIONS_OF_ONE_MAX) {
        end_at(sessions, oldest);
    }
}

static void hash_key(const char *key, unsigned char hash[SESSION_HASH_BYTES]) {
    ENSURE(crypto_hash_sha256(hash, (const unsigned char *)key, strlen(key)) == 0);
}

bool sessions_begin(struct sessions *sessions, struct identity *identity, const unsigned char proof[SESSION_HASH_BYTES], int64_t now_ms,
                    char key[SESSION_KEY_SIZE]) {
    unsigned char random[SESSION_HASH_BYTES];

    sessions_run(sessions, now_ms);
    push_out(sessions, identity->user);
    if (sessions->count == sessions->setup.maximum) {
        return false;
    }
    struct session *session = &sessions->at[sessions->count++];

    ENSURE(sodium_init() >= 0);
    randombytes_buf(random, sizeof random);
    ENSURE(sodium_bin2base64(key, SESSION_KEY_SIZE, random, sizeof random, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != NULL);
    sodium_memzero(random, sizeof random);
    hash_key(key, session->hash);
    memcpy(session->proof, proof, sizeof session->proof);
    session->identity = identity_hold(identity);
    session->used_ms = now_ms;
    if (identity->ends_ms > now_ms + sessions->setup.longest_ms) {
        identity->ends_ms = now_ms + sessions->setup.longest_ms;
    }
    sessions->figures.begun++;
    return true;
}

/* Its place, or the number of sessions. It takes as long whichever it is. */
static size_t find(const struct sessions *sessions, const char *key) {
    unsigned char hash[SESSION_HASH_BYTES];
    size_t found = sessions->count;

    hash_key(key, hash);
    for (size_t i = 0; i < sessions->count; i++) {
        if (sodium_memcmp(sessions->at[i].hash, hash, sizeof hash) == 0) {
            found = i;
        }
    }
    return found;
}

struct identity *sessions_find(struct sessions *sessions, const char *key, bool is_used, int64_t now_ms) {
    size_t place = find(sessions, key);

    if (place == sessions->count) {
        return NULL;
    }
    struct session *session = &sessions->at[place];

    if (is_over(sessions, session, now_ms)) {
        end_at(sessions, place);
        return NULL;
    }
    session->used_ms = is_used ? now_ms : session->used_ms;
    return session->identity;
}

void sessions_end(struct sessions *sessions, const char *key) {
    size_t place = find(sessions, key);

    if (place < sessions->count) {
        end_at(sessions, place);
    }
}

void sessions_end_unless(struct sessions *sessions,
                         bool (*stays)(void *context, const struct identity *identity, const unsigned char proof[SESSION_HASH_BYTES]),
                         void *context) {
    for (size_t i = sessions->count; i-- > 0;) {
        if (!stays(context, sessions->at[i].identity, sessions->at[i].proof)) {
            end_at(sessions, i);
        }
    }
}

void sessions_figures(const struct sessions *sessions, struct sessions_figures *figures) {
    *figures = sessions->figures;
    figures->open = sessions->count;
}
