/* From options to the members of a query. */
#include "client/ctl/query_options.h"

#include "daemon/core/calendar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(struct query_options *query, const char *member, json_t *value) {
    if (value == NULL || json_object_set_new(query->request, member, value) != 0) {
        abort();
    }
}

void query_begin(struct query_options *query, struct ctl_context *ctl, const char *op) {
    query->ctl = ctl;
    query->is_filtered = false;
    query->request = json_object();
    set(query, "v", json_integer(WAITLIST_PROTOCOL_VERSION));
    set(query, "op", json_string(op));
}

static bool whole_number(const char *text, json_int_t *value) {
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static json_t *list_of(const char *text) {
    json_t *list = json_array();

    while (*text != '\0') {
        size_t size = strcspn(text, ",");

        if (size > 0 && json_array_append_new(list, json_stringn(text, size)) != 0) {
            abort();
        }
        text += size + (text[size] == ',');
    }
    return list;
}

static bool is_one_of(const char *name, const char *const names[]) {
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

/* yes and no, numbers, or texts, as the member of the filter wants. NULL: not such a value. */
static json_t *filter_value(const char *name, const char *text) {
    static const char *const booleans[] = {"breach", "due", "paused", "no_contact", NULL};
    static const char *const numbers[] = {"min_days", "max_days", "level", NULL};
    static const char *const yes[] = {"true", "yes", "1", NULL};
    static const char *const no[] = {"false", "no", "0", NULL};
    json_int_t number;

    if (is_one_of(name, booleans)) {
        return is_one_of(text, yes) ? json_true() : is_one_of(text, no) ? json_false() : NULL;
    }
    if (is_one_of(name, numbers)) {
        return whole_number(text, &number) ? json_integer(number) : NULL;
    }
    json_t *list = list_of(text);

    if (json_array_size(list) > 1) {
        return list;
    }
    json_t *one = json_incref(json_array_get(list, 0));

    json_decref(list);
    return one;
}

/* The same name again makes a list. */
static void add_filter(struct query_options *query, const char *argument, struct argp_state *state) {
    const char *equals = strchr(argument, '=');

    if (equals == NULL || equals == argument) {
        argp_error(state, "--filter wants NAME=VALUE, not '%s'", argument);
        return;
    }
    char *name = strndup(argument, (size_t)(equals - argument));
    json_t *value = filter_value(name, equals + 1);

    if (value == NULL) {
        argp_error(state, "--filter %s cannot be '%s'", name, equals + 1);
    }
    json_t *filter = json_object_get(query->request, "filter");

    if (filter == NULL) {
        filter = json_object();
        set(query, "filter", filter);
    }
    json_t *before = json_object_get(filter, name);

    if (before != NULL) {
        json_t *both = json_is_array(before) ? json_incref(before) : json_pack("[O]", before);

        if (json_is_array(value)) {
            json_array_extend(both, value);
            json_decref(value);
        } else {
            json_array_append_new(both, value);
        }
        value = both;
    }
    json_object_set_new(filter, name, value);
    query->is_filtered = true;
    free(name);
}

static void set_number(struct query_options *query, const char *member, const char *text, struct argp_state *state) {
    json_int_t number;

    if (!whole_number(text, &number) || number < 0) {
        argp_error(state, "--%s wants a number, not '%s'", member, text);
    }
    set(query, member, json_integer(number));
}

void query_take_date(struct query_options *query, const char *member, const char *text, struct argp_state *state) {
    static const char *const options[] = {"as_at", "--as-at", "from", "--from", "to", "--to", "expected_by", "--expected-by", NULL};
    const char *name = "the day";
    day_t day;

    for (size_t i = 0; options[i] != NULL; i += 2) {
        name = strcmp(options[i], member) == 0 ? options[i + 1] : name;
    }
    if (!date_parse(text_of(text), &day)) {
        argp_error(state, "%s is a date like 2025-07-31, not '%s'", name, text);
    }
    set(query, member, json_string(text));
}

/* One of the values that the protocol knows; `shown` tells them in words. */
static void set_one_of(struct query_options *query, const char *member, const char *text, const char *const values[], const char *shown,
                       struct argp_state *state) {
    if (!is_one_of(text, values)) {
        argp_error(state, "--%s is %s, not '%s'", member, shown, text);
    }
    set(query, member, json_string(text));
}

static void set_sort(struct query_options *query, const char *text, struct argp_state *state) {
    static const char *const names[] = {"days", "days_to_breach", "risk", "priority", "last_contact", "subject", NULL};

    if (!is_one_of(text[0] == '-' ? text + 1 : text, names)) {
        argp_error(state,
                   "--sort is days, days_to_breach, risk, priority, last_contact or subject, with - in front for descending, not '%s'",
                   text);
    }
    set(query, "sort", json_string(text));
}

static void set_seq_or_instant(struct query_options *query, const char *member, const char *text) {
    json_int_t number;

    set(query, member, whole_number(text, &number) ? json_integer(number) : json_string(text));
}

error_t query_take_option(int key, char *argument, struct argp_state *state) {
    static const char *const bases[] = {"known", "reported", NULL};
    static const char *const steps[] = {"day", "week", "month", "quarter", "all", NULL};
    struct query_options *query = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = query->ctl;
        return 0;
    case OPTION_GROUP_BY:
        set(query, "group_by", list_of(argument));
        return 0;
    case OPTION_FILTER:
        add_filter(query, argument, state);
        return 0;
    case OPTION_SORT:
        set_sort(query, argument, state);
        return 0;
    case OPTION_LIMIT:
        set_number(query, "limit", argument, state);
        return 0;
    case OPTION_CURSOR:
        set(query, "cursor", json_string(argument));
        return 0;
    case OPTION_AS_AT:
        query_take_date(query, "as_at", argument, state);
        return 0;
    case OPTION_KNOWN_AT:
        set_seq_or_instant(query, "known_at", argument);
        return 0;
    case OPTION_BASIS:
        set_one_of(query, "basis", argument, bases, "known or reported", state);
        return 0;
    case OPTION_FROM:
        query_take_date(query, "from", argument, state);
        return 0;
    case OPTION_TO:
        query_take_date(query, "to", argument, state);
        return 0;
    case OPTION_STEP:
        set_one_of(query, "step", argument, steps, "day, week, month, quarter or all", state);
        return 0;
    case OPTION_SINCE:
        set_number(query, "since", argument, state);
        return 0;
    case OPTION_STATE:
        set(query, "state", json_string(argument));
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void query_require(const struct query_options *query, const char *member, const char *complaint) {
    if (json_object_get(query->request, member) == NULL) {
        ctl_complain("%s", complaint);
        exit(CTL_USAGE);
    }
}

void query_print_empty(const struct query_options *query, const char *what) {
    puts(what);
    if (query->is_filtered) {
        puts("(with this --filter; 'waitlistctl summary' shows the pathways and teams in which somebody waits)");
    }
}
