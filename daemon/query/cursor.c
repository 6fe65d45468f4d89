/* The cursor of a page, of waits the sort, the last row's value and subject, as URL-safe base64 that nobody needs to understand. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *encode(const char *plain, size_t length) {
    size_t size = sodium_base64_ENCODED_LEN(length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = memory_new(size, 1);
    sodium_bin2base64(text, size, (const unsigned char *)plain, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return text;
}

static bool decode(struct text text, char buffer[CURSOR_BUFFER_SIZE]) {
    size_t length;
    if (sodium_base642bin((unsigned char *)buffer, CURSOR_BUFFER_SIZE - 1, text.at, text.length, NULL, &length, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    buffer[length] = '\0';
    return true;
}

char *cursor_encode(enum wait_sort sort, bool descending, const struct sort_place *place) {
    char plain[CURSOR_BUFFER_SIZE];
    int length = snprintf(plain, sizeof plain, "%d %d %d %lld %.*s", (int)sort, descending, place->is_null, (long long)place->value,
                          (int)place->subject.length, place->subject.at);
    ENSURE(length > 0 && length < (int)sizeof plain);
    return encode(plain, (size_t)length);
}

bool cursor_decode(struct text text, enum wait_sort sort, bool descending, struct sort_place *place, char buffer[CURSOR_BUFFER_SIZE]) {
    int its_sort, its_descending, is_null, subject_at = 0;
    long long value;
    if (!decode(text, buffer))
        return false;
    if (sscanf(buffer, "%d %d %d %lld %n", &its_sort, &its_descending, &is_null, &value, &subject_at) != 4 || subject_at == 0)
        return false;
    if (its_sort != (int)sort || its_descending != (int)descending)
        return false;
    *place = (struct sort_place){is_null != 0, value, text_of(buffer + subject_at)};
    return true;
}

bool cursor_is_text(struct text text, char buffer[CURSOR_BUFFER_SIZE]) {
    return decode(text, buffer);
}

char *cursor_of_access(bool oldest_first, const struct trail_place *place) {
    char plain[CURSOR_BUFFER_SIZE];
    int length = snprintf(plain, sizeof plain, "access %d %llu %llu", oldest_first, (unsigned long long)place->number,
                          (unsigned long long)place->offset);
    return encode(plain, (size_t)length);
}

bool cursor_to_access(struct text text, bool oldest_first, struct trail_place *place) {
    char buffer[CURSOR_BUFFER_SIZE];
    unsigned long long number, offset;
    int its_order;
    if (!decode(text, buffer) || sscanf(buffer, "access %d %llu %llu", &its_order, &number, &offset) != 3 || its_order != (int)oldest_first)
        return false;
    *place = (struct trail_place){number, offset};
    return number > 0;
}

char *cursor_of_exception(const struct exception_place *place) {
    char plain[CURSOR_BUFFER_SIZE];
    int length = snprintf(plain, sizeof plain, "exception %lld %llu %u", (long long)place->effective_time, (unsigned long long)place->seq,
                          (unsigned)place->ordinal);
    return encode(plain, (size_t)length);
}

bool cursor_to_exception(struct text text, struct exception_place *place) {
    char buffer[CURSOR_BUFFER_SIZE];
    long long effective_time;
    unsigned long long seq;
    unsigned ordinal;
    if (!decode(text, buffer) || sscanf(buffer, "exception %lld %llu %u", &effective_time, &seq, &ordinal) != 3)
        return false;
    *place = (struct exception_place){effective_time, seq, ordinal};
    return true;
}
