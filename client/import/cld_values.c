/* Spellings: how the labels, dates and numbers of both releases are read. */
#include "client/import/cld_values.h"

#include <stdlib.h>
#include <string.h>

struct label {
    const char *plain; /* as cld_plain leaves it */
    uint8_t code;
};

static const char *const column_names[CLD_COLUMN_COUNT] = {
    [CLD_LA_CODE] = "LA Code",
    [CLD_PERIOD_START] = "Reporting Period Start Date",
    [CLD_PERIOD_END] = "Reporting Period End Date",
    [CLD_NHS_NUMBER] = "NHS Number",
    [CLD_LA_PERSON] = "LA Person Unique Identifier",
    [CLD_DATE_OF_BIRTH] = "Date of Birth",
    [CLD_DATE_OF_DEATH] = "Date of Death",
    [CLD_CLIENT_TYPE] = "Client Type",
    [CLD_SUPPORT_REASON] = "Primary Support Reason",
    [CLD_EVENT_TYPE] = "Event Type",
    [CLD_EVENT_START] = "Event Start Date",
    [CLD_EVENT_END] = "Event End Date",
    [CLD_DESCRIPTION] = "Event Description",
    [CLD_OUTCOME] = "Event Outcome",
    [CLD_ROUTE] = "Request: Route of Access",
    [CLD_ASSESSMENT_TYPE] = "Assessment Type",
    [CLD_SERVICE_TYPE] = "Service Type",
    [CLD_SERVICE_COMPONENT] = "Service Component",
};

static const struct label clients[] = {{"service user", CLD_SERVICE_USER},
                                       {"carer", CLD_CARER},
                                       {"unpaid carer", CLD_CARER},
                                       {"carer known by association", CLD_CARER_KNOWN},
                                       {"unpaid carer known by association", CLD_CARER_KNOWN}};

static const struct label assessments[] = {
    {"short term assessment", CLD_SHORT_TERM}, {"long term assessment", CLD_LONG_TERM}, {"financial assessment", CLD_FINANCIAL}};

static const struct label services[] = {{"long term support nursing care", CLD_NURSING},
                                        {"long term support residential care", CLD_RESIDENTIAL},
                                        {"long term support community", CLD_COMMUNITY},
                                        {"long term support prison", CLD_PRISON},
                                        {"short term support st max", CLD_ST_MAX},
                                        {"short term support ongoing low level", CLD_LOW_LEVEL},
                                        {"short term support other short term", CLD_OTHER_SHORT_TERM},
                                        {"carer support direct to carer", CLD_CARER_SERVICE},
                                        {"carer support direct to unpaid carer", CLD_CARER_SERVICE},
                                        {"carer support support involving the person cared for", CLD_CARER_SERVICE},
                                        {"unpaid carer support direct to unpaid carer", CLD_CARER_SERVICE},
                                        {"unpaid carer support support involving the person cared for", CLD_CARER_SERVICE}};

