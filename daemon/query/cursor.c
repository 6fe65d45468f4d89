/* The cursor of a page of waits: the sort, the last row's value and subject, as URL-safe base64 that nobody needs to understand. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *cursor_encode(enum wait_sort sort, bool descending, const struct sort_place *place) {
    char plain[CURSOR_BUFFER_SIZE];
    int length = snprintf(plain, sizeof plain, "%d %d %d %lld %.*s", (int)sort, descending, place->is_null, (long long)place->value,
                          (int)place->subject.length, place->subject.at);
    ENSURE(length > 0 && length < (int)sizeof plain);
    size_t size = sodium_base64_ENCODED_LEN((size_t)length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = memory_new(size, 1);
    sodium_bin2base64(text, size, (const unsigned char *)plain, (size_t)length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return text;
}

bool cursor_decode(struct text text, enum wait_sort sort, bool descending, struct sort_place *place, char buffer[CURSOR_BUFFER_SIZE]) {
    size_t length;
    int its_sort, its_descending, is_null, subject_at = 0;
    long long value;
    if (sodium_base642bin((unsigned char *)buffer, CURSOR_BUFFER_SIZE - 1, text.at, text.length, NULL, &length, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    buffer[length] = '\0';
    if (sscanf(buffer, "%d %d %d %lld %n", &its_sort, &its_descending, &is_null, &value, &subject_at) != 4 || subject_at == 0)
        return false;
    if (its_sort != (int)sort || its_descending != (int)descending)
        return false;
    *place = (struct sort_place){is_null != 0, value, text_of(buffer + subject_at)};
    return true;
}
