/* The keyed hash that stands in the place of a value. */
#include "daemon/ingest/replacing.h"

#include "daemon/core/memory.h"

#include <sodium.h>
#include <string.h>

enum { HASH_BYTES = 16 };

void replacing_put(struct bytes *bytes, const char *from, size_t length) {
    void *block = bytes->at;
    memory_reserve(&block, &bytes->capacity, bytes->length + length + 1, 1);
    bytes->at = block;
    if (length > 0)
        memcpy(bytes->at + bytes->length, from, length);
    bytes->length += length;
}

void replacing_put_hash(struct bytes *bytes, const char *meaning, size_t length, const unsigned char key[PERSONAL_KEY_BYTES]) {
    unsigned char hash[HASH_BYTES];
    char hex[2 * HASH_BYTES + 1];
    int failed = crypto_generichash(hash, sizeof hash, (const unsigned char *)meaning, length, key, PERSONAL_KEY_BYTES);
    ENSURE(failed == 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    replacing_put(bytes, "hash:", 5);
    replacing_put(bytes, hex, 2 * HASH_BYTES);
}
