/* Any bytes as the target of a request: either refused with a sentence, or texts that are UTF-8 without control characters, and a question.
 */
#include "client/dashboard/question.h"
#include "daemon/core/memory.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check_text(const char *text) {
    json_t *json = json_string(text); /* refuses what is not UTF-8 */
    ENSURE(json != NULL);
    json_decref(json);
    for (; *text != '\0'; text++)
        ENSURE((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_question(const struct target *target, const char *name) {
    struct question_fault fault;
    json_t *question = question_of(name, target, &fault);
    if (question == NULL) {
        check_text(fault.message);
        check_text(fault.pointer);
        ENSURE(fault.message[0] != '\0');
        return;
    }
    char *text = json_dumps(question, JSON_COMPACT);
    ENSURE(text != NULL && strncmp(text, "{\"v\":1,\"op\":\"", 13) == 0);
    free(text);
    json_decref(question);
}

static void check_target(const char *bytes, size_t size) {
    const char *wrong = NULL;
    struct target *target = target_parse(bytes, size, &wrong);
    ENSURE((target == NULL) == (wrong != NULL));
    if (target == NULL)
        return;
    ENSURE(size <= TARGET_BYTES_MAX && target_path(target)[0] == '/' && target_parameter_count(target) <= TARGET_PARAMETERS_MAX);
    check_text(target_path(target));
    for (size_t i = 0; i < target_parameter_count(target); i++) {
        struct parameter parameter = target_parameter(target, i);
        ENSURE(strlen(parameter.name) <= size && strlen(parameter.value) <= size);
        check_text(parameter.name);
        check_text(parameter.value);
    }
    check_question(target, target_path(target) + 1);
    check_question(target, "waits");
    check_question(target, "health");
    target_destroy(&target);
}

/* What does not begin as a target does is taken for its parameters. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char before[] = "/waits?";
    size_t length = sizeof before - 1 + size;
    char *bytes = malloc(length);
    ENSURE(bytes != NULL);
    memcpy(bytes, before, sizeof before - 1);
    if (size > 0)
        memcpy(bytes + sizeof before - 1, data, size);
    check_target(bytes, length);
    if (size > 0)
        check_target((const char *)data, size);
    free(bytes);
    return 0;
}
