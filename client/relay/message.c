/* CloudEvents 1.0 around transitions, groups of them and digests; references to people are taken out here and nowhere else. */
#include "client/relay/message.h"

#include "daemon/config/complain.h"
#include "daemon/core/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of_member(const json_t *object, const char *name) {
    return json_string_value(json_object_get(object, name));
}

static bool is_in(const struct word_list *list, const char *word) {
    for (size_t i = 0; i < list->count; i++) {
        if (word != NULL && strcmp(list->at[i], word) == 0) {
            return true;
        }
    }
    return list->count == 0;
}

bool message_matches(const struct route_match *match, const json_t *row) {
    const char *from_team = text_of_member(row, "from_team");

    return is_in(&match->rule, text_of_member(row, "rule")) && is_in(&match->severity, text_of_member(row, "severity")) &&
           is_in(&match->pathway, text_of_member(row, "pathway")) && is_in(&match->transition, text_of_member(row, "transition")) &&
           (is_in(&match->team, text_of_member(row, "team")) || (from_team != NULL && is_in(&match->team, from_team)));
}

bool message_is_about_a_wait(const json_t *row) {
    static const char *const others[] = {"queue_limit", "feed_silent", "quarantine"};
    const char *rule = text_of_member(row, "rule");

    for (size_t i = 0; rule != NULL && i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(rule, others[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* Percent-encoded but for what needs no encoding in a query. */
static void append_encoded(char *out, size_t size, const char *text) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t used = strlen(out);

    for (; *text != '\0' && used + 4 < size; text++) {
        used += (size_t)snprintf(out + used, size - used, strchr(plain, *text) != NULL ? "%c" : "%%%02X", (unsigned char)*text);
    }
}

static void append_parameter(char *out, size_t size, const char *name, const char *value) {
    size_t used = strlen(out);

    if (value != NULL && used + strlen(name) + 3 < size) {
        snprintf(out + used, size - used, "%c%s=", strchr(out, '?') != NULL ? '&' : '?', name);
        append_encoded(out, size, value);
    }
}

char *message_link(const struct relay_settings *settings, const struct route_settings *route, const json_t *row) {
    char link[4096];
    size_t base = settings->dashboard != NULL ? strlen(settings->dashboard) : 0;

    if (base == 0) {
        return NULL;
    }
    while (base > 0 && settings->dashboard[base - 1] == '/') {
        base--;
    }
    bool shows_wait = route->references && message_is_about_a_wait(row);

    snprintf(link, sizeof link, "%.*s/%s", (int)base, settings->dashboard, shows_wait ? "wait" : "alerts");
    if (shows_wait) {
        append_parameter(link, sizeof link, "subject", text_of_member(row, "subject"));
    } else {
        append_parameter(link, sizeof link, "pathway", text_of_member(row, "pathway"));
        append_parameter(link, sizeof link, "team", text_of_member(row, "team"));
        append_parameter(link, sizeof link, "rule", text_of_member(row, "rule"));
    }
    return config_text_copy(link);
}

json_t *message_row(const struct relay_settings *settings, const struct route_settings *route, const json_t *row) {
    static const char *const personal[] = {"subject", "by", "note", "person", "worker"};
    json_t *told = json_copy((json_t *)(uintptr_t)row);
    char *link = message_link(settings, route, row);

    ENSURE(told != NULL);
    for (size_t i = message_is_about_a_wait(row) ? 0 : 1; !route->references && i < sizeof personal / sizeof personal[0]; i++) {
        if (json_object_get(told, personal[i]) != NULL) {
            ENSURE(json_object_set_new(told, personal[i], json_null()) == 0);
        }
    }
    if (link != NULL) {
        ENSURE(json_object_set_new(told, "link", json_string(link)) == 0);
    }
    free(link);
    return told;
}

static void set_text(json_t *object, const char *name, const char *text) {
    if (text != NULL) {
        ENSURE(json_object_set_new(object, name, json_string(text)) == 0);
    }
}

void message_make(struct message *message, const struct relay_settings *settings, const char *type, const char *id, const char *subject,
                  const char *time, uint64_t sequence, json_t *data) {
    json_t *event = json_object();
    char digits[32];

    memset(message, 0, sizeof *message);
    snprintf(message->id, sizeof message->id, "%s", id);
    set_text(event, "specversion", "1.0");
    set_text(event, "id", message->id);
    set_text(event, "source", settings->source);
    set_text(event, "type", type);
    set_text(event, "subject", subject);
    set_text(event, "time", time);
    if (sequence > 0) {
        /* Twenty digits, so that the order of the texts is that of the numbers, as the extension wants. */
        snprintf(digits, sizeof digits, "%020" PRIu64, sequence);
        set_text(event, "sequence", digits);
    }
    set_text(event, "datacontenttype", "application/json");
    ENSURE(json_object_set_new(event, "data", data) == 0);
    message->text = json_dumps(event, JSON_COMPACT);
    ENSURE(message->text != NULL);
    json_decref(event);
}

void message_of_transition(struct message *message, const struct relay_settings *settings, const struct route_settings *route,
                           const char *epoch, const json_t *row) {
    uint64_t seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));
    char id[MESSAGE_ID_BYTES], type[64];

    snprintf(id, sizeof id, "%s:%" PRIu64, epoch, seq);
    snprintf(type, sizeof type, MESSAGE_TYPE_ALERT ".%s", text_of_member(row, "transition"));
    message_make(message, settings, type, id, text_of_member(row, "alert_id"), text_of_member(row, "at"), seq,
                 message_row(settings, route, row));
}

void message_clear(struct message *message) {
    free(message->text);
    json_decref(message->extra);
    memset(message, 0, sizeof *message);
}
