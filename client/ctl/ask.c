/* Asking the daemon, and saying in plain words why there is no answer. */
#include "client/ctl/ctl.h"

#include "daemon/offline/offline.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 3000 /* the library's own default, which goes with the number of attempts */

const char *ctl_text(const json_t *object, const char *member) {
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

int64_t ctl_int(const json_t *object, const char *member) {
    return json_integer_value(json_object_get(object, member));
}

const char *ctl_login_name(void) {
    const char *name = getlogin();
    const struct passwd *user = name == NULL ? getpwuid(getuid()) : NULL;

    return name != NULL ? name : user != NULL ? user->pw_name : NULL;
}

bool ctl_is_about_keys(enum waitlist_status status) {
    return status == WAITLIST_KEY_REFUSED || status == WAITLIST_KEY_NEEDED || status == WAITLIST_SERVER_KEY_WRONG ||
           status == WAITLIST_SERVER_WITHOUT_KEY;
}

int ctl_explain(enum waitlist_status status, const char *endpoints) {
    const char *where = endpoints != NULL ? endpoints : "ipc://" WAITLIST_RUN_DIRECTORY;

    switch (status) {
    case WAITLIST_UNREACHABLE:
        ctl_complain("nobody answers at %s: is waitlistd running, and may you read its sockets?", where);
        return CTL_UNREACHABLE;
    case WAITLIST_NO_REPLY:
    case WAITLIST_TIMEOUT:
        ctl_complain("waitlistd at %s was reached but did not answer in time: --timeout=SECONDS waits longer", where);
        return CTL_UNREACHABLE;
    case WAITLIST_KEY_REFUSED:
        ctl_complain("waitlistd at %s does not accept this key: security.peers there must list its public key", where);
        return CTL_REFUSED;
    case WAITLIST_KEY_NEEDED:
        ctl_complain("%s is only for clients with a key: --key=FILE and --server-key=FILE", where);
        return CTL_REFUSED;
    case WAITLIST_SERVER_KEY_WRONG:
        ctl_complain("what answers at %s does not have the key of --server-key: another daemon, or a key that was changed", where);
        return CTL_REFUSED;
    case WAITLIST_SERVER_WITHOUT_KEY:
        ctl_complain("what answers at %s has no key at all, so nothing proves that it is the daemon: nothing was sent", where);
        return CTL_REFUSED;
    case WAITLIST_SYSTEM:
        ctl_complain("%s: %s", waitlist_status_text(status), strerror(errno));
        return CTL_UNREACHABLE;
    case WAITLIST_REFUSED:
        ctl_complain(
            "waitlistd at %s refused: which roles a connection has stands in security.peers and security.local of its configuration",
            where);
        return CTL_REFUSED;
    default:
        ctl_complain("%s (%s)", waitlist_status_text(status), where);
        return CTL_REFUSED;
    }
}

/* The option behind a member of the request, as people write it: "/group_by/0" is --group-by, "/filter/team" --filter team. Empty when
 * no option has that name. */
static void option_of(const char *pointer, char *option, size_t size) {
    static const char *const names[] = {"group_by", "filter",      "sort",    "limit", "cursor", "as_at",   "known_at", "basis", "from",
                                        "to",       "step",        "since",   "state", "code",   "source",  "after",    "by",    "reason",
                                        "note",     "expected_by", "subject", "user",  "peer",   "outcome", NULL};
    size_t length = strcspn(pointer + (pointer[0] == '/'), "/");

    option[0] = '\0';
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strlen(names[i]) == length && strncmp(names[i], pointer + 1, length) == 0) {
            const char *rest = pointer + 1 + length;

            snprintf(option, size, "--%s%s%s", names[i], rest[0] == '/' && i == 1 ? " " : "", rest[0] == '/' && i == 1 ? rest + 1 : "");
            for (char *at = option; at < option + 2 + length; at++) {
                *at = (char)(*at == '_' ? '-' : *at);
            }
        }
    }
}

const char *ctl_forbidden_help(const json_t *error) {
    bool wants_role =
        strcmp(ctl_text(error, "code"), WAITLIST_ERROR_FORBIDDEN) == 0 && strstr(ctl_text(error, "message"), " for the role") != NULL;

    return wants_role ? "; which roles a connection has stands in security.peers and security.local of the daemon's configuration" : "";
}

