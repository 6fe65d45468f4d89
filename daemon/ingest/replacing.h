/* What the two ways of replacing personal data share: a growing run of bytes, and the keyed hash that takes a value's place. */
#ifndef WAITLIST_INGEST_REPLACING_H
#define WAITLIST_INGEST_REPLACING_H

#include "daemon/ingest/personal.h"

struct bytes {
    char *at;
    size_t length;
    size_t capacity;
};

/* There is always room for a NUL behind what was put. */
void replacing_put(struct bytes *bytes, const char *from, size_t length);
/* Puts the hash of `meaning`: PERSONAL_HASH_BYTES letters. */
void replacing_put_hash(struct bytes *bytes, const char *meaning, size_t length, const unsigned char key[PERSONAL_KEY_BYTES]);

#endif
