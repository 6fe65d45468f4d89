/* Checks of the configuration: every error with its line, the defaults, the shipped file, printing and reloading. */
#include "tests/unit/config_fixture.h"

#include "daemon/config/keys.h"

#include <check.h>
#include <jansson.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_A "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

/* The printed text without its head line, which names the file. */
static char *print_body(const struct config *config) {
    char *whole = config_print(config);
    char *body = strdup(strchr(whole, '\n') + 1);
    free(whole);
    return body;
}

static void expect_same(const struct config *a, const struct config *b) {
    char *left = print_body(a), *right = print_body(b);
    ck_assert_str_eq(left, right);
    free(left);
    free(right);
    ck_assert(policy_equal(&a->policy, &b->policy));
    left = config_to_json(a);
    right = config_to_json(b);
    ck_assert_str_eq(left, right);
    free(left);
    free(right);
}

/* ---- errors ---- */

struct error_case {
    const char *text;
    int line;
    const char *message; /* part of it */
};

static const struct error_case error_cases[] = {
    /* unknown keys, at every depth */
    {"\ncouncill = { };", 2, "unknown key councill in the file"},
    {"council = {\n nmae = \"x\"; };", 2,
     "unknown key nmae in council: remove it or correct it; there may be name, timezone, calendar, epoch"},
    {"alerts = { breach = {\n levels = [1]; }; };", 2, "unknown key levels in alerts.breach"},
    {"pathways = ( { name = \"a\"; },\n { name = \"b\";\n standard = 5; } );", 3, "unknown key standard in pathways: "},
    {"pathways = ( { name = \"a\"; alerts = {\n contact = 1; }; } );", 2, "unknown key contact in pathways[].alerts"},
    {"sources = ( { name = \"a\";\n silence = 5; } );", 2, "unknown key silence in sources"},
    {"dimensions = ( { name = \"a\";\n label = \"A\"; } );", 2, "unknown key label in dimensions"},
    {"teams = ( { name = \"a\";\n\n distrct = \"A\"; } );", 3, "unknown key distrct in teams"},
    /* wrong types */
    {"council = 5;", 1, "council is 5, but it must be a group"},
    {"council = {\n name = 5; };", 2, "council.name is 5, but it must be a text in quotes, of 1 to 200 bytes: the name on reports"},
    {"council = { epoch = 1990; };", 1, "council.epoch is 1990, but it must be a date"},
    {"endpoints = { publish_interval_ms = \"250\"; };", 1, "is the text \"250\", but it must be a whole number from 10 to 10000"},
    {"endpoints = { publish_interval_ms = 2.5; };", 1, "is the number 2.5, but it must be a whole number"},
    {"endpoints = { publish_interval_ms = true; };", 1, "is true, but it must be a whole number"},
    {"endpoints = { ingest = \"ipc:///a\"; };", 1, "endpoints.ingest is the text \"ipc:///a\", but it must be a list"},
    {"endpoints = { ingest = [\n 5 ]; };", 2, "endpoints.ingest has 5, but each must be a text in quotes"},
    {"security = { allow_plain_loopback = 1; };", 1, "is 1, but it must be true or false"},
    {"security = { peers = (\n { name = \"a\"; public_key = \"short\"; roles = ( \"viewer\" ); } ); };", 2, "has 40 characters of Z85"},
    {"security = { peers = ( { name = \"a\"; public_key = \"" KEY_A "\"; roles = (); } ); };", 1, "roles has 0 elements"},
    {"security = { peers = ( { name = \"a\"; public_key = \"" KEY_A "\"; roles = ( \"boss\" ); } ); };", 1,
     "has the text \"boss\", but each must be \"producer\" or \"viewer\" or"},
    {"security = { peers = ( { name = \"a\"; public_key = \"" KEY_A "\"; } ); };", 1, "roles is missing"},
    {"security = { peers = ( { name = \"a\"; public_key = \"" KEY_A "\"; roles = ( \"viewer\" ); },\n"
     " { name = \"b\"; public_key = \"" KEY_A "\"; roles = ( \"admin\" ); } ); };",
     2, "has the key of \"b\" twice"},
    {"security = { peers = ( { name = \"local\"; public_key = \"" KEY_A "\"; roles = ( \"viewer\" ); } ); };", 1,
     "which is a name of security.local"},
    {"teams = ( { name = \"north\"; } );\n"
     "security = { peers = ( { name = \"a\"; public_key = \"" KEY_A "\"; roles = ( \"manager\" );\n teams = ( \"*\", \"south\" ); } ); };",
     3, "it is not among the teams"},
    {"security = { local = (\n { name = \"a\"; endpoint = \"ipc:///x/y.ipc\"; roles = ( \"viewer\" ); } ); };", 2,
     "it is none of the endpoints"},
    {"dashboard = { sign_in = \"open\"; };", 1, "it must be \"tokens\" or \"proxy\" or \"none\""},
    {"dashboard = { open_role = \"producer\"; };", 1, "it must be \"viewer\" or"},
    {"dashboard = { trusted_proxies = ( \"localhost\" ); };", 1, "an address is written 127.0.0.1 or ::1"},
    {"dashboard = { trusted_proxies = ( \"10.0.0.0/33\" ); };", 1, "a network 10.1.0.0/16"},
    {"dashboard = { trusted_proxies = ( \"::1/\" ); };", 1, "a network 10.1.0.0/16"},
    {"dashboard = { trusted_proxies = ( \"10.1.2.3/16\" ); };", 1, "set them to zero"},
    {"dashboard = { groups = ( { group = \"a\"; roles = ( \"viewer\" ); }, { group = \"a\"; roles = ( \"admin\" ); } ); };", 1,
     "has \"a\" twice"},
    {"dashboard = { groups = (\n { group = \"\"; roles = ( \"viewer\" ); } ); };", 2, "of 1 to 200 bytes"},
    {"security = { access_log = { retention_days = 30; }; };", 1, "is 30, but it must be a whole number from 31 to 36500"},
    {"pathways = { name = \"a\"; };", 1, "pathways is a group, but it must be a list"},
    {"pathways = ( \"a\" );", 1, "pathways: each element is a group"},
    {"districts = \"a\";", 1, "districts is the text \"a\", but it must be a list"},
    {"districts = (\n { name = \"a\"; } );", 2, "districts has a group, but each must be a name in quotes"},
    {"bands = 7;", 1, "bands is 7, but it must be 1 to 15 rising whole numbers"},
    {"pathways = ( { name = \"a\"; standard_by_priority = ( 1 ); } );", 1, "each element is a pair (priority, days)"},
    {"pathways = ( { name = \"a\"; standard_by_priority = (\n (1, 2, 3) ); } );", 2, "each element is a pair (priority, days)"},
    {"pathways = ( { name = \"a\"; alerts = 5; } );", 1, "pathways[].alerts is 5, but it must be a group"},
    {"alerts = { breach = true; };", 1, "alerts.breach is true, but it must be a group"},
    /* out of range */
    {"endpoints = { publish_interval_ms = 9; };", 1, "is 9, but it must be a whole number from 10 to 10000"},
    {"endpoints = { publish_interval_ms = 10001; };", 1, "is 10001, but"},
    {"endpoints = { max_future_skew_s = -1; };", 1, "is -1, but it must be a whole number from 0 to 86400"},
    {"endpoints = { requests_waiting = 0; };", 1, "is 0, but it must be a whole number from 1 to 4096"},
    {"endpoints = { publications_waiting = 99; };", 1, "is 99, but it must be a whole number from 100 to 1000000"},
    {"pathways = ( { name = \"a\"; standard_days = 0; } );", 1,
     "pathways[].standard_days is 0, but it must be a whole number from 1 to 3650: the standard"},
    {"pathways = ( { name = \"a\"; standard_days = 3651; } );", 1, "standard_days is 3651"},
    {"pathways = ( { name = \"a\"; standard_days = 28L; },\n { name = \"b\"; standard_days = 4294967324L; } );", 2,
     "standard_days is 4294967324"},
    {"pathways = ( { name = \"a\";\n standard_days = 4294967324; } );", 2, "the number 4294967324 is too large"},
    {"pathways = ( { name = \"a\";\n standard_days = 0x10000001C; } );", 2, "the number 0x10000001C is too large"},
    {"pathways = ( { name = \"a\"; standard_by_priority = ( (5, 2) ); } );", 1,
     "has 5, but each must be a whole number from 1 to 4: the priority"},
    {"pathways = ( { name = \"a\"; standard_by_priority = ( (0, 2) ); } );", 1, "has 0, but each must be a whole number from 1 to 4"},
    {"pathways = ( { name = \"a\"; standard_by_priority = ( (1, 0) ); } );", 1, "has 0, but each must be a whole number from 1 to 3650"},
    {"data_quality = { backdated_days = -1; };", 1, "data_quality.backdated_days is -1"},
    {"contact = { interval_days = 4000; };", 1, "contact.interval_days is 4000"},
    {"alerts = { approaching = { levels = [ 0 ]; }; };", 1,
     "alerts.approaching.levels has 0, but each must be a whole number from 1 to 3650"},
    {"alerts = { approaching = { levels = [ ]; }; };", 1, "alerts.approaching.levels has 0 elements, but it must be 1 to 8"},
    {"alerts = { escalation = { levels = [ 1, 2, 3, 4, 5, 6, 7, 8, 9 ]; }; };", 1, "has 9 elements"},
    {"bands = [ ];", 1, "bands has 0 elements"},
    {"bands = [ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 ];", 1, "bands has 16 elements"},
    {"pathways = ( );", 1, "pathways has 0 elements, but it must be a list ( { … }, { … } ) of 1 to 64 groups"},
    {"council = { name = \"\"; };", 1, "council.name is the text \"\", but it must be a text in quotes, of 1 to 200 bytes"},
    {"council = { epoch = \"1969-12-31\"; };", 1,
     "council.epoch is the text \"1969-12-31\", but it must be a date \"YYYY-MM-DD\" from 1970-01-01 to 2100-12-31"},
    {"council = { epoch = \"2101-01-01\"; };", 1, "council.epoch is"},
    {"council = { epoch = \"2025-02-29\"; };", 1, "council.epoch is"},
    {"endpoints = { ingest = [ ]; };", 1, "endpoints.ingest has 0 elements"},
    {"journal = { path = \"\"; };", 1, "journal.path is the text \"\""},
    {"sources = ( { name = \"a\"; silence_minutes = 600000; } );", 1, "sources[].silence_minutes is 600000"},
    /* choices */
    {"pathways = ( { name = \"a\"; unit = \"weeks\"; } );", 1,
     "is the text \"weeks\", but it must be \"calendar_days\" or \"working_days\""},
    {"pathways = ( { name = \"a\"; pauses = \"stop\"; } );", 1, "but it must be \"count\" or \"exclude\""},
    {"pathways = ( { name = \"a\"; clock_stops_on = \"end\"; } );", 1, "but it must be \"ended\" or \"started\""},
    {"pathways = ( { name = \"a\"; completes_on = \"asc.wait.closed\"; } );", 1, "but it must be \"asc.assessment.completed\" or"},
    {"alerts = { breach = { severity = \"bad\"; }; };", 1, "but it must be \"info\" or \"warning\" or \"high\" or \"critical\""},
    {"pathways = ( { name = \"a\"; alerts = { breach = {\n severity = 1; }; }; } );", 2, "pathways[].alerts.breach.severity is 1"},
    /* names */
    {"pathways = ( {\n name = \"needs assessment\"; } );", 2, "a name has only the characters A-Z a-z 0-9 _ -"},
    {"pathways = ( { name = \"\"; } );", 1, "a name has 1 to 64 characters"},
    {"pathways = ( { name = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; } );", 1,
     "a name has 1 to 64 characters"},
    {"districts = ( \"a\",\n \"caf\xc3\xa9\" );", 2, "a name has only the characters"},
    {"pathways = (\n { label = \"A\"; } );", 2, "pathways[].name is missing: add name = …"},
    {"sources = (\n { silence_minutes = 5; } );", 2, "sources[].name is missing"},
    /* duplicates */
    {"pathways = ( { name = \"a\"; },\n { name = \"a\"; } );", 2, "pathways has \"a\" twice"},
    {"teams = ( { name = \"a\"; },\n { name = \"b\"; },\n { name = \"a\"; } );", 3, "teams has \"a\" twice"},
    {"sources = ( { name = \"urn:a\"; },\n { name = \"urn:a\"; } );", 2, "sources has \"urn:a\" twice"},
    {"dimensions = ( { name = \"a\"; },\n { name = \"a\"; } );", 2, "dimensions has \"a\" twice"},
    {"dimensions = ( { name = \"a\"; values = ( \"1\",\n \"1\" ); } );", 2, "dimensions[].values has \"1\" twice"},
    {"districts = ( \"a\", \"b\",\n \"b\" );", 2, "districts has \"b\" twice"},
    {"client_groups = ( \"a\", \"a\" );", 1, "client_groups has \"a\" twice"},
    {"alerts = { approaching = { levels = [ 7,\n 7 ]; }; };", 2, "alerts.approaching.levels has 7 twice"},
    {"contact = { by_priority = ( (1, 2), (1, 3) ); };", 1, "contact.by_priority has priority 1 twice"},
    {"endpoints = { ingest = [ \"ipc:///a\" ];\n query = [ \"ipc:///a\" ]; };", 2,
     "endpoints.query has ipc:///a, which is an endpoint already"},
    {"endpoints = {\n ingest = [ \"ipc:///run/waitlistd/query.ipc\" ]; };", 1,
     "endpoints.query has ipc:///run/waitlistd/query.ipc, which is an endpoint already"},
    {"council = { name = \"a\";\n name = \"b\"; };", 2, "duplicate setting name"},
    /* order */
    {"bands = [ 7,\n 14,\n 14 ];", 3, "bands: 14 comes after 14, but the numbers must rise"},
    {"bands = [ 14,\n 7 ];", 2, "bands: 7 comes after 14, but the numbers must rise"},
    /* references */
    {"districts = ( \"burnley\" );\nteams = ( { name = \"a\";\n district = \"wyre\"; } );", 3, "it is not among the districts"},
    {"teams = ( { name = \"a\"; district = \"a b\"; } );", 1, "teams[].district is the text \"a b\": a name has only"},
    /* time zones, hours, texts */
    {"council = { timezone = \"Europe/Lancaster\"; };", 1, "the system has no such time zone"},
    {"council = { timezone = \"../../../etc/passwd\"; };", 1, "a time zone is an IANA name"},
    {"council = { timezone = \"Europe/..\"; };", 1, "a time zone is an IANA name"},
    {"council = { timezone = \"/etc/localtime\"; };", 1, "a time zone is an IANA name"},
    {"council = { timezone = \"Europe\"; };", 1, "the system has no such time zone"},
    {"council = { timezone = \"tzdata.zi\"; };", 1, "a time zone is an IANA name"},
    {"council = { timezone = \"\"; };", 1, "council.timezone is the text \"\", but it must be"},
    {"kpis = ( { name = \"a\"; } );", 1, "kpis[].measure is missing"},
    {"kpis = ( { name = \"a\"; measure = \"p90\"; } );", 1, "kpis[].measure is"},
    {"kpis = ( { name = \"a\"; measure = \"died\"; polarity = \"good\"; } );", 1, "kpis[].polarity is"},
    {"kpis = ( { name = \"a\"; measure = \"died\"; pathway = \"nothing\"; } );", 1, "it is no pathway"},
    {"queue_limits = ( { limit = 5; } );", 1, "queue_limits[].name is missing"},
    {"queue_limits = ( { name = \"a\"; } );", 1, "queue_limits[].limit is missing"},
    {"queue_limits = ( { name = \"a\"; limit = 5; },\n { name = \"a\"; limit = 6; } );", 2, "has \"a\" twice"},
    {"queue_limits = ( { name = \"a\"; limit = 5; pathway = \"nothing\"; } );", 1, "it is no pathway"},
    {"queue_limits = ( { name = \"a\"; limit = 5; team = \"a b\"; } );", 1, "a name has only"},
    {"queue_limits = ( { name = \"a\"; limit = 5; team = \"c\"; } ); teams = ( { name = \"b\"; } );", 1, "not among the teams"},
    {"queue_limits = ( { name = \"a\"; limit = 5; measure = \"p90\"; } );", 1, "queue_limits[].measure is"},
    {"alerts = { quarantine = { limit = 0; }; };", 1, "alerts.quarantine.limit is 0"},
    {"alerts = { feed_silent = { limit = 5; }; };", 1, "unknown key limit"},
    {"sources = ( { name = \"a\"; hours = \"8-18\"; } );", 1, "hours look like"},
    {"sources = ( { name = \"a\"; hours = \"Mon-Fri 08:00-18:60\"; } );", 1, "hours look like"},
    {"sources = ( { name = \"a\"; hours = \"Mon-Fri 08:00-18:00 \"; } );", 1, "hours look like"},
    {"sources = ( { name = \"a\"; hours = \"Fri-Mon 08:00-18:00\"; } );", 1, "the first may not lie after the last"},
    {"sources = ( { name = \"a\"; hours = \"Mon-Fri 18:00-08:00\"; } );", 1, "the hours must begin before they end"},
    {"council = { name = \"a\xff\"; };", 1, "it is not valid UTF-8"},
    {"council = { name = \"a\\nb\"; };", 1, "it holds a control character"},
    /* endpoints */
    {"endpoints = { ingest = [ \"udp://127.0.0.1:1\" ]; };", 1, "an endpoint begins with ipc:// or tcp://"},
    {"endpoints = { ingest = [ \"ipc://relative\" ]; };", 1, "an ipc endpoint needs an absolute path"},
    {"endpoints = { ingest = [ \"ipc://@abstract\" ]; };", 1, "an abstract ipc name has no file mode"},
    {"endpoints = { ingest = [ \"inproc://\" ]; };", 1, "an inproc endpoint needs a name"},
    {"endpoints = { ingest = [ \"ipc:///aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" ]; };",
     1, "the path is too long for a socket"},
    {"endpoints = {\n ingest = [\n \"tcp://127.0.0.1:5871\" ]; };", 3,
     "set security.secret_key to a file made by 'waitlistctl keygen --curve', use ipc://, or set security.allow_plain_loopback = true"},
    {"security = { secret_key = \"own.key\"; };\nendpoints = { ingest = [ \"tcp://*:5871\" ]; };", 2, "needs a numeric address"},
    {"security = { secret_key = \"own.key\"; };\nendpoints = { ingest = [ \"tcp://eth0:5871\" ]; };", 2, "needs a numeric address"},
    {"security = { secret_key = \"own.key\"; };\nendpoints = { ingest = [ \"tcp://[::1:5871\" ]; };", 2, "needs a numeric address"},
    {"security = { allow_plain_loopback = true; };\nendpoints = { ingest = [ \"tcp://0.0.0.0:5871\" ]; };", 2,
     "allowed on the loopback address only"},
    {"security = { allow_plain_loopback = true; };\nendpoints = { ingest = [ \"tcp://*:5871\" ]; };", 2,
     "allowed on the loopback address only"},
    {"security = { allow_plain_loopback = true; };\nendpoints = { ingest = [ \"tcp://192.168.1.5:5871\" ]; };", 2,
     "made by 'waitlistctl keygen --curve', or use ipc://"},
    {"security = { allow_plain_loopback = true; };\nendpoints = { ingest = [ \"tcp://localhost:5871\" ]; };", 2,
     "allowed on the loopback address only"},
    {"security = { allow_plain_loopback = true; };\nendpoints = { ingest = [ \"tcp://[::]:5871\" ]; };", 2,
     "allowed on the loopback address only"},
    {"security = { allow_plain_loopback = true; };\nendpoints = { ingest = [ \"tcp://127.0.0.1:1;10.0.0.1:5871\" ]; };", 2,
     "allowed on the loopback"},
    {"security = { allow_plain_loopback = true; };\nendpoints = { ingest = [ \"tcp://127.0.0.1:0\" ]; };", 2, "a port of 1 to 65535"},
    {"security = { allow_plain_loopback = true; };\nendpoints = { ingest = [ \"tcp://127.0.0.1:65536\" ]; };", 2, "a port of 1 to 65535"},
    {"security = { allow_plain_loopback = true; };\nendpoints = { ingest = [ \"tcp://127.0.0.1\" ]; };", 2, "a port of 1 to 65535"},
    /* syntax */
    {"council = {\n name = ;\n};", 2, "syntax error: look on this line"},
    {"bands = [ 1, \"x\" ];\n", 1, "mismatched element type in array"},
    {"\n@include \"none.conf\"\n", 2, "none.conf: No such file or directory"},
    {"@include \"inner\"\n", 1, "inner: it is not a file"},
    {"@include \"test.conf\"\n", 1, "files include each other more than 10 deep"},
};

