/* The door's first half: bytes to an envelope, frames to events, and whether two events say the same. */
#include "tests/unit/intake_fixture.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct intake_fixture *fixture;

static void setup(void) {
    fixture = intake_fixture_create();
}

static void teardown(void) {
    intake_fixture_destroy(&fixture);
}

static const char *const frame_of_json[] = {
    "{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"/s\",\"type\":\"asc.wait.resumed\",\"subject\":\"w\","
    "\"time\":\"2025-04-01T09:00:00Z\",\"data\":{},\"x\":",
    "}"};

/* Puts JSON text in the place of an extension of an event that is otherwise good. Freed by the caller. */
static struct text event_with(const char *json, size_t length) {
    size_t before = strlen(frame_of_json[0]);
    char *bytes = malloc(before + length + 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, frame_of_json[0], before);
    memcpy(bytes + before, json, length);
    bytes[before + length] = '}';
    return (struct text){bytes, (uint32_t)(before + length + 1)};
}

static enum reject_code parse_with(const char *json, struct rejection *rejection) {
    struct event event;
    struct text bytes = event_with(json, strlen(json));
    envelope_parse(fixture->envelope, bytes, &event, rejection);
    free((void *)bytes.at);
    return rejection->code;
}

START_TEST(every_good_envelope_is_read) {
    size_t count;
    char **names = intake_fixture_folder("good", &count);
    ck_assert_uint_ge(count, 30);
    for (size_t i = 0; i < count; i++) {
        struct event event;
        struct rejection rejection;
        struct text bytes = intake_fixture_read(names[i]);
        ck_assert_msg(envelope_parse(fixture->envelope, bytes, &event, &rejection), "%s: %s %s", names[i], rejection.message,
                      rejection.pointer);
        ck_assert_int_eq(rejection.code, REJECT_NONE);
        ck_assert_int_ne(event.type, EVENT_TYPE_COUNT);
        free((void *)bytes.at);
        free(names[i]);
    }
    free(names);
}
END_TEST

START_TEST(the_attributes_of_an_event) {
    struct event event;
    struct rejection rejection;
    struct text bytes =
        text_of("{\"specversion\":\"1.0\",\"id\":\"a\\u00e9\",\"source\":\"/s\",\"type\":\"asc.wait.closed\",\"subject\":\"A/b.c:d_e-9\","
                "\"time\":\"2025-04-01T09:00:00.1239+01:00\",\"sequence\":\"007\",\"data\":{\"reason\":\"died\"}}");
    ck_assert(envelope_parse(fixture->envelope, bytes, &event, &rejection));
    ck_assert_int_eq(event.type, EVENT_WAIT_CLOSED);
    ck_assert(text_is(event.id, "a\xc3\xa9"));
    ck_assert(text_is(event.source, "/s"));
    ck_assert(text_is(event.subject, "A/b.c:d_e-9"));
    ck_assert(text_is(event.sequence, "007"));
    ck_assert_int_eq(event.time, (instant_t)day_from_civil(2025, 4, 1) * 86400000 + 8 * 3600000 + 123);
    ck_assert_ptr_null(event.reason.at); /* data is the second step's */
    ck_assert_ptr_null(event.pathway.at);
    ck_assert_int_eq(event.clock_start, DAY_NONE);
}
END_TEST

START_TEST(identity_is_told_of_a_bad_envelope) {
    struct event event;
    struct rejection rejection;
    ck_assert(!envelope_parse(fixture->envelope, text_of("{\"id\":\"e-9\",\"source\":\"/s\"}"), &event, &rejection));
    ck_assert_int_eq(rejection.code, REJECT_BAD_ENVELOPE);
    ck_assert(text_is(event.id, "e-9"));
    ck_assert(text_is(event.source, "/s"));
    ck_assert(!envelope_parse(fixture->envelope, text_of("{\"id\":9}"), &event, &rejection));
    ck_assert_ptr_null(event.id.at);
    ck_assert_ptr_null(event.source.at);
    ck_assert(!envelope_parse(fixture->envelope, text_of("nothing"), &event, &rejection));
    ck_assert_ptr_null(event.id.at);
    ck_assert_ptr_null(event.source.at);
}
END_TEST

