/* Any bytes as Client Level Data: lines are left out with a reason, or become waits whose events are valid JSON without names.
 *
 * The input: the map, the byte 1E, the file; without that byte it is a file, read by the delivered map. */
#include "client/import/cld.h"
#include "client/import/cld_waits.h"
#include "daemon/core/memory.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/place.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct tools {
    unsigned char *example;
    size_t example_size;
};

struct walk {
    const struct cld_store *store;
    const struct cld_map *map;
};

static const struct tools *tools_once(void) {
    static struct tools tools;
    if (tools.example == NULL) {
        static const char key[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
        tools.example = place_read(FUZZ_CONFIG "/import/cld.conf", &tools.example_size);
        place_write("person.key", key, sizeof key - 1);
    }
    return &tools;
}

static bool take_wait(void *context, const struct cld_wait *wait) {
    const struct walk *walk = context;
    struct cld_event events[CLD_WAIT_EVENTS_MAX];
    size_t count = wait->pathway[0] != '\0' ? cld_wait_events(walk->store, walk->map, wait, events) : 0;
    ENSURE(count <= CLD_WAIT_EVENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        json_t *json = json_loadb(events[i].bytes, events[i].length, JSON_REJECT_DUPLICATES, NULL);
        ENSURE(json_is_object(json) && events[i].bytes[events[i].length] == '\0');
        json_decref(json);
    }
    return true;
}

static void check_skipped(struct cld_store *store) {
    const struct cld_skipped *line;
    uint64_t counted = 0, expected = 0;
    for (int reason = 1; reason < CLD_REASON_COUNT; reason++)
        expected += cld_store_skip_count(store, (enum cld_reason)reason);
    cld_store_begin_skipped(store);
    while ((line = cld_store_next_skipped(store)) != NULL) {
        ENSURE(line->reason > CLD_TAKEN && line->reason < CLD_REASON_COUNT);
        (void)cld_store_csv_fault(store, line);
        counted++;
    }
    ENSURE(counted == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct tools *tools = tools_once();
    const unsigned char *at = data;
    struct piece map_text, rows;
    char message[CLD_MESSAGE_BYTES];
    if (memmem(data, size, "@include", 8) != NULL)
        return 0; /* would read whatever is on this machine */
    place_piece(&at, data + size, 0x1e, &map_text);
    rows = (struct piece){at, at == NULL ? 0 : (size_t)(data + size - at)};
    if (at == NULL) {
        rows = map_text;
        map_text = (struct piece){tools->example, tools->example_size};
    }
    struct cld_map *map = cld_map_read(place_write("cld.conf", map_text.at, map_text.size), message);
    ENSURE(map != NULL || message[0] != '\0');
    if (map == NULL)
        return 0;
    struct cld_store *store = cld_store_create(CLD_FOR_WAITS, map);
    enum cld_read result = cld_read_file(store, place_write("rows.csv", rows.at, rows.size), -1, NULL, NULL, message);
    ENSURE(result != CLD_READ_FAILED || message[0] != '\0');
    if (result == CLD_READ_DONE) {
        struct walk walk = {store, map};
        ENSURE(cld_store_settle(store));
        cld_waits_each(store, map, take_wait, &walk);
        ENSURE(!cld_store_failed(store));
        check_skipped(store);
    }
    cld_store_destroy(&store);
    cld_map_destroy(&map);
    return 0;
}