static const struct label outcomes[] = {{"progress to reablement st max", CLD_REABLEMENT},
                                        {"progress to assessment", CLD_TO_ASSESSMENT},
                                        {"progress to re assessment unplanned review", CLD_TO_ASSESSMENT},
                                        {"progress to reassessment unplanned review", CLD_TO_ASSESSMENT},
                                        {"progress to assessment review or reassessment", CLD_TO_ASSESSMENT},
                                        {"progress to assessment review or re assessment", CLD_TO_ASSESSMENT},
                                        {"progress to financial assessment", CLD_RELEASE_1_ONLY},
                                        {"progress to end of life care", CLD_RELEASE_1_ONLY},
                                        {"release 1 specification only not mapped", CLD_RELEASE_1_ONLY},
                                        {"progress to support planning services", CLD_TO_SUPPORT},
                                        {"progress to support planning or services", CLD_TO_SUPPORT},
                                        {"no change in package", CLD_CONTINUATION},
                                        {"provision of service", CLD_CONTINUATION},
                                        {"continuation of support or services", CLD_CONTINUATION},
                                        {"admitted to hospital", CLD_HOSPITAL},
                                        {"nfa moved to another la", CLD_MOVED},
                                        {"nfa responsibility moved to another local authority", CLD_MOVED},
                                        {"nfa 100 nhs funded care", CLD_NHS_FUNDED},
                                        {"nfa referral to nhs services or nhs funded social care", CLD_NHS_FUNDED},
                                        {"nfa self funded client inc 12wk disregard", CLD_SELF_FUNDED},
                                        {"nfa self funded client or under 12wk disregard", CLD_SELF_FUNDED},
                                        {"nfa information and advice signposting only", CLD_ADVICE},
                                        {"nfa information and advice or signposting", CLD_ADVICE},
                                        {"nfa information and advice or signposting only", CLD_ADVICE},
                                        {"nfa referral to other service within the local authority", CLD_OTHER_COUNCIL_SERVICE},
                                        {"nfa support declined", CLD_DECLINED},
                                        {"nfa deceased", CLD_DECEASED},
                                        {"service ended as planned", CLD_ENDED_AS_PLANNED},
                                        {"nfa support ended as planned", CLD_ENDED_AS_PLANNED},
                                        {"nfa support ended other reason", CLD_ENDED_OTHER},
                                        {"nfa support ended for other reason", CLD_ENDED_OTHER},
                                        {"nfa no services offered other reason", CLD_NOTHING_OFFERED},
                                        {"nfa no services offered for other reason", CLD_NOTHING_OFFERED},
                                        {"nfa other", CLD_NFA_OTHER}};

static const struct label routes[] = {{"planned entry transition", 1},
                                      {"discharge from hospital", 2},
                                      {"diversion from hospital services", 3},
                                      {"community other route", 4},
                                      {"community or other route", 4},
                                      {"prison", 5},
                                      {"self funder", 6},
                                      {"discharge from reablement", 7},
                                      {"transfer from other la", 8},
                                      {"transfer from other local authority", 8}};
static const char *const route_codes[] = {NULL,     "planned_entry", "discharge_from_hospital",   "diversion_from_hospital", "community",
                                          "prison", "self_funder",   "discharge_from_reablement", "transfer_from_other_la"};

static const struct label reasons[] = {{"physical support access and mobility only", 1},
                                       {"physical support personal care support", 2},
                                       {"sensory support support for visual impairment", 3},
                                       {"sensory support support for hearing impairment", 4},
                                       {"sensory support support for dual impairment", 5},
                                       {"support with memory and cognition", 6},
                                       {"learning disability support", 7},
                                       {"mental health support", 8},
                                       {"social support substance misuse support", 9},
                                       {"social support asylum seeker support", 10},
                                       {"social support support for social isolation other", 11},
                                       {"social support support for social isolation or other", 11},
                                       {"social support support to carer", 12},
                                       {"social support support to unpaid carer", 12}};
static const char *const reason_codes[] = {NULL,
                                           "access_and_mobility",
                                           "personal_care",
                                           "visual_impairment",
                                           "hearing_impairment",
                                           "dual_impairment",
                                           "memory_and_cognition",
                                           "learning_disability",
                                           "mental_health",
                                           "substance_misuse",
                                           "asylum_seeker",
                                           "social_isolation_or_other",
                                           "support_to_carer"};

size_t cld_plain(struct text text, char *out, size_t size) {
    size_t length = 0;
    bool gap = false;

    for (uint32_t i = 0; i < text.length && length + 5 < size; i++) {
        char c = text.at[i];

        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!is_word && c != '&') {
            gap = true;
            continue;
        }
        if (length > 0 && (gap || c == '&')) {
            out[length++] = ' ';
        }
        gap = c == '&';
        if (c == '&') {
            memcpy(out + length, "and", 3);
            length += 3;
        } else {
            out[length++] = c;
        }
    }
    out[length] = '\0';
    return length;
}