START_TEST(limits_of_queues) {
    struct config *config =
        load_good("teams = ( { name = \"north\"; } );\n"
                  "queue_limits = ( { name = \"a\"; limit = 5; },\n"
                  "  { name = \"b\"; pathway = \"dols\"; team = \"north\"; measure = \"longest\"; limit = 80; clears_at = 60;"
                  " severity = \"high\"; },\n"
                  "  { name = \"c\"; limit = 5; clears_at = 5; } );");
    ck_assert_uint_eq(config->queue_limit_count, 3);
    struct queue_limit plain = config_queue_limit(&config->queue_limits[0]), full = config_queue_limit(&config->queue_limits[1]);
    ck_assert(text_is(plain.name, "a") && plain.pathway.at == NULL && plain.team.at == NULL);
    ck_assert(plain.measure == MEASURE_WAITING && plain.limit == 5 && plain.clears_at == 4);
    ck_assert(text_is(full.pathway, "dols") && text_is(full.team, "north"));
    ck_assert(full.measure == MEASURE_LONGEST && full.limit == 80 && full.clears_at == 60);
    ck_assert_int_eq(config->queue_limits[1].severity, SEVERITY_HIGH);
    ck_assert_int_eq(config_queue_limit(&config->queue_limits[2]).clears_at, 4); /* not below the limit */
    config_free(&config);
}
END_TEST

