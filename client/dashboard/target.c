/* From the bytes of a request target to a path and parameters. */
#include "client/dashboard/target.h"

#include "daemon/core/memory.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct target {
    struct parameter parameters[TARGET_PARAMETERS_MAX];
    size_t count;
    char *bytes; /* path and parameters, each ended by a NUL */
};

static int digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes `size` bytes to `*out`, ends them with a NUL and moves `*out` behind it. NULL when it went well. */
static const char *decode(const char *at, size_t size, bool plus_is_blank, char **out) {
    char *to = *out;
    const char *end = at + size;

    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;

        if (*at == '%') {
            int high = end - at > 2 ? digit_of(at[1]) : -1;
            int low = high >= 0 ? digit_of(at[2]) : -1;

            if (low < 0) {
                return "a percent sign is followed by two hexadecimal digits";
            }
            c = (unsigned char)(high * 16 + low);
            at += 2;
        } else if (*at == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f) {
            return "there are no control characters in an address";
        }
        *to++ = (char)c;
    }
    json_t *text = json_stringn(*out, (size_t)(to - *out)); /* refuses what is not UTF-8 */

    if (text == NULL) {
        return "the address is not UTF-8";
    }
    json_decref(text);
    *to++ = '\0';
    *out = to;
    return NULL;
}

static const char *take_parameter(struct target *target, const char *at, size_t size, char **out) {
    const char *equals = memchr(at, '=', size);
    size_t name_size = equals == NULL ? size : (size_t)(equals - at);
    struct parameter *parameter = &target->parameters[target->count];

    if (size == 0) {
        return NULL; /* "a=1&&b=2" says nothing in its middle */
    }
    if (target->count == TARGET_PARAMETERS_MAX) {
        return "there are more than 256 parameters";
    }
    if (name_size == 0) {
        return "a parameter has no name";
    }
    parameter->name = *out;
    const char *wrong = decode(at, name_size, true, out);

    if (wrong == NULL) {
        parameter->value = *out;
        wrong = equals == NULL ? decode("", 0, true, out) : decode(equals + 1, size - name_size - 1, true, out);
    }
    target->count++;
    return wrong;
}

static const char *take_parameters(struct target *target, const char *at, const char *end, char **out) {
    const char *wrong = NULL;

    while (wrong == NULL && at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));

        if (stop == NULL) {
            stop = end;
        }
        wrong = take_parameter(target, at, (size_t)(stop - at), out);
        at = stop + 1;
    }
    return wrong;
}

struct target *target_parse(const char *bytes, size_t size, const char **wrong) {
    struct target *target;

    if (size == 0 || bytes[0] != '/') {
        *wrong = "an address begins with a slash";
        return NULL;
    }
    if (size > TARGET_BYTES_MAX) {
        *wrong = "the address is longer than 8,192 bytes";
        return NULL;
    }
    const char *query = memchr(bytes, '?', size);
    size_t path_size = query == NULL ? size : (size_t)(query - bytes);

    target = memory_new(1, sizeof *target);
    /* Decoding makes nothing longer; a NUL stands where "?", "=" or "&" stood, and one more for each parameter without "=". */
    target->bytes = memory_new(size + TARGET_PARAMETERS_MAX + 2, 1);
    char *out = target->bytes;

    *wrong = decode(bytes, path_size, false, &out);
    if (*wrong == NULL && query != NULL) {
        *wrong = take_parameters(target, query + 1, bytes + size, &out);
    }
    if (*wrong != NULL) {
        target_destroy(&target);
    }
    return target;
}

void target_destroy(struct target **target) {
    if (*target == NULL) {
        return;
    }
    free((*target)->bytes);
    free(*target);
    *target = NULL;
}

const char *target_path(const struct target *target) {
    return target->bytes;
}

size_t target_parameter_count(const struct target *target) {
    return target->count;
}

struct parameter target_parameter(const struct target *target, size_t index) {
    ENSURE(index < target->count);
    return target->parameters[index];
}

const char *target_value(const struct target *target, const char *name) {
    for (size_t i = 0; i < target->count; i++) {
        if (strcmp(target->parameters[i].name, name) == 0) {
            return target->parameters[i].value;
        }
    }
    return NULL;
}
