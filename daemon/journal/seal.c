/* The bytes of a segment's seal. */
#include "daemon/journal/seal.h"

#include "daemon/core/memory.h"

#include <endian.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define ERASED_SIZE (4U + CHAIN_DIGEST_SIZE) /* index, digest */
#define CHECKSUM_SIZE 8U

static uint32_t load_u32(const unsigned char *at) {
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static void store_u32(unsigned char *at, uint32_t value) {
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static void put_checksum(unsigned char *bytes, size_t size, uint64_t first_seq) {
    uint64_t sum = htole64(XXH3_64bits_withSeed(bytes, size - CHECKSUM_SIZE, first_seq));

    memcpy(bytes + size - CHECKSUM_SIZE, &sum, sizeof sum);
}

static size_t end_of_entries(const struct seal *seal) {
    return (size_t)seal->count * SEAL_ENTRY_SIZE;
}

static uint32_t erased_count(const struct seal *seal) {
    return load_u32(seal->bytes + end_of_entries(seal));
}

static const unsigned char *erased_at(const struct seal *seal, uint32_t place) {
    return seal->bytes + end_of_entries(seal) + 4 + (size_t)place * ERASED_SIZE;
}

size_t seal_size(uint32_t count, uint32_t erased) {
    return (size_t)count * SEAL_ENTRY_SIZE + (size_t)erased * ERASED_SIZE + SEAL_FIXED_SIZE;
}

bool seal_fits(const struct seal *seal) {
    return seal->bytes != NULL && seal->count > 0 && seal->size >= seal_size(seal->count, 0) && erased_count(seal) <= seal->count &&
           seal->size == seal_size(seal->count, erased_count(seal));
}

bool seal_is_whole(const struct seal *seal) {
    uint64_t sum;

    if (!seal_fits(seal))
        return false;
    memcpy(&sum, seal->bytes + seal->size - CHECKSUM_SIZE, sizeof sum);
    return le64toh(sum) == XXH3_64bits_withSeed(seal->bytes, seal->size - CHECKSUM_SIZE, seal->first_seq);
}

void seal_salt(const struct seal *seal, uint32_t index, struct chain_salt *salt) {
    memcpy(salt->bytes, seal->bytes + (size_t)index * SEAL_ENTRY_SIZE, sizeof salt->bytes);
}

bool seal_has_mark(const struct seal *seal, uint32_t index, const struct chain_digest *head) {
    return memcmp(seal->bytes + (size_t)index * SEAL_ENTRY_SIZE + CHAIN_SALT_SIZE, head->bytes, CHAIN_MARK_SIZE) == 0;
}

bool seal_erased(const struct seal *seal, uint32_t index, struct chain_digest *digest) {
    for (uint32_t i = 0; i < erased_count(seal); i++) {
        if (load_u32(erased_at(seal, i)) == index) {
            memcpy(digest->bytes, erased_at(seal, i) + 4, sizeof digest->bytes);
            return true;
        }
    }
    return false;
}

void seal_head(const struct seal *seal, struct chain_digest *head) {
    memcpy(head->bytes, seal->bytes + seal->size - CHECKSUM_SIZE - sizeof head->bytes, sizeof head->bytes);
}

void seal_put_event(unsigned char *bytes, uint32_t index, const struct chain_salt *salt, const struct chain_digest *head) {
    unsigned char *at = bytes + (size_t)index * SEAL_ENTRY_SIZE;

    memcpy(at, salt->bytes, sizeof salt->bytes);
    memcpy(at + sizeof salt->bytes, head->bytes, CHAIN_MARK_SIZE);
}

void seal_put_end(unsigned char *bytes, uint64_t first_seq, uint32_t count, const struct chain_digest *head) {
    unsigned char *at = bytes + (size_t)count * SEAL_ENTRY_SIZE;

    store_u32(at, 0);
    memcpy(at + 4, head->bytes, sizeof head->bytes);
    put_checksum(bytes, seal_size(count, 0), first_seq);
}

unsigned char *seal_with_erased(const struct seal *seal, uint32_t index, const struct chain_digest *digest, size_t *size) {
    size_t entries = end_of_entries(seal);
    size_t list = 4 + (size_t)erased_count(seal) * ERASED_SIZE; /* with its count */
    unsigned char *copy = memory_new(seal->size + ERASED_SIZE, 1);
    unsigned char *at = copy + entries + list;

    memcpy(copy, seal->bytes, entries + list);
    memset(copy + (size_t)index * SEAL_ENTRY_SIZE, 0, CHAIN_SALT_SIZE);
    store_u32(copy + entries, erased_count(seal) + 1);
    store_u32(at, index);
    memcpy(at + 4, digest->bytes, sizeof digest->bytes);
    memcpy(at + ERASED_SIZE, seal->bytes + entries + list, CHAIN_DIGEST_SIZE);
    *size = seal->size + ERASED_SIZE;
    put_checksum(copy, *size, seal->first_seq);
    return copy;
}