START_TEST(each_error_has_its_line) {
    const struct error_case *expected = &error_cases[_i];
    struct complaints complaints = {0};
    char *inner = path_of("inner");
    ck_assert_int_eq(mkdir(inner, 0700), 0);
    free(inner);
    struct config *config = load_text(expected->text, &complaints);
    ck_assert_msg(config == NULL, "loads: %s", expected->text);
    char *start;
    ck_assert_int_gt(asprintf(&start, "%s:%d: ", config_file, expected->line), 0);
    bool found = false;
    for (size_t i = 0; i < complaints.count && !found; i++)
        found = strncmp(complaints.lines[i], start, strlen(start)) == 0 && strstr(complaints.lines[i], expected->message);
    ck_assert_msg(found, "wanted %s%s\ngot %zu, the first: %s", start, expected->message, complaints.count,
                  complaints.count > 0 ? complaints.lines[0] : "none");
    /* One mistake, one complaint: but a number that libconfig cut may also be out of range. */
    ck_assert_uint_le(complaints.count, strstr(expected->message, "too large") ? 2 : 1);
    free(start);
    clear(&complaints);
}
END_TEST

START_TEST(all_errors_of_a_file_in_one_run) {
    static const struct {
        int line;
        const char *message;
    } expected[] = {
        {1, "unknown key counsil in the file"},
        {3, "endpoints.publish_interval_ms is 1,"},
        {4, "endpoints.max_future_skew_s is -5"},
        {8, "pathways[].standard_days is 0"},
        {9, "unknown key colour"},
        {11, "pathways has \"a\" twice"},
        {13, "bands: 2 comes after 3"},
    };
    struct complaints complaints = {0};
    struct config *config = load_text("counsil = { };\n"
                                      "endpoints = {\n"
                                      "  publish_interval_ms = 1;\n"
                                      "  max_future_skew_s = -5; };\n"
                                      "pathways = (\n"
                                      "  {\n"
                                      "    name = \"a\";\n"
                                      "    standard_days = 0;\n"
                                      "    colour = \"red\";\n"
                                      "  },\n"
                                      "  { name = \"a\"; }\n"
                                      ");\n"
                                      "bands = [ 3, 2 ];\n",
                                      &complaints);
    ck_assert_ptr_null(config);
    ck_assert_uint_eq(complaints.count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < complaints.count; i++) {
        char *start;
        bool found = false;
        ck_assert_int_gt(asprintf(&start, "%s:%d: ", config_file, expected[i].line), 0);
        for (size_t j = 0; j < complaints.count && !found; j++)
            found = strncmp(complaints.lines[j], start, strlen(start)) == 0 && strstr(complaints.lines[j], expected[i].message);
        ck_assert_msg(found, "no %s%s", start, expected[i].message);
        free(start);
    }
    clear(&complaints);
}
END_TEST

