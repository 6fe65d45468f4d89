/* The vocabulary of `data` as two tables, fields and types, and one walk over the members that applies them (rules, sections 2 and 3). */
#include "daemon/ingest/validate.h"

#include "daemon/core/memory.h"
#include "daemon/ingest/personal.h"

#include <stdio.h>
#include <string.h>

enum { REFERENCE_MAX = 128, ID_MAX = 128, SOURCE_MAX = 256 };

/* Alphabets of the rules, section 2, as bits of a byte's class. */
enum { IN_NAME = 1, IN_CODE = 2, IN_REFERENCE = 4 };

#define LETTER_SMALL (IN_NAME | IN_CODE | IN_REFERENCE)
#define LETTER_LARGE (IN_NAME | IN_REFERENCE)

static const uint8_t alphabet[256] = {
    ['a'] = LETTER_SMALL, ['b'] = LETTER_SMALL, ['c'] = LETTER_SMALL, ['d'] = LETTER_SMALL, ['e'] = LETTER_SMALL, ['f'] = LETTER_SMALL,
    ['g'] = LETTER_SMALL, ['h'] = LETTER_SMALL, ['i'] = LETTER_SMALL, ['j'] = LETTER_SMALL, ['k'] = LETTER_SMALL, ['l'] = LETTER_SMALL,
    ['m'] = LETTER_SMALL, ['n'] = LETTER_SMALL, ['o'] = LETTER_SMALL, ['p'] = LETTER_SMALL, ['q'] = LETTER_SMALL, ['r'] = LETTER_SMALL,
    ['s'] = LETTER_SMALL, ['t'] = LETTER_SMALL, ['u'] = LETTER_SMALL, ['v'] = LETTER_SMALL, ['w'] = LETTER_SMALL, ['x'] = LETTER_SMALL,
    ['y'] = LETTER_SMALL, ['z'] = LETTER_SMALL, ['A'] = LETTER_LARGE, ['B'] = LETTER_LARGE, ['C'] = LETTER_LARGE, ['D'] = LETTER_LARGE,
    ['E'] = LETTER_LARGE, ['F'] = LETTER_LARGE, ['G'] = LETTER_LARGE, ['H'] = LETTER_LARGE, ['I'] = LETTER_LARGE, ['J'] = LETTER_LARGE,
    ['K'] = LETTER_LARGE, ['L'] = LETTER_LARGE, ['M'] = LETTER_LARGE, ['N'] = LETTER_LARGE, ['O'] = LETTER_LARGE, ['P'] = LETTER_LARGE,
    ['Q'] = LETTER_LARGE, ['R'] = LETTER_LARGE, ['S'] = LETTER_LARGE, ['T'] = LETTER_LARGE, ['U'] = LETTER_LARGE, ['V'] = LETTER_LARGE,
    ['W'] = LETTER_LARGE, ['X'] = LETTER_LARGE, ['Y'] = LETTER_LARGE, ['Z'] = LETTER_LARGE, ['0'] = LETTER_SMALL, ['1'] = LETTER_SMALL,
    ['2'] = LETTER_SMALL, ['3'] = LETTER_SMALL, ['4'] = LETTER_SMALL, ['5'] = LETTER_SMALL, ['6'] = LETTER_SMALL, ['7'] = LETTER_SMALL,
    ['8'] = LETTER_SMALL, ['9'] = LETTER_SMALL, ['_'] = LETTER_SMALL, ['-'] = LETTER_LARGE, ['.'] = IN_REFERENCE, [':'] = IN_REFERENCE,
    ['/'] = IN_REFERENCE,
};

enum shape { SHAPE_NAME, SHAPE_CODE, SHAPE_REFERENCE, SHAPE_ID, SHAPE_SOURCE, SHAPE_DATE, SHAPE_TO_4, SHAPE_TO_5, SHAPE_DIMENSIONS };

