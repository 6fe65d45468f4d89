/* The lists of Client Level Data, releases 1 and 2: labels in any of their spellings become one code. */
#ifndef WAITLIST_IMPORT_CLD_VALUES_H
#define WAITLIST_IMPORT_CLD_VALUES_H

#include "daemon/core/calendar.h"

/* Columns that are read. What is not here is passed over unread. */
enum cld_column {
    CLD_LA_CODE,
    CLD_PERIOD_START,
    CLD_PERIOD_END,
    CLD_NHS_NUMBER,
    CLD_LA_PERSON,
    CLD_DATE_OF_BIRTH,
    CLD_DATE_OF_DEATH,
    CLD_CLIENT_TYPE,
    CLD_SUPPORT_REASON,
    CLD_EVENT_TYPE,
    CLD_EVENT_START,
    CLD_EVENT_END,
    CLD_DESCRIPTION,
    CLD_OUTCOME,
    CLD_ROUTE,
    CLD_ASSESSMENT_TYPE,
    CLD_SERVICE_TYPE,
    CLD_SERVICE_COMPONENT,
    CLD_COLUMN_COUNT
};

enum cld_kind { CLD_REQUEST, CLD_ASSESSMENT, CLD_SERVICE, CLD_REVIEW, CLD_KIND_UNKNOWN };
enum cld_client { CLD_SERVICE_USER, CLD_CARER, CLD_CARER_KNOWN, CLD_CLIENT_UNKNOWN };
enum cld_assessment { CLD_SHORT_TERM, CLD_LONG_TERM, CLD_FINANCIAL, CLD_ASSESSMENT_UNKNOWN };

enum cld_service {
    CLD_NURSING,
    CLD_RESIDENTIAL,
    CLD_COMMUNITY,
    CLD_PRISON, /* up to here long term */
    CLD_ST_MAX,
    CLD_LOW_LEVEL,
    CLD_OTHER_SHORT_TERM, /* up to here short term */
    CLD_CARER_SERVICE,
    CLD_SERVICE_UNKNOWN
};

/* In the order of DHSC's hierarchy, best first. */
enum cld_outcome {
    CLD_REABLEMENT,
    CLD_TO_ASSESSMENT,
    CLD_RELEASE_1_ONLY, /* progress to financial assessment, to end of life care */
    CLD_TO_SUPPORT,
    CLD_CONTINUATION,
    CLD_HOSPITAL,
    CLD_MOVED, /* from here on no further action */
    CLD_NHS_FUNDED,
    CLD_SELF_FUNDED,
    CLD_ADVICE,
    CLD_OTHER_COUNCIL_SERVICE,
    CLD_DECLINED,
    CLD_DECEASED,
    CLD_ENDED_AS_PLANNED,
    CLD_ENDED_OTHER,
    CLD_NOTHING_OFFERED,
    CLD_NFA_OTHER,
    CLD_OUTCOME_UNKNOWN, /* a text that is in no list: "Invalid and not mapped" */
    CLD_OUTCOME_MISSING,
    CLD_OUTCOME_COUNT
};

/* DHSC's bands; a record keeps no age and no date of birth. */
enum cld_band { CLD_AGE_UNKNOWN, CLD_UNDER_18, CLD_18_TO_24, CLD_25_TO_64, CLD_65_AND_ABOVE };

/* Longer than every label of the lists. */
#define CLD_LABEL_BYTES 256

/* Lower case, every run of other characters than letters and digits one blank, none at the ends, "&" as "and"; cut at the size (8 or more).
 * Dashes of every kind, underscores, colons and slashes so are the same. Returns the length. */
size_t cld_plain(struct text text, char *out, size_t size);
/* Nothing, blanks, or the text NULL. */
bool cld_is_missing(struct text text);

/* -1: none of them. The name is that of release 1, with blanks. */
int cld_column_of(struct text header);
const char *cld_column_name(enum cld_column column);

enum cld_kind cld_kind_of(struct text label);
enum cld_client cld_client_of(struct text label);
enum cld_assessment cld_assessment_of(struct text label);
enum cld_service cld_service_of(struct text label);
enum cld_outcome cld_outcome_of(struct text label);
/* 0: missing or in no list; else from 1, with a code that can stand in an event. */
uint8_t cld_route_of(struct text label);
uint8_t cld_support_reason_of(struct text label);
const char *cld_route_code(uint8_t route); /* NULL for 0 */
const char *cld_support_reason_code(uint8_t reason);
const char *cld_outcome_code(enum cld_outcome outcome); /* as `outcome` of an event; NULL where there is none */
/* The reason (rules, section 2) with which a request ends that goes no further; NULL when it does. */
const char *cld_close_reason(enum cld_outcome outcome);
static inline bool cld_is_nfa(enum cld_outcome outcome) {
    return outcome >= CLD_MOVED && outcome <= CLD_NFA_OTHER;
}

enum cld_date { CLD_DATE_OK, CLD_DATE_MISSING, CLD_DATE_MONTH_FIRST, CLD_DATE_BAD };

/* dd/mm/yyyy or YYYY-MM-DD, either with a time of day behind it that is checked and dropped; years 1850 to 2199. MONTH_FIRST: it would be
 * a date if the month stood first. */
enum cld_date cld_date_parse(struct text text, day_t *day);

/* Floor of the days since the first of the month of birth / 365.25 (DHSC's age). */
enum cld_band cld_band_at(day_t birth, day_t at);

/* The ten digits of a valid NHS number (modulus 11; blanks and hyphens passed over; not ten times the same digit). */
bool cld_nhs_number(struct text text, char digits[11]);

#endif
