/* Bytes out and in: numbers of a fixed size, little-endian, and texts, through a buffer; for what is kept in a file between two runs.
 *
 * Whatever comes in is distrusted: once something is missing or refused, `failed` stays true and every further number is 0. */
#ifndef WAITLIST_CORE_BYTES_H
#define WAITLIST_CORE_BYTES_H

#include "daemon/core/text.h"

#include <string.h>

#define BYTES_BUFFER 32768 /* more than the longest text */
#define BYTES_TEXT_ABSENT 0xffff

struct bytes_out {
    /* False when it could not be written: nothing more is. */
    bool (*write)(void *context, const void *bytes, size_t size);
    void *context;
    bool failed;
    size_t used;
    unsigned char buffer[BYTES_BUFFER];
};

struct bytes_in {
    /* How many of `size` bytes there were: fewer only at the end. */
    size_t (*read)(void *context, void *bytes, size_t size);
    void *context;
    bool failed;
    size_t at;
    size_t end;
    unsigned char buffer[BYTES_BUFFER];
};

void bytes_out_init(struct bytes_out *out, bool (*write)(void *context, const void *bytes, size_t size), void *context);
void bytes_put(struct bytes_out *out, const void *bytes, size_t size);
void bytes_put_u8(struct bytes_out *out, uint8_t value);
void bytes_put_u16(struct bytes_out *out, uint16_t value);
void bytes_put_u32(struct bytes_out *out, uint32_t value);
void bytes_put_u64(struct bytes_out *out, uint64_t value);
void bytes_put_i32(struct bytes_out *out, int32_t value);
void bytes_put_i64(struct bytes_out *out, int64_t value);
/* Of at most TEXTS_LENGTH_MAX bytes, or absent. */
void bytes_put_text(struct bytes_out *out, struct text text);
/* Hands over what the buffer still holds; false when something was not written. */
bool bytes_finish(struct bytes_out *out);

void bytes_in_init(struct bytes_in *in, size_t (*read)(void *context, void *bytes, size_t size), void *context);
void bytes_get(struct bytes_in *in, void *bytes, size_t size);
/* The next `size` bytes, at most BYTES_BUFFER, valid until the next call; NULL when there are fewer. */
const unsigned char *bytes_take(struct bytes_in *in, size_t size);
/* Valid until the next call. A text longer than TEXTS_LENGTH_MAX is refused. */
struct text bytes_get_text(struct bytes_in *in);
/* Whether everything was there and nothing is left over. */
bool bytes_at_end(struct bytes_in *in);

static inline uint64_t bytes_number(const unsigned char *at, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static inline uint64_t bytes_get_number(struct bytes_in *in, size_t size) {
    const unsigned char *at = bytes_take(in, size);
    return at == NULL ? 0 : bytes_number(at, size);
}

static inline uint8_t bytes_get_u8(struct bytes_in *in) {
    return (uint8_t)bytes_get_number(in, 1);
}

static inline uint16_t bytes_get_u16(struct bytes_in *in) {
    return (uint16_t)bytes_get_number(in, 2);
}

static inline uint32_t bytes_get_u32(struct bytes_in *in) {
    return (uint32_t)bytes_get_number(in, 4);
}

static inline uint64_t bytes_get_u64(struct bytes_in *in) {
    return bytes_get_number(in, 8);
}

static inline int32_t bytes_get_i32(struct bytes_in *in) {
    return (int32_t)bytes_get_u32(in);
}

static inline int64_t bytes_get_i64(struct bytes_in *in) {
    return (int64_t)bytes_get_u64(in);
}

#endif