START_TEST(an_empty_text_is_not_json) {
    struct event event;
    struct rejection rejection;
    ck_assert(!envelope_parse(fixture->envelope, TEXT_ABSENT, &event, &rejection));
    ck_assert_int_eq(rejection.code, REJECT_NOT_JSON);
    ck_assert(!envelope_parse(fixture->envelope, text_of(" \n"), &event, &rejection));
    ck_assert_int_eq(rejection.code, REJECT_NOT_JSON);
}
END_TEST

START_TEST(a_pointer_that_does_not_fit_names_the_value_around) {
    struct rejection rejection;
    char json[512];
    char wanted[8 + 100];
    char name[101];
    memset(name, 'n', 100);
    name[100] = '\0';
    snprintf(json, sizeof json, "{\"%s\":{\"%s\":null}}", name, name);
    snprintf(wanted, sizeof wanted, "/x/%s", name);
    ck_assert_int_eq(parse_with(json, &rejection), REJECT_BAD_ENVELOPE);
    ck_assert_str_eq(rejection.pointer, wanted);
}
END_TEST

START_TEST(names_of_the_codes) {
    ck_assert_str_eq(reject_code_name(REJECT_TOO_LARGE), "too_large");
    ck_assert_str_eq(reject_code_name(REJECT_TIME_TOO_OLD), "time_too_old");
    for (int code = 0; code < REJECT_CODE_COUNT; code++)
        ck_assert_ptr_nonnull(reject_code_name((enum reject_code)code));
}
END_TEST

START_TEST(decoding_fills_the_whole_event) {
    struct event parsed, decoded;
    struct rejection rejection;
    size_t count;
    char **names = intake_fixture_folder("good", &count);
    struct envelope *other = envelope_create();
    for (size_t i = 0; i < count; i++) {
        struct text bytes = intake_fixture_read(names[i]);
        ck_assert(envelope_parse(fixture->envelope, bytes, &parsed, &rejection));
        ck_assert(envelope_validate(fixture->envelope, &fixture->rules, fixture->now, &parsed, &rejection));
        ck_assert_msg(envelope_decode(other, bytes, &decoded), "%s", names[i]);
        ck_assert_int_eq(parsed.type, decoded.type);
        ck_assert_int_eq(parsed.time, decoded.time);
        ck_assert_int_eq(parsed.clock_start, decoded.clock_start);
        ck_assert_int_eq(parsed.dimension_count, decoded.dimension_count);
        ck_assert(text_equal(parsed.subject, decoded.subject) && text_equal(parsed.id, decoded.id));
        ck_assert(text_equal(parsed.team, decoded.team) && text_equal(parsed.reason, decoded.reason));
        ck_assert(text_equal(parsed.retracts_source, decoded.retracts_source) && text_equal(parsed.retracts_id, decoded.retracts_id));
        free((void *)bytes.at);
        free(names[i]);
    }
    envelope_destroy(&other);
    ck_assert_ptr_null(other);
    envelope_destroy(&other); /* twice does no harm */
    free(names);
}
END_TEST

START_TEST(damaged_bytes_are_not_decoded) {
    static const char *const damaged[] = {
        "",
        "{",
        "[]",
        "{\"specversion\":\"1.0\"}",
        "{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"/s\",\"type\":\"asc.unheard.of\","
        "\"subject\":\"w\",\"time\":\"2025-04-01T09:00:00Z\",\"data\":{}}",
        "{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"/s\",\"type\":\"asc.wait.closed\","
        "\"subject\":\"w\",\"time\":\"2025-04-01T09:00:00Z\",\"data\":{}}",
    };
    struct event event;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++)
        ck_assert_msg(!envelope_decode(fixture->envelope, text_of(damaged[i]), &event), "%s", damaged[i]);
}
END_TEST

static void check_pair(void *context, char *columns[INTAKE_COLUMNS]) {
    (void)context;
    struct text a = intake_fixture_read(columns[1]);
    struct text b = intake_fixture_read(columns[2]);
    bool wanted = strcmp(columns[3], "same") == 0;
    ck_assert_msg(envelope_same(fixture->envelope, a, b) == wanted, "%s should be %s", columns[0], columns[3]);
    ck_assert_msg(envelope_same(fixture->envelope, b, a) == wanted, "%s, turned round, should be %s", columns[0], columns[3]);
    ck_assert(envelope_same(fixture->envelope, a, a) && envelope_same(fixture->envelope, b, b));
    free((void *)a.at);
    free((void *)b.at);
}

