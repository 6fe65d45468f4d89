/* From bytes to an event: limits, CloudEvents attributes, frames of several events, and whether two events say the same. */
#include "daemon/ingest/envelope.h"

#include "daemon/core/memory.h"
#include "daemon/ingest/json.h"
#include "daemon/ingest/validate.h"

#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 128, SOURCE_MAX = 256, SEQUENCE_MAX = 32 };

/* A frame that is one JSON object may nest deeper than an event may: it is still one event, and refused as that. */
enum { FRAME_NESTING_MAX = 1024 };
/* The frame parser's memory, some twelve times the longest frame, is given back beyond this. */
enum { FRAME_BYTES_KEPT = 1 << 18 };

struct envelope {
    struct json_parser *parser;  /* of the event last parsed */
    struct json_parser *pair[2]; /* of the two events compared */
    struct json_parser *frame;   /* of a frame that may be one object; NULL until there is one */
    struct json_value data;      /* of the event last parsed, valid when parsed */
    struct json_value all;       /* the event itself */
    bool has_others;             /* it has attributes that mean nothing here */
    bool parsed;
};

/* The CloudEvents attributes that mean something here, in the order in which they are checked. */
enum attribute {
    ATTRIBUTE_SPECVERSION,
    ATTRIBUTE_ID,
    ATTRIBUTE_SOURCE,
    ATTRIBUTE_TYPE,
    ATTRIBUTE_SUBJECT,
    ATTRIBUTE_TIME,
    ATTRIBUTE_DATA,
    ATTRIBUTE_SEQUENCE,
    ATTRIBUTE_COUNT
};

static const struct text attribute_names[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_SPECVERSION] = {"specversion", 11},
    [ATTRIBUTE_ID] = {"id", 2},
    [ATTRIBUTE_SOURCE] = {"source", 6},
    [ATTRIBUTE_TYPE] = {"type", 4},
    [ATTRIBUTE_SUBJECT] = {"subject", 7},
    [ATTRIBUTE_TIME] = {"time", 4},
    [ATTRIBUTE_DATA] = {"data", 4},
    [ATTRIBUTE_SEQUENCE] = {"sequence", 8},
};

/* What is wrong with each when it is there but not as it must be. */
static const char *const attribute_words[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_SPECVERSION] = "specversion must be \"1.0\"",
    [ATTRIBUTE_ID] = "id must be a string of 1 to 128 bytes",
    [ATTRIBUTE_SOURCE] = "source must be a string of 1 to 256 bytes",
    [ATTRIBUTE_TYPE] = "type must be a string that is not empty",
    [ATTRIBUTE_SUBJECT] = "subject must be 1 to 128 of the characters A-Z a-z 0-9 . _ : / -",
    [ATTRIBUTE_TIME] = "time must be an RFC 3339 date and time with Z or an offset",
    [ATTRIBUTE_DATA] = "data must be an object",
    [ATTRIBUTE_SEQUENCE] = "sequence must be a string of at most 32 bytes",
};

static const char *const attribute_missing[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_SPECVERSION] = "specversion is required",
    [ATTRIBUTE_ID] = "id is required",
    [ATTRIBUTE_SOURCE] = "source is required",
    [ATTRIBUTE_TYPE] = "type is required",
    [ATTRIBUTE_SUBJECT] = "subject is required",
    [ATTRIBUTE_TIME] = "time is required",
    [ATTRIBUTE_DATA] = "data is required",
};

/* The attributes of one event as they stand there. */
struct attributes {
    unsigned present; /* one bit an attribute */
    struct json_value values[ATTRIBUTE_COUNT];
    struct json_value all; /* the whole event */
    bool has_others;       /* attributes that mean nothing here */
};

const char *reject_code_name(enum reject_code code) {
    static const char *const names[REJECT_CODE_COUNT] = {
        [REJECT_NONE] = "none",
        [REJECT_TOO_LARGE] = "too_large",
        [REJECT_NOT_JSON] = "not_json",
        [REJECT_BAD_ENVELOPE] = "bad_envelope",
        [REJECT_ID_CONFLICT] = "id_conflict",
        [REJECT_UNKNOWN_TYPE] = "unknown_type",
        [REJECT_PERSONAL_DATA] = "personal_data",
        [REJECT_BAD_DATA] = "bad_data",
        [REJECT_UNKNOWN_PATHWAY] = "unknown_pathway",
        [REJECT_TIME_IN_FUTURE] = "time_in_future",
        [REJECT_TIME_TOO_OLD] = "time_too_old",
    };
    ENSURE((unsigned)code < REJECT_CODE_COUNT);
    return names[code];
}