START_TEST(errors_of_included_files_name_that_file) {
    struct complaints complaints = {0};
    write_text("part.conf", "\nbands = [ 3,\n 2 ];\n");
    ck_assert_ptr_null(load_text("# head\n@include \"part.conf\"\n", &complaints));
    ck_assert_uint_eq(complaints.count, 1);
    char *start;
    ck_assert_int_gt(asprintf(&start, "%s/part.conf:3: bands: 2 comes after 3", config_folder), 0);
    ck_assert_ptr_nonnull(strstr(complaints.lines[0], start));
    free(start);
    clear(&complaints);

    write_text("part.conf", "bands = [ 3,\n 5 ];\n");
    struct config *config = load_good("# head\n@include \"part.conf\"\n");
    ck_assert_uint_eq(config->policy.band_count, 2);
    ck_assert_int_eq(config->policy.bands[1], 5);
    config_free(&config);
}
END_TEST

START_TEST(files_that_cannot_be_read) {
    struct complaints complaints = {0};
    ck_assert_ptr_null(config_load("/nonexistent/waitlistd.conf", keep, &complaints));
    ck_assert_ptr_null(config_load(config_folder, keep, &complaints));
    ck_assert_uint_eq(complaints.count, 2);
    ck_assert_str_eq(complaints.lines[0], "/nonexistent/waitlistd.conf: cannot read the configuration: No such file or directory");
    ck_assert_ptr_nonnull(strstr(complaints.lines[1], "it is not a file"));
    clear(&complaints);
    ck_assert_ptr_null(config_load("/nonexistent/waitlistd.conf", NULL, NULL)); /* nobody listens */
}
END_TEST

START_TEST(complaints_are_one_line_each) {
    struct complaints complaints = {0};
    ck_assert_ptr_null(load_text("council = { name = \"a\\nFORGED\\x1b[31m\"; };", &complaints));
    ck_assert_uint_eq(complaints.count, 1);
    for (const char *at = complaints.lines[0]; *at; at++)
        ck_assert_msg((unsigned char)*at >= 0x20 && *at != 0x7f, "control character %d", *at);
    clear(&complaints);
}
END_TEST

