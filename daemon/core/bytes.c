/* Bytes out and in, through a buffer. */
#include "daemon/core/bytes.h"

#include "daemon/core/memory.h"
#include "daemon/core/texts.h"

void bytes_out_init(struct bytes_out *out, bool (*write)(void *context, const void *bytes, size_t size), void *context) {
    out->write = write;
    out->context = context;
    out->failed = false;
    out->used = 0;
}

static void hand_over(struct bytes_out *out) {
    out->failed = out->failed || !out->write(out->context, out->buffer, out->used);
    out->used = 0;
}

void bytes_put(struct bytes_out *out, const void *bytes, size_t size) {
    const unsigned char *from = bytes;
    while (size > 0) {
        size_t piece = BYTES_BUFFER - out->used < size ? BYTES_BUFFER - out->used : size;
        memcpy(out->buffer + out->used, from, piece);
        out->used += piece;
        from += piece;
        size -= piece;
        if (out->used == BYTES_BUFFER)
            hand_over(out);
    }
}

static void put_number(struct bytes_out *out, uint64_t value, size_t size) {
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    bytes_put(out, bytes, size);
}

void bytes_put_u8(struct bytes_out *out, uint8_t value) {
    put_number(out, value, 1);
}

void bytes_put_u16(struct bytes_out *out, uint16_t value) {
    put_number(out, value, 2);
}

void bytes_put_u32(struct bytes_out *out, uint32_t value) {
    put_number(out, value, 4);
}

void bytes_put_u64(struct bytes_out *out, uint64_t value) {
    put_number(out, value, 8);
}

void bytes_put_i32(struct bytes_out *out, int32_t value) {
    put_number(out, (uint32_t)value, 4);
}

void bytes_put_i64(struct bytes_out *out, int64_t value) {
    put_number(out, (uint64_t)value, 8);
}

void bytes_put_text(struct bytes_out *out, struct text text) {
    ENSURE(text.length <= TEXTS_LENGTH_MAX);
    bytes_put_u16(out, text.at == NULL ? BYTES_TEXT_ABSENT : (uint16_t)text.length);
    if (text.length > 0)
        bytes_put(out, text.at, text.length);
}

bool bytes_finish(struct bytes_out *out) {
    if (out->used > 0)
        hand_over(out);
    return !out->failed;
}

void bytes_in_init(struct bytes_in *in, size_t (*read)(void *context, void *bytes, size_t size), void *context) {
    in->read = read;
    in->context = context;
    in->failed = false;
    in->at = in->end = 0;
}

static void refill(struct bytes_in *in) {
    memmove(in->buffer, in->buffer + in->at, in->end - in->at);
    in->end -= in->at;
    in->at = 0;
    in->end += in->read(in->context, in->buffer + in->end, BYTES_BUFFER - in->end);
}

const unsigned char *bytes_take(struct bytes_in *in, size_t size) {
    ENSURE(size <= BYTES_BUFFER);
    if (!in->failed && in->end - in->at < size)
        refill(in);
    in->failed = in->failed || in->end - in->at < size;
    if (in->failed)
        return NULL;
    in->at += size;
    return in->buffer + in->at - size;
}

void bytes_get(struct bytes_in *in, void *bytes, size_t size) {
    unsigned char *to = bytes;
    while (size > 0) {
        size_t piece = size < BYTES_BUFFER ? size : BYTES_BUFFER;
        const unsigned char *from = bytes_take(in, piece);
        if (from == NULL)
            return;
        memcpy(to, from, piece);
        to += piece;
        size -= piece;
    }
}

struct text bytes_get_text(struct bytes_in *in) {
    uint16_t length = bytes_get_u16(in);
    if (in->failed || length == BYTES_TEXT_ABSENT)
        return TEXT_ABSENT;
    in->failed = length > TEXTS_LENGTH_MAX;
    const unsigned char *at = bytes_take(in, in->failed ? 0 : length);
    return at == NULL ? TEXT_ABSENT : (struct text){(const char *)at, length};
}

bool bytes_at_end(struct bytes_in *in) {
    if (!in->failed && in->at == in->end)
        refill(in);
    return !in->failed && in->at == in->end;
}
