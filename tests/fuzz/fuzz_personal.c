/* Any bytes scrubbed: what was JSON stays JSON, and a second pass finds nothing more. */
#include "daemon/core/memory.h"
#include "daemon/ingest/personal.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <stdlib.h>

static bool is_json(const char *bytes, size_t length) {
    json_t *value = json_loadb(bytes, length, JSON_ALLOW_NUL, NULL);
    json_decref(value);
    return value != NULL;
}

static void scrub(struct text bytes, enum personal_care care, bool numeric_allowed) {
    static const unsigned char key[PERSONAL_KEY_BYTES] = {1};
    size_t length, again;
    char *scrubbed = personal_scrub(bytes, care, numeric_allowed, key, &length);
    if (scrubbed == NULL)
        return;
    ENSURE(!is_json(bytes.at, bytes.length) || is_json(scrubbed, length));
    char *twice = personal_scrub((struct text){scrubbed, (uint32_t)length}, care, numeric_allowed, key, &again);
    /* What was no JSON may have become some, and then is read otherwise. */
    ENSURE(twice == NULL || !is_json(bytes.at, bytes.length));
    free(twice);
    free(scrubbed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct text bytes = {(const char *)data, (uint32_t)size};
    for (int numeric_allowed = 0; numeric_allowed < 2; numeric_allowed++) {
        scrub(bytes, PERSONAL_IN_EVENT, numeric_allowed != 0);
        scrub(bytes, PERSONAL_ANYWHERE, numeric_allowed != 0);
    }
    return 0;
}
