/* Headers that say who asks, taken apart. */
#include "client/dashboard/headers.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"

static void trim(const char **text, size_t *size) {
    while (*size > 0 && strchr(BLANKS, (*text)[0]) != NULL) {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && strchr(BLANKS, (*text)[*size - 1]) != NULL) {
        (*size)--;
    }
}

const char *headers_cookie(const char *header, const char *name, size_t *size) {
    const char *found = NULL;
    size_t length = strlen(name), pair_size;

    for (const char *rest = header, *pair; (pair = headers_next(&rest, ";", &pair_size)) != NULL;) {
        if (pair_size <= length || memcmp(pair, name, length) != 0 || pair[length] != '=') {
            continue;
        }
        if (found != NULL) {
            return NULL; /* one of them was put there by somebody else */
        }
        found = pair + length + 1;
        *size = pair_size - length - 1;
    }
    return found;
}

const char *headers_bearer(const char *authorization, size_t *size) {
    static const char scheme[] = "Bearer ";
    const char *token = authorization + strlen(scheme);

    if (strncasecmp(authorization, scheme, strlen(scheme)) != 0) {
        return NULL;
    }
    *size = strlen(token);
    trim(&token, size);
    return *size > 0 && strcspn(token, BLANKS) >= *size ? token : NULL;
}

bool headers_is_name(const char *text, size_t size, size_t most) {
    if (size == 0 || size > most || strchr(BLANKS, text[0]) != NULL || strchr(BLANKS, text[size - 1]) != NULL) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];

        /* Those of Latin 1 are two bytes in UTF-8, the first of which is 0xc2. */
        if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && i + 1 < size && (unsigned char)text[i + 1] < 0xa0)) {
            return false;
        }
    }
    json_t *checked = json_stringn(text, size); /* refuses what is not UTF-8 */

    json_decref(checked);
    return checked != NULL;
}

const char *headers_next(const char **rest, const char *separator, size_t *size) {
    while (*rest != NULL) {
        const char *text = *rest, *end = strstr(text, separator);

        *size = end == NULL ? strlen(text) : (size_t)(end - text);
        *rest = end == NULL ? NULL : end + strlen(separator);
        trim(&text, size);
        if (*size > 0) {
            return text;
        }
    }
    return NULL;
}
