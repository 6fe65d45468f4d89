/* Client Level Data: spellings of both releases, dates, people, the lines that are not taken, which waits and events come of a file. */
#include "client/import/cld_waits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Spellings */

START_TEST(labels_in_all_their_spellings) {
    const struct {
        const char *label;
        enum cld_outcome outcome;
    } outcomes[] = {{"Progress to Reablement/ST-Max", CLD_REABLEMENT},
                    {"progress_to_reablement/ST-Max", CLD_REABLEMENT},
                    {"Progress to Re-assessment / Unplanned Review", CLD_TO_ASSESSMENT},
                    {"Progress to assessment, review or reassessment", CLD_TO_ASSESSMENT},
                    {"Progress to End of Life Care", CLD_RELEASE_1_ONLY},
                    {"Progress to Support Planning / Services", CLD_TO_SUPPORT},
                    {"Progress to support planning or services", CLD_TO_SUPPORT},
                    {"No change in package", CLD_CONTINUATION},
                    {"ADMITTED TO HOSPITAL", CLD_HOSPITAL},
                    {"NFA - Moved to another LA", CLD_MOVED},
                    {"NFA - 100% NHS-funded care", CLD_NHS_FUNDED},
                    {"NFA - 100% NHS funded care", CLD_NHS_FUNDED},
                    {"NFA - Self-funded client (inc. 12wk disregard)", CLD_SELF_FUNDED},
                    {"NFA - Self-funded client (Inc. 12wk disregard)", CLD_SELF_FUNDED},
                    {"NFA - Information & Advice / Signposting only", CLD_ADVICE},
                    {"NFA: Information and advice or signposting", CLD_ADVICE},
                    {"NFA: Referral to other service within the local authority", CLD_OTHER_COUNCIL_SERVICE},
                    {"NFA - Deceased", CLD_DECEASED},
                    {"Service ended as planned", CLD_ENDED_AS_PLANNED},
                    {"NFA - Support ended \xE2\x80\x93 other reason", CLD_ENDED_OTHER},
                    {"NFA: No services offered for other reason", CLD_NOTHING_OFFERED},
                    {"NFA- Other", CLD_NFA_OTHER},
                    {"NFA:  Other ", CLD_NFA_OTHER},
                    {"Something else", CLD_OUTCOME_UNKNOWN},
                    {"NULL", CLD_OUTCOME_MISSING},
                    {" ", CLD_OUTCOME_MISSING}};

    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        ck_assert_msg(cld_outcome_of(text_of(outcomes[i].label)) == outcomes[i].outcome, "%s", outcomes[i].label);
    }
    ck_assert_int_eq(cld_kind_of(text_of("Request (contact)")), CLD_REQUEST);
    ck_assert_int_eq(cld_kind_of(text_of("Referral to team")), CLD_REQUEST);
    ck_assert_int_eq(cld_kind_of(text_of("REVIEW")), CLD_REVIEW);
    ck_assert_int_eq(cld_kind_of(text_of("Contact")), CLD_KIND_UNKNOWN);
    ck_assert_int_eq(cld_client_of(text_of("Unpaid carer known by association")), CLD_CARER_KNOWN);
    ck_assert_int_eq(cld_client_of(text_of("Carer")), CLD_CARER);
    ck_assert_int_eq(cld_assessment_of(text_of("Long Term Assessment")), CLD_LONG_TERM);
    ck_assert_int_eq(cld_service_of(text_of("Long Term Support: Nursing Care")), CLD_NURSING);
    ck_assert_int_eq(cld_service_of(text_of("Short term support: ST-Max")), CLD_ST_MAX);
    ck_assert_int_eq(cld_service_of(text_of("Carer Support: Direct to Carer")), CLD_CARER_SERVICE);
    ck_assert_str_eq(cld_route_code(cld_route_of(text_of("Community / Other route"))), "community");
    ck_assert_str_eq(cld_support_reason_code(cld_support_reason_of(text_of("Support with Memory & Cognition"))), "memory_and_cognition");
    ck_assert_uint_eq(cld_route_of(text_of("By the back door")), 0);
    ck_assert_int_eq(cld_column_of(text_of("Request_Route_of_Access")), CLD_ROUTE);
    ck_assert_int_eq(cld_column_of(text_of("request: route of ACCESS")), CLD_ROUTE);
    ck_assert_int_eq(cld_column_of(text_of("Postcode")), -1);
}
END_TEST