START_TEST(pairs_of_events) {
    ck_assert_uint_ge(intake_fixture_table("pairs.tsv", check_pair, NULL), 20);
}
END_TEST

START_TEST(comparing_leaves_the_parsed_event_alone) {
    struct event event;
    struct rejection rejection;
    struct text full = intake_fixture_read("good/referral_full.json");
    struct text other = intake_fixture_read("good/closed.json");
    ck_assert(envelope_parse(fixture->envelope, full, &event, &rejection));
    ck_assert(!envelope_same(fixture->envelope, other, full));
    ck_assert(!envelope_same(fixture->envelope, text_of("no event"), full));
    ck_assert(envelope_validate(fixture->envelope, &fixture->rules, fixture->now, &event, &rejection));
    ck_assert(text_is(event.subject, "wait-1") && text_is(event.team, "north"));
    free((void *)full.at);
    free((void *)other.at);
}
END_TEST

struct split {
    size_t count;
    size_t stop_after;
    size_t bytes;
    const struct text *frame;
    size_t last_end;
};

static bool take_event(void *context, struct text event) {
    struct split *split = context;
    ck_assert(event.at >= split->frame->at && event.at + event.length <= split->frame->at + split->frame->length);
    size_t start = (size_t)(event.at - split->frame->at);
    ck_assert_uint_ge(start, split->last_end); /* in order, none twice */
    ck_assert_uint_gt(event.length, 0);
    split->last_end = start + event.length;
    split->bytes += event.length;
    return ++split->count != split->stop_after;
}

static void check_frame(void *context, char *columns[INTAKE_COLUMNS]) {
    (void)context;
    struct text frame = intake_fixture_read(columns[1]);
    struct split split = {.frame = &frame};
    size_t wanted = (size_t)strtoul(columns[2], NULL, 10);
    ck_assert_msg(envelope_split(fixture->envelope, frame, take_event, &split) == wanted, "%s: %zu events", columns[0], split.count);
    ck_assert_uint_eq(split.count, wanted);
    free((void *)frame.at);
}

START_TEST(frames_of_events) {
    ck_assert_uint_ge(intake_fixture_table("frames.tsv", check_frame, NULL), 20);
}
END_TEST

START_TEST(splitting_stops_when_told) {
    struct text frame = intake_fixture_read("frames/three.ndjson");
    struct split split = {.frame = &frame, .stop_after = 2};
    ck_assert_uint_eq(envelope_split(fixture->envelope, frame, take_event, &split), 2);
    ck_assert_uint_eq(split.count, 2);
    free((void *)frame.at);
}
END_TEST

START_TEST(one_large_object_is_one_event) {
    /* Far beyond what the frame parser keeps: its memory is given back and taken again. */
    enum { SIZE = 1 << 20 };
    char *bytes = malloc(SIZE);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, ' ', SIZE);
    memcpy(bytes, "{\n\"a\":", 6);
    memcpy(bytes + SIZE - 3, "1\n}", 3);
    struct text frame = {bytes, SIZE};
    for (int i = 0; i < 2; i++) {
        struct split split = {.frame = &frame};
        ck_assert_uint_eq(envelope_split(fixture->envelope, frame, take_event, &split), 1);
        ck_assert_uint_eq(split.bytes, SIZE);
    }
    free(bytes);
}
END_TEST