/* What a field of the shape must be, after "<field> must be ". */
static const char *const shape_words[] = {
    [SHAPE_NAME] = "1 to 64 of the characters A-Z a-z 0-9 _ -",
    [SHAPE_CODE] = "a code of 1 to 64 of the characters a-z 0-9 _",
    [SHAPE_REFERENCE] = "1 to 128 of the characters A-Z a-z 0-9 . _ : / -",
    [SHAPE_ID] = "a string of 1 to 128 bytes",
    [SHAPE_SOURCE] = "a string of 1 to 256 bytes",
    [SHAPE_DATE] = "a date as YYYY-MM-DD",
    [SHAPE_TO_4] = "a whole number from 1 to 4",
    [SHAPE_TO_5] = "a whole number from 1 to 5",
    [SHAPE_DIMENSIONS] = "an object of at most 16 dimensions",
};

/* In the order in which missing fields are reported. */
enum field {
    FIELD_PATHWAY,
    FIELD_TEAM,
    FIELD_PERSON,
    FIELD_CLOCK_START,
    FIELD_DISTRICT,
    FIELD_CLIENT_GROUP,
    FIELD_PRIORITY,
    FIELD_IMPACT,
    FIELD_LIKELIHOOD,
    FIELD_DIMENSIONS,
    FIELD_WORKER,
    FIELD_REASON,
    FIELD_METHOD,
    FIELD_OUTCOME,
    FIELD_ID,
    FIELD_SOURCE,
    FIELD_COUNT
};

struct field_rule {
    const char *name;
    uint32_t length;
    enum shape shape;
    size_t offset; /* of the member of struct event that it fills */
};

#define FIELD(text, its_shape, member)                                                                                                     \
    { text, sizeof(text) - 1, its_shape, offsetof(struct event, member) }

static const struct field_rule fields[FIELD_COUNT] = {
    [FIELD_PATHWAY] = FIELD("pathway", SHAPE_NAME, pathway),
    [FIELD_TEAM] = FIELD("team", SHAPE_NAME, team),
    [FIELD_PERSON] = FIELD("person", SHAPE_REFERENCE, person),
    [FIELD_CLOCK_START] = FIELD("clock_start", SHAPE_DATE, clock_start),
    [FIELD_DISTRICT] = FIELD("district", SHAPE_NAME, district),
    [FIELD_CLIENT_GROUP] = FIELD("client_group", SHAPE_NAME, client_group),
    [FIELD_PRIORITY] = FIELD("priority", SHAPE_TO_4, priority),
    [FIELD_IMPACT] = FIELD("impact", SHAPE_TO_5, impact),
    [FIELD_LIKELIHOOD] = FIELD("likelihood", SHAPE_TO_5, likelihood),
    [FIELD_DIMENSIONS] = FIELD("dimensions", SHAPE_DIMENSIONS, dimensions),
    [FIELD_WORKER] = FIELD("worker", SHAPE_REFERENCE, worker),
    [FIELD_REASON] = FIELD("reason", SHAPE_CODE, reason),
    [FIELD_METHOD] = FIELD("method", SHAPE_CODE, method),
    [FIELD_OUTCOME] = FIELD("outcome", SHAPE_CODE, outcome),
    [FIELD_ID] = FIELD("id", SHAPE_ID, retracts_id),
    [FIELD_SOURCE] = FIELD("source", SHAPE_SOURCE, retracts_source),
};

#define BIT(field) (1u << (field))
#define TRIAGE_BITS                                                                                                                        \
    (BIT(FIELD_PRIORITY) | BIT(FIELD_IMPACT) | BIT(FIELD_LIKELIHOOD) | BIT(FIELD_CLIENT_GROUP) | BIT(FIELD_DISTRICT) |                     \
     BIT(FIELD_DIMENSIONS))
#define REFERRAL_BITS (BIT(FIELD_PATHWAY) | BIT(FIELD_TEAM) | BIT(FIELD_PERSON))

struct type_rule {
    uint32_t allowed;
    uint32_t required;
};

