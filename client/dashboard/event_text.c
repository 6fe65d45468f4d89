/* Server-sent events as text. */
#include "client/dashboard/event_text.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *event_text(const char *name, const char *id, const char *data, size_t data_size, size_t *size) {
    char *text = NULL;
    FILE *out = open_memstream(&text, size);

    ENSURE(out != NULL);
    if (name != NULL) {
        fprintf(out, "event: %s\n", name);
    }
    if (id != NULL) {
        fprintf(out, "id: %s\n", id);
    }
    if (data != NULL) {
        fprintf(out, "data: %.*s\n", (int)data_size, data);
    }
    fputc('\n', out);
    ENSURE(fclose(out) == 0);
    return text;
}

void event_id(char id[EVENT_ID_SIZE], const char *epoch, uint64_t seq) {
    snprintf(id, EVENT_ID_SIZE, "%.64s:%llu", epoch, (unsigned long long)seq);
}

bool event_id_parse(const char *id, char epoch[EVENT_ID_SIZE], uint64_t *seq) {
    const char *colon = strrchr(id, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - id);
    char *end;

    if (size == 0 || size > 64 || colon[1] < '0' || colon[1] > '9') {
        return false;
    }
    memcpy(epoch, id, size);
    epoch[size] = '\0';
    errno = 0;
    *seq = strtoull(colon + 1, &end, 10);
    return *end == '\0' && errno == 0;
}

static void copy_name(char name[RING_NAME_SIZE], const json_t *value) {
    snprintf(name, RING_NAME_SIZE, "%s", json_is_string(value) ? json_string_value(value) : "");
}

char *event_of_transition(const json_t *transition, const char *epoch, struct frame_scope *scope, uint64_t *seq, size_t *size) {
    const json_t *number = json_object_get(transition, "seq");
    char id[EVENT_ID_SIZE];

    if (!json_is_integer(number) || json_integer_value(number) <= 0) {
        return NULL;
    }
    char *data = json_dumps(transition, JSON_COMPACT);

    ENSURE(data != NULL);
    *seq = (uint64_t)json_integer_value(number);
    copy_name(scope->pathway, json_object_get(transition, "pathway"));
    copy_name(scope->team, json_object_get(transition, "team"));
    copy_name(scope->from_team, json_object_get(transition, "from_team"));
    event_id(id, epoch, *seq);
    char *text = event_text("alert", id, data, strlen(data), size);

    free(data);
    return text;
}