/* Values at the edges of RFC 8259. Whether they are JSON is asked of jansson, an independent reader. */
static const char *const edges[] = {
    "0",
    "-0",
    "-",
    "+1",
    "1.",
    ".5",
    "1.5",
    "-1.5e3",
    "1e",
    "1e+",
    "1E+2",
    "1e-2",
    "01",
    "-01",
    "0x1",
    "1_0",
    "Infinity",
    "NaN",
    "-NaN",
    "1e400",
    "-1e400",
    "1e-400",
    "4.9e-324",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "-9223372036854775809",
    "1.7976931348623157e308",
    "true",
    "True",
    "tru",
    "truee",
    "false",
    "nul",
    "nulll",
    "\"\"",
    "\"",
    "\"a",
    "a\"",
    "'a'",
    "\"\\\"\"",
    "\"\\\\\"",
    "\"\\/\"",
    "\"\\b\\f\\n\\r\\t\"",
    "\"\\a\"",
    "\"\\\"",
    "\"\\u\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u0041\"",
    "\"\\u0000\"",
    "\"\\\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\u0041\"",
    "\"\\ud800\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\uffff\"",
    "\"\\ufffe\"",
    "\"\x7f\"",
    "\"\x1f\"",
    "\"\t\"",
    "\"\n\"",
    "\"\xc2\xa0\"",
    "\"\xc3\"",
    "\"\x80\"",
    "\"\xc0\x80\"",
    "\"\xc1\xbf\"",
    "\"\xe0\x80\x80\"",
    "\"\xe2\x82\xac\"",
    "\"\xed\x9f\xbf\"",
    "\"\xed\xa0\x80\"",
    "\"\xed\xbf\xbf\"",
    "\"\xef\xbf\xbf\"",
    "\"\xf0\x80\x80\x80\"",
    "\"\xf0\x9f\x98\x80\"",
    "\"\xf4\x8f\xbf\xbf\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf8\x88\x80\x80\x80\"",
    "\"\xfe\"",
    "\xc2\xa0",
    "[]",
    "[ ]",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1,,2]",
    "[1 2]",
    "[1]]",
    "[}",
    "{}",
    "{ }",
    "{",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{a:1}",
    "{1:1}",
    "{\"a\" : 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"A\":1}",
    "{\"a\":{\"b\":1},\"b\":{\"a\":1}}",
    "{\"\":1}",
    "{\"\":1,\"\":2}",
    "{\"a\":1,\"\\u0061\":1}",
    "{\"a\\u0000b\":1}",
    "{\"a\":1}{",
    "1 1",
    "1,",
    ",1",
    ":1",
    "1:",
    "//1",
    "/**/1",
    "#",
    "",
    "[1]\f",
    "\v1",
    "\t1",
    "\r\n1\r\n",
    "1;",
    "\\u0031",
    "[\"a\",]",
    "[[[[[[]]]]]]",
    "[[[[[1]]]]]",
    "{\"a\":[{\"b\":[{\"c\":[]}]}]}",
    "1\"",
    "\"a\"\"b\"",
    "[\"a\" \"b\"]",
    "truefalse",
    "\"\\\n\"",
    "[-]",
    "[1.e1]",
    "[1e1.5]",
    "-1e-0",
};

/* jansson's integers end with a long long, ours with 64 bits either way; our nesting ends at 8. Nothing else may differ. */
static bool may_differ(const struct rejection *rejection, const json_error_t *error) {
    return json_error_code(error) == json_error_numeric_overflow || strstr(rejection->message, "nested") != NULL;
}