/* Every outcome with which a request is closed has a reason of the rules, and no other has. */
START_TEST(reasons_of_closing) {
    for (int outcome = 0; outcome < CLD_OUTCOME_COUNT; outcome++) {
        bool closes = outcome == CLD_HOSPITAL || cld_is_nfa((enum cld_outcome)outcome);

        ck_assert_int_eq(cld_close_reason((enum cld_outcome)outcome) != NULL, closes);
    }
    ck_assert_str_eq(cld_close_reason(CLD_DECEASED), "died");
    ck_assert_str_eq(cld_close_reason(CLD_OTHER_COUNCIL_SERVICE), "other");
}
END_TEST

START_TEST(dates_strictly) {
    const struct {
        const char *text;
        enum cld_date result;
        const char *iso;
    } dates[] = {{"06/01/2025", CLD_DATE_OK, "2025-01-06"},
                 {"2025-01-06", CLD_DATE_OK, "2025-01-06"},
                 {" 29/02/2024 ", CLD_DATE_OK, "2024-02-29"},
                 {"2025-01-06 00:00:00.000", CLD_DATE_OK, "2025-01-06"},
                 {"2025-01-06T23:59", CLD_DATE_OK, "2025-01-06"},
                 {"06/01/2025 00:00", CLD_DATE_OK, "2025-01-06"},
                 {"29/02/2025", CLD_DATE_BAD, ""},
                 {"01/25/2025", CLD_DATE_MONTH_FIRST, ""},
                 {"12/31/2024", CLD_DATE_MONTH_FIRST, ""},
                 {"2025-13-01", CLD_DATE_MONTH_FIRST, ""},
                 {"6/1/2025", CLD_DATE_BAD, ""},
                 {"06-01-2025", CLD_DATE_BAD, ""},
                 {"06/01/25", CLD_DATE_BAD, ""},
                 {"2025-01-06 24:00", CLD_DATE_BAD, ""},
                 {"2025-01-06 10:00:00.", CLD_DATE_BAD, ""},
                 {"2025-01-06x", CLD_DATE_BAD, ""},
                 {"01/01/0202", CLD_DATE_BAD, ""},
                 {"NULL", CLD_DATE_MISSING, ""},
                 {"", CLD_DATE_MISSING, ""}};

    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        day_t day = DAY_NONE;
        char written[DATE_SIZE] = "";

        ck_assert_msg(cld_date_parse(text_of(dates[i].text), &day) == dates[i].result, "'%s'", dates[i].text);
        if (dates[i].result == CLD_DATE_OK) {
            date_format(day, written);
        }
        ck_assert_str_eq(written, dates[i].iso);
    }
}
END_TEST

START_TEST(nhs_numbers) {
    const struct {
        const char *text, *digits;
    } good[] = {{"9434765919", "9434765919"}, {"943 476 5919", "9434765919"}, {"943-476-5919", "9434765919"}};
    const char *const bad[] = {"9434765918", "943476591", "94347659190", "0000000000", "9999999999", "943476591X", "", "NULL"};
    char digits[11];

    for (size_t i = 0; i < 3; i++) {
        ck_assert(cld_nhs_number(text_of(good[i].text), digits));
        ck_assert_str_eq(digits, good[i].digits);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!cld_nhs_number(text_of(bad[i]), digits), "%s", bad[i]);
    }
}
END_TEST

/* Age counts from the first of the month of birth, in years of 365.25 days. */
START_TEST(age_bands) {
    day_t born = day_from_civil(1960, 4, 20);

    ck_assert_int_eq(cld_band_at(born, day_from_civil(2025, 3, 31)), CLD_25_TO_64);
    ck_assert_int_eq(cld_band_at(born, day_from_civil(2025, 4, 1)), CLD_25_TO_64); /* 64.998 by such years */
    ck_assert_int_eq(cld_band_at(born, day_from_civil(2025, 4, 2)), CLD_65_AND_ABOVE);
    ck_assert_int_eq(cld_band_at(born, day_from_civil(1984, 4, 20)), CLD_18_TO_24);
    ck_assert_int_eq(cld_band_at(born, day_from_civil(1970, 1, 1)), CLD_UNDER_18);
    ck_assert_int_eq(cld_band_at(born, day_from_civil(1960, 4, 19)), CLD_AGE_UNKNOWN);
    ck_assert_int_eq(cld_band_at(DAY_NONE, day_from_civil(2025, 4, 2)), CLD_AGE_UNKNOWN);
}
END_TEST

/* ---- Files */

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEADER                                                                                                                             \
    "LA Code,NHS Number,LA Person Unique Identifier,First Name,Date of Birth,Date of Death,Client Type,Postcode,Event Type,"               \
    "Event Start Date,Event End Date,Event Description,Event Outcome,Request: Route of Access,Assessment Type,Team\n"
