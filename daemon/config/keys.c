/* The table of every configuration key, and where each value lives. */
#include "daemon/config/keys.h"

#include "daemon/core/memory.h"

#include <string.h>

static const char *const units[] = {[UNIT_CALENDAR_DAYS] = "calendar_days", [UNIT_WORKING_DAYS] = "working_days", NULL};
static const char *const measures[] = {[MEASURE_WAITING] = "waiting",
                                       [MEASURE_UNALLOCATED] = "unallocated",
                                       [MEASURE_ALLOCATED] = "allocated",
                                       [MEASURE_IN_PROGRESS] = "in_progress",
                                       [MEASURE_PAUSED] = "paused",
                                       [MEASURE_BREACH] = "breach",
                                       [MEASURE_DUE] = "due",
                                       [MEASURE_SCHEDULED] = "scheduled",
                                       [MEASURE_NO_CONTACT] = "no_contact",
                                       [MEASURE_LONGEST] = "longest",
                                       NULL};
static const char *const stops[] = {[STOP_ON_END] = "ended", [STOP_ON_STARTED] = "started", NULL};
static const char *const pauses[] = {[PAUSES_COUNT] = "count", [PAUSES_EXCLUDE] = "exclude", NULL};
static const char *const severities[] = {
    [SEVERITY_INFO] = "info", [SEVERITY_WARNING] = "warning", [SEVERITY_HIGH] = "high", [SEVERITY_CRITICAL] = "critical", NULL};
const char *const config_completions[] = {"asc.assessment.completed", "asc.review.completed", "asc.service.started", NULL};

static const char *const kpi_measures[] = {[KPI_WAITING] = "waiting",
                                           [KPI_OVER_STANDARD] = "over_standard",
                                           [KPI_OVER_STANDARD_PERCENT] = "over_standard_percent",
                                           [KPI_OVER_6_MONTHS] = "over_6_months",
                                           [KPI_NO_CONTACT_PERCENT] = "no_contact_percent",
                                           [KPI_MEDIAN_WAIT] = "median_wait",
                                           [KPI_LONGEST_WAIT] = "longest_wait",
                                           [KPI_STARTED] = "started",
                                           [KPI_COMPLETED] = "completed",
                                           [KPI_WITHIN_STANDARD_PERCENT] = "within_standard_percent",
                                           [KPI_MEDIAN_COMPLETED] = "median_completed",
                                           [KPI_DIED] = "died",
                                           [KPI_MEASURE_COUNT] = NULL};
static const char *const sign_ins[] = {[SIGN_IN_TOKENS] = "tokens", [SIGN_IN_PROXY] = "proxy", [SIGN_IN_NONE] = "none", NULL};
static const char *const open_roles[] = {"viewer", "manager", "analyst", "admin", NULL}; /* the roles of people, as access_role_name */
static const char *const modes[] = {[ACCESS_0600] = "0600", [ACCESS_0660] = "0660", [ACCESS_0666] = "0666", NULL};
static const char *const polarities[] = {[KPI_LOW_IS_GOOD] = "low", [KPI_HIGH_IS_GOOD] = "high", NULL};

#define OF_CONFIG(member) SCOPE_CONFIG, offsetof(struct config, member)
#define OF_PATHWAY(member) SCOPE_PATHWAY, offsetof(struct pathway_policy, member)
#define OF_TEAM(member) SCOPE_TEAM, offsetof(struct known_name, member)
#define OF_DIMENSION(member) SCOPE_DIMENSION, offsetof(struct known_dimension, member)
#define OF_QUEUE_LIMIT(member) SCOPE_QUEUE_LIMIT, offsetof(struct queue_limit_config, member)
#define OF_KPI(member) SCOPE_KPI, offsetof(struct kpi_config, member)
#define OF_PEER(member) SCOPE_PEER, offsetof(struct access_entry, member)
#define OF_LOCAL(member) SCOPE_LOCAL, offsetof(struct access_entry, member)
#define OF_GROUP(member) SCOPE_GROUP, offsetof(struct group_config, member)
#define OF_SOURCE(member) SCOPE_SOURCE, offsetof(struct source_config, member)
#define RANGE(minimum, maximum) minimum, maximum, NULL
#define NO_RANGE 0, 0, NULL
#define ONE_OF(choices) 0, 0, choices
#define GROUP(path, scope)                                                                                                                 \
    { path, KEY_GROUP, scope, 0, NO_RANGE, "{}", false, NULL }

#define DAYS_MAX 3650    /* ten years: the longest standard, level, band or interval (policy.h) */
#define DAY_1970_01_01 0 /* the first and the last day of the calendar's table */
#define DAY_2100_12_31 47846
#define TEXT_MAX 200
#define PATH_BYTES_MAX 1024
#define NAMES_MAX 10000
#define GROUP_NAME_MAX 32 /* of a group of the system: useradd(8) allows no longer one */
#define QUEUE_LIMITS_MAX 64
#define KPIS_MAX 50
#define GROUPS_MAX 500
#define TRUSTED_MAX 32
#define COUNT_MAX 1000000000
#define MINUTES_A_YEAR 525600
#define SECONDS_A_DAY 86400

