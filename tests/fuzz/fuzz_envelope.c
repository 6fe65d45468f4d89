/* Any bytes through the door: parsed and checked, and what is accepted must decode, equal itself and hold nothing personal. */
#include "daemon/core/memory.h"
#include "daemon/ingest/personal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/intake_fixture.h"

#include <stdlib.h>
#include <string.h>

static struct intake_fixture *fixture_once(void) {
    static struct intake_fixture *fixture;
    if (fixture == NULL)
        fixture = intake_fixture_create();
    return fixture;
}

static bool is_scrubbed(const struct intake_fixture *fixture, struct text bytes, const struct event *event) {
    static const unsigned char key[PERSONAL_KEY_BYTES] = {1};
    size_t length;
    char *scrubbed = personal_scrub(bytes, PERSONAL_IN_EVENT, text_equal(event->source, fixture->numeric_source), key, &length);
    free(scrubbed);
    return scrubbed != NULL;
}

static void check_refused(const struct intake_fixture *fixture, struct text bytes, const struct event *event,
                          const struct rejection *rejection) {
    ENSURE(rejection->code > REJECT_NONE && rejection->code < REJECT_CODE_COUNT);
    ENSURE(memchr(rejection->message, '\0', sizeof rejection->message) != NULL && rejection->message[0] != '\0');
    ENSURE(memchr(rejection->pointer, '\0', sizeof rejection->pointer) != NULL);
    ENSURE(rejection->pointer[0] == '\0' || rejection->pointer[0] == '/');
    /* What was hashed before stays as it is; to look for that, written with escapes too, is not worth it here. */
    bool may_be_hash = memmem(bytes.at, bytes.length, "hash:", 5) != NULL || memchr(bytes.at, '\\', bytes.length) != NULL;
    ENSURE(rejection->code != REJECT_PERSONAL_DATA || may_be_hash || is_scrubbed(fixture, bytes, event));
}

static void check_accepted(struct intake_fixture *fixture, struct text bytes, const struct event *event) {
    struct event decoded;
    ENSURE(!is_scrubbed(fixture, bytes, event));
    ENSURE(envelope_same(fixture->envelope, bytes, bytes));
    enum event_type type = event->type;
    instant_t time = event->time;
    unsigned dimensions = event->dimension_count;
    ENSURE(envelope_decode(fixture->envelope, bytes, &decoded));
    ENSURE(decoded.type == type && decoded.time == time && decoded.dimension_count == dimensions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct intake_fixture *fixture = fixture_once();
    struct text bytes = {(const char *)data, (uint32_t)size};
    struct event event;
    struct rejection rejection;
    bool accepted = envelope_parse(fixture->envelope, bytes, &event, &rejection) &&
                    envelope_validate(fixture->envelope, &fixture->rules, fixture->now, &event, &rejection);
    if (accepted)
        check_accepted(fixture, bytes, &event);
    else
        check_refused(fixture, bytes, &event, &rejection);
    return 0;
}
