/* Personal data: what counts as it, and that none of it is left in what is stored. */
#include "daemon/ingest/personal.h"
#include "tests/unit/intake_fixture.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char key[PERSONAL_KEY_BYTES] = "a key for tests, thirty-two byte";

static char *scrub(const char *event, bool numeric_allowed) {
    size_t length = 0;
    char *result = personal_scrub(text_of(event), PERSONAL_IN_EVENT, numeric_allowed, key, &length);
    if (result != NULL)
        ck_assert_uint_eq(length, strlen(result));
    return result;
}

/* Of what is no event. */
static char *scrub_anywhere(const char *bytes, bool numeric_allowed) {
    size_t length = 0;
    char *result = personal_scrub(text_of(bytes), PERSONAL_ANYWHERE, numeric_allowed, key, &length);
    if (result != NULL)
        ck_assert_uint_eq(length, strlen(result));
    return result;
}

/* Whether the text ends in a hash as the rules want it, with the closing quotation mark and then `rest`. */
static void check_hash(const char *text, const char *rest) {
    ck_assert_msg(strncmp(text, "\"hash:", 6) == 0, "%s", text);
    ck_assert_uint_eq(strspn(text + 6, "0123456789abcdef"), 32);
    ck_assert_str_eq(text + 6 + 32, rest);
}

/* The event is `before` value `after`; only the value may go. */
static void check_replaced(const char *before, const char *value, const char *after) {
    char event[1024];
    char rest[1024];
    snprintf(event, sizeof event, "%s%s%s", before, value, after);
    snprintf(rest, sizeof rest, "\"%s", after);
    char *result = scrub(event, false);
    ck_assert_msg(result != NULL, "nothing offends in %s", event);
    ck_assert_msg(strncmp(result, before, strlen(before)) == 0, "%s", result);
    check_hash(result + strlen(before), rest);
    free(result);
}

static void check_left(const char *event) {
    char *result = scrub(event, false);
    ck_assert_msg(result == NULL, "%s became %s", event, result);
}

