/* waitlistctl digest: the morning list of a team. */
#include "client/digest/digest.h"
#include "client/ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_TEAM = 0x400, OPTION_NEW_SINCE, OPTION_FORM, OPTION_NO_REFERENCES };
enum form { FORM_TEXT, FORM_JSON, FORM_HTML };

struct digest_arguments {
    struct ctl_context *ctl;
    const char *team;
    const char *since;
    enum form form;
    bool without_references;
    int code; /* of the last question */
};

static enum form form_of(const char *name, struct argp_state *state) {
    static const char *const names[] = {[FORM_TEXT] = "text", [FORM_JSON] = "json", [FORM_HTML] = "html"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            return (enum form)i;
        }
    }
    argp_error(state, "--format is text, json or html, not '%s'", name);
    return FORM_TEXT;
}

static error_t take_digest_option(int key, char *argument, struct argp_state *state) {
    struct digest_arguments *arguments = state->input;
    char day[16];

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_TEAM:
        arguments->team = argument;
        return 0;
    case OPTION_NEW_SINCE:
        if (!digest_day_add(argument, 0, day) || strcmp(day, argument) != 0) {
            argp_error(state, "--since wants a day as 2025-08-01, not '%s'", argument);
        }
        arguments->since = argument;
        return 0;
    case OPTION_FORM:
        arguments->form = form_of(argument, state);
        return 0;
    case OPTION_NO_REFERENCES:
        arguments->without_references = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' means nothing here", argument);
        return 0;
    case ARGP_KEY_END:
        if (arguments->team == NULL) {
            argp_error(state, "which team? --team NAME");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static json_t *ask_daemon(void *context, json_t *request) {
    struct digest_arguments *arguments = context;
    json_t *reply = NULL;

    arguments->code = ctl_ask(arguments->ctl, request, &reply);
    return reply;
}

static void print(const json_t *digest, enum form form) {
    char *text = form == FORM_TEXT ? digest_text(digest) : form == FORM_HTML ? digest_html(digest) : json_dumps(digest, JSON_COMPACT);

    fputs(text != NULL ? text : "", stdout);
    if (form == FORM_JSON) {
        putchar('\n');
    }
    free(text);
}

int command_digest(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"team", OPTION_TEAM, "NAME", 0, "whose list", 0},
        {"since", OPTION_NEW_SINCE, "YYYY-MM-DD", 0, "the first day of what is a new breach (default: today; on a Monday, Saturday)", 0},
        {"format", OPTION_FORM, "text|json|html", 0, "how to print it (default: text)", 0},
        {"no-references", OPTION_NO_REFERENCES, NULL, 0, "without the references of waits, people and workers", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_digest_option,
        .doc =
            "The morning list of a team: who breached newly, who will within seven days, and who has been without contact for longer than "
            "agreed. waitlist-relay sends the same at a set time.\v"
            "Example:\n  waitlistctl digest --team north --format html > north.html\n",
        .children = children};
    struct digest_arguments arguments = {.ctl = ctl, .form = ctl->format == FORMAT_JSON ? FORM_JSON : FORM_TEXT};

    ctl->format = FORMAT_TABLE; /* of the answers none is printed as it is */
    ctl->told_restriction = true;
    ctl_parse(&argp, "digest", argc, argv, &arguments);
    bool hides_team = false;
    json_t *digest = digest_compose(ask_daemon, &arguments, arguments.team, arguments.since, !arguments.without_references, &hides_team);

    if (hides_team) {
        ctl_complain(
            "the people of the team %s are not shown to this connection: its teams stand in security.peers or security.local of the "
            "daemon's configuration",
            arguments.team);
    }
    if (digest != NULL) {
        print(digest, arguments.form);
        json_decref(digest);
    }
    return digest != NULL ? CTL_DONE : arguments.code != CTL_DONE ? arguments.code : CTL_REFUSED;
}
