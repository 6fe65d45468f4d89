/* The lists of known names as a text and back: "t north", "d lancaster", "g carer", "n deprivation" and behind it "v 1" of its values. */
#include "daemon/config/config.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

static const char kinds[] = {
    [KNOWN_TEAM] = 't', [KNOWN_DISTRICT] = 'd', [KNOWN_CLIENT_GROUP] = 'g', [KNOWN_DIMENSION] = 'n', [KNOWN_DIMENSION_VALUE] = 'v'};

struct known_writer {
    char *text;
    size_t length;
    size_t capacity;
};

static void put(struct known_writer *writer, enum known_kind kind, const char *name) {
    size_t length = strlen(name); /* names have neither spaces nor line ends (rules, section 2) */
    memory_reserve((void **)&writer->text, &writer->capacity, writer->length + length + 3, 1);
    char *at = writer->text + writer->length;
    at[0] = kinds[kind];
    at[1] = ' ';
    memcpy(at + 2, name, length);
    at[2 + length] = '\n';
    writer->length += length + 3;
}

static void put_all(struct known_writer *writer, enum known_kind kind, const struct known_names *names) {
    for (size_t i = 0; i < names->count; i++)
        put(writer, kind, names->at[i].name);
}

char *known_to_text(const struct config *config, size_t *length) {
    struct known_writer writer = {.text = NULL};
    put_all(&writer, KNOWN_TEAM, &config->teams);
    put_all(&writer, KNOWN_DISTRICT, &config->districts);
    put_all(&writer, KNOWN_CLIENT_GROUP, &config->client_groups);
    for (size_t i = 0; i < config->dimension_count; i++) {
        put(&writer, KNOWN_DIMENSION, config->dimensions[i].name);
        put_all(&writer, KNOWN_DIMENSION_VALUE, &config->dimensions[i].values);
    }
    *length = writer.length;
    return writer.text != NULL ? writer.text : memory_new(1, 1);
}

struct known_values *known_from_text(struct text text, uint64_t seed) {
    struct known_values *known = known_values_create(seed);
    struct text dimension = TEXT_ABSENT;
    const char *end = text.at == NULL ? NULL : text.at + text.length;
    for (const char *at = text.at; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        enum known_kind kind = KNOWN_TEAM;
        ENSURE(stop != NULL && stop - at >= 2);
        while (kinds[kind] != at[0])
            ENSURE(++kind <= KNOWN_DIMENSION_VALUE);
        struct text name = {at + 2, (uint32_t)(stop - at - 2)};
        if (kind == KNOWN_DIMENSION)
            dimension = name;
        known_values_add(known, kind, dimension, name);
        at = stop + 1;
    }
    return known;
}