static struct text trimmed(struct text text) {
    while (text.length > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.length--;
    }
    while (text.length > 0 && (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t')) {
        text.length--;
    }
    return text;
}

bool cld_is_missing(struct text text) {
    text = trimmed(text);
    return text.length == 0 || text_is(text, "NULL");
}

static uint8_t code_of(struct text label, const struct label *labels, size_t count, uint8_t otherwise) {
    char plain[CLD_LABEL_BYTES];

    if (cld_is_missing(label)) {
        return otherwise;
    }
    (void)cld_plain(label, plain, sizeof plain);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(plain, labels[i].plain) == 0) {
            return labels[i].code;
        }
    }
    return otherwise;
}

#define CODE_OF(label, labels, otherwise) code_of(label, labels, sizeof(labels) / sizeof((labels)[0]), otherwise)

int cld_column_of(struct text header) {
    char plain[CLD_LABEL_BYTES];
    char name[CLD_LABEL_BYTES];

    (void)cld_plain(header, plain, sizeof plain);
    for (int i = 0; i < CLD_COLUMN_COUNT; i++) {
        (void)cld_plain(text_of(column_names[i]), name, sizeof name);
        if (strcmp(plain, name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *cld_column_name(enum cld_column column) {
    return column_names[column];
}

enum cld_kind cld_kind_of(struct text label) {
    char plain[CLD_LABEL_BYTES];

    if (cld_is_missing(label)) {
        return CLD_KIND_UNKNOWN;
    }
    (void)cld_plain(label, plain, sizeof plain);
    if (strstr(plain, "service") != NULL) {
        return CLD_SERVICE;
    }
    if (strstr(plain, "assessment") != NULL) {
        return CLD_ASSESSMENT;
    }
    if (strstr(plain, "request") != NULL || strncmp(plain, "referral", 8) == 0) {
        return CLD_REQUEST;
    }
    return strstr(plain, "review") != NULL ? CLD_REVIEW : CLD_KIND_UNKNOWN;
}

enum cld_client cld_client_of(struct text label) {
    return (enum cld_client)CODE_OF(label, clients, CLD_CLIENT_UNKNOWN);
}

enum cld_assessment cld_assessment_of(struct text label) {
    return (enum cld_assessment)CODE_OF(label, assessments, CLD_ASSESSMENT_UNKNOWN);
}

enum cld_service cld_service_of(struct text label) {
    return (enum cld_service)CODE_OF(label, services, CLD_SERVICE_UNKNOWN);
}

enum cld_outcome cld_outcome_of(struct text label) {
    return cld_is_missing(label) ? CLD_OUTCOME_MISSING : (enum cld_outcome)CODE_OF(label, outcomes, CLD_OUTCOME_UNKNOWN);
}

uint8_t cld_route_of(struct text label) {
    return CODE_OF(label, routes, 0);
}

uint8_t cld_support_reason_of(struct text label) {
    return CODE_OF(label, reasons, 0);
}

const char *cld_route_code(uint8_t route) {
    return route_codes[route];
}

const char *cld_support_reason_code(uint8_t reason) {
    return reason_codes[reason];
}

const char *cld_outcome_code(enum cld_outcome outcome) {
    static const char *const codes[CLD_OUTCOME_COUNT] = {
        "progress_to_reablement",
        "progress_to_assessment",
        "progress_release_1_only",
        "progress_to_support",
        "continuation_of_support",
        "admitted_to_hospital",
        "nfa_moved_away",
        "nfa_nhs_funded",
        "nfa_self_funded",
        "nfa_information_and_advice",
        "nfa_other_council_service",
        "nfa_support_declined",
        "nfa_deceased",
        "nfa_support_ended_as_planned",
        "nfa_support_ended_other",
        "nfa_no_services_offered",
        "nfa_other",
    };

    return codes[outcome];
}

const char *cld_close_reason(enum cld_outcome outcome) {
    switch (outcome) {
    case CLD_HOSPITAL:
        return "admitted_to_hospital";
    case CLD_MOVED:
        return "moved_away";
    case CLD_NHS_FUNDED:
        return "nhs_funded";
    case CLD_SELF_FUNDED:
        return "self_funded";
    case CLD_ADVICE:
        return "signposted";
    case CLD_DECLINED:
        return "declined";
    case CLD_DECEASED:
        return "died";
    default:
        return cld_is_nfa(outcome) ? "other" : NULL;
    }
}

/* `count` digits at `at`, or -1. */
static int digits(const char *at, int count) {
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return -1;
        }
        value = value * 10 + (at[i] - '0');
    }
    return value;
}

/* "", " HH:MM", "THH:MM:SS", either with a fraction of a second. */
static bool is_time_of_day(struct text text) {
    if (text.length == 0) {
        return true;
    }
    if (text.length < 6 || (text.at[0] != ' ' && text.at[0] != 'T') || text.at[3] != ':') {
        return false;
    }
    int hour = digits(text.at + 1, 2);
    int minute = digits(text.at + 4, 2);
    bool good = hour >= 0 && hour < 24 && minute >= 0 && minute < 60;

    if (text.length == 6 || !good) {
        return good;
    }
    if (text.length < 9 || text.at[6] != ':') {
        return false;
    }
    int second = digits(text.at + 7, 2);

    for (uint32_t i = 9; i < text.length; i++) {
        bool fits = i == 9 ? text.at[i] == '.' && text.length > 10 : text.at[i] >= '0' && text.at[i] <= '9';

        if (!fits) {
            return false;
        }
    }
    return second >= 0 && second < 60;
}

static bool exists(int year, int month, int date) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return year >= 1850 && year <= 2199 && month >= 1 && month <= 12 && date >= 1 &&
           date <= lengths[month - 1] + (month == 2 && leap ? 1 : 0);
}

enum cld_date cld_date_parse(struct text text, day_t *day) {
    text = trimmed(text);
    if (cld_is_missing(text)) {
        return CLD_DATE_MISSING;
    }
    if (text.length < 10 || !is_time_of_day((struct text){text.at + 10, text.length - 10})) {
        return CLD_DATE_BAD;
    }
    bool is_iso = text.at[4] == '-' && text.at[7] == '-';
    bool is_british = text.at[2] == '/' && text.at[5] == '/';

    if (!is_iso && !is_british) {
        return CLD_DATE_BAD;
    }
    int year = digits(text.at + (is_iso ? 0 : 6), 4);
    int month = digits(text.at + (is_iso ? 5 : 3), 2);
    int date = digits(text.at + (is_iso ? 8 : 0), 2);

    if (exists(year, month, date)) {
        *day = day_from_civil(year, month, date);
        return CLD_DATE_OK;
    }
    return exists(year, date, month) ? CLD_DATE_MONTH_FIRST : CLD_DATE_BAD;
}

enum cld_band cld_band_at(day_t birth, day_t at) {
    int year;
    int month;
    int date;

    if (birth == DAY_NONE || birth > at) {
        return CLD_AGE_UNKNOWN;
    }
    day_to_civil(birth, &year, &month, &date);
    /* Whole quarters of a day, so that 365.25 needs no fractions. */
    int64_t age = ((int64_t)at - day_from_civil(year, month, 1)) * 4 / 1461;

    return age < 18 ? CLD_UNDER_18 : age < 25 ? CLD_18_TO_24 : age < 65 ? CLD_25_TO_64 : CLD_65_AND_ABOVE;
}

bool cld_nhs_number(struct text text, char number[11]) {
    size_t length = 0;
    int sum = 0;
    bool varies = false;

    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.at[i];

        if (c == ' ' || c == '-') {
            continue;
        }
        if (c < '0' || c > '9' || length == 10) {
            return false;
        }
        sum += length < 9 ? (c - '0') * (10 - (int)length) : 0;
        varies = varies || (length > 0 && c != number[0]);
        number[length++] = c;
    }
    number[length] = '\0';
    if (length != 10 || !varies) {
        return false;
    }
    int check = (11 - sum % 11) % 11;

    return check != 10 && check == number[9] - '0';
}