START_TEST(nhs_numbers) {
    static const char *const numbers[] = {"9434765919",
                                          "943 476 5919",
                                          " 9 4 3 4 7 6 5 9 1 9 ",
                                          "4010232137",
                                          "9876543210",
                                          "0000000000",
                                          "943\t476\t5919",
                                          ("943\xc2\xa0"
                                           "476\xc2\xa0"
                                           "5919"), /* no-break spaces */
                                          ("943\xe2\x80\x89"
                                           "476\xe2\x80\xaf"
                                           "5919"), /* thin ones */
                                          ("943\xe2\x80\x8b"
                                           "476\xef\xbb\xbf"
                                           "5919"), /* of no width */
                                          ("943\xe2\x80\x91"
                                           "476\xe2\x80\x93"
                                           "5919"), /* dashes that are no ASCII */
                                          ("943\xa0"
                                           "476\xa0"
                                           "5919"), /* Windows-1252 */
                                          ("\xef\xbc\x99\xef\xbc\x94\xef\xbc\x93"
                                           "4765919"), /* full-width 943 */
                                          ("\xd9\xa9\xd9\xa4\xd9\xa3"
                                           "4765919")}; /* Arabic-Indic 943 */
    static const char *const others[] = {"",
                                         "9434765918",
                                         "943476591",
                                         "94347659190",
                                         "943-476-5919",
                                         "943476591X",
                                         "9434765919x",
                                         "1234567890(",
                                         "          ",
                                         ")1000000010",
                                         "943.476.5919",
                                         ("943\xe2\x82\xac"
                                          "4765919")};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        ck_assert_msg(personal_is_nhs_number(text_of(numbers[i])), "%s", numbers[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!personal_is_nhs_number(text_of(others[i])), "%s", others[i]);
    ck_assert(!personal_is_nhs_number(TEXT_ABSENT));
}
END_TEST

START_TEST(notes) {
    static const char *const personal[] = {
        "jo@council.example",
        "@",
        ("jo\xef\xbc\xa0"
         "council.example"),
        "9434765919",
        "sent for 943 476 5919 again",
        "no. 943-476-5919.",
        "on 2025 943 476 5919",
        "x9434765919x",
        "943  476 -  5919",
        "943476591 9",
        ("943\xe2\x80\x93"
         "476\xe2\x80\x93"
         "5919"),
        ("tel 943\xc2\xa0"
         "476\xc2\xa0"
         "5919"),
        ("\xef\xbc\x99\xef\xbc\x94\xef\xbc\x93"
         "4765919"),
        ("94\xe2\x80\x8b"
         "34765919"),
        "2025-13-01 04",
        "hash:9434765919",
    };
    static const char *const plain[] = {
        "",
        "sent again put right",
        "9434765918",
        "19434765919",
        "94347659190",
        "943.476.5919",
        "943,476,5919",
        "e-17 of 2025-06-01",
        "943476591 99",
        "since 2025-06-01 14:30", /* 2025060114 fits the check digit */
        "hash:94347659199434765919943476591912",
    };
    ck_assert(personal_is_nhs_number(text_of("2025060114")));
    for (size_t i = 0; i < sizeof personal / sizeof personal[0]; i++)
        ck_assert_msg(personal_is_in_note(text_of(personal[i])), "%s", personal[i]);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        ck_assert_msg(!personal_is_in_note(text_of(plain[i])), "%s", plain[i]);
}
END_TEST

START_TEST(names_of_things) {
    static const char *const personal[] = {"9434765919", "journal-9434765919.db", "jo@example", "@", "2025060114-9434765919"};
    static const char *const plain[] = {
        "journal-20250601T020000Z.db", "nightly-2025060114", "2025-06-01-14.db", "1970052805", "", "relay-1"};
    ck_assert(personal_is_nhs_number(text_of("1970052805")));
    for (size_t i = 0; i < sizeof personal / sizeof personal[0]; i++)
        ck_assert_msg(personal_is_in_name(text_of(personal[i])), "%s", personal[i]);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        ck_assert_msg(!personal_is_in_name(text_of(plain[i])), "%s", plain[i]);
}
END_TEST

START_TEST(one_in_eleven_passes) {
    /* Of all nine-digit beginnings a part of 10/11 has a check digit, and then one last digit in ten is it. */
    size_t found = 0;
    char digits[16];
    for (unsigned long long number = 4000000000ULL; number < 4000110000ULL; number++) {
        snprintf(digits, sizeof digits, "%llu", number);
        bool is = personal_is_nhs_number(text_of(digits));
        ck_assert(is == personal_is_number((double)number));
        found += is;
    }
    ck_assert_uint_ge(found, 9900);
    ck_assert_uint_le(found, 10100);
}
END_TEST

START_TEST(numbers) {
    ck_assert(personal_is_number(9434765919.0));
    ck_assert(!personal_is_number(9434765918.0));
    ck_assert(!personal_is_number(9434765919.5));
    ck_assert(personal_is_number(-9434765919.0)); /* a sign hides nothing */
    ck_assert(!personal_is_number(94347659190.0));
    ck_assert(!personal_is_number(943476591.0));
    ck_assert(!personal_is_number(1e300));
    ck_assert(!personal_is_number(0));
}
END_TEST

START_TEST(references) {
    ck_assert(personal_is_reference(text_of("9434765919"), false));
    ck_assert(!personal_is_reference(text_of("9434765919"), true));
    ck_assert(personal_is_reference(text_of("jo@example.org"), false));
    ck_assert(personal_is_reference(text_of("jo@example.org"), true));
    ck_assert(personal_is_reference(text_of("jo\xef\xb9\xab"
                                            "example.org"),
                                    true)); /* small and full-width @ */
    ck_assert(personal_is_reference(text_of("jo\xef\xbc\xa0"
                                            "example.org"),
                                    true));
    ck_assert(!personal_is_reference(text_of("p-9434765919"), false));
    ck_assert(!personal_is_reference(text_of("943-476-5919"), false));
    ck_assert(!personal_is_reference(text_of(""), false));
    ck_assert(!personal_is_reference(TEXT_ABSENT, false));
}
END_TEST

START_TEST(member_names) {
    static const char *const names[] = {"name",
                                        "first_name",
                                        "last_name",
                                        "surname",
                                        "nhs_number",
                                        "postcode",
                                        "address",
                                        "date_of_birth",
                                        "dob",
                                        "phone",
                                        "email",
                                        "Name",
                                        "FirstName",
                                        "NHS-Number",
                                        "Date of Birth",
                                        "e-mail",
                                        "post_code",
                                        "SURNAME\xe2\x80\x8b",
                                        "first\xc2\xa0name",
                                        "date\xe2\x80\x93of birth",
                                        "\xef\xbc\xae\xef\xbd\x81\xef\xbd\x8d\xef\xbd\x85",
                                        "D.O.B"};
    static const char *const others[] = {
        "", "names", "pathway", "team_name", "nhs", "birth", "phone_method", "addressee", "namenamenamenamename", "_"};
    for (size_t i = 0; i + 1 < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(personal_is_member(text_of(names[i])), "%s", names[i]);
    ck_assert(!personal_is_member(text_of("D.O.B"))); /* letter case, - _ and spaces are ignored, nothing else */
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!personal_is_member(text_of(others[i])), "%s", others[i]);
}
END_TEST

START_TEST(what_is_replaced) {
    check_replaced("{\"subject\":", "\"9434765919\"", ",\"id\":\"e\"}");
    check_replaced("{\"subject\" : ", "\"jo@example.org\"", " }");
    check_replaced("{\"data\":{\"person\":", "\"943 476 5919\"", "}}");
    check_replaced("{\"data\":{\"worker\":", "\"a@b\"", ",\"x\":1}}");
    check_replaced("{\"data\":{\"person\":", "9434765919", "}}");
    check_replaced("{\"data\":{\"person\":", "9.434765919e9", "}}");
    check_replaced("{\"data\":{\"person\":[1,{\"a\":", "\"9434765919\"", "}]}}");
    check_replaced("{\"data\":{\"name\":", "\"Jo\"", "}}");
    check_replaced("{\"data\":{\"name\":", "17", "}}");
    check_replaced("{\"data\":{\"name\":", "null", "}}");
    check_replaced("{\"data\":{\"name\":", "{\"first\":\"Jo\",\"name\":[\"}\"]}", ",\"x\":{}}}");
    check_replaced("{\"data\":{\"x\":[0,[{\"First Name\":", "[\"Jo\",\"\\\"]\"]", "}]]}}");
    check_replaced("{\"data\":[{\"dob\":", "\"\"", "}]}");
    check_replaced("{\"d\\u0061ta\":{\"p\\u0065rson\":", "\"jo\\u0040example.org\"", "}}");
    check_replaced("{\"data\":{\"person\":", "\"94347\\u003659\\u0031\\u0039\"", "}}");
}
END_TEST

START_TEST(wherever_it_stands) {
    check_replaced("{\"name\":", "\"Jo\"", "}"); /* an extension */
    check_replaced("{\"traceparent\":\"00-1\",\"person\":", "\"9434765919\"", "}");
    check_replaced("{\"x\":{\"data\":{\"name\":", "\"Jo\"", "}}}");
    check_replaced("{\"data\":{\"x\":{\"person\":", "\"9434765919\"", "}}}");
    check_replaced("{\"data\":{\"subject\":", "\"943\\u00a0476\\u00a05919\"", "}}");
    check_replaced("{\"data\":{\"worker\":", "\"\\uff19\\uff14\\uff134765919\"", "}}");
    check_replaced("{\"data\":{\"worker\":", "\"jo\\uff20council.example\"", "}}");
    check_replaced("{\"data\":{\"person\":", "-9434765919", "}}");
    check_replaced("{\"data\":{\"person\":", "9434765919.0000000000000000000000000000000000000000000000000000000000000000000", "}}");
    check_replaced("{\"data_base64\":", "\"eyJwZXJzb24iOiI5NDM0NzY1OTE5In0=\"", "}");
}
END_TEST

START_TEST(what_is_left) {
    check_left("{}");
    check_left("{\"subject\":\"wait-1\",\"data\":{\"person\":\"p-1\",\"team\":\"north\"}}");
    check_left("{\"id\":\"jo@example.org\",\"source\":\"9434765919\"}");
    check_left("{\"data\":{\"team\":\"9434765919\"}}");
    check_left("{\"data\":{\"person\":true,\"worker\":null}}");
    check_left("{\"data\":{\"data_base64\":\"eA==\"}}");
    char *result = scrub("{\"data\":{\"person\":\"9434765919\"}}", true);
    ck_assert_ptr_null(result);
    result = scrub("{\"data\":{\"person\":9434765919}}", true);
    ck_assert_ptr_null(result);
}
END_TEST

/* Of what is no event nothing that looks personal is left, and nothing else is lost. */
static void check_anywhere(const char *bytes, const char *const gone[], const char *const left[]) {
    char *result = scrub_anywhere(bytes, false);
    ck_assert_msg(result != NULL, "nothing offends in %s", bytes);
    for (size_t i = 0; gone[i] != NULL; i++)
        ck_assert_msg(strstr(result, gone[i]) == NULL, "%s is left in %s", gone[i], result);
    for (size_t i = 0; left[i] != NULL; i++)
        ck_assert_msg(strstr(result, left[i]) != NULL, "%s is lost in %s", left[i], result);
    size_t length;
    ck_assert_msg(personal_scrub(text_of(result), PERSONAL_ANYWHERE, false, key, &length) == NULL, "a second pass changes %s", result);
    free(result);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(anywhere_in_json) {
    check_anywhere("[{\"id\":\"e-1\",\"subject\":\"9434765919\",\"data\":{\"name\":\"Jo\"}}]", TEXTS("9434765919", "Jo"),
                   TEXTS("\"e-1\"", "[{\"id\""));
    check_anywhere("{\"events\":[{\"data\":{\"person\":\"jo@example.org\",\"reason\":\"rang 943 476 5919 at 9\"}}]}",
                   TEXTS("example", "476"), TEXTS("\"reason\":\"hash:"));
    check_anywhere("{\"source\":\"urn:a@b\",\"id\":9434765919,\"data\":{\"jo@example.org\":1,\"team\":\"n\"}}",
                   TEXTS("9434765919", "example"), TEXTS("urn:a@b", "\"team\":\"n\""));
    check_anywhere("{\"data\":\"{\\\"surname\\\":\\\"Smith\\\",\\\"x\\\":1}\"}", TEXTS("Smith"), TEXTS("\"data\":\"hash:"));
    check_anywhere("\"ring 943-476-5919\"", TEXTS("476"), TEXTS("\"hash:"));
    check_anywhere("9434765919", TEXTS("9434765919"), TEXTS("\"hash:"));
    ck_assert_ptr_null(scrub_anywhere("{\"case\":\"9434765919\",\"x\":9434765919}", true)); /* spared numbers */
    ck_assert_ptr_null(scrub_anywhere("[]", false));
    ck_assert_ptr_null(scrub_anywhere("{\"team\":\"North & South\",\"reason\":\"a name was given\"}", false));
}
END_TEST

START_TEST(anywhere_in_what_is_no_json) {
    check_anywhere("{\"data\":{\"name\":\"Jo\"}", TEXTS("Jo"), TEXTS("{\"data\":{\"name\":\"hash:"));
    check_anywhere("{\"data\":{\"name\":\"Jo\",\"team\":\"north\",}}", TEXTS("Jo"), TEXTS("\"team\":\"north\""));
    check_anywhere("{\"name\":\"a\nJo\",\"team\":\"north\"}", TEXTS("Jo"), TEXTS("\"team\":\"north\""));
    check_anywhere("{\"name\":\"Jo \\\"Joe\\\" Smith\",\"team\":\"north\"", TEXTS("Jo", "Smith"), TEXTS("\"team\":\"north\""));
    check_anywhere("{\"name\":\"Jo Smith", TEXTS("Jo", "Smith"), TEXTS("{\"name\":\"hash:"));
    check_anywhere("{'Surname': 'Smith', 'team': 'north'}", TEXTS("Smith"), TEXTS("'team': 'north'"));
    check_anywhere("{surname: Smith, x: 1}", TEXTS("Smith"), TEXTS("{surname: hash:"));
    check_anywhere("{\"address\":[\"1 High St\",{\"town\":\"Leyland\"}],\"team\":\"north\",}", TEXTS("High", "Leyland"),
                   TEXTS("\"team\":\"north\""));
    check_anywhere("{\"n\\u0061me\":\"Jo\",}", TEXTS("Jo"), TEXTS("hash:"));
    check_anywhere("{\"person\":\"943\\u00347659\\u00319\",}", TEXTS("7659"), TEXTS("{\"person\":\"hash:"));
    check_anywhere("{\"person\":\"jo\\u0040example.org\",}", TEXTS("example", "jo"), TEXTS("{\"person\":\"hash:"));
    check_anywhere("{\\\"surname\\\":\\\"Smith\\\",\\\"team\\\":\\\"north\\\"", TEXTS("Smith"), TEXTS("north"));
    check_anywhere("Smith,Jo,943 476 5919,jo@example.org,north", TEXTS("476", "example"), TEXTS("north", "Smith,Jo,hash:"));
    check_anywhere("<case><surname>Smith</surname><team>north</team></case>", TEXTS("Smith"), TEXTS("<team>north</team>"));
    check_anywhere("surname=Smith&dob=1940-01-02&team=north", TEXTS("Smith", "1940"), TEXTS("&team=north"));
    check_anywhere("Date of birth: 2.1.1940\nTeam: north\n", TEXTS("1940"), TEXTS("Team: north"));
    check_anywhere("the client's name: Smith\nTeam: north\n", TEXTS("Smith"), TEXTS("Team: north"));
    check_anywhere("a@b.uk c@d.uk 9434765919 9434765919 x", TEXTS("@", "9434765919"), TEXTS(" x"));
    ck_assert_ptr_null(scrub_anywhere("", false));
    ck_assert_ptr_null(scrub_anywhere("{\"team\":\"north\",\"x\":x > name", false));
    ck_assert_ptr_null(scrub_anywhere("{\"team\":\"north\",", false));
    ck_assert_ptr_null(scrub_anywhere("{\"case\":\"9434765919\",", true));
}
END_TEST

START_TEST(anywhere_in_utf16) {
    static const char text[] = "{\"surname\":\"Smith\",\"person\":\"9434765919\",\"mail\":\"jo@example.org\",\"team\":\"north\"}";
    for (size_t first = 0; first < 2; first++) {
        char wide[2 * sizeof text] = {0};
        for (size_t i = 0; i + 1 < sizeof text; i++)
            wide[2 * i + first] = text[i];
        size_t length, narrow = 0;
        char *result = personal_scrub((struct text){wide, (uint32_t)(2 * (sizeof text - 1))}, PERSONAL_ANYWHERE, false, key, &length);
        ck_assert_ptr_nonnull(result);
        for (size_t i = 0; i < length; i++)
            if (result[i] != '\0')
                result[narrow++] = result[i];
        result[narrow] = '\0';
        ck_assert_msg(strstr(result, "Smith") == NULL && strstr(result, "5919") == NULL && strstr(result, "example") == NULL, "%s", result);
        ck_assert_msg(strstr(result, "\"team\":\"north\"") != NULL, "%s", result);
        free(result);
    }
}
END_TEST

START_TEST(long_texts_take_no_longer) {
    /* Each would take minutes if anything in it were looked through again for each thing found. */
    static const char *const pieces[] = {"1 ", "@ ", "name:", "\\", "943 476 591\xe2\x80\x8b", "<name>", "9434765919 ", "[", "=\"", "h"};
    enum { SIZE = 300000 };
    char *bytes = malloc(SIZE + 32);
    ck_assert_ptr_nonnull(bytes);
    for (size_t piece = 0; piece < sizeof pieces / sizeof pieces[0]; piece++) {
        size_t length = 0, result_length;
        while (length < SIZE)
            length += (size_t)sprintf(bytes + length, "%s", pieces[piece]);
        sprintf(bytes + length, " dob:1");
        free(personal_scrub((struct text){bytes, (uint32_t)length + 6}, PERSONAL_ANYWHERE, false, key, &result_length));
    }
    free(bytes);
}
END_TEST

START_TEST(no_grammar_no_event) {
    static const char *const broken[] = {"",
                                         "{\"data\":{\"name\":1}",
                                         "{\"data\":{\"name\":1}}x",
                                         "{\"data\":{\"name\":1,}}",
                                         "{\"data\":{\"name\":01}}",
                                         "{\"data\":{\"name\":\"\\x\"}}",
                                         "{\"data\":{\"name\":1]}",
                                         "{,\"data\":{\"name\":1}}",
                                         "{\"data\":{\"name\":tru}}",
                                         "{\"data\":{\"name\":\"a\nb\"}}",
                                         "{\"data\":{\"name\":-}}",
                                         "{\"data\":{\"name\" 1}}",
                                         "{\"data\":{name:1}}",
                                         "{\"data\":{\"name\":\"\\u12\"}}",
                                         "{\"data\":{\"name\":1.}}",
                                         "{\"data\":{\"name\":1e}}",
                                         "{\"data\":{\"name\":}}",
                                         "{\"data\":{\"name\":\"a",
                                         "{\"data\":{\"name\":\"a\\"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        check_left(broken[i]);
}
END_TEST

START_TEST(what_the_checks_refuse_is_clean_too) {
    /* Given twice: both go, whichever a reader would have believed. */
    char *result = scrub("{\"data\":{\"person\":\"9434765919\",\"person\":\"jo@b\"},\"data\":{\"name\":\"Jo\"}}", false);
    ck_assert_ptr_nonnull(result);
    ck_assert_ptr_null(strstr(result, "9434765919"));
    ck_assert_ptr_null(strchr(result, '@'));
    ck_assert_ptr_null(strstr(result, "Jo"));
    free(result);
    check_replaced("{\"x\":1e999,\"y\":123456789012345678901234567890,\"data\":{\"name\":", "\"Jo\"", "}}");
    check_replaced("{\"x\":\"\\u0000\",\"data\":{\"name\":", "\"a\\u0000b\"", "}}");
    check_replaced("{\"x\":\"\\ud800\",\"data\":{\"name\":", "\"\\udc00\\ud800\\u0041\"", "}}");
    check_replaced("{\"x\":\"\xff\xfe\",\"data\":{\"name\":", "\"Jos\xe9\"", "}}");
    check_replaced("{\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]],\"data\":{\"a\":[[[[[[[[[[{\"name\":", "[[[[[[[[[[[[]]]]]]]]]]]]",
                   "}]]]]]]]]]]}}");
}
END_TEST

START_TEST(nesting_is_not_the_stack) {
    enum { DEPTH = 1000000 };
    char *event = malloc(2 * DEPTH + 64);
    ck_assert_ptr_nonnull(event);
    size_t length = (size_t)sprintf(event, "{\"data\":{\"name\":\"Jo\",\"x\":");
    memset(event + length, '[', DEPTH);
    memset(event + length + DEPTH, ']', DEPTH);
    strcpy(event + length + 2 * (size_t)DEPTH, "}}");
    char *result = scrub(event, false);
    ck_assert_ptr_nonnull(result);
    ck_assert_ptr_null(strstr(result, "Jo"));
    free(result);
    free(event);
}
END_TEST

static char *hash_of(const char *value, const unsigned char with[PERSONAL_KEY_BYTES]) {
    char event[512];
    size_t length;
    snprintf(event, sizeof event, "{\"data\":{\"name\":%s}}", value);
    char *result = personal_scrub(text_of(event), PERSONAL_IN_EVENT, false, with, &length);
    ck_assert_ptr_nonnull(result);
    return result;
}

static void check_hashes(const char *a, const char *b, bool wanted) {
    char *one = hash_of(a, key);
    char *other = hash_of(b, key);
    ck_assert_msg((strcmp(one, other) == 0) == wanted, "%s and %s", a, b);
    free(one);
    free(other);
}

START_TEST(the_hash_is_of_the_value_and_the_key) {
    static const unsigned char other_key[PERSONAL_KEY_BYTES] = "another key, also of thirty-two.";
    check_hashes("\"Jo\"", "\"J\\u006f\"", true);
    check_hashes("\"Jo\"", "\"jo\"", false);
    check_hashes("\"\\ud83d\\uDE00\"", "\"\xf0\x9f\x98\x80\"", true);
    check_hashes("\"\\u00e9\\u20AC\"", "\"\xc3\xa9\xe2\x82\xac\"", true);
    check_hashes("{\"a\": [1, \"b c\"]}", "{\"a\":[1,\"b c\"]}", true);
    check_hashes("[\"b c\"]", "[\"bc\"]", false);
    check_hashes("[\"\\\" \\\\\" , 1]", "[\"\\\" \\\\\",1]", true);
    char *one = hash_of("\"Jo\"", key);
    char *other = hash_of("\"Jo\"", other_key);
    ck_assert_str_ne(one, other);
    free(one);
    free(other);
    /* BLAKE2b of "Jo" to 16 bytes with the tests' key, computed with Python's hashlib. */
    one = hash_of("\"Jo\"", key);
    ck_assert_str_eq(one, "{\"data\":{\"name\":\"hash:9ed34caa201ff8dc24fea0e0a3bb8e2e\"}}");
    free(one);
}
END_TEST

START_TEST(a_second_pass_changes_nothing) {
    char *once = scrub("{\"subject\":\"9434765919\",\"data\":{\"person\":\"a@b\",\"name\":\"Jo\",\"address\":[1]}}", false);
    ck_assert_ptr_nonnull(once);
    ck_assert_ptr_null(scrub(once, false));
    free(once);
    check_replaced("{\"data\":{\"name\":", "\"hash:0123456789abcdef0123456789abcdeX\"", "}}");
    check_replaced("{\"data\":{\"name\":", "\"hash:0123456789abcdef0123456789abcde\"", "}}");
}
END_TEST

static void scrub_bad(void *context, char *columns[INTAKE_COLUMNS]) {
    size_t *scrubbed = context;
    size_t length;
    struct text bytes = intake_fixture_read(columns[1]);
    char *result = personal_scrub(bytes, PERSONAL_ANYWHERE, false, key, &length);
    ck_assert_msg(result != NULL || strcmp(columns[2], "personal_data") != 0, "%s is left as it is", columns[0]);
    if (result != NULL) {
        (*scrubbed)++;
        ck_assert_ptr_null(memmem(result, length, "9434765919", 10));
        ck_assert_ptr_null(memmem(result, length, "943 476 5919", 12));
        size_t again;
        ck_assert_ptr_null(personal_scrub((struct text){result, (uint32_t)length}, PERSONAL_ANYWHERE, false, key, &again));
        json_t *before = json_loadb(bytes.at, bytes.length, 0, NULL);
        json_t *after = json_loadb(result, length, 0, NULL);
        ck_assert_msg((before != NULL) == (after != NULL), "%s is not what it was", columns[0]);
        json_decref(before);
        json_decref(after);
    }
    free(result);
    free((void *)bytes.at);
}

START_TEST(whatever_is_refused_as_personal_is_scrubbed) {
    size_t scrubbed = 0;
    intake_fixture_table("bad.tsv", scrub_bad, &scrubbed);
    ck_assert_uint_ge(scrubbed, 25);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("personal");
    TCase *what = tcase_create("what it is");
    tcase_add_test(what, nhs_numbers);
    tcase_add_test(what, notes);
    tcase_add_test(what, names_of_things);
    tcase_add_test(what, one_in_eleven_passes);
    tcase_add_test(what, numbers);
    tcase_add_test(what, references);
    tcase_add_test(what, member_names);
    suite_add_tcase(suite, what);
    TCase *scrubbing = tcase_create("scrubbing");
    tcase_add_test(scrubbing, what_is_replaced);
    tcase_add_test(scrubbing, what_is_left);
    tcase_add_test(scrubbing, wherever_it_stands);
    tcase_add_test(scrubbing, anywhere_in_json);
    tcase_add_test(scrubbing, anywhere_in_what_is_no_json);
    tcase_add_test(scrubbing, anywhere_in_utf16);
    tcase_add_test(scrubbing, long_texts_take_no_longer);
    tcase_add_test(scrubbing, no_grammar_no_event);
    tcase_add_test(scrubbing, what_the_checks_refuse_is_clean_too);
    tcase_add_test(scrubbing, nesting_is_not_the_stack);
    tcase_add_test(scrubbing, the_hash_is_of_the_value_and_the_key);
    tcase_add_test(scrubbing, a_second_pass_changes_nothing);
    tcase_add_test(scrubbing, whatever_is_refused_as_personal_is_scrubbed);
    tcase_set_timeout(scrubbing, 60);
    suite_add_tcase(suite, scrubbing);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