static const struct type_rule type_rules[EVENT_TYPE_COUNT] = {
    [EVENT_REFERRAL_RECEIVED] = {REFERRAL_BITS | BIT(FIELD_CLOCK_START) | TRIAGE_BITS, REFERRAL_BITS},
    [EVENT_REFERRAL_TRIAGED] = {TRIAGE_BITS, 0},
    [EVENT_WAIT_TRANSFERRED] = {BIT(FIELD_TEAM) | BIT(FIELD_DISTRICT), BIT(FIELD_TEAM)},
    [EVENT_WAIT_ALLOCATED] = {BIT(FIELD_WORKER), BIT(FIELD_WORKER)},
    [EVENT_WAIT_PAUSED] = {BIT(FIELD_REASON), BIT(FIELD_REASON)},
    [EVENT_CONTACT_MADE] = {BIT(FIELD_METHOD), 0},
    [EVENT_ASSESSMENT_COMPLETED] = {BIT(FIELD_OUTCOME), 0},
    [EVENT_REVIEW_COMPLETED] = {BIT(FIELD_OUTCOME), 0},
    [EVENT_SERVICE_STARTED] = {BIT(FIELD_OUTCOME), 0},
    [EVENT_WAIT_CLOSED] = {BIT(FIELD_REASON), BIT(FIELD_REASON)},
    [EVENT_WAIT_REOPENED] = {BIT(FIELD_REASON), 0},
    [EVENT_RETRACTED] = {BIT(FIELD_ID) | BIT(FIELD_SOURCE), BIT(FIELD_ID)},
};

static const char *const close_reasons[] = {
    "withdrawn", "declined",          "died",  "moved_away", "nhs_funded", "self_funded", "signposted", "admitted_to_hospital",
    "duplicate", "recorded_in_error", "other",
};

/* One walk over one event's data. */
struct walk {
    const struct intake_rules *rules; /* NULL: accepted before, nothing but the shapes is looked at */
    struct event *event;
    struct rejection *rejection;
    uint32_t seen; /* bits of the fields that stand there, good or bad */
    bool bad;      /* the first bad_data is in the rejection; personal data further on still goes before it */
};

static const struct json_path data_path = {NULL, {"data", 4}, 0};

bool validate_refuse(struct rejection *rejection, enum reject_code code, const struct json_path *path, const char *message) {
    rejection->code = code;
    snprintf(rejection->message, sizeof rejection->message, "%s", message);
    json_path_format(path, rejection->pointer);
    return false;
}

static void note_bad(struct walk *walk, const struct json_path *path, const char *message) {
    if (!walk->bad)
        validate_refuse(walk->rejection, REJECT_BAD_DATA, path, message);
    walk->bad = true;
}

static void note_bad_field(struct walk *walk, enum field field, const char *before, const char *words) {
    char message[sizeof walk->rejection->message];
    snprintf(message, sizeof message, "%s %s%s", fields[field].name, before, words);
    struct json_path path = {&data_path, {fields[field].name, fields[field].length}, 0};
    note_bad(walk, &path, message);
}

static bool is_written_in(struct text text, uint32_t length_max, uint8_t letters) {
    if (text.length == 0 || text.length > length_max)
        return false;
    uint8_t common = letters;
    for (uint32_t i = 0; i < text.length; i++)
        common &= alphabet[(unsigned char)text.at[i]];
    return common != 0;
}

bool validate_is_reference(struct text text) {
    return is_written_in(text, REFERENCE_MAX, IN_REFERENCE);
}

bool validate_holds_null(struct json_value value, const struct json_path *path, char pointer[JSON_POINTER_SIZE]) {
    struct json_cursor cursor;
    struct json_path step = {path, TEXT_ABSENT, 0};
    enum json_kind kind = json_value_kind(value);
    if (kind == JSON_KIND_NULL) {
        json_path_format(path, pointer);
        return true;
    }
    if (json_members_start(value, &cursor)) {
        while (json_members_next(&cursor, &step.name, &value))
            if (validate_holds_null(value, &step, pointer))
                return true;
    } else if (json_elements_start(value, &cursor)) {
        for (; json_elements_next(&cursor, &value); step.index++)
            if (validate_holds_null(value, &step, pointer))
                return true;
    }
    return false;
}

static bool numeric_allowed(const struct walk *walk) {
    for (size_t i = 0; i < walk->rules->numeric_source_count; i++)
        if (text_equal(walk->rules->numeric_sources[i], walk->event->source))
            return true;
    return false;
}