START_TEST(numbers_in_comments_and_texts_are_no_numbers) {
    struct config *config = load_good("# 99999999999\n// 99999999999\n/* 99999999999\n @include \"none\" */\n"
                                      "council = { name = \"Unit 99999999999 \\\" 88888888888\"; };\n"
                                      "districts = ( \"a99999999999\" );");
    ck_assert_str_eq(config->council_name, "Unit 99999999999 \" 88888888888");
    config_free(&config);
}
END_TEST

/* ---- defaults and values ---- */

static struct config *load_defaults(void) {
    struct complaints complaints = {0};
    struct config *config = config_load(NULL, keep, &complaints);
    expect_none(&complaints);
    ck_assert_ptr_nonnull(config);
    return config;
}

static void expect_default_pathways(const struct policy *policy) {
    ck_assert_uint_eq(policy->pathway_count, 5);
    const struct pathway_policy *needs = &policy->pathways[0], *therapy = &policy->pathways[1], *review = &policy->pathways[2];
    const struct pathway_policy *dols = &policy->pathways[3], *triage = &policy->pathways[4];
    ck_assert_str_eq(needs->name, "needs_assessment");
    ck_assert_int_eq(needs->standard_days, 28);
    ck_assert_int_eq(needs->unit, UNIT_CALENDAR_DAYS);
    ck_assert_int_eq(needs->pauses, PAUSES_COUNT);
    ck_assert_int_eq(needs->stops_on, STOP_ON_END);
    ck_assert_int_eq(needs->completes_on, EVENT_ASSESSMENT_COMPLETED);
    ck_assert_int_eq(policy_standard(needs, 1), 28);
    ck_assert_str_eq(therapy->name, "ot_assessment");
    ck_assert_int_eq(therapy->pauses, PAUSES_EXCLUDE);
    ck_assert_int_eq(policy_standard(therapy, 1), 2);
    ck_assert_int_eq(policy_standard(therapy, 2), 7);
    ck_assert_int_eq(policy_standard(therapy, 3), 28);
    ck_assert_str_eq(review->name, "review");
    ck_assert_int_eq(review->completes_on, EVENT_REVIEW_COMPLETED);
    ck_assert_str_eq(dols->name, "dols");
    ck_assert_int_eq(dols->standard_days, 21);
    ck_assert_str_eq(triage->name, "triage");
    ck_assert_int_eq(triage->standard_days, 5);
    ck_assert_int_eq(triage->unit, UNIT_WORKING_DAYS);
    ck_assert_int_eq(triage->stops_on, STOP_ON_STARTED);
}

START_TEST(every_default) {
    struct config *config = load_defaults();
    static const int32_t bands[] = {7, 14, 28, 42, 84, 182};
    ck_assert_str_eq(config->council_name, "Lancashire County Council");
    ck_assert_str_eq(config->timezone, "Europe/London");
    ck_assert_ptr_nonnull(strstr(config->calendar_path, "/waitlistd/bank-holidays.json"));
    ck_assert_int_eq(config->epoch, day_from_civil(1990, 1, 1));
    ck_assert_uint_eq(config->ingest.count, 1);
    ck_assert_str_eq(config->ingest.uri[0], "ipc:///run/waitlistd/ingest.ipc");
    ck_assert_str_eq(config->publish.uri[0], "ipc:///run/waitlistd/publish.ipc");
    ck_assert_str_eq(config->query.uri[0], "ipc:///run/waitlistd/query.ipc");
    ck_assert_int_eq(config->publish_interval_ms, 250);
    ck_assert_int_eq(config->max_future_skew_s, 300);
    ck_assert_int_eq(config->requests_waiting, 256);
    ck_assert_int_eq(config->publications_waiting, 20000);
    ck_assert_str_eq(config->journal_path, "/var/lib/waitlistd/journal.db");
    ck_assert(!config->security.allow_plain_loopback);
    expect_default_pathways(&config->policy);
    ck_assert_str_eq(config->pathway_labels[1], "Occupational therapy assessment");
    ck_assert_int_eq(config->backdated_days, 14);
    ck_assert_int_eq(config->policy.contact_interval_days, 28);
    ck_assert_int_eq(policy_contact_interval(&config->policy, 1), 7);
    ck_assert_int_eq(policy_contact_interval(&config->policy, 2), 14);
    ck_assert_int_eq(policy_contact_interval(&config->policy, 3), 28);
    ck_assert_uint_eq(config->policy.band_count, 6);
    ck_assert_mem_eq(config->policy.bands, bands, sizeof bands);
    for (size_t i = 0; i < config->policy.pathway_count; i++) {
        const struct pathway_policy *pathway = &config->policy.pathways[i];
        ck_assert(pathway->approaching.enabled && pathway->breach.enabled && pathway->escalation.enabled);
        ck_assert_uint_eq(pathway->approaching.level_count, 2);
        ck_assert_int_eq(pathway->approaching.levels[0], 7);
        ck_assert_int_eq(pathway->approaching.levels[1], 1);
        ck_assert_uint_eq(pathway->escalation.level_count, 3);
        ck_assert_int_eq(pathway->escalation.levels[2], 182);
        ck_assert_int_eq(pathway->approaching.severity, SEVERITY_INFO);
        ck_assert_int_eq(pathway->breach.severity, SEVERITY_WARNING);
        ck_assert_int_eq(pathway->escalation.severity, SEVERITY_CRITICAL);
        ck_assert(!pathway->contact_overdue.enabled);
        ck_assert_int_eq(pathway->contact_overdue.severity, SEVERITY_WARNING);
    }
    ck_assert(config->feed_silent.enabled && !config->quarantine.enabled);
    ck_assert_int_eq(config->feed_silent.severity, SEVERITY_HIGH);
    ck_assert_int_eq(config->quarantine.severity, SEVERITY_WARNING);
    ck_assert_int_eq(config->quarantine_limit, 100);
    ck_assert_uint_eq(config->teams.count + config->districts.count + config->client_groups.count, 0);
    ck_assert_uint_eq(config->dimension_count + config->source_count, 0);
    config_free(&config);
    ck_assert_ptr_null(config);
    config_free(&config); /* idempotent */
}
END_TEST

START_TEST(an_empty_file_is_the_defaults) {
    struct config *config = load_good("# nothing\n"), *defaults = load_defaults();
    char *beside = path_of("bank-holidays.json");
    ck_assert_str_eq(config->calendar_path, beside); /* relative to the file, not to the default folder */
    free(config->calendar_path);
    config->calendar_path = strdup(defaults->calendar_path);
    free(config->dashboard.tokens); /* the same */
    config->dashboard.tokens = strdup(defaults->dashboard.tokens);
    expect_same(config, defaults);
    free(beside);
    config_free(&config);
    config_free(&defaults);
}
END_TEST