struct envelope *envelope_create(void) {
    struct envelope *envelope = memory_new(1, sizeof *envelope);
    envelope->parser = json_parser_create(EVENT_BYTES_MAX, EVENT_NESTING_MAX);
    envelope->pair[0] = json_parser_create(EVENT_BYTES_MAX, EVENT_NESTING_MAX);
    envelope->pair[1] = json_parser_create(EVENT_BYTES_MAX, EVENT_NESTING_MAX);
    return envelope;
}

void envelope_destroy(struct envelope **envelope) {
    if (*envelope == NULL)
        return;
    json_parser_destroy(&(*envelope)->frame);
    json_parser_destroy(&(*envelope)->pair[1]);
    json_parser_destroy(&(*envelope)->pair[0]);
    json_parser_destroy(&(*envelope)->parser);
    free(*envelope);
    *envelope = NULL;
}

static enum attribute attribute_of(struct text name) {
    for (unsigned attribute = 0; attribute < ATTRIBUTE_COUNT; attribute++)
        if (attribute_names[attribute].length == name.length && memcmp(attribute_names[attribute].at, name.at, name.length) == 0)
            return (enum attribute)attribute;
    return ATTRIBUTE_COUNT;
}

/* False when the event is no object. */
static bool gather(struct json_value root, struct attributes *found) {
    struct json_cursor cursor;
    struct text name;
    struct json_value value;
    found->present = 0;
    found->all = root;
    found->has_others = false;
    if (!json_members_start(root, &cursor))
        return false;
    while (json_members_next(&cursor, &name, &value)) {
        enum attribute attribute = attribute_of(name);
        if (attribute == ATTRIBUTE_COUNT) {
            found->has_others = true;
            continue;
        }
        found->present |= 1u << attribute;
        found->values[attribute] = value;
    }
    return true;
}

static bool is_present(const struct attributes *found, enum attribute attribute) {
    return (found->present & (1u << attribute)) != 0;
}

static struct text attribute_text(const struct attributes *found, enum attribute attribute) {
    struct text text = TEXT_ABSENT;
    if (is_present(found, attribute))
        json_value_text(found->values[attribute], &text);
    return text;
}

/* Absent when it is no string or too short or too long. */
static struct text bounded_text(const struct attributes *found, enum attribute attribute, uint32_t least, uint32_t most) {
    struct text text = attribute_text(found, attribute);
    return text.length < least || text.length > most ? TEXT_ABSENT : text;
}

/* Fills in what can be read of the envelope; a bit for each attribute that is as it must be. */
static unsigned read_attributes(const struct attributes *found, struct event *event) {
    unsigned good = 0;
    struct text type = attribute_text(found, ATTRIBUTE_TYPE);
    event->id = bounded_text(found, ATTRIBUTE_ID, 1, ID_MAX);
    event->source = bounded_text(found, ATTRIBUTE_SOURCE, 1, SOURCE_MAX);
    event->sequence = bounded_text(found, ATTRIBUTE_SEQUENCE, 0, SEQUENCE_MAX);
    event->subject = attribute_text(found, ATTRIBUTE_SUBJECT);
    event->type = event_type_of(type);
    if (text_is(attribute_text(found, ATTRIBUTE_SPECVERSION), "1.0"))
        good |= 1u << ATTRIBUTE_SPECVERSION;
    if (event->id.at != NULL)
        good |= 1u << ATTRIBUTE_ID;
    if (event->source.at != NULL)
        good |= 1u << ATTRIBUTE_SOURCE;
    if (type.length > 0)
        good |= 1u << ATTRIBUTE_TYPE;
    if (validate_is_reference(event->subject))
        good |= 1u << ATTRIBUTE_SUBJECT;
    else
        event->subject = TEXT_ABSENT;
    struct text time = attribute_text(found, ATTRIBUTE_TIME);
    if (time.at != NULL && instant_parse(time, &event->time))
        good |= 1u << ATTRIBUTE_TIME;
    if (is_present(found, ATTRIBUTE_DATA) && json_value_kind(found->values[ATTRIBUTE_DATA]) == JSON_KIND_OBJECT)
        good |= 1u << ATTRIBUTE_DATA;
    if (event->sequence.at != NULL || !is_present(found, ATTRIBUTE_SEQUENCE))
        good |= 1u << ATTRIBUTE_SEQUENCE;
    return good;
}