static const char default_pathways[] =
    "( { name = \"needs_assessment\"; label = \"Care Act needs assessment\"; },"
    "  { name = \"ot_assessment\"; label = \"Occupational therapy assessment\";"
    "    standard_by_priority = ( (1, 2), (2, 7) ); pauses = \"exclude\"; },"
    "  { name = \"review\"; label = \"Annual review\"; completes_on = \"asc.review.completed\"; },"
    "  { name = \"dols\"; label = \"Deprivation of Liberty Safeguards\"; standard_days = 21; },"
    "  { name = \"triage\"; label = \"Triage\"; standard_days = 5; unit = \"working_days\"; clock_stops_on = \"started\"; } )";

static const struct config_key keys[] = {
    GROUP("council", SCOPE_CONFIG),
    {"council.name", KEY_TEXT, OF_CONFIG(council_name), RANGE(1, TEXT_MAX), "\"Lancashire County Council\"", false, "the name on reports"},
    {"council.timezone", KEY_TIMEZONE, OF_CONFIG(timezone), RANGE(1, 64), "\"Europe/London\"", true,
     "the IANA time zone whose days are counted"},
    {"council.calendar", KEY_PATH, OF_CONFIG(calendar_path), RANGE(0, PATH_BYTES_MAX), "\"bank-holidays.json\"", false,
     "the bank holidays, in the layout of GOV.UK's bank-holidays.json, relative to the folder of this file; \"\" for none"},
    {"council.epoch", KEY_DATE, OF_CONFIG(epoch), RANGE(DAY_1970_01_01, DAY_2100_12_31), "\"1990-01-01\"", true,
     "events before this day are refused"},

    GROUP("journal", SCOPE_CONFIG),
    {"journal.path", KEY_PATH, OF_CONFIG(journal_path), RANGE(1, PATH_BYTES_MAX), "\"/var/lib/waitlistd/journal.db\"", true,
     "where everything accepted is kept"},
    {"journal.checkpoint_events", KEY_INTEGER, OF_CONFIG(checkpoint_events), RANGE(0, 1000000000), "50000", false,
     "a checkpoint is taken after so many events, so that a start need not replay more; 0: never"},
    {"journal.checkpoint_interval_s", KEY_INTEGER, OF_CONFIG(checkpoint_interval_s), RANGE(0, SECONDS_A_DAY), "300", false,
     "seconds between two checkpoints, at least"},
    {"journal.backup_directory", KEY_PATH, OF_CONFIG(backup_directory), RANGE(0, PATH_BYTES_MAX), "\"\"", true,
     "the folder of the backups that clients ask for; \"\": backups, beside the journal"},

    {"bands", KEY_BANDS, OF_CONFIG(policy), RANGE(1, DAYS_MAX), "[ 7, 14, 28, 42, 84, 182 ]", false,
     "upper edges, in days, of the bands in which waits are counted"},

    GROUP("contact", SCOPE_CONFIG),
    {"contact.interval_days", KEY_INTEGER, OF_CONFIG(policy.contact_interval_days), RANGE(1, DAYS_MAX), "28", false,
     "calendar days without contact after which a waiting person counts as not contacted"},
    {"contact.by_priority", KEY_BY_PRIORITY, OF_CONFIG(policy.contact_by_priority), RANGE(1, DAYS_MAX), "( (1, 7), (2, 14) )", false,
     "other intervals for some priorities: (priority, days)"},

    GROUP("data_quality", SCOPE_CONFIG),
    {"data_quality.backdated_days", KEY_INTEGER, OF_CONFIG(backdated_days), RANGE(0, DAYS_MAX), "14", false,
     "days: an event that arrives more days than this after it happened is a warning of data quality"},

    GROUP("alerts", SCOPE_CONFIG),
    GROUP("alerts.approaching", SCOPE_CONFIG),
    {"alerts.approaching.enabled", KEY_BOOLEAN, OF_CONFIG(approaching.enabled), NO_RANGE, "true", false,
     "says that a wait will soon pass its standard"},
    {"alerts.approaching.levels", KEY_LEVELS, OF_CONFIG(approaching), RANGE(1, DAYS_MAX), "[ 7, 1 ]", false,
     "days left at which it is said, in the pathway's unit; those below the standard count"},
    {"alerts.approaching.severity", KEY_CHOICE, OF_CONFIG(approaching.severity), ONE_OF(severities), "\"info\"", false, "how grave it is"},
    GROUP("alerts.breach", SCOPE_CONFIG),
    {"alerts.breach.enabled", KEY_BOOLEAN, OF_CONFIG(breach.enabled), NO_RANGE, "true", false, "says that a wait has passed its standard"},
    {"alerts.breach.severity", KEY_CHOICE, OF_CONFIG(breach.severity), ONE_OF(severities), "\"warning\"", false, "how grave it is"},
    GROUP("alerts.escalation", SCOPE_CONFIG),
    {"alerts.escalation.enabled", KEY_BOOLEAN, OF_CONFIG(escalation.enabled), NO_RANGE, "true", false,
     "says that a wait has become very long"},
    {"alerts.escalation.levels", KEY_LEVELS, OF_CONFIG(escalation), RANGE(1, DAYS_MAX), "[ 42, 84, 182 ]", false,
     "days waited after which it is said, in the pathway's unit; those above the standard count"},
    {"alerts.escalation.severity", KEY_CHOICE, OF_CONFIG(escalation.severity), ONE_OF(severities), "\"critical\"", false,
     "how grave it is"},

    GROUP("alerts.contact_overdue", SCOPE_CONFIG),
    {"alerts.contact_overdue.enabled", KEY_BOOLEAN, OF_CONFIG(contact_overdue.enabled), NO_RANGE, "false", false,
     "says that nobody was in contact with a waiting person for longer than the contact interval"},
    {"alerts.contact_overdue.severity", KEY_CHOICE, OF_CONFIG(contact_overdue.severity), ONE_OF(severities), "\"warning\"", false,
     "how grave it is"},

    GROUP("alerts.feed_silent", SCOPE_CONFIG),
    {"alerts.feed_silent.enabled", KEY_BOOLEAN, OF_CONFIG(feed_silent.enabled), NO_RANGE, "true", false,
     "says that a source that is watched is silent (silence_minutes of sources)"},
    {"alerts.feed_silent.severity", KEY_CHOICE, OF_CONFIG(feed_silent.severity), ONE_OF(severities), "\"high\"", false, "how grave it is"},
    GROUP("alerts.quarantine", SCOPE_CONFIG),
    {"alerts.quarantine.enabled", KEY_BOOLEAN, OF_CONFIG(quarantine.enabled), NO_RANGE, "false", false,
     "says that so many quarantined events wait for somebody"},
    {"alerts.quarantine.limit", KEY_INTEGER, OF_CONFIG(quarantine_limit), RANGE(1, 1000000000), "100", false,
     "events waiting at which it is said"},
    {"alerts.quarantine.severity", KEY_CHOICE, OF_CONFIG(quarantine.severity), ONE_OF(severities), "\"warning\"", false, "how grave it is"},

    {"pathways", KEY_LIST, SCOPE_PATHWAY, 0, RANGE(1, POLICY_PATHWAYS_MAX), default_pathways, false,
     "the kinds of thing that people wait for"},
    {"pathways[].name", KEY_NAME, OF_PATHWAY(name), NO_RANGE, NULL, false, "the name that events use"},
    {"pathways[].label", KEY_TEXT, SCOPE_PATHWAY_LABEL, 0, RANGE(0, TEXT_MAX), "\"\"", false, "what people read; \"\": the name"},
    {"pathways[].standard_days", KEY_INTEGER, OF_PATHWAY(standard_days), RANGE(1, DAYS_MAX), "28", false,
     "the standard: whoever has waited more days than this is in breach"},
    {"pathways[].standard_by_priority", KEY_BY_PRIORITY, OF_PATHWAY(standard_by_priority), RANGE(1, DAYS_MAX), "()", false,
     "other standards for some priorities: (priority, days)"},
    {"pathways[].unit", KEY_CHOICE, OF_PATHWAY(unit), ONE_OF(units), "\"calendar_days\"", false, "what is counted"},
    {"pathways[].pauses", KEY_CHOICE, OF_PATHWAY(pauses), ONE_OF(pauses), "\"count\"", false, "whether paused days count"},
    {"pathways[].clock_stops_on", KEY_CHOICE, OF_PATHWAY(stops_on), ONE_OF(stops), "\"ended\"", false,
     "what stops the clock: the end, or the start of the assessment"},
    {"pathways[].completes_on", KEY_COMPLETION, OF_PATHWAY(completes_on), ONE_OF(config_completions), "\"asc.assessment.completed\"", false,
     "the type of event that completes a wait"},
    GROUP("pathways[].alerts", SCOPE_PATHWAY),
    GROUP("pathways[].alerts.approaching", SCOPE_PATHWAY),
    {"pathways[].alerts.approaching.enabled", KEY_BOOLEAN, OF_PATHWAY(approaching.enabled), NO_RANGE, "=alerts.approaching.enabled", false,
     "as in alerts, for this pathway"},
    {"pathways[].alerts.approaching.levels", KEY_LEVELS, OF_PATHWAY(approaching), RANGE(1, DAYS_MAX), "=alerts.approaching.levels", false,
     "as in alerts, for this pathway"},
    {"pathways[].alerts.approaching.severity", KEY_CHOICE, OF_PATHWAY(approaching.severity), ONE_OF(severities),
     "=alerts.approaching.severity", false, "as in alerts, for this pathway"},
    GROUP("pathways[].alerts.breach", SCOPE_PATHWAY),
    {"pathways[].alerts.breach.enabled", KEY_BOOLEAN, OF_PATHWAY(breach.enabled), NO_RANGE, "=alerts.breach.enabled", false,
     "as in alerts, for this pathway"},
    {"pathways[].alerts.breach.severity", KEY_CHOICE, OF_PATHWAY(breach.severity), ONE_OF(severities), "=alerts.breach.severity", false,
     "as in alerts, for this pathway"},
    GROUP("pathways[].alerts.escalation", SCOPE_PATHWAY),
    {"pathways[].alerts.escalation.enabled", KEY_BOOLEAN, OF_PATHWAY(escalation.enabled), NO_RANGE, "=alerts.escalation.enabled", false,
     "as in alerts, for this pathway"},
    {"pathways[].alerts.escalation.levels", KEY_LEVELS, OF_PATHWAY(escalation), RANGE(1, DAYS_MAX), "=alerts.escalation.levels", false,
     "as in alerts, for this pathway"},
    {"pathways[].alerts.escalation.severity", KEY_CHOICE, OF_PATHWAY(escalation.severity), ONE_OF(severities),
     "=alerts.escalation.severity", false, "as in alerts, for this pathway"},

    GROUP("pathways[].alerts.contact_overdue", SCOPE_PATHWAY),
    {"pathways[].alerts.contact_overdue.enabled", KEY_BOOLEAN, OF_PATHWAY(contact_overdue.enabled), NO_RANGE,
     "=alerts.contact_overdue.enabled", false, "as in alerts, for this pathway"},
    {"pathways[].alerts.contact_overdue.severity", KEY_CHOICE, OF_PATHWAY(contact_overdue.severity), ONE_OF(severities),
     "=alerts.contact_overdue.severity", false, "as in alerts, for this pathway"},

    {"districts", KEY_NAMES, OF_CONFIG(districts), RANGE(0, NAMES_MAX), "()", false,
     "the known districts; none listed: every name is known"},
    {"client_groups", KEY_NAMES, OF_CONFIG(client_groups), RANGE(0, NAMES_MAX), "()", false,
     "the known client groups; none listed: every name is known"},

    {"teams", KEY_LIST, SCOPE_TEAM, 0, RANGE(0, NAMES_MAX), "()", false, "the known teams; none listed: every name is known"},
    {"teams[].name", KEY_NAME, OF_TEAM(name), NO_RANGE, NULL, false, "the name that events use"},
    {"teams[].label", KEY_TEXT, OF_TEAM(label), RANGE(0, TEXT_MAX), "\"\"", false, "what people read; \"\": the name"},
    {"teams[].district", KEY_DISTRICT, OF_TEAM(district), NO_RANGE, "\"\"", false, "the district of the team; \"\": none"},

    {"queue_limits", KEY_LIST, SCOPE_QUEUE_LIMIT, 0, RANGE(0, QUEUE_LIMITS_MAX), "()", false,
     "queues of which an alert tells when they grow beyond a limit"},
    {"queue_limits[].name", KEY_NAME, OF_QUEUE_LIMIT(name), NO_RANGE, NULL, false, "what the alert is called"},
    {"queue_limits[].pathway", KEY_PATHWAY, OF_QUEUE_LIMIT(pathway), NO_RANGE, "\"\"", false, "one pathway; \"\": all together"},
    {"queue_limits[].team", KEY_TEAM, OF_QUEUE_LIMIT(team), NO_RANGE, "\"\"", false, "one team; \"\": all together"},
    {"queue_limits[].measure", KEY_CHOICE, OF_QUEUE_LIMIT(measure), ONE_OF(measures), "\"waiting\"", false,
     "what is measured, as in a position"},
    {"queue_limits[].limit", KEY_INTEGER, OF_QUEUE_LIMIT(limit), RANGE(1, COUNT_MAX), NULL, false, "at which the alert is raised"},
    {"queue_limits[].clears_at", KEY_INTEGER, OF_QUEUE_LIMIT(clears_at), RANGE(-1, COUNT_MAX), "-1", false,
     "at or below which it is resolved, below the limit; -1: one below it"},
    {"queue_limits[].severity", KEY_CHOICE, OF_QUEUE_LIMIT(severity), ONE_OF(severities), "\"warning\"", false, "how grave it is"},

    {"kpis", KEY_LIST, SCOPE_KPI, 0, RANGE(0, KPIS_MAX), "()", false, "what the quarterly report (waitlistctl report kpi) tells"},
    {"kpis[].name", KEY_NAME, OF_KPI(name), NO_RANGE, NULL, false, "what programs call it"},
    {"kpis[].label", KEY_TEXT, OF_KPI(label), RANGE(0, TEXT_MAX), "\"\"", false, "what people read; \"\": the name"},
    {"kpis[].measure", KEY_CHOICE, OF_KPI(measure), ONE_OF(kpi_measures), NULL, false,
     "what is measured, at the end of the quarter or in it"},
    {"kpis[].pathway", KEY_PATHWAY, OF_KPI(pathway), NO_RANGE, "\"\"", false, "of one pathway; \"\": of all"},
    {"kpis[].team", KEY_TEAM, OF_KPI(team), NO_RANGE, "\"\"", false, "of one team; \"\": of all"},
    {"kpis[].client_group", KEY_TEXT, OF_KPI(client_group), RANGE(0, NAME_MAX_BYTES), "\"\"", false, "of one client group; \"\": of all"},
    {"kpis[].target", KEY_INTEGER, OF_KPI(target), RANGE(-1, COUNT_MAX), "-1", false, "what is to be reached; -1: no target"},
    {"kpis[].polarity", KEY_CHOICE, OF_KPI(polarity), ONE_OF(polarities), "\"low\"", false, "whether low or high is good"},
    {"kpis[].statutory", KEY_BOOLEAN, OF_KPI(statutory), NO_RANGE, "false", false, "whether the measure is one that the law asks for"},
    {"kpis[].benchmark", KEY_INTEGER, OF_KPI(benchmark), RANGE(-1, COUNT_MAX), "-1", false, "what others reach; -1: not known"},
    {"kpis[].benchmark_source", KEY_TEXT, OF_KPI(benchmark_source), RANGE(0, TEXT_MAX), "\"\"", false, "where the benchmark is from"},

    {"dimensions", KEY_LIST, SCOPE_DIMENSION, 0, RANGE(0, EVENT_DIMENSIONS_MAX), "()", false, "further groupings that events may carry"},
    {"dimensions[].name", KEY_NAME, OF_DIMENSION(name), NO_RANGE, NULL, false, "the name that events use"},
    {"dimensions[].values", KEY_NAMES, OF_DIMENSION(values), RANGE(0, NAMES_MAX), "()", false,
     "the known values; none listed: every value is known"},

    {"sources", KEY_LIST, SCOPE_SOURCE, 0, RANGE(0, NAMES_MAX), "()", false, "what is known about the systems that send events"},
    {"sources[].name", KEY_TEXT, OF_SOURCE(name), RANGE(1, SOURCE_BYTES_MAX), NULL, false, "the CloudEvents source"},
    {"sources[].silence_minutes", KEY_INTEGER, OF_SOURCE(silence_minutes), RANGE(0, MINUTES_A_YEAR), "0", false,
     "minutes without an event after which the source counts as silent; 0: it is not watched"},
    {"sources[].hours", KEY_HOURS, OF_SOURCE(hours), NO_RANGE, "\"\"", false, "when the source is expected to send; \"\": always"},
    {"sources[].allow_numeric_references", KEY_BOOLEAN, OF_SOURCE(allow_numeric_references), NO_RANGE, "false", false,
     "takes ten-digit references that look like NHS numbers: only where they are known to be something else"},

    GROUP("security", SCOPE_CONFIG),
    {"security.allow_plain_loopback", KEY_BOOLEAN, OF_CONFIG(security.allow_plain_loopback), NO_RANGE, "false", true,
     "lets TCP endpoints on the loopback address do without encryption: every local user can then read and send"},
    {"security.secret_key", KEY_PATH, OF_CONFIG(security.secret_key), RANGE(0, PATH_BYTES_MAX), "\"\"", true,
     "the daemon's secret key, made by 'waitlistctl keygen --curve'; \"\": none, so no TCP but what allow_plain_loopback allows"},
    {"security.peers", KEY_LIST, SCOPE_PEER, 0, RANGE(0, ACCESS_PEERS_MAX), "()", false, "whose keys are let in, and what each may do"},
    {"security.peers[].name", KEY_NAME, OF_PEER(name), NO_RANGE, NULL, false, "who it is, as the access log says it"},
    {"security.peers[].public_key", KEY_PEER_KEY, OF_PEER(key), NO_RANGE, NULL, false, "its public key"},
    {"security.peers[].roles", KEY_ROLES, OF_PEER(rights.roles), NO_RANGE, NULL, false, "what it may do"},
    {"security.peers[].teams", KEY_TEAMS, OF_PEER(rights.teams), RANGE(0, ACCESS_TEXTS_MAX), "()", false,
     "of a manager: the teams whose people it sees; \"*\": all"},
    {"security.peers[].sources", KEY_SOURCES, OF_PEER(rights.sources), RANGE(0, ACCESS_TEXTS_MAX), "()", false,
     "of a producer: the sources for which it may send; none: all"},
    {"security.peers[].speaks_for_others", KEY_BOOLEAN, OF_PEER(rights.speaks_for_others), NO_RANGE, "false", false,
     "its questions may say on whose behalf they are asked, as the dashboard's do"},
    {"security.local", KEY_LIST, SCOPE_LOCAL, 0, RANGE(0, ACCESS_LOCAL_MAX), "()", false,
     "what may be done through endpoints without keys; one that is not named here: ingest to send, the others everything"},
    {"security.local[].name", KEY_NAME, OF_LOCAL(name), NO_RANGE, NULL, false, "who comes through it, as the access log says it"},
    {"security.local[].endpoint", KEY_ENDPOINT, OF_LOCAL(endpoint), NO_RANGE, NULL, false, "one of the endpoints"},
    {"security.local[].mode", KEY_CHOICE, OF_LOCAL(mode), ONE_OF(modes), "\"0660\"", false, "of an ipc endpoint: the mode of its file"},
    {"security.local[].group", KEY_TEXT, OF_LOCAL(group), RANGE(0, GROUP_NAME_MAX), "\"\"", false,
     "of an ipc endpoint: the group of its file; \"\": the daemon's own"},
    {"security.local[].roles", KEY_ROLES, OF_LOCAL(rights.roles), NO_RANGE, NULL, false, "what may be done through it"},
    {"security.local[].teams", KEY_TEAMS, OF_LOCAL(rights.teams), RANGE(0, ACCESS_TEXTS_MAX), "()", false,
     "of a manager: the teams whose people are seen; \"*\": all"},
    {"security.local[].sources", KEY_SOURCES, OF_LOCAL(rights.sources), RANGE(0, ACCESS_TEXTS_MAX), "()", false,
     "of a producer: the sources for which may be sent; none: all"},
    {"security.local[].speaks_for_others", KEY_BOOLEAN, OF_LOCAL(rights.speaks_for_others), NO_RANGE, "false", false,
     "questions through it may say on whose behalf they are asked"},
    GROUP("security.access_log", SCOPE_CONFIG),
    {"security.access_log.directory", KEY_PATH, OF_CONFIG(security.access_log_directory), RANGE(0, PATH_BYTES_MAX), "\"\"", true,
     "the folder of the access log; \"\": access, beside the journal"},
    {"security.access_log.retention_days", KEY_INTEGER, OF_CONFIG(security.access_log_retention_days), RANGE(31, 36500), "730", false,
     "days after which a day of the access log is deleted"},

    GROUP("privacy", SCOPE_CONFIG),
    {"privacy.retention_years", KEY_INTEGER, OF_CONFIG(retention_years), RANGE(0, 100), "0", false,
     "years after its end a wait may be redacted by 'waitlistctl retention'; 0: never"},

    GROUP("endpoints", SCOPE_CONFIG),
    {"endpoints.ingest", KEY_ENDPOINTS, OF_CONFIG(ingest), NO_RANGE, "[ \"ipc:///run/waitlistd/ingest.ipc\" ]", true,
     "where senders hand in events"},
    {"endpoints.publish", KEY_ENDPOINTS, OF_CONFIG(publish), NO_RANGE, "[ \"ipc:///run/waitlistd/publish.ipc\" ]", true,
     "where alerts and positions are published"},
    {"endpoints.query", KEY_ENDPOINTS, OF_CONFIG(query), NO_RANGE, "[ \"ipc:///run/waitlistd/query.ipc\" ]", true,
     "where questions are answered"},
    {"endpoints.publish_interval_ms", KEY_INTEGER, OF_CONFIG(publish_interval_ms), RANGE(10, 10000), "250", false,
     "milliseconds: a changed position is published at most this often"},
    {"endpoints.max_future_skew_s", KEY_INTEGER, OF_CONFIG(max_future_skew_s), RANGE(0, SECONDS_A_DAY), "300", false,
     "seconds: an event further in the future is quarantined"},
    {"endpoints.requests_waiting", KEY_INTEGER, OF_CONFIG(requests_waiting), RANGE(1, 4096), "256", true,
     "requests of one sender that may wait here to be read; then its own socket holds it"},
    {"endpoints.publications_waiting", KEY_INTEGER, OF_CONFIG(publications_waiting), RANGE(100, 1000000), "20000", true,
     "publications that a slow subscriber may be behind; then it loses the newest"},

    GROUP("client", SCOPE_CONFIG),
    {"client.key", KEY_PATH, OF_CONFIG(client.key), RANGE(0, PATH_BYTES_MAX), "\"\"", false,
     "the file of this side's own secret key, made by 'waitlistctl keygen --curve'; \"\": none"},
    {"client.server_key", KEY_KEY_OR_PATH, OF_CONFIG(client.server_key), RANGE(0, PATH_BYTES_MAX), "\"\"", false,
     "the daemon's public key, or its file; \"\": none"},

    GROUP("dashboard", SCOPE_CONFIG),
    {"dashboard.allow_beyond_loopback", KEY_BOOLEAN, OF_CONFIG(dashboard.allow_beyond_loopback), NO_RANGE, "false", false,
     "lets waitlist-dashboard listen on other addresses than loopback, without encryption"},
    {"dashboard.listen", KEY_ADDRESS, OF_CONFIG(dashboard.listen), RANGE(1, 64), "\"127.0.0.1:8090\"", false,
     "where waitlist-dashboard listens: an address and a port"},
    {"dashboard.host_names", KEY_TEXT, OF_CONFIG(dashboard.host_names), RANGE(0, 1000), "\"\"", false,
     "further names by which browsers may call it, with commas between; localhost and its address always work"},
    {"dashboard.sign_in", KEY_CHOICE, OF_CONFIG(dashboard.sign_in), ONE_OF(sign_ins), "\"tokens\"", false,
     "how the pages learn who asks: by a token of each person, from the reverse proxy, or not at all, on the loopback address only"},
    {"dashboard.open_role", KEY_CHOICE, OF_CONFIG(dashboard.open_role), ONE_OF(open_roles), "\"viewer\"", false,
     "where nobody signs in, what everybody may do; a manager is one of every team"},
    {"dashboard.tokens", KEY_PATH, OF_CONFIG(dashboard.tokens), RANGE(0, PATH_BYTES_MAX), "\"tokens.json\"", false,
     "the file of people's and programs' tokens, written by 'waitlistctl token'; \"\": there are none"},
    {"dashboard.user_header", KEY_HEADER, OF_CONFIG(dashboard.user_header), RANGE(0, 64), "\"\"", false,
     "the header in which the reverse proxy says who asks"},
    {"dashboard.groups_header", KEY_HEADER, OF_CONFIG(dashboard.groups_header), RANGE(0, 64), "\"\"", false,
     "the header in which it says the groups of who asks"},
    {"dashboard.groups_separator", KEY_TEXT, OF_CONFIG(dashboard.groups_separator), RANGE(1, 8), "\",\"", false,
     "what stands between two groups there"},
    {"dashboard.trusted_proxies", KEY_NETWORKS, OF_CONFIG(dashboard.trusted_proxies), RANGE(0, TRUSTED_MAX), "( \"127.0.0.1\", \"::1\" )",
     false, "where the reverse proxy connects from; these headers from anywhere else are refused"},
    {"dashboard.groups", KEY_LIST, SCOPE_GROUP, 0, RANGE(0, GROUPS_MAX), "()", false, "what the members of a group may do"},
    {"dashboard.groups[].group", KEY_TEXT, OF_GROUP(group), RANGE(1, TEXT_MAX), NULL, false, "the group, as the proxy says it"},
    {"dashboard.groups[].roles", KEY_ROLES, OF_GROUP(roles), NO_RANGE, NULL, false, "what its members may do"},
    {"dashboard.groups[].teams", KEY_TEAMS, OF_GROUP(teams), RANGE(0, ACCESS_TEXTS_MAX), "()", false,
     "of managers: the teams whose people they see; \"*\": all"},
    {"dashboard.secure_cookies", KEY_BOOLEAN, OF_CONFIG(dashboard.secure_cookies), NO_RANGE, "true", false,
     "browsers send the cookie of a session over TLS only, or to this machine itself"},
    {"dashboard.session_idle_minutes", KEY_INTEGER, OF_CONFIG(dashboard.session_idle_minutes), RANGE(1, 1440), "30", false,
     "minutes after which a session ends that nobody uses"},
    {"dashboard.session_hours", KEY_INTEGER, OF_CONFIG(dashboard.session_hours), RANGE(1, 168), "12", false,
     "hours after which a session ends in any case"},
    {"dashboard.sessions", KEY_INTEGER, OF_CONFIG(dashboard.sessions), RANGE(1, 5000), "1000", false, "sessions at once, at most"},
    {"dashboard.web", KEY_PATH, OF_CONFIG(dashboard.web), RANGE(0, PATH_BYTES_MAX), "\"\"", false,
     "the folder of the pages; \"\": where they were installed"},
    {"dashboard.connections", KEY_INTEGER, OF_CONFIG(dashboard.connections), RANGE(16, 100000), "16384", false,
     "connections of browsers at most"},
    {"dashboard.streams", KEY_INTEGER, OF_CONFIG(dashboard.streams), RANGE(1, 50000), "2000", false, "open pages at most"},
    {"dashboard.questions", KEY_INTEGER, OF_CONFIG(dashboard.questions), RANGE(1, 16384), "1024", false,
     "questions that may wait for the daemon's answer at once"},
    {"dashboard.answer_timeout_s", KEY_INTEGER, OF_CONFIG(dashboard.answer_timeout_s), RANGE(1, 600), "30", false,
     "seconds that a question waits for the daemon's answer"},
    {"dashboard.csv_rows", KEY_INTEGER, OF_CONFIG(dashboard.csv_rows), RANGE(1000, 10000000), "1000000", false,
     "rows of one CSV download at most"},
    GROUP("dashboard.evidence", SCOPE_CONFIG),
    {"dashboard.evidence.enabled", KEY_BOOLEAN, OF_CONFIG(dashboard.evidence.enabled), NO_RANGE, "true", false,
     "whether packs of evidence can be made from the pages"},
    {"dashboard.evidence.command", KEY_PATH, OF_CONFIG(dashboard.evidence.command), RANGE(0, PATH_BYTES_MAX), "\"\"", false,
     "the waitlistctl that makes them; \"\": where it was installed"},
    {"dashboard.evidence.key", KEY_PATH, OF_CONFIG(dashboard.evidence.key), RANGE(0, PATH_BYTES_MAX), "\"\"", false,
     "the key of 'waitlistctl keygen' that signs them; \"\": they are not signed"},
    {"dashboard.evidence.time_limit_s", KEY_INTEGER, OF_CONFIG(dashboard.evidence.time_limit_s), RANGE(1, 86400), "1800", false,
     "seconds after which the making of a pack is given up"},
};