/* The exemption is looked up only for what would offend without it. */
static bool is_personal_text(const struct walk *walk, struct text text) {
    return personal_is_reference(text, false) && personal_is_reference(text, numeric_allowed(walk));
}

/* Whether the value of `person` or `worker` is, or holds at any depth, what may not stand there: a reference of a wrong JSON type is bad
 * data, but first of all it may still be somebody's number. */
static bool holds_personal_reference(const struct walk *walk, struct json_value value) {
    struct text text;
    double number;
    struct json_cursor cursor;
    if (json_value_text(value, &text))
        return is_personal_text(walk, text);
    if (json_value_number(value, &number))
        return personal_is_number(number) && !numeric_allowed(walk);
    if (json_members_start(value, &cursor)) {
        while (json_members_next(&cursor, &text, &value))
            if (holds_personal_reference(walk, value))
                return true;
    } else if (json_elements_start(value, &cursor)) {
        while (json_elements_next(&cursor, &value))
            if (holds_personal_reference(walk, value))
                return true;
    }
    return false;
}

/* False when the member, outside the vocabulary or in the midst of something, is named like personal data, or is a reference that may not
 * stand there. */
static bool member_may_be(const struct walk *walk, const struct json_path *path, struct json_value value) {
    if (personal_is_member(path->name))
        return validate_refuse(walk->rejection, REJECT_PERSONAL_DATA, path, "a member is named like personal data");
    if (personal_is_reference_member(path->name) && holds_personal_reference(walk, value))
        return validate_refuse(walk->rejection, REJECT_PERSONAL_DATA, path, "a reference is an NHS number or an address");
    return true;
}

/* Looks through a value of any shape for personal members (false) and for null (noted). */
static bool look_through(struct walk *walk, struct json_value value, const struct json_path *path) {
    struct json_cursor cursor;
    struct json_path step = {path, TEXT_ABSENT, 0};
    if (json_value_kind(value) == JSON_KIND_NULL) {
        note_bad(walk, path, "null is not allowed");
    } else if (json_members_start(value, &cursor)) {
        while (json_members_next(&cursor, &step.name, &value))
            if (!member_may_be(walk, &step, value) || !look_through(walk, value, &step))
                return false;
    } else if (json_elements_start(value, &cursor)) {
        for (; json_elements_next(&cursor, &value); step.index++)
            if (!look_through(walk, value, &step))
                return false;
    }
    return true;
}

bool validate_extension(struct text name, struct json_value value, const struct intake_rules *rules, struct event *event,
                        struct rejection *rejection) {
    struct walk walk = {rules, event, rejection, 0, false};
    struct json_path path = {NULL, name, 0};
    if (personal_is_sealed_attribute(name))
        return validate_refuse(rejection, REJECT_PERSONAL_DATA, &path, "what is in data_base64 cannot be looked at: send data instead");
    return member_may_be(&walk, &path, value) && look_through(&walk, value, &path);
}

static enum field field_of(struct text name) {
    for (unsigned field = 0; field < FIELD_COUNT; field++)
        if (fields[field].length == name.length && memcmp(fields[field].name, name.at, name.length) == 0)
            return (enum field)field;
    return FIELD_COUNT;
}

static void take_dimensions(struct walk *walk, struct json_value value) {
    struct event *event = walk->event;
    struct json_cursor cursor;
    struct json_path path = {&data_path, {fields[FIELD_DIMENSIONS].name, fields[FIELD_DIMENSIONS].length}, 0};
    struct json_path step = {&path, TEXT_ABSENT, 0};
    if (!json_members_start(value, &cursor)) {
        note_bad_field(walk, FIELD_DIMENSIONS, "must be ", shape_words[SHAPE_DIMENSIONS]);
        return;
    }
    while (json_members_next(&cursor, &step.name, &value)) {
        struct text text;
        if (event->dimension_count == EVENT_DIMENSIONS_MAX) {
            note_bad_field(walk, FIELD_DIMENSIONS, "must be ", shape_words[SHAPE_DIMENSIONS]);
            return;
        }
        if (!is_written_in(step.name, NAME_MAX_BYTES, IN_NAME)) {
            note_bad(walk, &step, "the name of a dimension must be 1 to 64 of the characters A-Z a-z 0-9 _ -");
            return;
        }
        if (!json_value_text(value, &text) || !is_written_in(text, NAME_MAX_BYTES, IN_NAME)) {
            note_bad(walk, &step, "the value of a dimension must be a string of 1 to 64 of the characters A-Z a-z 0-9 _ -");
            return;
        }
        event->dimensions[event->dimension_count++] = (struct event_dimension){step.name, text};
    }
}

