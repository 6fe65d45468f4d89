/* The file of tokens, by which people and programs are known to the dashboard; written by waitlistctl, read by the gateway.
 *
 *     {"v": 1, "tokens": [{"user": "j.smith", "sha256": "…", "roles": ["manager"], "teams": ["north"],
 *                          "made": "2025-06-02T09:00:00.000Z", "expires": "2025-08-31T09:00:00.000Z"}]}
 *
 * It holds no token, only the SHA-256 of each. A hash that is slow on purpose guards words that people choose, of which there are few; of
 * 256 random bits nobody can try a fraction, however fast each try is, and the gateway looks every request's up. */
#ifndef WAITLIST_TOKENS_TOKENS_H
#define WAITLIST_TOKENS_TOKENS_H

#include "daemon/core/calendar.h"
#include "daemon/security/access.h"

#define TOKENS_MAX 1000
#define TOKENS_BYTES_MAX ((size_t)4 * 1024 * 1024) /* of the file */
#define TOKENS_MESSAGE_SIZE 1024                   /* as KEYFILE_MESSAGE_SIZE */
#define TOKEN_DAYS_MAX 366
#define TOKEN_USER_BYTES_MAX 64
#define TOKEN_HASH_BYTES 32
#define TOKEN_SIZE 49 /* "wait_", 43 characters for 256 bits, and a NUL */

struct token {
    char user[TOKEN_USER_BYTES_MAX + 1];
    unsigned char hash[TOKEN_HASH_BYTES];
    struct access_rights rights; /* roles and teams */
    instant_t made, expires;
};

/* In the order of the file; each user once. */
struct tokens {
    size_t count, capacity;
    struct token *at;
};

/* False with a reason (one sentence without a full stop; never anything that stands in the file): it is missing, not guarded as a secret
 * is (keyfile.h), or no such file. `tokens` is then empty. Clear it in any case. */
bool tokens_read(const char *path, struct tokens *tokens, char message[TOKENS_MESSAGE_SIZE]);
void tokens_clear(struct tokens *tokens);

/* Takes the file for one who changes it: reads it, or begins a new one where there is none. Nobody else can take it until tokens_release.
 * The lock, or -1 with a reason. */
int tokens_take(const char *path, struct tokens *tokens, char message[TOKENS_MESSAGE_SIZE]);
/* Writes all of it in the place of the old file at once: who reads meanwhile has the old or the new. A new file may be read by the group of
 * its folder. False with a reason; the old file is then untouched. */
bool tokens_write(const char *path, const struct tokens *tokens, char message[TOKENS_MESSAGE_SIZE]);
void tokens_release(int lock);

/* Adds the user's token or replaces it, taking over the rights' teams; false when there are TOKENS_MAX already. */
bool tokens_put(struct tokens *tokens, const struct token *token);
/* False when the user has none. */
bool tokens_remove(struct tokens *tokens, const char *user);
/* NULL: none of this user. */
const struct token *tokens_of_user(const struct tokens *tokens, const char *user);

/* A new token's text, for its owner alone: 256 random bits; wipe it when it was said. */
void token_make(char text[TOKEN_SIZE]);
void token_hash(const char *text, size_t size, unsigned char hash[TOKEN_HASH_BYTES]);
/* Whose it is; NULL: nobody's, or it has expired. It takes as long whichever it is. */
const struct token *tokens_find(const struct tokens *tokens, const unsigned char hash[TOKEN_HASH_BYTES], instant_t now);

/* Whether a user may be called so: 1 to 64 characters A-Z a-z 0-9 . _ + - */
bool token_user_is_good(const char *user);

#endif