#define MAP                                                                                                                                \
    "person_key_file = \"key\";\n"                                                                                                         \
    "classification = (\n"                                                                                                                 \
    "  { pathway = \"ot_assessment\"; column = \"Event_Description\"; contains = [ \"Occupational therap\" ]; words = [ \"OT\" ]; },\n"    \
    "  { pathway = \"needs_assessment\"; column = \"Assessment Type\"; equals = [ \"long-term assessment\" ]; } );\n"                      \
    "closed_requests = \"needs_assessment\";\n"                                                                                            \
    "team = { column = \"team\"; default = \"imported\"; values = ( (\"Adults: North\", \"north\") ); };\n"                                \
    "dimensions = { route_of_access = \"route\"; };\n"

static char folder[] = "/tmp/waitlist-cld-XXXXXX";
static struct cld_map *map;
static struct cld_store *store;
static char message[CLD_MESSAGE_BYTES];

/* What came of the last file. */
static struct cld_wait waits[16]; /* their records are those beside them */
static struct cld_record requests[16], assessments[16];
static size_t wait_count;
static struct cld_event events[16][CLD_WAIT_EVENTS_MAX];
static size_t event_counts[16];

static const char *path_of(const char *name) {
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(path_of(name), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void setup(void) {
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_file("key", KEY "\n");
    ck_assert_int_eq(chmod(path_of("key"), 0600), 0);
    write_file("map", MAP);
    map = cld_map_read(path_of("map"), message);
    ck_assert_msg(map != NULL, "%s", message);
    store = cld_store_create(CLD_FOR_WAITS, map);
    wait_count = 0;
}

static void teardown(void) {
    static const char *const names[] = {"key", "map", "file"};

    cld_store_destroy(&store);
    cld_map_destroy(&map);
    for (size_t i = 0; i < 3; i++) {
        unlink(path_of(names[i]));
    }
    rmdir(folder);
}

static bool take_wait(void *context, const struct cld_wait *wait) {
    (void)context;
    ck_assert_uint_lt(wait_count, 16);
    waits[wait_count] = *wait;
    requests[wait_count] = *wait->request;
    waits[wait_count].request = &requests[wait_count];
    if (wait->assessment != NULL) {
        assessments[wait_count] = *wait->assessment;
        waits[wait_count].assessment = &assessments[wait_count];
    }
    event_counts[wait_count] = wait->pathway[0] != '\0' ? cld_wait_events(store, map, wait, events[wait_count]) : 0;
    wait_count++;
    return true;
}

static enum cld_read read_text(const char *text) {
    write_file("file", text);
    return cld_read_file(store, path_of("file"), -1, NULL, NULL, message);
}

static void import(const char *rows) {
    char text[8192];

    snprintf(text, sizeof text, "%s%s", HEADER, rows);
    ck_assert_msg(read_text(text) == CLD_READ_DONE, "%s", message);
    ck_assert(cld_store_settle(store));
    cld_waits_each(store, map, take_wait, NULL);
    ck_assert(!cld_store_failed(store));
}

/* The lines not taken; NULL behind the last. */
static const struct cld_skipped *skipped_at(size_t at) {
    const struct cld_skipped *line;

    cld_store_begin_skipped(store);
    while ((line = cld_store_next_skipped(store)) != NULL && at-- > 0) {
    }
    return line;
}

static void expect_skipped(size_t at, uint32_t line, uint32_t column, enum cld_reason reason) {
    const struct cld_skipped *skipped = skipped_at(at);

    ck_assert_msg(skipped != NULL, "no %zu lines not taken", at + 1);
    ck_assert_msg(skipped->line == line && skipped->column == column && skipped->reason == reason, "%zu: line %u, column %u, %s", at,
                  skipped->line, skipped->column, cld_reason_code((enum cld_reason)skipped->reason));
}

static bool event_has(size_t wait, size_t event, const char *text) {
    return strstr(events[wait][event].bytes, text) != NULL;
}

START_TEST(a_wait_with_all_its_events) {
    import("503,943 476 5919,L1,Zebedee,01/06/1944,NULL,Service User,ZZ99 3VZ,Request,06/01/2025,08/01/2025,asked about a hoist,"
           "Progress to Assessment,Community / Other route,,Adults - North\n"
           "503,9434765919,L1,Zebedee,1944-06-01,,Service user,ZZ99 3VZ,Assessment,2025-02-03,2025-02-10 00:00:00,visit (OT),"
           "Progress to support planning or services,,Short Term Assessment,\n");
    ck_assert_uint_eq(wait_count, 1);
    ck_assert_str_eq(waits[0].pathway, "ot_assessment");
    ck_assert_uint_eq(event_counts[0], 3);
    ck_assert(event_has(0, 0, "\"type\":\"asc.referral.received\""));
    ck_assert(event_has(0, 0, "\"time\":\"2025-01-06T00:00:00Z\""));
    ck_assert(event_has(0, 0, "\"pathway\":\"ot_assessment\",\"team\":\"north\""));
    ck_assert(event_has(0, 0, "\"client_group\":\"older_people\""));
    ck_assert(event_has(0, 0, "\"dimensions\":{\"origin\":\"client_level_data\",\"route\":\"community\"}"));
    ck_assert(event_has(0, 1, "\"type\":\"asc.assessment.started\""));
    ck_assert(event_has(0, 1, "\"time\":\"2025-02-03T00:00:00Z\""));
    ck_assert(event_has(0, 2, "\"type\":\"asc.assessment.completed\""));
    ck_assert(event_has(0, 2, "\"time\":\"2025-02-10T00:00:00Z\""));
    ck_assert(event_has(0, 2, "\"data\":{\"outcome\":\"progress_to_support\"}"));
    ck_assert_uint_eq(events[0][0].line, 2);
    ck_assert_uint_eq(events[0][2].line, 3);
}
END_TEST

/* Nothing that identifies the person, nor free text, is in an event; not even the number inside the identity. */
START_TEST(nothing_personal_leaves) {
    static const char *const personal[] = {"Zebedee", "ZZ99", "9434765919", "943 476", "1944", "L1-secret", "hoist", "Adults"};

    import("503,9434765919,L1-secret,Zebedee,01/06/1944,,Service User,ZZ99 3VZ,Request,06/01/2025,08/01/2025,hoist,"
           "NFA - Deceased,,,Adults - North\n");
    ck_assert_uint_eq(event_counts[0], 2);
    for (size_t e = 0; e < 2; e++) {
        for (size_t i = 0; i < sizeof personal / sizeof personal[0]; i++) {
            ck_assert_msg(!event_has(0, e, personal[i]), "%s in %s", personal[i], events[0][e].bytes);
        }
    }
    ck_assert(event_has(0, 1, "\"data\":{\"reason\":\"died\"}"));
}
END_TEST

/* Another run gives the same ids, and so will a later release: or everything would be imported twice. */
START_TEST(identities_do_not_change) {
    import("503,9434765919,L1,Zebedee,01/06/1944,,Service User,ZZ99 3VZ,Request,06/01/2025,08/01/2025,,NFA - Deceased,"
           "Community / Other route,,\n");
    ck_assert_msg(event_has(0, 0, "\"subject\":\"cld:5136034b3e96c633e88be4d5cb67c3f9\""), "%s", events[0][0].bytes);
    ck_assert_msg(event_has(0, 0, "\"person\":\"772bf4b0422ebc3f48a5ef4e6906d85e\""), "%s", events[0][0].bytes);
}
END_TEST

START_TEST(who_is_the_same_person) {
    import("503,9434765919,L1,,,,Service User,,Request,06/01/2025,06/01/2025,,Progress to Assessment,,,\n"
           "503,943 476 5919,L2,,,,Service User,,Assessment,07/01/2025,07/01/2025,,,,Long Term Assessment,\n" /* the NHS number leads */
           "503,9434765918,L3,,,,Service User,,Request,06/01/2025,06/01/2025,,Progress to Assessment,,,\n"    /* a wrong one does not */
           "503,NULL, L3 ,,,,Service User,,Assessment,08/01/2025,08/01/2025,,,,Long Term Assessment,\n"
           "504,9434765919,L1,,,,Service User,,Assessment,09/01/2025,09/01/2025,,,,Long Term Assessment,\n");
    ck_assert_uint_eq(wait_count, 2);
    ck_assert_uint_eq(cld_store_person_count(store), 3);
    expect_skipped(0, 6, 0, CLD_NO_REQUEST);
}
END_TEST

/* The earlier request keeps the clock; what was closed stands apart; roles do not mix; an unanswered request is no wait. */
START_TEST(pairing) {
    import("503,,A,,,,Service User,,Request,06/01/2025,06/01/2025,,Progress to Assessment,,,\n"
           "503,,A,,,,Service User,,Request,13/01/2025,13/01/2025,,NFA - Support declined,,,\n"
           "503,,A,,,,Service User,,Request,20/01/2025,20/01/2025,,Progress to Assessment,,,\n"
           "503,,A,,,,Carer,,Assessment,21/01/2025,21/01/2025,,,,Long Term Assessment,\n"
           "503,,A,,,,Service User,,Assessment,10/02/2025,12/02/2025,,,,Long Term Assessment,\n"
           "503,,A,,,,Service User,,Request,10/03/2025,10/03/2025,,Progress to Assessment,,,\n");
    ck_assert_uint_eq(wait_count, 2);
    ck_assert_int_eq(waits[1].request->line, 2);
    ck_assert_int_eq(waits[1].assessment->line, 6);
    ck_assert_ptr_null(waits[0].assessment);
    ck_assert(!waits[0].classified);
    ck_assert_str_eq(waits[0].pathway, "needs_assessment");
    expect_skipped(0, 4, 0, CLD_REPEATED_REQUEST);
    expect_skipped(1, 5, 0, CLD_NO_REQUEST);
    expect_skipped(2, 7, 0, CLD_UNMATCHED_REQUEST);
}
END_TEST

START_TEST(assessments_too_late) {
    map->link_within_days = 30;
    import("503,,A,,,,Service User,,Request,06/01/2025,06/01/2025,,Progress to Assessment,,,\n"
           "503,,A,,,,Service User,,Assessment,06/02/2025,06/02/2025,,,,Long Term Assessment,\n"
           "503,,B,,,,Service User,,Request,06/01/2025,06/01/2025,,Progress to Assessment,,,\n"
           "503,,B,,,,Service User,,Assessment,05/02/2025,05/02/2025,,,,Long Term Assessment,\n");
    ck_assert_uint_eq(wait_count, 1);
    expect_skipped(0, 2, 0, CLD_UNMATCHED_REQUEST);
    expect_skipped(1, 3, 0, CLD_NO_REQUEST);
}
END_TEST

/* No rule fits, and the map has no pathway for that: counted, listed, not sent. */
START_TEST(what_cannot_be_classified) {
    import("503,,A,,,,Service User,,Request,06/01/2025,06/01/2025,,Progress to Assessment,,,\n"
           "503,,A,,,,Service User,,Assessment,07/01/2025,07/01/2025,not another,,,Short Term Assessment,\n"
           "503,,B,,,,Service User,,Request,06/01/2025,06/01/2025,Occupational-Therapy please,Progress to Assessment,,,\n"
           "503,,B,,,,Service User,,Assessment,07/01/2025,07/01/2025,,,,Short Term Assessment,\n");
    ck_assert_uint_eq(wait_count, 2);
    ck_assert_str_eq(waits[0].pathway, "");
    ck_assert_uint_eq(event_counts[0], 0);
    ck_assert_str_eq(waits[1].pathway, "ot_assessment"); /* by the request, as the assessment's row says nothing */
    expect_skipped(0, 2, 0, CLD_NOT_CLASSIFIED);
    expect_skipped(1, 3, 0, CLD_NOT_CLASSIFIED);
}
END_TEST

START_TEST(lines_at_fault) {
    import("503,,A,,,,Dog,,Request,06/01/2025,06/01/2025,,NFA- Other,,,\n"
           "503,,A,,,,Carer known by association,,,,,,,,,\n"
           "503,,A,,,,Carer,,Phone call,06/01/2025,06/01/2025,,NFA- Other,,,\n"
           "503,,A,,,,Carer,,Request,31/02/2025,06/01/2025,,NFA- Other,,,\n"
           "503,,A,,,,Carer,,Request,NULL,06/01/2025,,NFA- Other,,,\n"
           "503,,A,,,,Carer,,Request,06/01/2025,,,NFA- Other,,,\n"
           "503,,A,,,,Carer,,Request,06/01/2025,05/01/2025,,NFA- Other,,,\n"
           "503,,A,,,05/01/2025,Carer,,Request,06/01/2025,06/01/2025,,NFA- Other,,,\n"
           "503,,NULL,,,,Carer,,Request,06/01/2025,06/01/2025,,NFA- Other,,,\n"
           "Preston City,,A,,,,Carer,,Request,06/01/2025,06/01/2025,,NFA- Other,,,\n"
           "503,,A,,,,Carer,,Request,06/01/2025,06/01/2025,,NULL,,,\n"
           "503,,A,,,,Carer,,Request,07/01/2025,07/01/2025,,Rang back,,,\n"
           "503,,A,,,,Carer,,Assessment,06/01/2025,06/01/2025,,,,Medium,\n"
           "503,,A,,,,Carer,,Assessment,06/01/2025,06/01/2025,,,,Financial Assessment,\n"
           "503,,A,,,,Carer,,Service,06/01/2025,,,,,,\n"
           "503,,A,,,,Carer,,Review,06/01/2025,06/01/2025,,,,,\n"
           "503,,A,\n"
           "503,,A,\"never closed,\n");
    ck_assert_uint_eq(wait_count, 0);
    expect_skipped(0, 2, 11, CLD_BAD_CLIENT_TYPE);
    expect_skipped(1, 3, 0, CLD_NO_EVENT);
    expect_skipped(2, 4, 18, CLD_BAD_EVENT_TYPE);
    expect_skipped(3, 5, 26, CLD_BAD_DATE);
    expect_skipped(4, 6, 26, CLD_NO_START);
    expect_skipped(5, 7, 37, CLD_NO_END);
    expect_skipped(6, 8, 37, CLD_END_BEFORE_START);
    expect_skipped(7, 9, 47, CLD_AFTER_DEATH);
    expect_skipped(8, 10, 6, CLD_NO_PERSON);
    expect_skipped(9, 11, 1, CLD_NO_LA_CODE);
    expect_skipped(10, 12, 0, CLD_NO_OUTCOME);
    expect_skipped(11, 13, 0, CLD_BAD_OUTCOME);
    expect_skipped(12, 14, 54, CLD_BAD_ASSESSMENT_TYPE);
    expect_skipped(13, 15, 0, CLD_IS_FINANCIAL);
    expect_skipped(14, 16, 0, CLD_IS_SERVICE);
    expect_skipped(15, 17, 0, CLD_IS_REVIEW);
    expect_skipped(16, 18, 0, CLD_CELL_COUNT);
    expect_skipped(17, 19, 8, CLD_NOT_CSV);
    ck_assert_ptr_nonnull(strstr(cld_store_csv_fault(store, skipped_at(17)), "quotation mark"));
    ck_assert_str_eq(cld_store_csv_fault(store, skipped_at(16)), "");
    ck_assert_ptr_null(skipped_at(18));
}
END_TEST

/* The end is the day of death where that came first. */
START_TEST(deaths) {
    import("503,,A,,,08/01/2025,Service User,,Request,06/01/2025,20/01/2025,,NFA - Deceased,,,\n");
    ck_assert_int_eq(waits[0].request->end, day_from_civil(2025, 1, 8));
}
END_TEST

/* Of equal keys the best outcome stays, then the last line; whatever the order of the lines. */
START_TEST(the_same_event_twice) {
    import("503,,A,,,,Service User,,Request,06/01/2025,06/01/2025,,NFA- Other,,,\n"
           "503,,A,,,,Service User,,Request,06/01/2025,06/01/2025,,Progress to Assessment,,,\n"
           "503,,A,,,,Service User,,Assessment,06/01/2025,07/01/2025,,,,Long Term Assessment,\n"
           "503,,A,,,,Service User,,Assessment,06/01/2025,07/01/2025,,,,Long Term Assessment,\n");
    ck_assert_uint_eq(wait_count, 1);
    ck_assert_int_eq(waits[0].request->line, 3);
    ck_assert_int_eq(waits[0].assessment->line, 5);
    expect_skipped(0, 2, 0, CLD_SAME_EVENT);
    expect_skipped(1, 4, 0, CLD_SAME_EVENT);
}
END_TEST

/* One such date condemns the file: 01/02/2025 could be either. */
START_TEST(dates_with_the_month_first) {
    ck_assert_int_eq(read_text(HEADER "503,,A,,,,Service User,,Request,01/02/2025,01/02/2025,,NFA- Other,,,\n"
                                      "503,,B,,,,Service User,,Request,01/25/2025,01/26/2025,,NFA- Other,,,\n"),
                     CLD_READ_FAILED);
    ck_assert_ptr_nonnull(strstr(message, "line 3"));
    ck_assert_ptr_nonnull(strstr(message, "month first"));
    ck_assert_ptr_null(strstr(message, "25/2025"));
}
END_TEST

START_TEST(headers) {
    ck_assert_int_eq(read_text("LA_Code,LA_Person_Unique_Identifier,Client_Type,Event_Type\n"), CLD_READ_FAILED);
    ck_assert_ptr_nonnull(strstr(message, "\"Event Start Date\", \"Event End Date\", \"Event Outcome\", \"Assessment Type\""));
    ck_assert_int_eq(read_text("LA Code,LA_Code\n"), CLD_READ_FAILED);
    ck_assert_ptr_nonnull(strstr(message, "twice"));
    ck_assert_int_eq(read_text(""), CLD_READ_FAILED);
    ck_assert_int_eq(cld_read_file(store, "/nonexistent/file", -1, NULL, NULL, message), CLD_READ_FAILED);
    /* Underscores, a byte order mark, CR LF. */
    ck_assert_int_eq(read_text("\xEF\xBB\xBFLA_Code,LA_Person_Unique_Identifier,Client_Type,Event_Type,Event_Start_Date,Event_End_Date,"
                               "Event_Outcome,Assessment_Type\r\n503,A,Carer,Request,06/01/2025,06/01/2025,NFA- Other,\r\n"),
                     CLD_READ_DONE);
    ck_assert_uint_eq(cld_store_count(store), 1);
}
END_TEST

START_TEST(files_of_another_encoding) {
    ck_assert_int_eq(read_text(HEADER "503,,A,Zo\xEB,,,Carer,,Request,06/01/2025,06/01/2025,,NFA \x96 Other,,,\n"), CLD_READ_DONE);
    ck_assert_uint_eq(cld_store_skip_count(store, CLD_NOT_CSV), 1);
    cld_store_encoding(store, CSV_WINDOWS_1252);
    ck_assert_int_eq(read_text(HEADER "503,,A,Zo\xEB,,,Carer,,Request,06/01/2025,06/01/2025,,NFA \x96 Other,,,\n"), CLD_READ_DONE);
    ck_assert_uint_eq(cld_store_count(store), 1);
    ck_assert(cld_store_settle(store));
    ck_assert_int_eq(cld_store_next(store)->outcome, CLD_NFA_OTHER);
}
END_TEST

/* More than memory is used for: the same as if all were in it, and nothing stays in the folder of temporary files. */
START_TEST(many_rows) {
    enum { PEOPLE = 100000 };
    FILE *file = fopen(path_of("file"), "w");

    fputs(HEADER, file);
    for (int i = 0; i < PEOPLE; i++) {
        int person = (int)((int64_t)i * 77777 % PEOPLE);

        fprintf(file, "503,,P%d,,,,Service User,,Request,06/01/2025,06/01/2025,,NFA- Other,,,\n", person);
        fprintf(file, "503,,P%d,,,,Service User,,Request,06/01/2025,06/01/2025,,Rang back,,,\n", person);
    }
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
    ck_assert_msg(cld_read_file(store, path_of("file"), -1, NULL, NULL, message) == CLD_READ_DONE, "%s", message);
    ck_assert(cld_store_settle(store));
    struct cld_record before = {0};
    size_t count = 0;
    size_t wrong = 0; /* asserted once: an assertion a record takes longer than the sorting */

    for (const struct cld_record *record; (record = cld_store_next(store)) != NULL; before = *record, count++) {
        wrong += memcmp(record->person, before.person, sizeof before.person) <= 0 || record->outcome != CLD_NFA_OTHER;
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq(count, PEOPLE);
    ck_assert_uint_eq(cld_store_person_count(store), PEOPLE);
    ck_assert_uint_eq(cld_store_skip_count(store, CLD_SAME_EVENT), PEOPLE);
    uint32_t expected = 3;

    cld_store_begin_skipped(store);
    for (const struct cld_skipped *line; (line = cld_store_next_skipped(store)) != NULL; expected += 2) {
        wrong += line->line != expected || line->reason != CLD_SAME_EVENT;
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq(expected, 3 + 2 * PEOPLE);
}
END_TEST

/* Nothing can be put there: said while reading, before anything is made of the rows. */
START_TEST(no_room_for_temporary_files) {
    FILE *file = fopen(path_of("file"), "w");

    fputs(HEADER, file);
    for (int i = 0; i < 100000; i++) {
        fprintf(file, "503,,P%d,,,,Service User,,Request,06/01/2025,06/01/2025,,NFA- Other,,,\n", i);
    }
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(setenv("TMPDIR", "/nonexistent/folder", 1), 0);
    ck_assert_int_eq(cld_read_file(store, path_of("file"), -1, NULL, NULL, message), CLD_READ_FAILED);
    ck_assert_ptr_nonnull(strstr(message, "temporary file in /nonexistent/folder: No such file"));
    ck_assert_ptr_nonnull(strstr(message, "TMPDIR="));
    ck_assert(cld_store_failed(store));
}
END_TEST

/* As many authorities as there can be, and one more. */
START_TEST(too_many_authorities) {
    FILE *file = fopen(path_of("file"), "w");

    fputs(HEADER, file);
    for (int i = 0; i <= CLD_LA_CODES_MAX; i++) {
        fprintf(file, "E%d,,A,,,,Service User,,Request,06/01/2025,06/01/2025,,NFA- Other,,,\n", i);
    }
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(cld_read_file(store, path_of("file"), -1, NULL, NULL, message), CLD_READ_DONE);
    ck_assert_uint_eq(cld_store_count(store), CLD_LA_CODES_MAX);
    expect_skipped(0, CLD_LA_CODES_MAX + 2, 1, CLD_NO_LA_CODE);
    ck_assert_ptr_null(skipped_at(1));
}
END_TEST

/* ---- Maps */

START_TEST(maps_that_cannot_be_used) {
    const struct {
        const char *text, *complaint;
    } bad[] = {
        {"source = \"urn:x\";", "person_key_file is wanted"},
        {"person_key_file = \"missing\";", "map:1: the key file: No such file"},
        {"person_key_file = \"key\";\nsurprise = 1;", "map:2: there is no such option"},
        {"person_key_file = \"key\";\nteam = { column = \"Last_Name\"; };", "identifies people"},
        {"person_key_file = \"key\";\ndistrict = { column = \"post code\"; defalt = \"\"; };", "there is no such option"},
        {"person_key_file = \"key\";\nclassification = ( { pathway = \"a b\"; column = \"X\"; equals = [\"y\"]; } );", "a name of 1 to"},
        {"person_key_file = \"key\";\nclassification = ( { pathway = \"a\"; column = \"X\"; } );", "a rule has a pathway"},
        {"person_key_file = \"key\";\nclassification = ( { pathway = \"a\"; column = \"X\"; words = [\"-\"]; } );", "a list of texts"},
        {"person_key_file = \"key\";\nunclassified = 7;", "double quotes"},
        {"person_key_file = \"key\";\nencoding = \"latin\";", "encoding is"},
        {"person_key_file = \"key\";\nsource = \"a b\";", "without blanks"},
        {"person_key_file = \"key\";\nlink_within_days = -1;", "0 to 3650"},
        {"person_key_file = \"key\";\nteam = { values = ( (\"a\") ); };", "a pair"},
        {"person_key_file = \"key\";\nteam = { default = \"\"; };", "cannot be empty"},
        {"person_key_file = ", "map:1: syntax error"}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_file("map", bad[i].text);
        struct cld_map *read = cld_map_read(path_of("map"), message);

        ck_assert_msg(read == NULL && strstr(message, bad[i].complaint) != NULL, "%zu: %s", i, message);
    }
    ck_assert_int_eq(chmod(path_of("key"), 0644), 0);
    write_file("map", "person_key_file = \"key\";");
    ck_assert_ptr_null(cld_map_read(path_of("map"), message));
    ck_assert_ptr_nonnull(strstr(message, "chmod 600"));
}
END_TEST

START_TEST(names_from_cells) {
    char name[65];

    cld_map_name(&map->team, text_of("ADULTS - north"), name);
    ck_assert_str_eq(name, "north");
    cld_map_name(&map->team, text_of("Hospital & Discharge (East)"), name);
    ck_assert_str_eq(name, "hospital_and_discharge_east");
    cld_map_name(&map->team, text_of("NULL"), name);
    ck_assert_str_eq(name, "");
    cld_map_name(&map->team, text_of("an exceedingly long name of a team that nobody would ever give to any team at all"), name);
    ck_assert_uint_le(strlen(name), 64);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cld");
    TCase *spellings = tcase_create("spellings");
    TCase *files = tcase_create("files");
    const TTest *const plain[] = {labels_in_all_their_spellings, reasons_of_closing, dates_strictly, nhs_numbers, age_bands};
    const TTest *const with_folder[] = {a_wait_with_all_its_events,
                                        nothing_personal_leaves,
                                        identities_do_not_change,
                                        who_is_the_same_person,
                                        pairing,
                                        assessments_too_late,
                                        what_cannot_be_classified,
                                        lines_at_fault,
                                        deaths,
                                        the_same_event_twice,
                                        dates_with_the_month_first,
                                        headers,
                                        files_of_another_encoding,
                                        many_rows,
                                        no_room_for_temporary_files,
                                        too_many_authorities,
                                        maps_that_cannot_be_used,
                                        names_from_cells};

    tcase_add_checked_fixture(files, setup, teardown);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        tcase_add_test(spellings, plain[i]);
    }
    for (size_t i = 0; i < sizeof with_folder / sizeof with_folder[0]; i++) {
        tcase_add_test(files, with_folder[i]);
    }
    suite_add_tcase(suite, spellings);
    suite_add_tcase(suite, files);
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