static bool take_text(struct walk *walk, enum shape shape, struct json_value value, void *member) {
    struct text text;
    if (!json_value_text(value, &text))
        return false;
    switch (shape) {
    case SHAPE_NAME:
        if (!is_written_in(text, NAME_MAX_BYTES, IN_NAME))
            return false;
        break;
    case SHAPE_CODE:
        if (!is_written_in(text, NAME_MAX_BYTES, IN_CODE))
            return false;
        break;
    case SHAPE_REFERENCE:
        if (!validate_is_reference(text))
            return false;
        break;
    case SHAPE_DATE:
        return date_parse(text, &walk->event->clock_start);
    default:
        if (text.length == 0 || text.length > (shape == SHAPE_ID ? ID_MAX : SOURCE_MAX))
            return false;
    }
    memcpy(member, &text, sizeof text);
    return true;
}

/* Reads one field of the type's vocabulary into the event. */
static void take_field(struct walk *walk, enum field field, struct json_value value) {
    const struct field_rule *rule = &fields[field];
    unsigned char *member = (unsigned char *)walk->event + rule->offset;
    int64_t integer;
    bool good;
    if (rule->shape == SHAPE_DIMENSIONS) {
        take_dimensions(walk, value);
        return;
    }
    if (rule->shape == SHAPE_TO_4 || rule->shape == SHAPE_TO_5) {
        good = json_value_integer(value, &integer) && integer >= 1 && integer <= (rule->shape == SHAPE_TO_4 ? 4 : 5);
        if (good)
            *member = (uint8_t)integer;
    } else {
        good = take_text(walk, rule->shape, value, member);
    }
    if (!good)
        note_bad_field(walk, field, "must be ", shape_words[rule->shape]);
}

/* False when the member is personal data. */
static bool take_member(struct walk *walk, struct text name, struct json_value value) {
    enum field field = field_of(name);
    struct json_path step = {&data_path, name, 0};
    bool in_vocabulary = field < FIELD_COUNT && (type_rules[walk->event->type].allowed & BIT(field)) != 0;
    if (walk->rules != NULL) {
        if ((field == FIELD_PERSON || field == FIELD_WORKER) && holds_personal_reference(walk, value))
            return validate_refuse(walk->rejection, REJECT_PERSONAL_DATA, &step,
                                   field == FIELD_PERSON ? "person is an NHS number or an address, not a pseudonymous reference"
                                                         : "worker is an NHS number or an address, not a pseudonymous reference");
        if (field == FIELD_COUNT && !member_may_be(walk, &step, value))
            return false;
        enum json_kind kind = json_value_kind(value);
        bool plain = kind == JSON_KIND_STRING || kind == JSON_KIND_INTEGER;
        if (!plain && !look_through(walk, value, &step))
            return false;
    }
    if (in_vocabulary) {
        walk->seen |= BIT(field);
        take_field(walk, field, value);
    }
    return true;
}

static bool is_close_reason(struct text reason) {
    for (size_t i = 0; i < sizeof close_reasons / sizeof close_reasons[0]; i++)
        if (text_is(reason, close_reasons[i]))
            return true;
    return false;
}

static day_t two_years_after(day_t day) {
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    bool leap_day = month == 2 && date == 29; /* two years after a leap year there is none */
    return day_from_civil(year + 2, month, leap_day ? 28 : date);
}

