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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const unsigned char key[PERSONAL_KEY_BYTES] = {1};
    const char *bytes = (const char *)data;
    for (int numeric_allowed = 0; numeric_allowed < 2; numeric_allowed++) {
        size_t length, again;
        char *scrubbed = personal_scrub((struct text){bytes, (uint32_t)size}, numeric_allowed != 0, key, &length);
        if (scrubbed == NULL)
            continue;
        ENSURE(!is_json(bytes, size) || is_json(scrubbed, length));
        ENSURE(personal_scrub((struct text){scrubbed, (uint32_t)length}, numeric_allowed != 0, key, &again) == NULL);
        free(scrubbed);
    }
    return 0;
}
