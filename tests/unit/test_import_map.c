/* Maps of imports: dates, pseudonyms, errors of a map, the events that rows become, and the daemon's checks of them. */
#include "client/import/check.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- A folder for maps and keys */

static char folder[64];

static void make_folder(void) {
    strcpy(folder, "/tmp/wl-map-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(setenv("TZ", "Europe/London", 1), 0);
    tzset();
}

static const char *in_folder(const char *name) {
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void remove_folder(void) {
    static const char *const names[] = {"map.conf", "key"};

    for (size_t i = 0; i < 2; i++) {
        (void)unlink(in_folder(names[i]));
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

static const char *write_file(const char *name, const char *text, mode_t mode) {
    const char *path = in_folder(name);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(fchmod(file, mode), 0);
    ck_assert_int_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    return path;
}

struct complaints {
    size_t count;
    char text[4096];
};

static void take_complaint(void *context, const char *line) {
    struct complaints *complaints = context;
    size_t used = strlen(complaints->text);

    complaints->count++;
    snprintf(complaints->text + used, sizeof complaints->text - used, "%s\n", line);
}

static struct calendar *london(void) {
    static const struct holidays none = {0};
    struct calendar *calendar = config_calendar_of("Europe/London", &none, NULL, NULL);

    ck_assert_ptr_nonnull(calendar);
    return calendar;
}

/* ---- Dates */

static enum date_result read_as(const char *pattern, const char *cell, struct date_value *value, char message[200]) {
    struct date_patterns patterns = {.count = 1};

    strcpy(patterns.at[0], pattern);
    ck_assert_ptr_null(date_pattern_fault(pattern));
    return date_read(&patterns, text_of(cell), value, message);
}

START_TEST(dates_that_are_read) {
    static const struct {
        const char *pattern, *cell, *instant;
    } cases[] = {
        {"dd/mm/yyyy", "01/04/2025", "2025-03-31T23:00:00.000Z"},
        {"dd/mm/yyyy", "29/02/2024", "2024-02-29T00:00:00.000Z"},
        {"d/m/yyyy", "1/4/2025", "2025-03-31T23:00:00.000Z"},
        {"d/m/yyyy", "01/04/2025", "2025-03-31T23:00:00.000Z"},
        {"yyyy-mm-dd", "2025-04-01T09:30:15.25", "2025-04-01T08:30:15.250Z"},
        {"yyyy-mm-dd", "2025-04-01 09:30Z", "2025-04-01T09:30:00.000Z"},
        {"yyyy-mm-dd", "2025-04-01 00:30 +0200", "2025-03-31T22:30:00.000Z"},
        {"yyyy-mm-dd", "2025-04-01T09:30:00-05:30", "2025-04-01T15:00:00.000Z"},
        {"dd mon yyyy", "01 April 2025 12:05 AM", "2025-03-31T23:05:00.000Z"},
        {"dd-mon-yy", "01-APR-25", "2025-03-31T23:00:00.000Z"},
        {"dd-mon-yy", "31-DEC-98 12:00PM", "1998-12-31T12:00:00.000Z"},
        {"d.m.yyyy", "1.12.2025 7:05", "2025-12-01T07:05:00.000Z"},
        {"yyyymmdd", "20250401", "2025-03-31T23:00:00.000Z"},
        /* The days on which clocks change. */
        {"yyyy-mm-dd", "2025-03-30", "2025-03-30T00:00:00.000Z"},
        {"yyyy-mm-dd", "2025-03-30 00:59:59", "2025-03-30T00:59:59.000Z"},
        {"yyyy-mm-dd", "2025-03-30 02:00", "2025-03-30T01:00:00.000Z"},
        {"yyyy-mm-dd", "2025-10-26 01:30", "2025-10-26T00:30:00.000Z"},
        {"yyyy-mm-dd", "2025-10-26 02:00:00.5", "2025-10-26T02:00:00.500Z"},
    };
    struct calendar *calendar = london();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct date_value value;
        char message[200], instant[INSTANT_SIZE];

        ck_assert_msg(read_as(cases[i].pattern, cases[i].cell, &value, message) == DATE_READ, "%s: %s", cases[i].cell, message);
        instant_format(date_instant(&value, calendar), instant);
        ck_assert_msg(strcmp(instant, cases[i].instant) == 0, "%s: %s", cases[i].cell, instant);
    }
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(a_time_that_never_was) {
    struct calendar *calendar = london();
    struct date_value value;
    char message[200];

    ck_assert_int_eq(read_as("yyyy-mm-dd", "2025-03-30 01:30", &value, message), DATE_READ);
    ck_assert(date_instant(&value, calendar) == INSTANT_NONE);
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(dates_that_are_not_read) {
    static const struct {
        const char *pattern, *cell, *part;
        enum date_result result;
    } cases[] = {
        {"dd/mm/yyyy", "04/23/2025", "as in the USA", DATE_MONTH_FIRST},
        {"yyyy-mm-dd", "4/23/2025 10:00 AM", "as in the USA", DATE_MONTH_FIRST},
        {"yyyy-mm-dd", "04/03/2025", "the map must say which", DATE_OTHER},
        {"yyyy-mm-dd", "23/04/2025", "day first", DATE_OTHER},
        {"dd/mm/yyyy", "2025-04-23", "written as yyyy-mm-dd", DATE_OTHER},
        {"dd/mm/yyyy", "23-Apr-2025", "written as d-mon-yyyy", DATE_OTHER},
        {"dd/mm/yyyy", "45748", "spreadsheet", DATE_OTHER},
        {"dd/mm/yyyy", "31/04/2025", "not a date", DATE_OTHER},
        {"dd/mm/yyyy", "01/04/25", "not a date", DATE_OTHER},
        {"dd/mm/yyyy", "01/04/2025 24:00", "not a date", DATE_OTHER},
        {"dd/mm/yyyy", "01/04/2025 13:00 PM", "not a date", DATE_OTHER},
        {"dd/mm/yyyy", "01/04/2025x", "not a date", DATE_OTHER},
        {"dd/mm/yyyy", "01/04/2025 10:00 +25:00", "not a date", DATE_OTHER},
        {"yyyy-mm-dd", "2025-00-10", "not a date", DATE_OTHER},
        {"dd mon yyyy", "01 Avril 2025", "not a date", DATE_OTHER},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct date_value value;
        char message[200] = "";

        ck_assert_msg(read_as(cases[i].pattern, cases[i].cell, &value, message) == cases[i].result, "%s: %s", cases[i].cell, message);
        ck_assert_msg(strstr(message, cases[i].part) != NULL, "%s: %s", cases[i].cell, message);
        ck_assert_msg(strstr(message, cases[i].cell) == NULL, "%s", message);
    }
}
END_TEST

START_TEST(two_patterns) {
    struct date_patterns patterns = {.count = 2, .at = {"dd/mm/yyyy", "mm/dd/yyyy"}};
    struct date_value value;
    char message[200];

    ck_assert_int_eq(date_read(&patterns, text_of("03/04/2025"), &value, message), DATE_AMBIGUOUS);
    ck_assert_int_eq(date_read(&patterns, text_of("04/04/2025"), &value, message), DATE_READ);
    ck_assert_int_eq(date_read(&patterns, text_of("04/23/2025"), &value, message), DATE_READ);
    ck_assert_uint_eq(value.pattern, 1);
}
END_TEST

START_TEST(patterns_that_are_none) {
    static const char *const patterns[] = {
        "dd/mm", "dd/mm/yyyy/yy", "dd/mm/yyyy hh", "", "dd/mm/yyyy, please", "dd/dd/yyyy", "dd/mm/yyyy                              "};

    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        ck_assert_msg(date_pattern_fault(patterns[i]) != NULL, "%s", patterns[i]);
    }
}
END_TEST

/* ---- Pseudonyms */

START_TEST(keys) {
    static const char digits[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    unsigned char key[PSEUDONYM_KEY_BYTES];
    char text[256];

    snprintf(text, sizeof text, "%s\r\n", digits);
    ck_assert_ptr_null(pseudonym_read_key(write_file("key", text, 0600), key));
    ck_assert_uint_eq(key[0], 0);
    ck_assert_uint_eq(key[31], 31);
    ck_assert_ptr_nonnull(pseudonym_read_key(write_file("key", text, 0640), key));
    ck_assert_ptr_nonnull(pseudonym_read_key(write_file("key", digits + 2, 0600), key));
    snprintf(text, sizeof text, "%s00", digits);
    ck_assert_ptr_nonnull(pseudonym_read_key(write_file("key", text, 0600), key));
    ck_assert_ptr_nonnull(pseudonym_read_key(write_file("key", "not a key", 0600), key));
    ck_assert_ptr_nonnull(pseudonym_read_key(write_file("key", "", 0600), key));
    ck_assert_ptr_nonnull(pseudonym_read_key(folder, key));
    ck_assert_ptr_nonnull(pseudonym_read_key("/nowhere/at/all", key));
}
END_TEST

START_TEST(pseudonyms) {
    const unsigned char key[PSEUDONYM_KEY_BYTES] = {1}, other[PSEUDONYM_KEY_BYTES] = {2};
    char a[PSEUDONYM_SIZE], b[PSEUDONYM_SIZE];

    pseudonym_of(key, text_of("943 476 5919"), a);
    pseudonym_of(key, text_of("9434765919"), b);
    ck_assert_str_eq(a, b);
    ck_assert_uint_eq(strspn(a, "0123456789abcdef"), 32);
    pseudonym_of(other, text_of("9434765919"), b);
    ck_assert_str_ne(a, b);
    pseudonym_of(key, text_of("A 1"), a);
    pseudonym_of(key, text_of("A1"), b);
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(identities) {
    const unsigned char key[PSEUDONYM_KEY_BYTES] = {1};
    const struct text parts[] = {text_of("ab"), text_of("c")}, others[] = {text_of("a"), text_of("bc")};
    char a[PSEUDONYM_SIZE], b[PSEUDONYM_SIZE];

    pseudonym_identity(key, parts, 2, a);
    pseudonym_identity(key, parts, 2, b);
    ck_assert_str_eq(a, b);
    pseudonym_identity(key, others, 2, b);
    ck_assert_str_ne(a, b);
    pseudonym_identity(NULL, parts, 2, b);
    ck_assert_str_ne(a, b);
}
END_TEST

/* ---- Maps */

#define WAIT_MAP                                                                                                                           \
    "rows = \"wait\"; source = \"urn:t\"; formats = \"dd/mm/yyyy\"; empty = [ \"NULL\" ];\n"                                               \
    "subject = { column = \"Id\"; prefix = \"w-\"; };\n"                                                                                   \
    "events = ( { type = \"asc.referral.received\"; date = { column = \"In\"; };\n"                                                        \
    "  data = { pathway = \"review\"; team = { column = \"Team\"; as_name = true; };\n"                                                    \
    "           person = { column = [ \"Area\", \"Id\" ]; }; priority = { column = \"Urgency\"; };\n"                                      \
    "           clock_start = { column = \"Clock\"; }; dimensions = { ward = { column = \"Area\"; }; }; }; },\n"                           \
    "  { type = \"asc.wait.closed\"; date = { column = \"Out\"; }; when = { column = \"Why\"; is_not = [ \"\" ]; };\n"                     \
    "    data = { reason = { column = \"Why\"; values = ( (\"RIP\", \"died\"), (\"skip\", \"\") ); }; }; } );\n"

struct world {
    struct import_map *map;
    struct calendar *calendar;
    struct builder *builder;
    struct complaints complaints;
    struct import_problem problem;
};

static const char *const headers[] = {"Id", "In", "Team", "Area", "Urgency", "Clock", "Out", "Why"};
enum { HEADERS = 8 };

static void open_world(struct world *world, const char *map) {
    struct text names[HEADERS];
    bool used[HEADERS];

    *world = (struct world){.calendar = london()};
    world->map = map_load(write_file("map.conf", map, 0600), take_complaint, &world->complaints);
    ck_assert_msg(world->map != NULL, "%s", world->complaints.text);
    for (size_t i = 0; i < HEADERS; i++) {
        names[i] = text_of(headers[i]);
    }
    ck_assert_msg(map_bind(world->map, names, HEADERS, used, take_complaint, &world->complaints), "%s", world->complaints.text);
    world->builder = builder_create(world->map, world->calendar, HEADERS);
}

static void close_world(struct world *world) {
    builder_destroy(&world->builder);
    calendar_destroy(&world->calendar);
    map_destroy(&world->map);
}

/* Cells separated by '|'. */
static enum build_result build(struct world *world, const char *line) {
    static char bytes[512];
    static struct text cells[16];
    struct csv_row row = {.line = 2, .last_line = 2, .cells = cells};
    char *rest = bytes;

    snprintf(bytes, sizeof bytes, "%s", line);
    for (char *cell = strsep(&rest, "|"); cell != NULL; cell = strsep(&rest, "|")) {
        cells[row.count++] = text_of(cell);
    }
    return builder_row(world->builder, &row, &world->problem);
}

START_TEST(events_of_a_wait) {
    struct world world;

    open_world(&world, WAIT_MAP);
    ck_assert_int_eq(build(&world, "7| 01/04/2025 10:00 |North - \"A\"|N|2|02/04/2025|03/04/2025|rip"), BUILD_EVENTS);
    ck_assert_uint_eq(builder_count(world.builder), 2);
    const struct built_event *first = builder_event(world.builder, 0);
    char expected[1024];

    snprintf(expected, sizeof expected,
             "{\"specversion\":\"1.0\",\"id\":\"%.*s\",\"source\":\"urn:t\",\"type\":\"asc.referral.received\",\"subject\":\"w-7\","
             "\"time\":\"2025-03-31T23:00:00.000Z\",\"data\":{\"pathway\":\"review\",\"team\":\"north_a\",\"person\":\"N-7\","
             "\"priority\":2,\"clock_start\":\"2025-04-02\",\"dimensions\":{\"ward\":\"N\"}}}",
             (int)first->id.length, first->id.at);
    ck_assert_uint_eq(first->json.length, strlen(expected));
    ck_assert_mem_eq(first->json.at, expected, strlen(expected));
    const struct built_event *second = builder_event(world.builder, 1);

    ck_assert_ptr_nonnull(memmem(second->json.at, second->json.length, "\"data\":{\"reason\":\"died\"}}", 25));
    ck_assert(!text_equal(first->id, second->id));
    ck_assert_uint_eq(builder_column_of(world.builder, first->from, "/data/dimensions/ward"), 3);
    ck_assert_uint_eq(builder_column_of(world.builder, first->from, "/time"), 1);
    ck_assert_uint_eq(builder_column_of(world.builder, first->from, "/data/pathway"), MAP_NO_COLUMN);
    close_world(&world);
}
END_TEST

START_TEST(the_same_row_gives_the_same_bytes) {
    struct world world;
    char before[1024];

    open_world(&world, WAIT_MAP);
    ck_assert_int_eq(build(&world, "7|01/04/2025|N|N|2|||"), BUILD_EVENTS);
    struct text json = builder_event(world.builder, 0)->json;

    snprintf(before, sizeof before, "%.*s", (int)json.length, json.at);
    ck_assert_int_eq(build(&world, "8|01/04/2025|N|N|2|||"), BUILD_EVENTS);
    ck_assert(!text_is(builder_event(world.builder, 0)->json, before));
    ck_assert_int_eq(build(&world, "7|01/04/2025|N|N|2|||"), BUILD_EVENTS);
    ck_assert(text_is(builder_event(world.builder, 0)->json, before));
    close_world(&world);
}
END_TEST

START_TEST(rows_that_are_not_taken) {
    static const struct {
        const char *row, *code;
        size_t column;
    } cases[] = {{"7|NULL|N|N|2|||", "no_date", 1},
                 {"|01/04/2025|N|N|2|||", "no_key", 0},
                 {"7|01/04/2025|N|N|two|||", "bad_number", 4},
                 {"7|01/04/2025|N|N|2|31/31/2025||", "bad_date", 5},
                 {"7|04/31/2025|N|N|2|||", "bad_date", 1},
                 {"7|04/30/2025|N|N|2|||", "us_date", 1},
                 {"7|01/04/2025|N|N|2||02/04/2025|else", "not_in_map", 7},
                 {"7|01/04/2025", "cell_count", 2},
                 {"7|01/04/2025|N|N|2||||x", "cell_count", 8}};
    struct world world;

    open_world(&world, WAIT_MAP);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(build(&world, cases[i].row), BUILD_PROBLEM);
        ck_assert_msg(strcmp(world.problem.code, cases[i].code) == 0, "%s: %s", cases[i].row, world.problem.code);
        ck_assert_msg(world.problem.column == cases[i].column, "%s: %zu", cases[i].row, world.problem.column);
        ck_assert_uint_eq(builder_count(world.builder), 0);
    }
    ck_assert_uint_eq(world.map->events[0].date.tally.month_first, 1);
    close_world(&world);
}
END_TEST

START_TEST(values_that_mean_nothing) {
    struct world world;

    open_world(&world, WAIT_MAP);
    ck_assert_int_eq(build(&world, "7|01/04/2025|N|NULL|null|||"), BUILD_EVENTS);
    struct text json = builder_event(world.builder, 0)->json;

    ck_assert_ptr_null(memmem(json.at, json.length, "priority", 8));
    ck_assert_ptr_null(memmem(json.at, json.length, "dimensions", 10));
    ck_assert_ptr_nonnull(memmem(json.at, json.length, "\"person\":\"-7\"", 13));
    close_world(&world);
}
END_TEST

START_TEST(checks_of_rows) {
    struct world world;
    size_t again = 0;

    open_world(&world, WAIT_MAP);
    struct checker *checker = checker_create(NULL, world.calendar, (instant_t)day_from_civil(2025, 6, 1) * 86400000);

    ck_assert_int_eq(build(&world, "7|01/04/2025|N|N|2|||"), BUILD_EVENTS);
    ck_assert(checker_row(checker, world.builder, 2, &again, &world.problem));
    ck_assert_uint_eq(again, 0);
    ck_assert(checker_row(checker, world.builder, 3, &again, &world.problem));
    ck_assert_uint_eq(again, 1);
    ck_assert_int_eq(build(&world, "7|02/04/2025|N|N|2|||"), BUILD_EVENTS);
    ck_assert(!checker_row(checker, world.builder, 4, &again, &world.problem));
    ck_assert_str_eq(world.problem.code, "id_conflict");
    ck_assert_ptr_nonnull(strstr(world.problem.message, "line 2"));
    checker_restart(checker);
    ck_assert(checker_row(checker, world.builder, 4, &again, &world.problem));
    ck_assert_int_eq(build(&world, "8|02/07/2025|N|N|2|||"), BUILD_EVENTS);
    ck_assert(!checker_row(checker, world.builder, 5, &again, &world.problem));
    ck_assert_str_eq(world.problem.code, "time_in_future");
    ck_assert_uint_eq(world.problem.column, 1);
    ck_assert_int_eq(build(&world, "9|02/04/2025|N|N|5|||"), BUILD_EVENTS);
    ck_assert(!checker_row(checker, world.builder, 6, &again, &world.problem));
    ck_assert_str_eq(world.problem.code, "bad_data");
    ck_assert_uint_eq(world.problem.column, 4);
    ck_assert(checker_compared_all(checker));
    ck_assert(!checker_knows_pathways(checker));
    checker_destroy(&checker);
    close_world(&world);
}
END_TEST

#define EVENT_MAP                                                                                                                          \
    "rows = \"event\"; source = \"urn:t\"; formats = \"dd/mm/yyyy\"; key = \"Id\"; subject = { column = \"Team\"; };\n"                    \
    "date = { column = \"In\"; }; sequence = { column = \"Urgency\"; };\n"                                                                 \
    "type = { column = \"Why\"; values = ( (\"call\", \"asc.contact.made\"), (\"note\", \"\"), (\"odd\", \"asc.wait.paused\") ); };\n"     \
    "events = ( { type = \"asc.contact.made\"; } );\n"

START_TEST(one_event_a_row) {
    struct world world;

    open_world(&world, EVENT_MAP);
    ck_assert_int_eq(build(&world, "1|01/04/2025 09:00|T||17|||Call"), BUILD_EVENTS);
    struct text json = builder_event(world.builder, 0)->json;

    ck_assert_ptr_nonnull(memmem(json.at, json.length, "\"sequence\":\"00000000000000000017\"", 33));
    ck_assert_ptr_nonnull(memmem(json.at, json.length, "\"time\":\"2025-04-01T08:00:00.000Z\"", 33));
    ck_assert_ptr_nonnull(memmem(json.at, json.length, "\"data\":{}}", 10));
    ck_assert_int_eq(build(&world, "2|01/04/2025|T||b3|||call"), BUILD_EVENTS);
    json = builder_event(world.builder, 0)->json;
    ck_assert_ptr_nonnull(memmem(json.at, json.length, "\"sequence\":\"b3\"", 15));
    ck_assert_int_eq(build(&world, "3|soon|T|||||note"), BUILD_NOTHING);
    ck_assert_int_eq(build(&world, "4|01/04/2025|T|||||odd"), BUILD_PROBLEM);
    ck_assert_str_eq(world.problem.code, "not_in_map");
    ck_assert_int_eq(build(&world, "5||T|||||call"), BUILD_PROBLEM);
    ck_assert_str_eq(world.problem.code, "no_date");
    ck_assert_int_eq(build(&world, "6|01/04/2025||||||call"), BUILD_PROBLEM);
    ck_assert_str_eq(world.problem.code, "no_subject");
    close_world(&world);
}
END_TEST

/* Every error is found in one run. */
START_TEST(errors_of_a_map) {
    static const char map[] =
        "rows = \"waits\"; colour = 1; source = 5.5; formats = [ \"dd/mm\" ]; timezone = \"Mars/Base\";\n"
        "file = { delimiter = \"ab\"; encoding = \"ebcdic\"; };\n"
        "subject = \"w\";\n"
        "events = ( { type = \"asc.wait.cloze\"; date = { column = \"x\"; }; },\n"
        "  { type = \"asc.event.retracted\"; date = { column = \"x\"; }; },\n"
        "  { type = \"asc.contact.made\"; date = { column = \"x\"; value = \"y\"; }; data = { method = { column = \"m\"; hash = true; "
        "otherwise = \"o\"; formats = \"yyyy-mm-dd\"; }; }; },\n"
        "  { type = \"asc.contact.made\"; date = { column = [ \"x\", \"y\" ]; }; when = { column = \"x\"; };\n"
        "    data = { worker = \"w\"; }; },\n"
        "  { type = \"asc.wait.closed\"; required = 1; data = { reason = { column = \"r\"; values = ( (\"a\"), (\"b\", \"c\"), "
        "(\"B\", \"d\") ); }; }; },\n"
        "  \"text\" );\n";
    static const char *const parts[] = {"map.conf: rows is",
                                        "map.conf:1: there is no option 'colour'",
                                        "source must be text",
                                        "\"dd/mm\": a date format has",
                                        "no such time zone",
                                        "map.conf:2: the delimiter",
                                        "map.conf:2: the encoding",
                                        "map.conf:3: subject is a group",
                                        "map.conf:4: there is no type of event \"asc.wait.cloze\"",
                                        "map.conf:5: an import retracts nothing",
                                        "map.conf:6: either `column` or `value`",
                                        "map.conf:6: `otherwise` is for",
                                        "map.conf:6: `formats` are for dates",
                                        "map.conf:6: `hash` needs a `key_file`",
                                        "map.conf:7: a date is one column",
                                        "map.conf:7: when is",
                                        "map.conf:7: two events with the name",
                                        "map.conf:8: asc.contact.made has no member 'worker'",
                                        "map.conf:9: required must be true or false",
                                        "map.conf:9: each of values is a pair",
                                        "map.conf:9: \"B\" is there twice",
                                        "map.conf:9: an event has a date",
                                        "map.conf:10: an event is a group"};
    struct complaints complaints = {0};

    ck_assert_ptr_null(map_load(write_file("map.conf", map, 0600), take_complaint, &complaints));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ck_assert_msg(strstr(complaints.text, parts[i]) != NULL, "no \"%s\" in:\n%s", parts[i], complaints.text);
    }
}
END_TEST

START_TEST(maps_that_cannot_be_read) {
    struct complaints complaints = {0};

    ck_assert_ptr_null(map_load(in_folder("none.conf"), take_complaint, &complaints));
    ck_assert_ptr_null(map_load(folder, take_complaint, &complaints));
    ck_assert_ptr_null(map_load(write_file("map.conf", "rows = ", 0600), take_complaint, &complaints));
    ck_assert_ptr_null(map_load(write_file("map.conf", "", 0600), take_complaint, &complaints));
    ck_assert_ptr_null(map_load(write_file("map.conf", EVENT_MAP "key_file = \"key\";", 0600), take_complaint, &complaints));
    ck_assert_uint_ge(complaints.count, 5);
}
END_TEST

START_TEST(examples_can_be_read) {
    static const char *const names[] = {"one-row-per-wait", "one-row-per-event"};

    for (size_t i = 0; i < 2; i++) {
        struct complaints complaints = {0};
        char path[512];

        snprintf(path, sizeof path, "%s/%s.conf", EXAMPLES, names[i]);
        struct import_map *map = map_load(path, take_complaint, &complaints);

        ck_assert_msg(map != NULL, "%s", complaints.text);
        ck_assert_int_eq(map->one_per_event, i == 1);
        map_destroy(&map);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("import_map");
    TCase *tests = tcase_create("import_map");

    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, dates_that_are_read);
    tcase_add_test(tests, a_time_that_never_was);
    tcase_add_test(tests, dates_that_are_not_read);
    tcase_add_test(tests, two_patterns);
    tcase_add_test(tests, patterns_that_are_none);
    tcase_add_test(tests, keys);
    tcase_add_test(tests, pseudonyms);
    tcase_add_test(tests, identities);
    tcase_add_test(tests, events_of_a_wait);
    tcase_add_test(tests, the_same_row_gives_the_same_bytes);
    tcase_add_test(tests, rows_that_are_not_taken);
    tcase_add_test(tests, values_that_mean_nothing);
    tcase_add_test(tests, checks_of_rows);
    tcase_add_test(tests, one_event_a_row);
    tcase_add_test(tests, errors_of_a_map);
    tcase_add_test(tests, maps_that_cannot_be_read);
    tcase_add_test(tests, examples_can_be_read);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