const char *config_kpi_measure_name(enum kpi_measure measure) {
    return kpi_measures[measure];
}

static bool index_of(const char *const *names, const char *name, unsigned *index) {
    for (*index = 0; names[*index] != NULL; (*index)++)
        if (strcmp(names[*index], name) == 0)
            return true;
    return false;
}

enum access_role config_open_role(const struct dashboard_config *dashboard) {
    return access_role_of(text_of(open_roles[dashboard->open_role]));
}

bool config_sign_in_of(const char *name, enum sign_in *sign_in) {
    unsigned index;
    bool is_one = index_of(sign_ins, name, &index);
    *sign_in = is_one ? (enum sign_in)index : *sign_in;
    return is_one;
}

bool config_open_role_of(const char *name, unsigned *open_role) {
    unsigned index;
    bool is_one = index_of(open_roles, name, &index);
    *open_role = is_one ? index : *open_role;
    return is_one;
}

const struct config_key *config_keys(size_t *count) {
    *count = sizeof keys / sizeof keys[0];
    return keys;
}

const struct config_key *config_key_of(const char *path) {
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i].path, path) == 0)
            return &keys[i];
    return NULL;
}

const char *config_key_name(const struct config_key *key) {
    const char *dot = strrchr(key->path, '.');
    return dot ? dot + 1 : key->path;
}