/* Whether our reader and jansson's agree that the bytes are JSON. */
static bool agree(struct text bytes, struct rejection *rejection, bool *ours) {
    struct event event;
    json_error_t error;
    error.text[sizeof error.text - 1] = json_error_unknown;
    envelope_parse(fixture->envelope, bytes, &event, rejection);
    json_t *theirs = json_loadb(bytes.at, bytes.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    *ours = rejection->code != REJECT_NOT_JSON;
    bool same = *ours == (theirs != NULL) || rejection->code == REJECT_TOO_LARGE || may_differ(rejection, &error);
    json_decref(theirs);
    return same;
}

START_TEST(json_is_what_another_reader_says) {
    size_t accepted = 0;
    const size_t count = sizeof edges / sizeof edges[0];
    for (size_t i = 0; i < count; i++) {
        struct rejection rejection;
        bool ours;
        struct text bytes = event_with(edges[i], strlen(edges[i]));
        ck_assert_msg(agree(bytes, &rejection, &ours), "%s: %s", edges[i], ours ? "taken" : rejection.message);
        accepted += ours;
        free((void *)bytes.at);
    }
    ck_assert_uint_gt(accepted, count / 5);
    ck_assert_uint_lt(accepted, count / 2);
}
END_TEST

START_TEST(the_known_differences) {
    struct rejection rejection;
    /* Integers above a long long, up to 64 bits, are taken; beyond, and reals beyond a double, they are refused. */
    ck_assert_int_eq(parse_with("18446744073709551615", &rejection), REJECT_NONE);
    ck_assert_int_eq(parse_with("18446744073709551616", &rejection), REJECT_NOT_JSON);
    ck_assert_int_eq(parse_with("1e400", &rejection), REJECT_NOT_JSON);
    ck_assert_int_eq(parse_with("1e-400", &rejection), REJECT_NONE);
    /* The event is nesting 1, its extension 2. */
    ck_assert_int_eq(parse_with("[[[[[[[]]]]]]]", &rejection), REJECT_NONE);
    ck_assert_int_eq(parse_with("[[[[[[[[]]]]]]]]", &rejection), REJECT_NOT_JSON);
    ck_assert_str_eq(rejection.pointer, "/x/0/0/0/0/0/0/0");
    ck_assert_int_eq(parse_with("[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]", &rejection), REJECT_NOT_JSON);
    ck_assert_str_eq(rejection.message, "the event is nested too deep");
}
END_TEST

/* Whether the rejection's texts are ended, and no message carries a value: each is one of our own sentences, so ASCII. */
static void check_rejection(const struct rejection *rejection) {
    ck_assert_ptr_nonnull(memchr(rejection->message, '\0', sizeof rejection->message));
    ck_assert_ptr_nonnull(memchr(rejection->pointer, '\0', sizeof rejection->pointer));
    ck_assert_uint_gt(strlen(rejection->message), 10);
    for (const char *letter = rejection->message; *letter != '\0'; letter++)
        ck_assert(*letter >= ' ' && *letter <= '~');
    ck_assert(rejection->pointer[0] == '\0' || rejection->pointer[0] == '/');
}

START_TEST(spoilt_events_do_no_harm) {
    enum { ROUNDS = 300, ROOM = 4096 };
    const uint64_t seed = 20250601;
    uint64_t state = seed;
    size_t count, refused = 0, taken = 0;
    char **names = intake_fixture_folder("good", &count);
    for (size_t i = 0; i < count; i++) {
        struct text bytes = intake_fixture_read(names[i]);
        for (int round = 0; round < ROUNDS && bytes.length < ROOM; round++) {
            char *spoilt = malloc(ROOM);
            ck_assert_ptr_nonnull(spoilt);
            memcpy(spoilt, bytes.at, bytes.length);
            size_t length = intake_mutate(&state, spoilt, bytes.length, ROOM);
            struct text text = {spoilt, (uint32_t)length};
            struct rejection rejection;
            bool ours;
            ck_assert_msg(agree(text, &rejection, &ours), "seed %llu, %s, round %d: %s: %.*s", (unsigned long long)seed, names[i], round,
                          rejection.message, (int)length, spoilt);
            if (rejection.code != REJECT_NONE)
                check_rejection(&rejection);
            refused += rejection.code != REJECT_NONE;
            taken += rejection.code == REJECT_NONE;
            free(spoilt);
        }
        free((void *)bytes.at);
        free(names[i]);
    }
    free(names);
    ck_assert_uint_gt(refused, taken);
    ck_assert_uint_gt(taken, 100);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("envelope");
    TCase *one = tcase_create("events");
    tcase_add_checked_fixture(one, setup, teardown);
    tcase_add_test(one, every_good_envelope_is_read);
    tcase_add_test(one, the_attributes_of_an_event);
    tcase_add_test(one, identity_is_told_of_a_bad_envelope);
    tcase_add_test(one, an_empty_text_is_not_json);
    tcase_add_test(one, a_pointer_that_does_not_fit_names_the_value_around);
    tcase_add_test(one, names_of_the_codes);
    tcase_add_test(one, decoding_fills_the_whole_event);
    tcase_add_test(one, damaged_bytes_are_not_decoded);
    tcase_add_test(one, pairs_of_events);
    tcase_add_test(one, comparing_leaves_the_parsed_event_alone);
    suite_add_tcase(suite, one);
    TCase *frames = tcase_create("frames");
    tcase_add_checked_fixture(frames, setup, teardown);
    tcase_add_test(frames, frames_of_events);
    tcase_add_test(frames, splitting_stops_when_told);
    tcase_add_test(frames, one_large_object_is_one_event);
    suite_add_tcase(suite, frames);
    TCase *json = tcase_create("json");
    tcase_add_checked_fixture(json, setup, teardown);
    tcase_set_timeout(json, 60);
    tcase_add_test(json, json_is_what_another_reader_says);
    tcase_add_test(json, the_known_differences);
    tcase_add_test(json, spoilt_events_do_no_harm);
    suite_add_tcase(suite, json);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