void ctl_explain_refusal(const json_t *reply) {
    const json_t *error = json_object_get(reply, "error");
    const char *pointer = ctl_text(error, "pointer");
    char option[96] = "the day"; /* which is an argument, and has no option */

    if (strcmp(pointer, "/day") != 0) {
        option_of(pointer, option, sizeof option);
    }
    const char *code = ctl_text(error, "code");
    const char *help = ctl_forbidden_help(error);

    if (option[0] != '\0') {
        ctl_complain("%s: refused: %s (%s)%s", option, ctl_text(error, "message"), code, help);
        return;
    }
    ctl_complain("refused: %s (%s%s%s)%s", ctl_text(error, "message"), code, pointer[0] != '\0' ? " at " : "", pointer, help);
}

static int answer(enum waitlist_status status, const char *text, bool printed, json_t **reply) {
    json_t *object = json_loads(text, 0, NULL);

    if (printed) {
        puts(text);
    }
    if (status == WAITLIST_REFUSED) {
        ctl_explain_refusal(object);
    }
    if (status == WAITLIST_OK && !printed) {
        *reply = object;
    } else {
        json_decref(object);
    }
    return status == WAITLIST_OK ? CTL_DONE : CTL_REFUSED;
}

/* `attempts`: how often the question may be sent; 0: as often as the library likes. */
static int ask_journal(struct ctl_context *ctl, const char *request, bool printed, json_t **reply) {
    struct offline *offline = ctl_offline(ctl);
    size_t length;

    if (offline == NULL) {
        return CTL_REFUSED;
    }
    char *got = offline_ask(offline, (struct text){request, (uint32_t)strlen(request)}, &length);
    json_t *object = json_loadb(got, length, 0, NULL);
    bool is_ok = json_is_true(json_object_get(object, "ok"));

    json_decref(object);
    int code = answer(is_ok ? WAITLIST_OK : WAITLIST_REFUSED, got, printed, reply);

    free(got);
    return code;
}

static int ask(struct ctl_context *ctl, json_t *request, int attempts, bool printed, json_t **reply) {
    if (ctl->behalf != NULL && ctl->journal == NULL) {
        (void)json_object_set(request, "on_behalf_of", ctl->behalf);
    }
    char *text = json_dumps(request, JSON_COMPACT);

    *reply = NULL;
    json_decref(request);
    if (ctl->journal != NULL && text != NULL) {
        int code = ask_journal(ctl, text, printed, reply);

        free(text);
        return code;
    }
    struct waitlist_client *client = ctl_client(ctl);

    if (client == NULL || text == NULL) {
        free(text);
        return CTL_USAGE;
    }
    struct waitlist_query *query = waitlist_query_create(client);
    char *got = NULL;

    if (attempts > 0) {
        (void)waitlist_query_limits(query, CONNECT_MS, attempts);
    }
    enum waitlist_status status = waitlist_query_ask(query, text, ctl->timeout_ms, &got);
    int code = got != NULL ? answer(status, got, printed, reply) : ctl_explain(status, ctl->query);

    waitlist_free(got);
    free(text);
    waitlist_query_destroy(&query);
    return code;
}

/* Whether the answer may take seconds. Asked a second time while the first is worked at, it would be computed twice. */
static bool is_about_other_days(const json_t *request) {
    static const char *const ops[] = {WAITLIST_OP_FLOW, WAITLIST_OP_SERIES, WAITLIST_OP_RESTATEMENT, WAITLIST_OP_EXCEPTIONS,
                                      WAITLIST_OP_DATA_QUALITY};
    bool is = json_object_get(request, "as_at") != NULL || json_object_get(request, "known_at") != NULL;

    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        is = is || strcmp(ctl_text(request, "op"), ops[i]) == 0;
    }
    return is;
}

/* Of which teams, where the daemon withheld those of others: above a table; CSV has no place for it. */
static void tell_restriction(struct ctl_context *ctl, const json_t *reply) {
    const json_t *teams = json_object_get(reply, "restricted_to");
    FILE *out = ctl->format == FORMAT_TABLE ? stdout : stderr;
    size_t i;
    const json_t *team;

    if (teams == NULL || ctl->told_restriction) {
        return;
    }
    fputs(json_array_size(teams) == 0 ? "of no team: this connection has none" : "only of your teams: ", out);
    json_array_foreach(teams, i, team) {
        fprintf(out, "%s%s", i > 0 ? ", " : "", json_string_value(team));
    }
    fputs(ctl->format == FORMAT_TABLE ? "\n\n" : "\n", out);
    ctl->told_restriction = true;
}

int ctl_ask(struct ctl_context *ctl, json_t *request, json_t **reply) {
    int code = ask(ctl, request, is_about_other_days(request) ? 1 : 0, ctl->format == FORMAT_JSON, reply);

    tell_restriction(ctl, *reply);
    return code;
}

int ctl_ask_quietly(struct ctl_context *ctl, json_t *request, json_t **reply) {
    return ask(ctl, request, 1, false, reply);
}
