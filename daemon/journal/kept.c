/* The part of an event that a redaction keeps, as bytes that depend on nothing but its values. */
#include "daemon/journal/kept.h"

#include "daemon/core/memory.h"

#include <endian.h>
#include <string.h>

#define LAYOUT 1U
#define LENGTH_OF_ABSENT 0xffffU

struct writer {
    char *at;
    size_t length;
};

static void put(struct writer *writer, const void *bytes, size_t length) {
    ENSURE(length <= KEPT_SIZE - writer->length);
    memcpy(writer->at + writer->length, bytes, length);
    writer->length += length;
}

static void put_byte(struct writer *writer, uint8_t byte) {
    put(writer, &byte, 1);
}

static void put_text(struct writer *writer, struct text text) {
    uint16_t length = htole16((uint16_t)(text.at == NULL ? LENGTH_OF_ABSENT : text.length));

    ENSURE(text.length < LENGTH_OF_ABSENT);
    put(writer, &length, sizeof length);
    if (text.length > 0)
        put(writer, text.at, text.length);
}

struct text kept_write(const struct event *event, char kept[KEPT_SIZE]) {
    struct writer writer = {kept, 0};
    uint64_t time = htole64((uint64_t)event->time);
    uint32_t clock_start = htole32((uint32_t)event->clock_start);
    const struct text texts[] = {
        text_of(event_type_name(event->type)),
        event->subject,
        event->source,
        event->id,
        event->sequence,
        event->pathway,
        event->team,
        event->district,
        event->client_group,
        event->reason,
        event->method,
        event->outcome,
        event->retracts_source,
        event->retracts_id,
    };

    put_byte(&writer, LAYOUT);
    put(&writer, &time, sizeof time);
    put(&writer, &clock_start, sizeof clock_start);
    put_byte(&writer, event->priority);
    put_byte(&writer, event->impact);
    put_byte(&writer, event->likelihood);
    put_byte(&writer, event->dimension_count);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        put_text(&writer, texts[i]);
    for (uint32_t i = 0; i < event->dimension_count; i++) {
        put_text(&writer, event->dimensions[i].name);
        put_text(&writer, event->dimensions[i].value);
    }
    return (struct text){kept, (uint32_t)writer.length};
}