bool config_key_is_in(const struct config_key *key, const struct config_key *group) {
    size_t length = (size_t)(config_key_name(key) - key->path);
    if (!group)
        return length == 0;
    size_t group_length = strlen(group->path);
    const char *separator = group->type == KEY_LIST ? "[]." : ".";
    return length == group_length + strlen(separator) && memcmp(key->path, group->path, group_length) == 0 &&
           memcmp(key->path + group_length, separator, strlen(separator)) == 0;
}

static void *base_of(struct config *config, enum key_scope scope, size_t index) {
    switch (scope) {
    case SCOPE_CONFIG:
        return config;
    case SCOPE_PATHWAY:
        return &config->policy.pathways[index];
    case SCOPE_PATHWAY_LABEL:
        return &config->pathway_labels[index];
    case SCOPE_TEAM:
        return &config->teams.at[index];
    case SCOPE_DIMENSION:
        return &config->dimensions[index];
    case SCOPE_SOURCE:
        return &config->sources[index];
    case SCOPE_QUEUE_LIMIT:
        return &config->queue_limits[index];
    case SCOPE_KPI:
        return &config->kpis[index];
    case SCOPE_PEER:
        return &config->security.peers[index];
    case SCOPE_LOCAL:
        return &config->security.local[index];
    case SCOPE_GROUP:
        return &config->dashboard.groups[index];
    }
    memory_broken();
}

