/* The morning list from four questions about now. */
#include "client/digest/digest.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <waitlist/protocol.h>

#define PAGE_ROWS 1000

struct composing {
    digest_ask *ask;
    void *context;
    const char *team;
    bool references;
    bool failed;
    bool withheld;
};

static bool parse_day(const char *day, struct tm *parsed) {
    memset(parsed, 0, sizeof *parsed);
    const char *end = day != NULL && strlen(day) == 10 ? strptime(day, "%Y-%m-%d", parsed) : NULL;

    parsed->tm_hour = 12;
    return end != NULL && *end == '\0' && timegm(parsed) != (time_t)-1;
}

bool digest_day_add(const char *day, int days, char out[16]) {
    struct tm parsed;

    if (!parse_day(day, &parsed)) {
        return false;
    }
    parsed.tm_mday += days;
    time_t at = timegm(&parsed);

    gmtime_r(&at, &parsed);
    return strftime(out, 16, "%Y-%m-%d", &parsed) == 10;
}

/* On a Monday the weekend is new too. */
static void first_new_day(const char *day, char out[16]) {
    struct tm parsed;

    snprintf(out, 16, "%s", day);
    if (parse_day(day, &parsed) && parsed.tm_wday == 1) {
        (void)digest_day_add(day, -2, out);
    }
}

/* Whether the reply is limited to other teams. */
static bool is_withheld(const struct composing *composing, const json_t *reply) {
    const json_t *teams = json_object_get(reply, "restricted_to");
    size_t i;
    const json_t *team;

    json_array_foreach(teams, i, team) {
        if (strcmp(json_string_value(team), composing->team) == 0) {
            return false;
        }
    }
    return teams != NULL;
}

static json_t *asked(struct composing *composing, json_t *request) {
    json_t *reply = NULL;

    if (composing->failed) {
        json_decref(request);
        return NULL;
    }
    reply = composing->ask(composing->context, request);
    composing->withheld = composing->withheld || is_withheld(composing, reply);
    composing->failed = reply == NULL || composing->withheld;
    return reply;
}

static json_t *waits_request(const struct composing *composing, const char *filter, const char *sort) {
    return json_pack("{s:i, s:s, s:{s:s, s:b}, s:s, s:i}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_WAITS, "filter", "team",
                     composing->team, filter, 1, "sort", sort, "limit", PAGE_ROWS);
}

/* What a list says of a wait. */
static json_t *row_of(const struct composing *composing, const json_t *wait) {
    static const char *const members[] = {"subject", "person",   "worker",         "pathway",   "priority",     "stage",    "start",
                                          "days",    "standard", "days_to_breach", "breach_on", "last_contact", "is_paused"};
    json_t *row = json_object();

    for (size_t i = composing->references ? 0 : 3; i < sizeof members / sizeof members[0]; i++) {
        json_t *value = json_object_get(wait, members[i]);

        ENSURE(json_object_set(row, members[i], value != NULL ? value : json_null()) == 0);
    }
    return row;
}

static json_t *list_of(json_int_t count, bool complete, json_t *rows) {
    return json_pack("{s:I, s:b, s:o}", "count", count, "complete", (int)complete, "rows", rows);
}

static json_t *listed(struct composing *composing, const char *filter, const char *sort) {
    json_t *reply = asked(composing, waits_request(composing, filter, sort));
    json_t *rows = json_array();
    json_int_t count = json_integer_value(json_object_get(reply, "count"));
    size_t i;
    const json_t *wait;

    json_array_foreach(json_object_get(reply, "rows"), i, wait) {
        if (i < DIGEST_ROWS_MAX) {
            ENSURE(json_array_append_new(rows, row_of(composing, wait)) == 0);
        }
    }
    json_decref(reply);
    return list_of(count, true, rows);
}

/* Those of a page whose breach began on `since` or later; how many they are. */
static json_int_t take_new(const struct composing *composing, const json_t *page, const char *since, json_t *rows) {
    json_int_t count = 0;
    size_t i;
    const json_t *wait;

    json_array_foreach(page, i, wait) {
        const char *breach_on = json_string_value(json_object_get(wait, "breach_on"));

        if (breach_on != NULL && strcmp(breach_on, since) >= 0) {
            count++;
            if (json_array_size(rows) < DIGEST_ROWS_MAX) {
                ENSURE(json_array_append_new(rows, row_of(composing, wait)) == 0);
            }
        }
    }
    return count;
}

static json_t *new_breaches(struct composing *composing, const char *since) {
    json_t *rows = json_array(), *cursor = NULL;
    json_int_t count = 0;
    size_t looked_at = 0;
    bool more = true;

    while (more && looked_at < DIGEST_BREACHES_MAX && !composing->failed) {
        json_t *request = waits_request(composing, "breach", "-days");

        if (cursor != NULL) {
            ENSURE(json_object_set_new(request, "cursor", cursor) == 0);
        }
        json_t *reply = asked(composing, request);
        const json_t *page = json_object_get(reply, "rows");

        count += take_new(composing, page, since, rows);
        looked_at += json_array_size(page);
        cursor = json_incref(json_object_get(reply, "next"));
        more = json_is_string(cursor);
        json_decref(reply);
    }
    json_decref(cursor);
    return list_of(count, !more, rows);
}

static json_t *pathways_of(const json_t *summary) {
    static const char *const members[] = {"waiting", "unallocated", "breach", "due", "no_contact", "longest", "median"};
    json_t *pathways = json_array();
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(summary, "rows"), i, row) {
        const json_t *position = json_object_get(row, "position");
        json_t *pathway = json_object();

        ENSURE(json_object_set(pathway, "pathway", json_object_get(json_object_get(row, "keys"), "pathway")) == 0);
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
            json_t *value = json_object_get(position, members[m]);

            ENSURE(json_object_set(pathway, members[m], value != NULL ? value : json_null()) == 0);
        }
        ENSURE(json_array_append_new(pathways, pathway) == 0);
    }
    return pathways;
}

json_t *digest_compose(digest_ask *ask, void *context, const char *team, const char *since, bool references, bool *hides_team) {
    struct composing composing = {.ask = ask, .context = context, .team = team, .references = references};
    char first[16];
    json_t *health = asked(&composing, json_pack("{s:i, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_HEALTH));
    json_t *summary = asked(&composing, json_pack("{s:i, s:s, s:[s], s:{s:s}}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_SUMMARY,
                                                  "group_by", "pathway", "filter", "team", team));
    const char *day = json_string_value(json_object_get(summary, "as_at"));
    const char *at = json_string_value(json_object_get(health, "now"));
    json_t *digest = NULL;

    if (day != NULL && at != NULL) {
        first_new_day(day, first);
        if (since != NULL) {
            snprintf(first, sizeof first, "%s", since);
        }
        digest = json_pack("{s:i, s:s, s:s, s:s, s:s, s:O?, s:O?, s:O?, s:o, s:o, s:o, s:o}", "v", WAITLIST_PROTOCOL_VERSION, "team", team,
                           "day", day, "since", first, "at", at, "journal_seq", json_object_get(summary, "journal_seq"), "rule_version",
                           json_object_get(summary, "rule_version"), "position", json_object_get(summary, "total"), "pathways",
                           pathways_of(summary), "new_breaches", new_breaches(&composing, first), "due",
                           listed(&composing, "due", "days_to_breach"), "no_contact", listed(&composing, "no_contact", "last_contact"));
    }
    if (composing.failed) {
        json_decref(digest);
        digest = NULL;
    }
    *hides_team = composing.withheld;
    json_decref(health);
    json_decref(summary);
    return digest;
}
