/* waitlistctl keygen: keys that sign packs of evidence, and pairs by which a client and the daemon know each other. */
#include "client/ctl/ctl.h"

#include "client/evidence/sign.h"
#include "daemon/security/keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 65 /* of a peer in security.peers */

enum { OPTION_CURVE = 0xb00 };

struct keygen_arguments {
    struct ctl_context *ctl;
    const char *path;
    bool is_curve;
};

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct keygen_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_CURVE:
        arguments->is_curve = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL) {
            argp_error(state, "one key at a time");
        }
        arguments->path = argument;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path == NULL) {
            argp_error(state, "into which file?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What the peer may be called: the file's name without .key, in the characters of a name. */
static void name_of(const char *path, char name[NAME_SIZE]) {
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const char *end = strstr(base, ".key");
    size_t length = end != NULL && end != base ? (size_t)(end - base) : strlen(base);

    snprintf(name, NAME_SIZE, "%.*s", (int)length, base);
    for (char *at = name; *at != '\0'; at++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", *at) == NULL) {
            *at = '_';
        }
    }
}

static void print_curve(const struct keygen_arguments *arguments, const char *public_key) {
    char name[NAME_SIZE];

    name_of(arguments->path, name);
    if (arguments->ctl->format == FORMAT_JSON) {
        json_t *object = json_pack("{s:s, s:s, s:s}", "kind", "curve", "name", name, "public_key", public_key);
        char *text = json_dumps(object, JSON_COMPACT);

        puts(text);
        free(text);
        json_decref(object);
        return;
    }
    printf(
        "public key %s\n\n"
        "If this is a client's key, whoever runs the daemon adds this to security.peers of waitlistd.conf, with the roles that it is to\n"
        "have, and reloads:\n"
        "    { name = \"%s\"; public_key = \"%s\"; roles = ( \"viewer\" ); }\n"
        "If it is the daemon's, security.secret_key there names %s, and its clients are given %s.pub.\n"
        "Keep %s where it is: whoever can read it can act in its owner's name.\n",
        public_key, name, public_key, arguments->path, arguments->path, arguments->path);
}

static int make_curve(const struct keygen_arguments *arguments) {
    char public_key[KEYFILE_KEY_SIZE], message[KEYFILE_MESSAGE_SIZE];

    if (!keyfile_make(arguments->path, public_key, message)) {
        ctl_complain("%s", message);
        return CTL_REFUSED;
    }
    print_curve(arguments, public_key);
    return CTL_DONE;
}

static int make_signing(const struct keygen_arguments *arguments) {
    char public_key[EVIDENCE_PUBLIC_KEY_TEXT], message[EVIDENCE_MESSAGE_SIZE];

    if (!evidence_key_make(arguments->path, public_key, message)) {
        ctl_complain("%s", message);
        return CTL_REFUSED;
    }
    if (arguments->ctl->format == FORMAT_JSON) {
        printf("{\"public_key\":\"%s\"}\n", public_key);
    } else {
        printf("public key %s\n", public_key);
    }
    return CTL_DONE;
}

int command_keygen(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"curve", OPTION_CURVE, NULL, 0, "make a pair for encrypted connections, of a client or of the daemon", 0}, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "How to answer:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .args_doc = "FILE",
        .doc = "Make a key that signs packs, or with --curve a pair for encrypted connections: the secret key in FILE, for its owner "
               "alone, the public one in FILE.pub. Nothing is ever overwritten.\v"
               "Give the public key of packs to whoever is to believe them, by another way than the packs themselves.\n\n"
               "Examples:\n  waitlistctl keygen evidence.key\n  waitlistctl keygen --curve las.key\n",
        .children = children};
    struct keygen_arguments arguments = {.ctl = ctl};

    ctl_parse(&argp, "keygen", argc, argv, &arguments);
    return arguments.is_curve ? make_curve(&arguments) : make_signing(&arguments);
}