void *config_value(struct config *config, const struct config_key *key, size_t index) {
    return (char *)base_of(config, key->scope, index) + key->offset;
}

const void *config_value_const(const struct config *config, const struct config_key *key, size_t index) {
    /* Nothing is written through it: one function finds the place for both. */
    return config_value((struct config *)(uintptr_t)config, key, index);
}

size_t config_list_count(const struct config *config, const struct config_key *list) {
    switch (list->scope) {
    case SCOPE_PATHWAY:
        return config->policy.pathway_count;
    case SCOPE_TEAM:
        return config->teams.count;
    case SCOPE_DIMENSION:
        return config->dimension_count;
    case SCOPE_SOURCE:
        return config->source_count;
    case SCOPE_QUEUE_LIMIT:
        return config->queue_limit_count;
    case SCOPE_KPI:
        return config->kpi_count;
    case SCOPE_PEER:
        return config->security.peer_count;
    case SCOPE_LOCAL:
        return config->security.local_count;
    case SCOPE_GROUP:
        return config->dashboard.group_count;
    case SCOPE_CONFIG:
    case SCOPE_PATHWAY_LABEL:
        break;
    }
    memory_broken();
}

void config_list_resize(struct config *config, const struct config_key *list, size_t count) {
    ENSURE(config_list_count(config, list) == 0);
    switch (list->scope) {
    case SCOPE_PATHWAY:
        config->policy.pathway_count = count;
        break;
    case SCOPE_TEAM:
        config->teams = (struct known_names){count, memory_new(count, sizeof *config->teams.at)};
        break;
    case SCOPE_DIMENSION:
        config->dimension_count = count;
        config->dimensions = memory_new(count, sizeof *config->dimensions);
        break;
    case SCOPE_SOURCE:
        config->source_count = count;
        config->sources = memory_new(count, sizeof *config->sources);
        break;
    case SCOPE_QUEUE_LIMIT:
        config->queue_limit_count = count;
        config->queue_limits = memory_new(count, sizeof *config->queue_limits);
        break;
    case SCOPE_KPI:
        config->kpi_count = count;
        config->kpis = memory_new(count, sizeof *config->kpis);
        break;
    case SCOPE_PEER:
        config->security.peer_count = count;
        config->security.peers = memory_new(count, sizeof *config->security.peers);
        break;
    case SCOPE_LOCAL:
        config->security.local_count = count;
        config->security.local = memory_new(count, sizeof *config->security.local);
        break;
    case SCOPE_GROUP:
        config->dashboard.group_count = count;
        config->dashboard.groups = memory_new(count, sizeof *config->dashboard.groups);
        break;
    case SCOPE_CONFIG:
    case SCOPE_PATHWAY_LABEL:
        memory_broken();
    }
}