static bool refuse_attribute(const struct attributes *found, unsigned good, struct rejection *rejection) {
    unsigned attribute = 0;
    while ((good & (1u << attribute)) != 0)
        attribute++;
    struct json_path path = {NULL, attribute_names[attribute], 0};
    bool present = is_present(found, (enum attribute)attribute);
    return validate_refuse(rejection, REJECT_BAD_ENVELOPE, &path, present ? attribute_words[attribute] : attribute_missing[attribute]);
}

/* An extension may have any value but null (`null` inside `data` is bad data, and found later). */
static bool refuse_null_extension(const struct attributes *found, struct rejection *rejection) {
    struct json_cursor cursor;
    struct json_path path = {NULL, TEXT_ABSENT, 0};
    struct json_value value;
    ENSURE(json_members_start(found->all, &cursor));
    while (json_members_next(&cursor, &path.name, &value)) {
        if (attribute_of(path.name) == ATTRIBUTE_COUNT && validate_holds_null(value, &path, rejection->pointer)) {
            char pointer[sizeof rejection->pointer];
            memcpy(pointer, rejection->pointer, sizeof pointer);
            validate_refuse(rejection, REJECT_BAD_ENVELOPE, NULL, "null is not allowed");
            memcpy(rejection->pointer, pointer, sizeof pointer);
            return true;
        }
    }
    return false;
}

static void clear_event(struct event *event) {
    event->type = EVENT_TYPE_COUNT;
    event->time = INSTANT_NONE;
    event->source = TEXT_ABSENT;
    event->id = TEXT_ABSENT;
    event->subject = TEXT_ABSENT;
    event->sequence = TEXT_ABSENT;
    validate_clear(event);
}

static bool refuse_json(enum json_fault fault, struct rejection *rejection) {
    char message[sizeof rejection->message] = "the event ";
    strncat(message, json_fault_message(fault), sizeof message - strlen(message) - 1);
    memcpy(rejection->message, message, sizeof message);
    rejection->code = REJECT_NOT_JSON;
    return false;
}

bool envelope_parse(struct envelope *envelope, struct text bytes, struct event *event, struct rejection *rejection) {
    struct json_value root;
    struct attributes found;
    const unsigned all = (1u << ATTRIBUTE_COUNT) - 1;
    clear_event(event);
    envelope->parsed = false;
    if (bytes.length > EVENT_BYTES_MAX)
        return validate_refuse(rejection, REJECT_TOO_LARGE, NULL, "the event is longer than 16384 bytes");
    enum json_fault fault = json_parser_read_strictly(envelope->parser, bytes, &root, rejection->pointer);
    if (fault != JSON_FAULT_NONE)
        return refuse_json(fault, rejection);
    if (!gather(root, &found))
        return validate_refuse(rejection, REJECT_BAD_ENVELOPE, NULL, "the event must be a JSON object");
    unsigned good = read_attributes(&found, event);
    if (good != all)
        return refuse_attribute(&found, good, rejection);
    if (found.has_others && refuse_null_extension(&found, rejection))
        return false;
    envelope->data = found.values[ATTRIBUTE_DATA];
    envelope->all = root;
    envelope->has_others = found.has_others;
    envelope->parsed = true;
    rejection->code = REJECT_NONE;
    return true;
}

static bool extensions_may_be(const struct envelope *envelope, const struct intake_rules *rules, struct event *event,
                              struct rejection *rejection) {
    struct json_cursor cursor;
    struct text name;
    struct json_value value;
    ENSURE(json_members_start(envelope->all, &cursor));
    while (json_members_next(&cursor, &name, &value))
        if (attribute_of(name) == ATTRIBUTE_COUNT && !validate_extension(name, value, rules, event, rejection))
            return false;
    return true;
}

bool envelope_validate(struct envelope *envelope, const struct intake_rules *rules, instant_t now, struct event *event,
                       struct rejection *rejection) {
    ENSURE(envelope->parsed);
    rejection->code = REJECT_NONE;
    rejection->message[0] = '\0';
    rejection->pointer[0] = '\0';
    if (envelope->has_others && event->type != EVENT_TYPE_COUNT && !extensions_may_be(envelope, rules, event, rejection))
        return false; /* an unknown type is the first thing to say */
    return validate_event(envelope->data, rules, now, event, rejection);
}

