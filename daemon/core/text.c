/* Borrowed strings: comparing and hashing. */
#include "daemon/core/text.h"

#include <string.h>

struct text text_of(const char *string) {
    return string == NULL ? TEXT_ABSENT : (struct text){string, (uint32_t)strlen(string)};
}

bool text_is(struct text a, const char *string) {
    return text_equal(a, text_of(string));
}

bool text_equal(struct text a, struct text b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

int text_compare(struct text a, struct text b) {
    uint32_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter == 0 ? 0 : memcmp(a.at, b.at, shorter);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static uint64_t mix(uint64_t value) {
    /* The finaliser of MurmurHash3 (public domain constants). */
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ULL;
    return value ^ (value >> 33);
}

uint64_t text_hash(struct text a, uint64_t seed) {
    uint64_t hash = seed ^ (a.length * 0x9e3779b97f4a7c15ULL);
    uint32_t at = 0;
    for (; at + 8 <= a.length; at += 8) {
        uint64_t word;
        memcpy(&word, a.at + at, 8);
        hash = mix(hash ^ word);
    }
    uint64_t rest = 0;
    if (at < a.length)
        memcpy(&rest, a.at + at, a.length - at);
    return mix(hash ^ rest ^ 0x2545f4914f6cdd1dULL);
}
