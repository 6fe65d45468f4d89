/* Files of CURVE keys, and the one rule of who may read and write them; shared by the daemon and every client.
 *
 * A secret key's file is
 *     # Secret key … (a sentence that warns)
 *     waitlist-curve-secret-key KEY
 * and the public one's beside it, NAME.pub, the single line
 *     waitlist-curve-public-key KEY # public key … (a sentence)
 * KEY being 40 characters of Z85. Lines that begin with # and blank lines are passed over. The public key of a pair is computed from the
 * secret one, so that the two files cannot contradict each other.
 *
 * No message ever holds anything that stands in a file. */
#ifndef WAITLIST_SECURITY_KEYFILE_H
#define WAITLIST_SECURITY_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>

#define KEYFILE_KEY_SIZE 41 /* 40 characters of Z85 and a NUL */
#define KEYFILE_MESSAGE_SIZE 1024
#define KEYFILE_BYTES_MAX 4096 /* a longer file holds no key */

struct keyfile_pair {
    char public_key[KEYFILE_KEY_SIZE];
    char secret_key[KEYFILE_KEY_SIZE];
};

/* Whether `text` has the form of a key: 40 characters of Z85 that stand for 32 bytes. */
bool keyfile_is_key(const char *text);

/* The pair of a secret key's file. False with a reason (one sentence without a full stop; it names the path and what to do) when the file
 * is missing, is no such file, or is not guarded: a secret file is a regular one (a symbolic link is followed), belongs to root or to
 * whom the process runs as, may not be read or written by others and not be written by its group. Wipe with keyfile_forget. */
bool keyfile_read_pair(const char *path, struct keyfile_pair *pair, char message[KEYFILE_MESSAGE_SIZE]);
/* The key of a public key's file: a regular one that others may read, but not write. False with a reason. */
bool keyfile_read_public(const char *path, char public_key[KEYFILE_KEY_SIZE], char message[KEYFILE_MESSAGE_SIZE]);
void keyfile_forget(struct keyfile_pair *pair);

/* Makes a new pair: the secret key at `path`, mode 0600, the public one at `path`.pub, mode 0644, both on disk when it returns. Nothing is
 * overwritten: where either is there already nothing is left behind. False with a reason. */
bool keyfile_make(const char *path, char public_key[KEYFILE_KEY_SIZE], char message[KEYFILE_MESSAGE_SIZE]);

/* ---- For other kinds of keys, under the same rule */

/* The path as a message may show it: not one that looks like a key or token itself, which somebody put in the place of its file. */
const char *keyfile_shown(const char *path);

/* All of a file that is guarded as a secret is (`is_secret`) or as a public key. The number of bytes in `text`, which ends with a NUL; -1
 * with a reason, also for a file that fills `size`. The caller wipes `text`. */
long keyfile_read_text(const char *path, bool is_secret, char *text, size_t size, char message[KEYFILE_MESSAGE_SIZE]);
/* A new file, synced with its folder. False with errno: it was there (EEXIST), or could not be written and is gone again. */
bool keyfile_write_new(const char *path, const char *text, unsigned mode);

#endif