bool envelope_decode(struct envelope *envelope, struct text bytes, struct event *event) {
    struct json_value root;
    struct attributes found;
    const unsigned all = (1u << ATTRIBUTE_COUNT) - 1;
    clear_event(event);
    envelope->parsed = false;
    if (json_parser_read(envelope->parser, bytes, &root) != JSON_FAULT_NONE || !gather(root, &found))
        return false;
    if (read_attributes(&found, event) != all || event->type == EVENT_TYPE_COUNT)
        return false;
    return validate_refill(found.values[ATTRIBUTE_DATA], event);
}

bool envelope_same(struct envelope *envelope, struct text a, struct text b) {
    struct text bytes[2] = {a, b};
    struct attributes found[2];
    instant_t times[2];
    for (int i = 0; i < 2; i++) {
        struct json_value root;
        if (json_parser_read(envelope->pair[i], bytes[i], &root) != JSON_FAULT_NONE || !gather(root, &found[i]))
            return false;
        if (!is_present(&found[i], ATTRIBUTE_DATA) || !instant_parse(attribute_text(&found[i], ATTRIBUTE_TIME), &times[i]))
            return false;
    }
    return times[0] == times[1] && text_equal(attribute_text(&found[0], ATTRIBUTE_TYPE), attribute_text(&found[1], ATTRIBUTE_TYPE)) &&
           text_equal(attribute_text(&found[0], ATTRIBUTE_SUBJECT), attribute_text(&found[1], ATTRIBUTE_SUBJECT)) &&
           json_value_same(found[0].values[ATTRIBUTE_DATA], found[1].values[ATTRIBUTE_DATA]);
}

static bool is_white(char letter) {
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
}

static struct text trimmed(struct text text) {
    while (text.length > 0 && is_white(text.at[text.length - 1]))
        text.length--;
    while (text.length > 0 && is_white(text.at[0])) {
        text.at++;
        text.length--;
    }
    return text;
}

/* Takes the next line that is not blank off `*rest`, without the white space around it; false when there is none. */
static bool take_line(struct text *rest, struct text *line) {
    while (rest->length > 0) {
        const char *newline = memchr(rest->at, '\n', rest->length);
        uint32_t length = newline == NULL ? rest->length : (uint32_t)(newline - rest->at);
        *line = trimmed((struct text){rest->at, length});
        uint32_t taken = newline == NULL ? length : length + 1;
        rest->at += taken;
        rest->length -= taken;
        if (line->length > 0)
            return true;
    }
    return false;
}

/* Whether the frame, of at least two lines, is one JSON object. A newline cannot stand inside a JSON string, so a first line that ends
 * with `}` before a line that begins with `{` is always two values: that settles NDJSON without parsing anything twice. What the parser
 * cannot hold (a number beyond its range, nesting beyond FRAME_NESTING_MAX) is no object to it: its lines are then refused one by one. */
static bool is_one_object(struct envelope *envelope, struct text frame, struct text first, struct text second) {
    if (first.at[0] != '{' || frame.at[frame.length - 1] != '}')
        return false;
    if (first.at[first.length - 1] == '}' && second.at[0] == '{')
        return false;
    if (envelope->frame == NULL)
        envelope->frame = json_parser_create(EVENT_BYTES_MAX, FRAME_NESTING_MAX);
    struct json_value root;
    bool one = json_parser_read(envelope->frame, frame, &root) == JSON_FAULT_NONE && json_value_kind(root) == JSON_KIND_OBJECT;
    if (frame.length > FRAME_BYTES_KEPT)
        json_parser_destroy(&envelope->frame);
    return one;
}

size_t envelope_split(struct envelope *envelope, struct text frame, bool (*each)(void *context, struct text event), void *context) {
    struct text whole = trimmed(frame);
    struct text rest = whole;
    struct text line, next;
    size_t seen = 0;
    if (!take_line(&rest, &line))
        return 0;
    bool more = take_line(&rest, &next);
    if (more && is_one_object(envelope, whole, line, next)) {
        each(context, whole);
        return 1;
    }
    for (;;) {
        seen++;
        if (!each(context, line) || !more)
            return seen;
        line = next;
        more = take_line(&rest, &next);
    }
}