/* Everything that waitlistd.conf(5) shows, and what may be added. */
static const char everything[] =
    "council = { name = \"Somewhere \\\"New\\\" Council\"; timezone = \"America/Sao_Paulo\"; \n"
    " calendar = \"holidays.json\"; epoch = \"2001-02-03\"; };\n"
    "endpoints = { ingest = [\"ipc:///tmp/a.ipc\", \"tcp://127.0.0.1:5871\"]; publish = [\"tcp://[::1]:5872\"]; query = [\"inproc://q\"];\n"
    "  publish_interval_ms = 500; max_future_skew_s = 60; };\n"
    "journal = { path = \"j/journal.db\"; };\n"
    "pathways = (\n"
    "  { name = \"needs_assessment\"; label = \"Care Act\"; standard_days = 30;\n"
    "    alerts = { approaching = { enabled = false; }; breach = { severity = \"high\"; }; escalation = { levels = [ 60 ]; };\n"
    "    contact_overdue = { severity = \"info\"; }; }; },\n"
    "  { name = \"ot_assessment\"; standard_by_priority = ( (1, 2), [2, 7] ); pauses = \"exclude\"; },\n"
    "  { name = \"service\"; completes_on = \"asc.service.started\"; unit = \"working_days\"; clock_stops_on = \"started\"; } );\n"
    "teams = ( { name = \"north\"; label = \"North older people\"; district = \"lancaster\"; }, { name = \"south\"; } );\n"
    "districts = ( \"burnley\", \"lancaster\" ); client_groups = [ \"older_people\", \"working_age\", \"carer\" ];\n"
    "dimensions = ( { name = \"deprivation\"; values = ( \"1\", \"2\", \"3\" ); }, { name = \"ethnicity\"; } );\n"
    "contact = { interval_days = 21; by_priority = ( (4, 90) ); };\n"
    "data_quality = { backdated_days = 0; };\n"
    "bands = [ 10, 20 ];\n"
    "alerts = { approaching = { levels = [ 5, 3, 1 ]; }; breach = { enabled = true; }; escalation = { severity = \"warning\"; };\n"
    "  contact_overdue = { enabled = true; }; };\n"
    "queue_limits = ( { name = \"ot\"; limit = 5; } );\n"
    "kpis = ( { name = \"ot\"; label = \"Over\"; measure = \"over_standard\"; pathway = \"ot_assessment\"; team = \"north\";\n"
    "  client_group = \"carer\"; target = 400; polarity = \"high\"; statutory = true; benchmark = 5; benchmark_source = \"there\"; } );\n"
    "sources = ( { name = \"urn:las\"; silence_minutes = 120; hours = \"Mon-Fri 08:00-18:00\"; allow_numeric_references = true; },\n"
    "  { name = \"urn:b\"; } );\n"
    "security = { allow_plain_loopback = true; secret_key = \"k/own.key\";\n"
    "  peers = ( { name = \"las\"; public_key = \"" KEY_A "\"; roles = ( \"producer\" ); sources = ( \"urn:las\", \"urn:b\" ); },\n"
    "    { name = \"north\"; public_key = \"" KEY_B "\"; roles = ( \"viewer\", \"manager\" ); teams = ( \"*\" );\n"
    "      speaks_for_others = true; } );\n"
    "  local = ( { name = \"wall\"; endpoint = \"inproc://q\"; roles = ( \"viewer\" ); } );\n"
    "  access_log = { directory = \"log\"; retention_days = 400; }; };\n"
    "dashboard = { sign_in = \"proxy\"; open_role = \"analyst\"; tokens = \"t.json\"; user_header = \"X-User\";\n"
    "  groups_header = \"X-Groups\";\n"
    "  groups_separator = \"|\"; trusted_proxies = ( \"10.1.0.0/16\", \"fd00::/8\" ); secure_cookies = false;\n"
    "  session_idle_minutes = 5; session_hours = 2; sessions = 7;\n"
    "  groups = ( { group = \"Büro Nord\"; roles = ( \"manager\", \"viewer\" ); teams = ( \"*\" ); },\n"
    "    { group = \"b\"; roles = ( \"admin\" ); } ); };\n";

START_TEST(every_value_arrives) {
    struct config *config = load_good(everything);
    char *journal = path_of("j/journal.db");
    ck_assert_str_eq(config->council_name, "Somewhere \"New\" Council");
    ck_assert_str_eq(config->journal_path, journal);
    free(journal);
    ck_assert_int_eq(config->epoch, day_from_civil(2001, 2, 3));
    ck_assert_uint_eq(config->ingest.count, 2);
    ck_assert_str_eq(config->ingest.uri[1], "tcp://127.0.0.1:5871");
    ck_assert_str_eq(config->publish.uri[0], "tcp://[::1]:5872");
    ck_assert_int_eq(config->publish_interval_ms, 500);
    ck_assert_int_eq(config->max_future_skew_s, 60);
    ck_assert_uint_eq(config->kpi_count, 1);
    const struct kpi_config *kpi = &config->kpis[0];
    ck_assert(kpi->measure == KPI_OVER_STANDARD && kpi->polarity == KPI_HIGH_IS_GOOD && kpi->statutory);
    ck_assert(kpi->target == 400 && kpi->benchmark == 5 && strcmp(kpi->benchmark_source, "there") == 0);
    ck_assert(strcmp(kpi->pathway, "ot_assessment") == 0 && strcmp(kpi->team, "north") == 0 && strcmp(kpi->client_group, "carer") == 0);
    ck_assert_str_eq(config_kpi_measure_name(kpi->measure), "over_standard");
    const struct pathway_policy *pathways = config->policy.pathways;
    ck_assert_uint_eq(config->policy.pathway_count, 3);
    ck_assert(!pathways[0].approaching.enabled && pathways[1].approaching.enabled);
    ck_assert_uint_eq(pathways[0].approaching.level_count, 3); /* what is left out is inherited */
    ck_assert_int_eq(pathways[0].breach.severity, SEVERITY_HIGH);
    ck_assert_int_eq(pathways[1].breach.severity, SEVERITY_WARNING);
    ck_assert(pathways[0].contact_overdue.enabled && pathways[1].contact_overdue.enabled);
    ck_assert_int_eq(pathways[0].contact_overdue.severity, SEVERITY_INFO);
    ck_assert_int_eq(pathways[1].contact_overdue.severity, SEVERITY_WARNING);
    ck_assert_uint_eq(pathways[0].escalation.level_count, 1);
    ck_assert_int_eq(pathways[0].escalation.levels[0], 60);
    ck_assert_int_eq(pathways[0].escalation.severity, SEVERITY_WARNING);
    ck_assert_uint_eq(pathways[1].escalation.level_count, 3);
    ck_assert_int_eq(pathways[1].standard_by_priority[2], 7);
    ck_assert_int_eq(pathways[2].completes_on, EVENT_SERVICE_STARTED);
    ck_assert_str_eq(config->pathway_labels[0], "Care Act");
    ck_assert_ptr_null(config->pathway_labels[1]);
    ck_assert_uint_eq(config->teams.count, 2);
    ck_assert_str_eq(config->teams.at[0].label, "North older people");
    ck_assert_str_eq(config->teams.at[0].district, "lancaster");
    ck_assert_ptr_null(config->teams.at[1].district);
    ck_assert_uint_eq(config->client_groups.count, 3);
    ck_assert_str_eq(config->client_groups.at[2].name, "carer");
    ck_assert_uint_eq(config->dimension_count, 2);
    ck_assert_uint_eq(config->dimensions[0].values.count, 3);
    ck_assert_uint_eq(config->dimensions[1].values.count, 0);
    ck_assert_int_eq(policy_contact_interval(&config->policy, 4), 90);
    ck_assert_int_eq(policy_contact_interval(&config->policy, 1), 21);
    ck_assert_int_eq(config->backdated_days, 0);
    ck_assert_uint_eq(config->source_count, 2);
    ck_assert_int_eq(config->sources[0].silence_minutes, 120);
    ck_assert(config->sources[0].allow_numeric_references && !config->sources[1].allow_numeric_references);
    ck_assert_ptr_null(config->sources[1].hours);
    ck_assert(config->security.allow_plain_loopback);
    ck_assert_uint_eq(config->security.peer_count, 2);
    const struct access_entry *las = &config->security.peers[0], *manager = &config->security.peers[1];
    ck_assert_str_eq(las->name, "las");
    ck_assert_str_eq(las->key, KEY_A);
    ck_assert(access_sends(&las->rights, text_of("urn:b")) && !access_sends(&las->rights, text_of("urn:c")));
    ck_assert(!las->rights.speaks_for_others && manager->rights.speaks_for_others);
    ck_assert(access_sees_everybody(&manager->rights));
    ck_assert_int_eq(config->security.access_log_retention_days, 400);
    const struct dashboard_config *dashboard = &config->dashboard;
    ck_assert_int_eq(dashboard->sign_in, SIGN_IN_PROXY);
    ck_assert_int_eq(config_open_role(dashboard), ACCESS_ANALYST);
    ck_assert_str_eq(dashboard->groups_separator, "|");
    ck_assert_uint_eq(dashboard->trusted_proxies.count, 2);
    ck_assert_uint_eq(dashboard->group_count, 2);
    ck_assert_str_eq(dashboard->groups[0].group, "Büro Nord");
    ck_assert_uint_eq(dashboard->groups[0].roles, ACCESS_BIT(ACCESS_MANAGER) | ACCESS_BIT(ACCESS_VIEWER));
    ck_assert_str_eq(dashboard->groups[0].teams.at[0], "*");
    ck_assert(!dashboard->secure_cookies);
    ck_assert_int_eq(dashboard->session_idle_minutes + dashboard->session_hours + dashboard->sessions, 14);
    config_free(&config);
}
END_TEST

