/* The keys of a client: read from files, checked, copied, wiped. */
#include "client/lib/internal.h"

#include "daemon/security/keyfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Static_assert(WAITLIST_KEY_SIZE == KEYFILE_KEY_SIZE, "one form of a key");
_Static_assert(WAITLIST_PROBLEM_SIZE >= KEYFILE_MESSAGE_SIZE, "room for every message");

void waitlist_keys_forget(struct waitlist_keys *keys) {
    explicit_bzero(keys, sizeof *keys);
}

static bool read_server_key(const char *server_key, char key[WAITLIST_KEY_SIZE], char problem[WAITLIST_PROBLEM_SIZE]) {
    /* / and . are characters of Z85 too, so a path may look like a key. */
    if (keyfile_is_key(server_key) && access(server_key, F_OK) != 0) {
        memcpy(key, server_key, WAITLIST_KEY_SIZE);
        return true;
    }
    return keyfile_read_public(server_key, key, problem);
}

enum waitlist_status waitlist_keys_load(struct waitlist_keys *keys, const char *key_file, const char *server_key,
                                        char problem[WAITLIST_PROBLEM_SIZE]) {
    struct keyfile_pair pair;

    waitlist_keys_forget(keys);
    problem[0] = '\0';
    if (!read_server_key(server_key, keys->server_public, problem)) {
        return WAITLIST_INVALID;
    }
    bool is_read = keyfile_read_pair(key_file, &pair, problem);

    if (is_read) {
        memcpy(keys->client_public, pair.public_key, sizeof keys->client_public);
        memcpy(keys->client_secret, pair.secret_key, sizeof keys->client_secret);
        keyfile_forget(&pair);
    } else {
        waitlist_keys_forget(keys);
    }
    return is_read ? WAITLIST_OK : WAITLIST_INVALID;
}

static bool is_ended(const char key[WAITLIST_KEY_SIZE]) {
    return memchr(key, '\0', WAITLIST_KEY_SIZE) != NULL;
}

enum waitlist_status waitlist_client_use_keys(struct waitlist_client *client, const struct waitlist_keys *keys) {
    char public_key[WAITLIST_KEY_SIZE];

    if (keys != NULL) {
        if (!is_ended(keys->server_public) || !is_ended(keys->client_public) || !is_ended(keys->client_secret) ||
            !keyfile_is_key(keys->server_public) || !keyfile_is_key(keys->client_secret)) {
            return WAITLIST_INVALID;
        }
        if (zmq_curve_public(public_key, keys->client_secret) != 0) {
            errno = ENOTSUP;
            return WAITLIST_SYSTEM;
        }
        if (strcmp(public_key, keys->client_public) != 0) {
            return WAITLIST_INVALID;
        }
    }
    waitlist_keys_forget(&client->keys);
    client->has_keys = keys != NULL;
    if (keys != NULL) {
        client->keys = *keys;
    }
    return WAITLIST_OK;
}
