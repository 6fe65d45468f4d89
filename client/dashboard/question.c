/* Questions out of addresses: which there are, and what their members are made of. */
#include "client/dashboard/question.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <waitlist/protocol.h>

enum { MEMBERS_MAX = 11 };

struct operation {
    const char *name;
    bool has_filter;
    const char *members[MEMBERS_MAX]; /* as docs/protocol.md has them */
};

static const struct operation operations[] = {
    {"health", false, {NULL}},
    {"config", false, {NULL}},
    {"snapshot", false, {NULL}},
    {"summary", true, {"group_by", "as_at", "known_at", "basis", NULL}},
    {"flow", true, {"from", "to", "step", "group_by", "known_at", NULL}},
    {"series", true, {"from", "to", "step", "group_by", "known_at", "basis", NULL}},
    {"restatement", true, {"day", "from", "to", "group_by", "known_at", "limit", NULL}},
    {"distribution", true, {"as_at", "known_at", NULL}},
    {"waits", true, {"sort", "limit", "cursor", "as_at", "known_at", NULL}},
    {"wait", false, {"subject", "as_at", "known_at", NULL}},
    {"alerts", true, {"since", "state", "limit", NULL}},
    {"exceptions", true, {"limit", "cursor", "as_at", "known_at", NULL}},
    {"data_quality", false, {"from", "to", "as_at", "known_at", NULL}},
    {"policies", false, {"known_at", NULL}},
    {"access", false, {"from", "to", "user", "peer", "subject", "of", "outcome", "order", "limit", "cursor", NULL}},
    {"quarantine", false, {"state", "code", "source", "id", "limit", "after", NULL}},
};

static const char *const lists[] = {"group_by", NULL};
static const char *const numbers[] = {"limit", "since", "id", "after", "known_at", "min_days", "max_days", "level", NULL};
static const char *const booleans[] = {"breach", "due", "paused", "no_contact", NULL};

static bool is_among(const char *const *names, const char *name) {
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct operation *operation_of(const char *name) {
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        const char *own = operations[i].name;
        size_t at = 0;

        while (own[at] != '\0' && (own[at] == name[at] || (own[at] == '_' && name[at] == '-'))) {
            at++;
        }
        if (own[at] == '\0' && name[at] == '\0') {
            return &operations[i];
        }
    }
    return NULL;
}

static json_t *text_json(const char *text, size_t size) {
    json_t *json = json_stringn(text, size);

    ENSURE(json != NULL); /* the target is UTF-8 */
    return json;
}

/* A number where one is meant and the text is one; else the text, which the daemon then refuses in its own words. */
static json_t *value_of(const char *name, const char *text) {
    char *end;

    if (is_among(booleans, name) && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        return json_boolean(text[0] == 't');
    }
    if (is_among(numbers, name) && text[0] >= '0' && text[0] <= '9') {
        errno = 0;
        long long number = strtoll(text, &end, 10);

        if (*end == '\0' && errno == 0) {
            return json_integer(number);
        }
    }
    return text_json(text, strlen(text));
}

/* "pathway,team" */
static json_t *list_of(const char *text) {
    json_t *list = json_array();

    for (bool more = true; more;) {
        size_t size = strcspn(text, ",");

        ENSURE(json_array_append_new(list, text_json(text, size)) == 0);
        more = text[size] == ',';
        text += size + more;
    }
    return list;
}

static void set(json_t *object, const char *name, json_t *value) {
    ENSURE(value != NULL && json_object_set_new(object, name, value) == 0);
}

/* A second value of a name makes a list. */
static void add_to_filter(json_t *filter, struct parameter parameter) {
    json_t *before = json_object_get(filter, parameter.name);

    if (before == NULL) {
        set(filter, parameter.name, value_of(parameter.name, parameter.value));
        return;
    }
    if (!json_is_array(before)) {
        json_t *list = json_array();

        ENSURE(json_array_append(list, before) == 0);
        set(filter, parameter.name, list);
        before = list;
    }
    ENSURE(json_array_append_new(before, value_of(parameter.name, parameter.value)) == 0);
}

/* As a JSON Pointer, cut where there is no room; no character is cut in two. */
static void point_at(char *pointer, size_t size, const char *name) {
    size_t used = 0;

    pointer[used++] = '/';
    for (; *name != '\0' && used + 3 <= size; name++) {
        if (*name == '~' || *name == '/') {
            pointer[used++] = '~';
            pointer[used++] = *name == '~' ? '0' : '1';
        } else {
            pointer[used++] = *name;
        }
    }
    while (used > 1 && (*name & 0xc0) == 0x80) { /* what comes next belongs to a character that is begun */
        used--;
        name--;
    }
    pointer[used] = '\0';
}

static bool refuse(struct question_fault *fault, const char *name, const char *what) {
    snprintf(fault->message, sizeof fault->message, "%s", what);
    point_at(fault->pointer, sizeof fault->pointer, name);
    return false;
}

static bool take_parameter(json_t *question, const struct operation *operation, struct parameter parameter, struct question_fault *fault) {
    if (is_among(operation->members, parameter.name)) {
        if (json_object_get(question, parameter.name) != NULL) {
            return refuse(fault, parameter.name, "this parameter is given twice");
        }
        set(question, parameter.name,
            is_among(lists, parameter.name) ? list_of(parameter.value) : value_of(parameter.name, parameter.value));
        return true;
    }
    if (!operation->has_filter) {
        return refuse(fault, parameter.name, "there is no such parameter here");
    }
    json_t *filter = json_object_get(question, "filter");

    if (filter == NULL) {
        filter = json_object();
        set(question, "filter", filter);
    }
    add_to_filter(filter, parameter);
    return true;
}

json_t *question_of(const char *name, const struct target *target, struct question_fault *fault) {
    const struct operation *operation = operation_of(name);

    memset(fault, 0, sizeof *fault);
    if (operation == NULL) {
        fault->is_unknown = true;
        (void)refuse(fault, "", "there is no such question");
        return NULL;
    }
    json_t *question = json_object();

    set(question, "v", json_integer(WAITLIST_PROTOCOL_VERSION));
    set(question, "op", text_json(operation->name, strlen(operation->name)));
    for (size_t i = 0; i < target_parameter_count(target); i++) {
        if (!take_parameter(question, operation, target_parameter(target, i), fault)) {
            json_decref(question);
            return NULL;
        }
    }
    return question;
}
