/* waitlistctl redact: erases who accepted events were about; what is counted stays. */
#include "client/ctl/query_options.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPTION_SUBJECT = 0x800, OPTION_PERSON, OPTION_SOURCE, OPTION_BY, OPTION_REASON };

struct redact_choice {
    struct ctl_context *ctl;
    const char *subject, *person, *source, *by, *reason;
    json_t *ids;
};

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct redact_choice *choice = state->input;
    int given;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = choice->ctl;
        return 0;
    case OPTION_SUBJECT:
        choice->subject = argument;
        return 0;
    case OPTION_PERSON:
        choice->person = argument;
        return 0;
    case OPTION_SOURCE:
        choice->source = argument;
        return 0;
    case OPTION_BY:
        choice->by = argument;
        return 0;
    case OPTION_REASON:
        choice->reason = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (json_array_append_new(choice->ids, json_string(argument)) != 0) {
            argp_error(state, "an id is UTF-8");
        }
        return 0;
    case ARGP_KEY_END:
        given = (choice->subject != NULL) + (choice->person != NULL) + (choice->source != NULL);
        if (given != 1 || (choice->source != NULL) != (json_array_size(choice->ids) > 0)) {
            argp_error(state, "which events? One of --subject, --person, and --source with the ids of its events");
        } else if (choice->reason == NULL) {
            argp_error(state, "why? --reason is kept for ever");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static json_t *events_of(const struct redact_choice *choice) {
    json_t *events = json_array();
    size_t i;
    json_t *id;

    json_array_foreach(choice->ids, i, id) {
        if (json_array_append_new(events, json_pack("{s:s, s:O}", "source", choice->source, "id", id)) != 0) {
            abort();
        }
    }
    return events;
}

static json_t *request_of(const struct redact_choice *choice) {
    json_t *request = json_pack("{s:i, s:s, s:s, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_REDACT, "by", choice->by,
                                "reason", choice->reason);

    if (request != NULL && choice->subject != NULL) {
        json_object_set_new(request, "subject", json_string(choice->subject));
    } else if (request != NULL && choice->person != NULL) {
        json_object_set_new(request, "person", json_string(choice->person));
    } else if (request != NULL) {
        json_object_set_new(request, "events", events_of(choice));
    }
    return request;
}

static int redact(struct redact_choice *choice) {
    json_t *request, *reply;

    choice->by = choice->by != NULL ? choice->by : ctl_login_name();
    if (choice->by == NULL) {
        ctl_complain("who does this? Say --by");
        return CTL_USAGE;
    }
    request = request_of(choice);
    if (request == NULL) {
        ctl_complain("the name and the reason must be UTF-8");
        return CTL_USAGE;
    }
    int code = ctl_ask_quietly(choice->ctl, request, &reply);

    if (code != CTL_DONE) {
        return code;
    }
    bool erased = json_is_true(json_object_get(reply, "erased"));

    if (choice->ctl->format == FORMAT_JSON) {
        char *text = json_dumps(reply, JSON_COMPACT);
        puts(text != NULL ? text : "{}");
        free(text);
    } else if (choice->ctl->format == FORMAT_CSV) {
        printf("redacted,already,not_found,erased\n%lld,%lld,%lld,%s\n", (long long)ctl_int(reply, "redacted"),
               (long long)ctl_int(reply, "already"), (long long)ctl_int(reply, "not_found"), erased ? "true" : "false");
    } else {
        printf("%lld events redacted, %lld were before, %lld not found\n", (long long)ctl_int(reply, "redacted"),
               (long long)ctl_int(reply, "already"), (long long)ctl_int(reply, "not_found"));
        if (!erased) {
            puts("somebody is reading the journal: what was erased leaves the write-ahead file with one of the next turns");
        }
        puts("backups made before still hold it");
    }
    code = ctl_int(reply, "not_found") == 0 ? CTL_DONE : CTL_REFUSED;
    json_decref(reply);
    return code;
}

int command_redact(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp_option options[] = {{"subject", OPTION_SUBJECT, "WAIT", 0, "all events of this wait", 0},
                                                 {"person", OPTION_PERSON, "PERSON", 0, "all events of all waits of this person", 0},
                                                 {"source", OPTION_SOURCE, "SOURCE", 0, "the events with these ids of this sender", 0},
                                                 {"reason", OPTION_REASON, "TEXT", 0, "why: kept for ever, so nothing personal", 0},
                                                 {"by", OPTION_BY, "NAME", 0, "who, unless the name of the login", 0},
                                                 {0}};
    static const struct argp argp = {
        .parser = take_option,
        .options = options,
        .args_doc = "[ID...]",
        .doc = "Erase person, worker and all further members from accepted events. What is counted stays, on every day, and so does the "
               "journal's hash chain. It cannot be undone.\v"
               "Example:\n  waitlistctl redact --person p-4711 --reason 'erasure request 2026-31'\n",
        .children = children};
    struct redact_choice choice = {.ctl = ctl, .ids = json_array()};

    ctl_parse(&argp, "redact", argc, argv, &choice);
    int code = redact(&choice);

    json_decref(choice.ids);
    return code;
}
