/* What the access log tells of a question. */
#include "daemon/query/look.h"

#include "daemon/ingest/personal.h"
#include "daemon/query/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char *to, size_t size, struct text text) {
    size_t length = text.length < size ? text.length : size - 1;
    if (length > 0)
        memcpy(to, text.at, length);
    to[length] = '\0';
}

static struct text string_of(const json_t *value) {
    return (struct text){json_string_value(value), (uint32_t)json_string_length(value)};
}

/* ---- What somebody typed */

/* A member whose text may have any form. All others are references, names, days, instants and codes: what has another form is none of
 * these, and may be somebody's name. */
static bool has_any_form(const char *name) {
    static const char *const names[] = {"by", "source", "id", "user"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool has_form(struct text text) {
    for (uint32_t i = 0; i < text.length; i++) {
        char letter = text.at[i];
        bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
        if (!is_letter && (letter == '\0' || strchr("._:/+-", letter) == NULL))
            return false;
    }
    return true;
}

/* A wait that there is was let in by its name: it stands in the log as it stands in the journal. */
static bool is_known(const struct question *question, struct text subject) {
    return question->state != NULL && register_find(ledger_register(question->state->ledger), subject) != 0;
}

static bool is_personal(const struct question *question, const char *name, struct text text) {
    if (personal_hash_at(text, 0) == text.length || (strcmp(name, "subject") == 0 && is_known(question, text)))
        return false;
    if (strcmp(name, "person") == 0) /* who is to be erased: the journal does not keep it either */
        return true;
    return personal_is_anywhere(text, false) || (!has_any_form(name) && !has_form(text));
}

static json_t *hashed(const struct question *question, struct text text) {
    char hash[PERSONAL_HASH_SIZE];
    personal_hash(text, ledger_personal_key(question->state->ledger), hash);
    return json_string(hash);
}

/* A cursor has the last row's reference in it. */
static bool is_personal_cursor(const char *name, struct text text) {
    char plain[CURSOR_BUFFER_SIZE];
    return strcmp(name, "cursor") == 0 && cursor_is_text(text, plain) && personal_is_anywhere(text_of(plain), false);
}

static json_t *cleaned(const struct question *question, const char *name, const json_t *value);

static json_t *cleaned_object(const struct question *question, const json_t *value) {
    json_t *object = json_object();
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, name, member) {
        json_t *hash = is_personal(question, "", text_of(name)) ? hashed(question, text_of(name)) : NULL;
        json_object_set_new(object, hash == NULL ? name : json_string_value(hash), cleaned(question, name, member));
        json_decref(hash);
    }
    return object;
}

/* A copy with a keyed hash in the place of all that looks like personal data. */
static json_t *cleaned(const struct question *question, const char *name, const json_t *value) {
    struct text text = string_of(value);
    if (json_is_object(value))
        return cleaned_object(question, value);
    if (json_is_array(value)) {
        json_t *list = json_array();
        for (size_t i = 0; i < json_array_size(value); i++)
            json_array_append_new(list, cleaned(question, name, json_array_get(value, i)));
        return list;
    }
    if (json_is_string(value) && (is_personal(question, name, text) || is_personal_cursor(name, text)))
        return hashed(question, text);
    if (json_is_number(value) && personal_is_number(json_number_value(value))) {
        char *number = json_dumps(value, JSON_ENCODE_ANY);
        json_t *hash = hashed(question, text_of(number));
        free(number);
        return hash;
    }
    return json_incref((json_t *)(uintptr_t)value);
}

struct text look_reference(const struct question *question, struct text typed, char buffer[LOOK_REFERENCE_SIZE]) {
    if (typed.at == NULL || !is_personal(question, "subject", typed))
        return typed;
    personal_hash(typed, ledger_personal_key(question->state->ledger), buffer);
    return text_of(buffer);
}

/* ---- What was asked */

/* Adds the member to the object; false when there is no room. */
static bool add_member(char what[LOOK_WHAT_SIZE], size_t most, const char *name, const json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t length = strlen(what), added = text == NULL ? SIZE_MAX / 2 : strlen(name) + strlen(text) + 4;
    bool fits = length + added < most;
    if (fits)
        snprintf(what + length - 1, LOOK_WHAT_SIZE - length + 1, "%s\"%s\":%s}", length > 2 ? "," : "", name, text);
    free(text);
    return fits;
}

static void add_text(char what[LOOK_WHAT_SIZE], const char *name, const char *text) {
    json_t *value = json_string(text);
    (void)add_member(what, LOOK_WHAT_SIZE, name, value);
    json_decref(value);
}

/* Every member of the request but those that say nothing of whom it is about, and free texts, which the journal keeps. NULL, or which of
 * those that say who was looked at has no room. */
static const char *note_asked(struct look *look, const struct question *question) {
    static const char *const left[] = {"v", "op", "on_behalf_of", "note", "reason"};
    const char *name;
    json_t *value;
    json_t *left_out = json_array();
    const char *untold = NULL;
    memcpy(look->what, "{}", 3);
    look->has_asked = true;
    json_object_foreach((json_t *)(uintptr_t)question->request, name, value) {
        bool is_left = !question_has_member(question, name);
        for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
            is_left = is_left || strcmp(left[i], name) == 0;
        if (is_left)
            continue;
        json_t *clean = cleaned(question, name, value);
        if (!add_member(look->what, LOOK_ASKED_MAX, name, clean)) {
            json_array_append_new(left_out, json_string(name));
            untold = strcmp(name, "filter") == 0 ? "/filter" : strcmp(name, "each") == 0 ? "/each" : untold;
        }
        json_decref(clean);
    }
    if (json_array_size(left_out) > 0)
        (void)add_member(look->what, LOOK_WHAT_SIZE, "left_out", left_out);
    json_decref(left_out);
    return untold;
}

void look_at_op(struct look *look, const char *op, struct text peer) {
    *look = (struct look){.is_asked = true, .rows = TRAIL_NO_ROWS};
    copy(look->op, sizeof look->op, text_of(op));
    copy(look->peer, sizeof look->peer, peer);
}

void look_for(struct look *look, struct text user) {
    copy(look->user, sizeof look->user, user);
}

static bool shows_people(const struct question *question, enum look_kind kind) {
    switch (kind) {
    case LOOK_PEOPLE:
        return true;
    case LOOK_BY_PEOPLE:
        return question_is_about_people(question);
    case LOOK_ALERTS:
        return asker_may(question->asker, ASKER_PEOPLE);
    case LOOK_NOBODY:
        break;
    }
    return false;
}

bool look_begin(struct look *look, struct question *question, enum look_kind kind) {
    struct daemon_state *state = question->state;
    if (state == NULL || !shows_people(question, kind))
        return true;
    look->is_begun = true;
    const char *untold = note_asked(look, question);
    if (trail_is_ready(state->trail, state->now)) {
        if (untold != NULL)
            question_refuse(question, "bad_request", LOOK_LONG, untold);
        return untold == NULL;
    }
    look->is_asked = false; /* there is no place to write it */
    question_refuse(question, "read_only", LOOK_UNWRITTEN, NULL);
    return false;
}

/* ---- What came of it */

static void take_refusal(struct look *look, const json_t *refusal) {
    const json_t *error = json_object_get(refusal, "error");
    struct text code = string_of(json_object_get(error, "code"));
    look->outcome = code.at == NULL || text_is(code, "internal") ? TRAIL_FAILED
                    : text_is(code, "forbidden")                 ? TRAIL_DENIED
                    : text_is(code, "not_found")                 ? TRAIL_NOT_FOUND
                                                                 : TRAIL_REFUSED;
    copy(look->reason, sizeof look->reason, look->outcome == TRAIL_DENIED ? string_of(json_object_get(error, "message")) : code);
}

static int64_t rows_of(const json_t *reply) {
    static const char *const lists[] = {"changes", "rows", "alerts"};
    static const char *const counts[] = {"done", "redacted"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (json_object_get(reply, counts[i]) != NULL)
            return json_integer_value(json_object_get(reply, counts[i]));
    if (json_object_get(reply, "wait") != NULL || json_object_get(reply, "transition") != NULL)
        return 1;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (json_is_array(json_object_get(reply, lists[i])))
            return (int64_t)json_array_size(json_object_get(reply, lists[i]));
    return TRAIL_NO_ROWS;
}

/* With the day and the seq the same list can be had again from the journal. */
static void take_reply(struct look *look, const json_t *reply) {
    const json_t *transition = json_object_get(reply, "transition");
    const char *subject = json_string_value(json_object_get(transition, "subject"));
    const char *as_at = json_string_value(json_object_get(reply, "as_at"));
    const json_t *known_at = json_object_get(reply, "known_at");
    const json_t *seq = known_at != NULL ? known_at : json_object_get(reply, "journal_seq");
    look->rows = rows_of(reply);
    if (subject != NULL)
        add_text(look->what, "subject", subject);
    if (as_at != NULL && strstr(look->what, "\"as_at\":") == NULL)
        add_text(look->what, "as_at", as_at);
    if (json_is_integer(seq))
        (void)add_member(look->what, sizeof look->what, "seq", seq);
}

void look_end(struct look *look, const struct question *question, const json_t *reply) {
    if (!look->is_begun && question->refusal == NULL)
        return;
    look->outcome = TRAIL_OK;
    if (reply == NULL && question->text == NULL)
        take_refusal(look, question->refusal);
    else if (!look->is_begun)
        return;
    else if (reply != NULL)
        take_reply(look, reply);
    else
        look->rows = question->text_rows;
    if (look->outcome == TRAIL_DENIED && !look->has_asked && question->state != NULL)
        (void)note_asked(look, question);
}

static struct text text_or_none(const char *text) {
    return text[0] == '\0' ? TEXT_ABSENT : text_of(text);
}

/* A user's name is cleaned too: a gateway may send what somebody typed. */
struct text look_user(const struct daemon_state *state, struct text user, char buffer[LOOK_REFERENCE_SIZE]) {
    if (user.at == NULL || !personal_is_anywhere(user, false))
        return user;
    personal_hash(user, ledger_personal_key(state->ledger), buffer);
    return text_of(buffer);
}

bool look_write(const struct look *look, struct daemon_state *state) {
    char user[LOOK_REFERENCE_SIZE];
    if (!look->is_asked || !(look->is_begun || look->outcome == TRAIL_DENIED))
        return true;
    struct trail_entry entry = {.at = state->now,
                                .peer = text_or_none(look->peer),
                                .user = look_user(state, text_or_none(look->user), user),
                                .op = text_of(look->op),
                                .what = text_or_none(look->what),
                                .reason = text_or_none(look->reason),
                                .rows = look->rows,
                                .outcome = look->outcome};
    return trail_append(state->trail, &entry) || look->outcome == TRAIL_DENIED;
}