static bool misses_team(const struct known_values *known, const char *team, const char *dimension, const char *value) {
    struct unknown_value unknown;
    struct event event = {.type = EVENT_REFERRAL_RECEIVED, .team = text_of(team), .dimension_count = 1};
    bool misses = false;
    event.dimensions[0] = (struct event_dimension){text_of(dimension), text_of(value)};
    for (uint32_t number = 0; number < EVENT_VALUES_MAX; number++)
        misses |= known_values_miss(known, &event, number, &unknown);
    return misses;
}

START_TEST(what_is_known_travels_as_a_text) {
    struct config *config = load_good(everything), *defaults = load_defaults();
    size_t length;
    char *text = known_to_text(config, &length);
    static const char expected[] = "t north\nt south\nd burnley\nd lancaster\ng older_people\ng working_age\ng carer\n"
                                   "n deprivation\nv 1\nv 2\nv 3\nn ethnicity\n";
    ck_assert_uint_eq(length, sizeof expected - 1);
    ck_assert_int_eq(memcmp(text, expected, length), 0);
    struct known_values *known = known_from_text((struct text){text, (uint32_t)length}, 1);
    free(text);
    ck_assert_uint_eq(known_dimension_count(known), 2);
    ck_assert(!misses_team(known, "south", "deprivation", "3"));
    ck_assert(!misses_team(known, "south", "ethnicity", "any"));
    ck_assert(misses_team(known, "east", "deprivation", "3"));
    ck_assert(misses_team(known, "south", "deprivation", "4"));
    ck_assert(misses_team(known, "south", "height", "3"));
    known_values_destroy(&known);
    text = known_to_text(defaults, &length);
    ck_assert_uint_eq(length, 0);
    known = known_from_text((struct text){text, 0}, 1);
    ck_assert(!misses_team(known, "east", "height", "4"));
    known_values_destroy(&known);
    known = known_from_text(TEXT_ABSENT, 1);
    ck_assert_uint_eq(known_dimension_count(known), 0);
    known_values_destroy(&known);
    free(text);
    config_free(&config);
    config_free(&defaults);
}
END_TEST

START_TEST(documented_keys_work_as_written) {
    struct complaints complaints = {0};
    struct config *config = config_load(WAITLIST_TEST_DATA "/documented.conf", keep, &complaints), *defaults = load_defaults();
    expect_none(&complaints);
    ck_assert_ptr_nonnull(config);
    expect_default_pathways(&config->policy);
    ck_assert(policy_equal(&config->policy, &defaults->policy));
    ck_assert_str_eq(config->teams.at[0].district, "lancaster");
    ck_assert_uint_eq(config->districts.count, 2);
    ck_assert_str_eq(config->dimensions[0].values.at[4].name, "5");
    ck_assert_int_eq(config->sources[0].silence_minutes, 120);
    config_free(&config);
    config_free(&defaults);
}
END_TEST

START_TEST(printing_and_loading_gives_the_same) {
    struct config *first = load_good(everything);
    char *printed = config_print(first);
    struct config *second = load_good(printed);
    expect_same(first, second);
    free(printed);
    config_free(&first);
    config_free(&second);

    first = load_defaults();
    printed = config_print(first);
    second = load_good(printed);
    expect_same(first, second);
    free(printed);
    config_free(&first);
    config_free(&second);
}
END_TEST

START_TEST(json_holds_every_key) {
    struct config *config = load_good(everything);
    char *text = config_to_json(config);
    json_t *json = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(json);
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        const json_t *at = json;
        char *path = strdup(keys[i].path), *rest = path, *part;
        while (at && (part = strsep(&rest, "."))) {
            char *brackets = strstr(part, "[]");
            if (brackets)
                *brackets = '\0';
            at = json_object_get(at, part);
            if (brackets)
                at = json_array_get(at, 0);
        }
        ck_assert_msg(at != NULL, "%s is not in %s", keys[i].path, text);
        free(path);
    }
    const json_t *second = json_array_get(json_object_get(json, "pathways"), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(second, "standard_by_priority"), "2")), 7);
    ck_assert(json_is_null(json_object_get(second, "label")));
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(json, "council"), "epoch")), "2001-02-03");
    json_decref(json);
    free(text);
    config_free(&config);
}
END_TEST

/* ---- the shipped file ---- */

