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

void personal_hash(struct text text, const unsigned char key[PERSONAL_KEY_BYTES], char hash[PERSONAL_HASH_SIZE]) {
    static const char head[] = "hash:";
    unsigned char bytes[HASH_BYTES];
    int failed = crypto_generichash(bytes, sizeof bytes, (const unsigned char *)text.at, text.length, key, PERSONAL_KEY_BYTES);
    ENSURE(failed == 0);
    memcpy(hash, head, sizeof head);
    sodium_bin2hex(hash + sizeof head - 1, PERSONAL_HASH_SIZE - sizeof head + 1, bytes, sizeof bytes);
}

void replacing_put_hash(struct bytes *bytes, const char *meaning, size_t length, const unsigned char key[PERSONAL_KEY_BYTES]) {
    char hash[PERSONAL_HASH_SIZE];
    personal_hash((struct text){meaning, (uint32_t)length}, key, hash);
    replacing_put(bytes, hash, PERSONAL_HASH_BYTES);
}