static void check_clock_start(struct walk *walk) {
    const struct event *event = walk->event;
    if (event->clock_start == DAY_NONE)
        return;
    if (event->clock_start < walk->rules->epoch)
        note_bad_field(walk, FIELD_CLOCK_START, "must not be", " before the first day of the records");
    else if (event->clock_start > two_years_after(calendar_day_of(walk->rules->calendar, event->time)))
        note_bad_field(walk, FIELD_CLOCK_START, "must not be", " more than two years after the event");
}

static void check_required(struct walk *walk) {
    const struct event *event = walk->event;
    uint32_t missing = type_rules[event->type].required & ~walk->seen;
    for (unsigned field = 0; missing != 0 && field < FIELD_COUNT; field++)
        if ((missing & BIT(field)) != 0)
            note_bad_field(walk, (enum field)field, "is", " required");
    if (event->type == EVENT_REFERRAL_TRIAGED && walk->seen == 0)
        note_bad(walk, &data_path, "one of priority, impact, likelihood, client_group, district, dimensions is required");
    if (event->type == EVENT_WAIT_CLOSED && event->reason.at != NULL && !is_close_reason(event->reason))
        note_bad_field(walk, FIELD_REASON, "must be", " one of the reasons for closing a wait");
}

void validate_clear(struct event *event) {
    /* The dimensions behind dimension_count are never read: 512 bytes that need not be cleared. */
    memset(&event->pathway, 0, offsetof(struct event, clock_start) - offsetof(struct event, pathway));
    event->clock_start = DAY_NONE;
    event->priority = 0;
    event->impact = 0;
    event->likelihood = 0;
    event->dimension_count = 0;
    event->retracts_source = TEXT_ABSENT;
    event->retracts_id = TEXT_ABSENT;
}

/* False when something is personal data; bad data is only noted. */
static bool walk_data(struct walk *walk, struct json_value data) {
    struct json_cursor cursor;
    struct text name;
    struct json_value value;
    validate_clear(walk->event);
    ENSURE(json_members_start(data, &cursor));
    while (json_members_next(&cursor, &name, &value))
        if (!take_member(walk, name, value))
            return false;
    check_required(walk);
    if (walk->event->type == EVENT_RETRACTED && walk->event->retracts_source.at == NULL)
        walk->event->retracts_source = walk->event->source;
    return true;
}

bool validate_event(struct json_value data, const struct intake_rules *rules, instant_t now, struct event *event,
                    struct rejection *rejection) {
    static const struct json_path type_path = {NULL, {"type", 4}, 0};
    static const struct json_path subject_path = {NULL, {"subject", 7}, 0};
    static const struct json_path time_path = {NULL, {"time", 4}, 0};
    static const struct json_path pathway_path = {&data_path, {"pathway", 7}, 0};
    struct walk walk = {rules, event, rejection, 0, false};
    if (event->type == EVENT_TYPE_COUNT)
        return validate_refuse(rejection, REJECT_UNKNOWN_TYPE, &type_path, "the type is not one of the types of events");
    if (is_personal_text(&walk, event->subject))
        return validate_refuse(rejection, REJECT_PERSONAL_DATA, &subject_path, "the subject is an NHS number or an address");
    if (!walk_data(&walk, data))
        return false;
    check_clock_start(&walk);
    if (walk.bad)
        return false;
    if (event->type == EVENT_REFERRAL_RECEIVED && policy_pathway_index(rules->policy, event->pathway) < 0)
        return validate_refuse(rejection, REJECT_UNKNOWN_PATHWAY, &pathway_path, "the pathway is not configured");
    if (event->time > now + rules->max_future_skew_ms)
        return validate_refuse(rejection, REJECT_TIME_IN_FUTURE, &time_path, "the time lies in the future");
    /* The same as day(time) < epoch, also for instants before the calendar's first day. */
    if (event->time < calendar_day_start(rules->calendar, rules->epoch))
        return validate_refuse(rejection, REJECT_TIME_TOO_OLD, &time_path, "the time lies before the first day of the records");
    return true;
}

bool validate_refill(struct json_value data, struct event *event) {
    struct rejection ignored;
    struct walk walk = {NULL, event, &ignored, 0, false};
    return walk_data(&walk, data) && !walk.bad;
}
