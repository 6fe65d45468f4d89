/* JSON in small doses: members of one object, by kind. */
#include "client/lib/internal.h"

json_t *json_from(const void *bytes, size_t size) {
    json_t *object = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(object) || json_integer_value(json_object_get(object, "v")) != WAITLIST_PROTOCOL_VERSION) {
        json_decref(object);
        return NULL;
    }
    return object;
}

const char *json_text(const json_t *object, const char *member) {
    return json_string_value(json_object_get(object, member));
}

uint64_t json_count(const json_t *object, const char *member) {
    json_int_t value = json_integer_value(json_object_get(object, member));

    return value > 0 ? (uint64_t)value : 0;
}

bool json_number(const json_t *object, const char *member, double *value) {
    const json_t *number = json_object_get(object, member);

    *value = json_number_value(number);
    return json_is_number(number);
}

bool json_whole(const json_t *object, const char *member, int64_t *value) {
    const json_t *number = json_object_get(object, member);

    *value = json_integer_value(number);
    return json_is_integer(number);
}