START_TEST(shipped_file_is_the_defaults) {
    struct complaints complaints = {0};
    struct config *shipped = config_load(WAITLIST_SHIPPED_FOLDER "/waitlistd.conf", keep, &complaints), *defaults = load_defaults();
    expect_none(&complaints);
    ck_assert_ptr_nonnull(shipped);
    ck_assert_ptr_nonnull(strstr(shipped->calendar_path, "/config/bank-holidays.json"));
    ck_assert_int_eq(shipped->calendar_path[0], '/');
    free(shipped->calendar_path);
    shipped->calendar_path = strdup(defaults->calendar_path);
    ck_assert_ptr_nonnull(strstr(shipped->dashboard.tokens, "/config/tokens.json"));
    free(shipped->dashboard.tokens);
    shipped->dashboard.tokens = strdup(defaults->dashboard.tokens);
    expect_same(shipped, defaults);
    config_free(&shipped);
    config_free(&defaults);
}
END_TEST

/* True when `name =` stands in the text, not as the end of a longer name. */
static bool is_set_in(const char *text, const char *name) {
    size_t length = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
        const char *behind = at + length + strspn(at + length, " ");
        bool begins = at == text || strchr(" \n{#", at[-1]);
        if (begins && *behind == '=')
            return true;
    }
    return false;
}

START_TEST(shipped_file_has_every_key) {
    char *text = read_whole(WAITLIST_SHIPPED_FOLDER "/waitlistd.conf");
    config_t tree;
    config_init(&tree);
    ck_assert_int_eq(config_read_file(&tree, WAITLIST_SHIPPED_FOLDER "/waitlistd.conf"), CONFIG_TRUE);
    size_t count;
    const struct config_key *keys = config_keys(&count);
    ck_assert_uint_gt(count, 50);
    for (size_t i = 0; i < count; i++) {
        bool in_list = strstr(keys[i].path, "[]") != NULL; /* of a list that is empty by default only the comment shows the keys */
        ck_assert_msg(in_list ? is_set_in(text, config_key_name(&keys[i])) : config_lookup(&tree, keys[i].path) != NULL,
                      "the shipped file has no %s", keys[i].path);
        ck_assert_msg(keys[i].help || keys[i].type == KEY_GROUP, "%s has no help", keys[i].path);
    }
    config_destroy(&tree);
    free(text);
}
END_TEST

/* The examples in the shipped file's comments are what a council will copy. */
START_TEST(examples_of_the_shipped_file_load) {
    char *text = read_whole(WAITLIST_SHIPPED_FOLDER "/waitlistd.conf");
    static const char *const examples[] = {"# For instance ( \"burnley\"",
                                           "districts = ();",
                                           "# For instance ( \"older",
                                           "client_groups = ();",
                                           "# For instance ( { name = \"north\"",
                                           "teams = ();",
                                           "# ( { name = \"deprivation\"",
                                           "dimensions = ();",
                                           "# ( { name = \"urn:las\"",
                                           "sources = ();"};
    char *made = calloc(1, 4096);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i += 2) {
        const char *start = strstr(text, examples[i]), *setting = strstr(text, examples[i + 1]);
        ck_assert_msg(start && setting && start < setting, "%s", examples[i]);
        strncat(made, setting, strcspn(setting, "=") + 1);
        start = strchr(start, '(');
        const char *end = strstr(start, " ).");
        ck_assert_ptr_nonnull(end);
        for (; start <= end + 1; start++) /* without the comment signs of its further lines */
            if (*start != '#')
                strncat(made, start, 1);
        strcat(made, ";\n");
    }
    struct config *config = load_good(made);
    ck_assert_uint_eq(config->districts.count, 12);
    ck_assert_uint_eq(config->client_groups.count, 3);
    ck_assert_uint_eq(config->teams.count, 1);
    ck_assert_uint_eq(config->dimensions[0].values.count, 5);
    ck_assert_str_eq(config->sources[0].hours, "Mon-Fri 08:00-18:00");
    config_free(&config);
    free(made);
    free(text);
}
END_TEST

/* ---- reload ---- */

START_TEST(fixed_changes_are_named) {
    struct complaints complaints = {0};
    struct config *running = load_good("# the defaults\n");
    struct config *next = load_good("council = { name = \"New name\"; timezone = \"UTC\"; epoch = \"1991-01-01\"; };\n"
                                    "journal = { path = \"/elsewhere.db\"; };\n"
                                    "endpoints = { query = [ \"ipc:///q\" ]; publish_interval_ms = 100; };\n"
                                    "bands = [ 1 ];\n");
    ck_assert_int_eq(config_fixed_changes(running, next, keep, &complaints), 4);
    ck_assert_uint_eq(complaints.count, 4);
    ck_assert_ptr_nonnull(
        strstr(complaints.lines[0], "council.timezone cannot change while running: it is \"Europe/London\", the file says \"UTC\""));
    ck_assert_ptr_nonnull(strstr(complaints.lines[1], "council.epoch"));
    ck_assert_ptr_nonnull(strstr(complaints.lines[2], "journal.path"));
    ck_assert_ptr_nonnull(strstr(complaints.lines[3], "endpoints.query"));
    clear(&complaints);
    ck_assert_int_eq(config_fixed_changes(running, running, keep, &complaints), 0);
    expect_none(&complaints);
    config_free(&running);
    config_free(&next);
}
END_TEST

static Suite *config_suite(void) {
    Suite *suite = suite_create("config");
    TCase *errors = tcase_create("errors"), *values = tcase_create("values");
    tcase_add_checked_fixture(errors, set_up, tear_down);
    tcase_add_loop_test(errors, each_error_has_its_line, 0, (int)(sizeof error_cases / sizeof error_cases[0]));
    tcase_add_test(errors, all_errors_of_a_file_in_one_run);
    tcase_add_test(errors, errors_of_included_files_name_that_file);
    tcase_add_test(errors, files_that_cannot_be_read);
    tcase_add_test(errors, complaints_are_one_line_each);
    tcase_add_test(errors, numbers_in_comments_and_texts_are_no_numbers);
    suite_add_tcase(suite, errors);
    tcase_add_checked_fixture(values, set_up, tear_down);
    tcase_add_test(values, every_default);
    tcase_add_test(values, an_empty_file_is_the_defaults);
    tcase_add_test(values, every_value_arrives);
    tcase_add_test(values, limits_of_queues);
    tcase_add_test(values, what_is_known_travels_as_a_text);
    tcase_add_test(values, documented_keys_work_as_written);
    tcase_add_test(values, printing_and_loading_gives_the_same);
    tcase_add_test(values, json_holds_every_key);
    tcase_add_test(values, shipped_file_is_the_defaults);
    tcase_add_test(values, shipped_file_has_every_key);
    tcase_add_test(values, examples_of_the_shipped_file_load);
    tcase_add_test(values, fixed_changes_are_named);
    suite_add_tcase(suite, values);
    return suite;
}

int main(void) {
    SRunner *runner = srunner_create(config_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
