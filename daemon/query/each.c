/* Several questions in one request: its parts, and their answers. */
#include "daemon/query/ops.h"

#include <stdio.h>
#include <string.h>

static bool part_is_known(struct question *question, size_t number, const json_t *part, const char *const *members) {
    const char *name;
    json_t *value;
    char above[40], pointer[POINTER_SIZE];
    snprintf(above, sizeof above, "/each/%zu", number);
    if (!json_is_object(part)) {
        question_refuse(question, "bad_request", "must be an object", above);
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)part, name, value) {
        size_t i = 0;
        while (members[i] != NULL && strcmp(members[i], name) != 0)
            i++;
        if (members[i] != NULL)
            continue;
        argument_pointer(pointer, above, name);
        question_refuse(question, "bad_request", "a part takes no member of this name", pointer);
        return false;
    }
    return true;
}

size_t question_parts(struct question *question, const char *const *members) {
    const json_t *each = json_object_get(question->request, "each");
    size_t count = json_array_size(each);
    if (each == NULL)
        return 1;
    if (!json_is_array(each) || count == 0 || count > QUESTION_PARTS_MAX) {
        question_refuse(question, "bad_request", "must be a list of 1 to 64 objects", "/each");
        return 0;
    }
    for (size_t i = 0; members[i] != NULL; i++)
        if (json_object_get(question->request, members[i]) != NULL) {
            char pointer[POINTER_SIZE];
            argument_pointer(pointer, "", members[i]);
            question_refuse(question, "bad_request", "stands in each part, where there are parts", pointer);
            return 0;
        }
    for (size_t i = 0; i < count; i++)
        if (!part_is_known(question, i, json_array_get(each, i), members))
            return 0;
    return count;
}

const json_t *question_enter(struct question *question, size_t part) {
    const json_t *request = question->request;
    const json_t *each = json_object_get(request, "each");
    if (each != NULL)
        question->request = json_array_get(each, part);
    return request;
}

void question_set_part(json_t *reply, const json_t *request, json_t *part) {
    json_t *each = json_object_get(reply, "each");
    if (json_object_get(request, "each") == NULL) {
        json_object_update(reply, part);
        json_decref(part);
        return;
    }
    if (each == NULL) {
        each = json_array();
        json_object_set_new(reply, "each", each);
    }
    json_array_append_new(each, part);
}
