/* Any bytes as a frame: its events lie in it in order, and no byte but white space is left out. */
#include "daemon/core/memory.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/intake_fixture.h"

struct taken {
    const char *end; /* of the event before */
    size_t count;
    size_t ink;
};

static size_t ink_of(const char *bytes, size_t length) {
    size_t ink = 0;
    for (size_t i = 0; i < length; i++)
        ink += bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n';
    return ink;
}

static bool take(void *context, struct text event) {
    struct taken *taken = context;
    ENSURE(event.length > 0 && event.at >= taken->end);
    taken->end = event.at + event.length;
    taken->count++;
    taken->ink += ink_of(event.at, event.length);
    return true;
}

static struct envelope *envelope_once(void) {
    static struct envelope *envelope;
    if (envelope == NULL)
        envelope = envelope_create();
    return envelope;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *bytes = (const char *)data;
    struct taken taken = {.end = bytes};
    ENSURE(envelope_split(envelope_once(), (struct text){bytes, (uint32_t)size}, take, &taken) == taken.count);
    ENSURE(taken.end <= bytes + size);
    ENSURE(taken.ink == ink_of(bytes, size));
    return 0;
}
