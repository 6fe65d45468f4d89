/* waitlistctl token: the tokens by which people and programs are known to the dashboard: make one, list them, take one away. */
#include "client/ctl/ctl.h"

#include "client/tokens/tokens.h"
#include "daemon/config/config.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)

enum { OPTION_ROLE = 0xb00, OPTION_TEAM, OPTION_DAYS, OPTION_FILE };
enum action { ACTION_NONE, ACTION_ADD, ACTION_LIST, ACTION_REMOVE };

struct token_arguments {
    struct ctl_context *ctl;
    enum action action;
    const char *user, *file;
    unsigned roles;
    char *teams[ACCESS_TEXTS_MAX];
    size_t team_count;
    int days; /* 0: not said */
};

static const struct argp_option options[] = {
    {"role", OPTION_ROLE, "ROLE", 0, "viewer, manager, analyst or admin; may be given again", 0},
    {"team", OPTION_TEAM, "TEAM", 0, "of a manager: a team whose people may be seen, '*' for all; may be given again", 0},
    {"days", OPTION_DAYS, "DAYS", 0, "after which it is worth nothing, 1 to 366", 0},
    {"file", OPTION_FILE, "FILE", 0, "the file of tokens (default: dashboard.tokens of the configuration)", 0},
    {0}};

static void take_role(struct token_arguments *arguments, const char *name, struct argp_state *state) {
    enum access_role role = access_role_of(text_of(name));

    if (role == ACCESS_ROLE_COUNT || role == ACCESS_PRODUCER) {
        argp_error(state, "--role is viewer, manager, analyst or admin, not '%s'", name);
    }
    arguments->roles |= ACCESS_BIT(role);
}

static void take_team(struct token_arguments *arguments, char *name, struct argp_state *state) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strlen(name);

    if (strcmp(name, ACCESS_EVERY_TEAM) != 0 && (length == 0 || length > NAME_MAX_BYTES || strspn(name, letters) != length)) {
        argp_error(state, "--team is the name of a team, or '*' for all, not '%s'", name);
    }
    if (arguments->team_count == ACCESS_TEXTS_MAX) {
        argp_error(state, "--team may be given %d times", ACCESS_TEXTS_MAX);
    }
    arguments->teams[arguments->team_count++] = name;
}

static void take_days(struct token_arguments *arguments, const char *text, struct argp_state *state) {
    char *end;
    long days = strtol(text, &end, 10);

    if (end == text || *end != '\0' || days < 1 || days > TOKEN_DAYS_MAX) {
        argp_error(state, "--days is a number from 1 to %d, not '%s'", TOKEN_DAYS_MAX, text);
    }
    arguments->days = (int)days;
}

static void take_word(struct token_arguments *arguments, const char *word, struct argp_state *state) {
    static const char *const names[] = {[ACTION_ADD] = "add", [ACTION_LIST] = "list", [ACTION_REMOVE] = "remove"};

    if (arguments->action == ACTION_NONE) {
        for (int action = ACTION_ADD; action <= ACTION_REMOVE; action++) {
            arguments->action = strcmp(word, names[action]) == 0 ? (enum action)action : arguments->action;
        }
        if (arguments->action == ACTION_NONE) {
            argp_error(state, "add, list or remove, not '%s'", word);
        }
    } else if (arguments->action == ACTION_LIST || arguments->user != NULL) {
        argp_error(state, "'%s' is one word too many", word);
    } else if (!token_user_is_good(word)) {
        argp_error(state, "a user is called by 1 to %d characters A-Z a-z 0-9 . _ + -", TOKEN_USER_BYTES_MAX);
    } else {
        arguments->user = word;
    }
}

static void check(const struct token_arguments *arguments, struct argp_state *state) {
    bool is_manager = (arguments->roles & ACCESS_BIT(ACCESS_MANAGER)) != 0;

    if (arguments->action == ACTION_NONE) {
        argp_error(state, "add, list or remove?");
    } else if (arguments->action != ACTION_LIST && arguments->user == NULL) {
        argp_error(state, "whose token?");
    } else if (arguments->action == ACTION_ADD && arguments->roles == 0) {
        argp_error(state, "what may they do? --role");
    } else if (arguments->action == ACTION_ADD && arguments->days == 0) {
        argp_error(state, "for how long? --days, at most %d", TOKEN_DAYS_MAX);
    } else if (arguments->action == ACTION_ADD && is_manager != (arguments->team_count > 0)) {
        argp_error(state, "a manager has teams, and nobody else has: --team");
    }
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct token_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_ROLE:
        take_role(arguments, argument, state);
        return 0;
    case OPTION_TEAM:
        take_team(arguments, argument, state);
        return 0;
    case OPTION_DAYS:
        take_days(arguments, argument, state);
        return 0;
    case OPTION_FILE:
        arguments->file = argument;
        return 0;
    case ARGP_KEY_ARG:
        take_word(arguments, argument, state);
        return 0;
    case ARGP_KEY_END:
        check(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- The three actions */

/* The file that was named, or the configuration's; the caller frees. NULL after having said why not. */
static char *path_of(const struct token_arguments *arguments) {
    const char *from = arguments->ctl->config_path != NULL ? arguments->ctl->config_path : DEFAULT_CONFIG;
    struct config *config = arguments->file != NULL ? NULL : config_load(from, ctl_complain_line, NULL);
    const char *path = arguments->file != NULL ? arguments->file : config != NULL ? config->dashboard.tokens : NULL;
    char *copy = path == NULL ? NULL : strdup(path);

    if (copy == NULL) {
        ctl_complain("which file? --file, or dashboard.tokens of the configuration");
    }
    config_free(&config);
    return copy;
}

static instant_t wall_clock(void) {
    return (instant_t)time(NULL) * 1000;
}

static void say_token(const struct ctl_context *ctl, const struct token *token, const char *text) {
    char expires[INSTANT_SIZE];

    instant_format(token->expires, expires);
    if (ctl->format == FORMAT_JSON) {
        printf("{\"user\":\"%s\",\"token\":\"%s\",\"expires\":\"%s\"}\n", token->user, text, expires);
    } else {
        puts(text);
        fprintf(stderr, "This is the token of %s until %.10s. It is shown this once: give it to nobody else, and not by mail.\n",
                token->user, expires);
    }
}

/* Copies, as the list frees its own. */
static struct access_texts copy_teams(const struct token_arguments *arguments) {
    struct access_texts teams = {0, calloc(arguments->team_count + 1, sizeof *teams.at)};

    for (size_t i = 0; teams.at != NULL && i < arguments->team_count; i++) {
        teams.at[teams.count++] = strdup(arguments->teams[i]);
    }
    return teams;
}

static bool add(const struct token_arguments *arguments, const char *path, struct tokens *tokens, char message[TOKENS_MESSAGE_SIZE]) {
    char text[TOKEN_SIZE];
    struct token token = {.rights = {.roles = arguments->roles, .teams = copy_teams(arguments)}, .made = wall_clock()};
    bool replaces = tokens_of_user(tokens, arguments->user) != NULL;

    token_make(text);
    token_hash(text, strlen(text), token.hash);
    snprintf(token.user, sizeof token.user, "%s", arguments->user);
    token.expires = token.made + arguments->days * DAY_MS;
    if (!tokens_put(tokens, &token)) {
        snprintf(message, TOKENS_MESSAGE_SIZE, "there are %d tokens already: remove those that nobody needs", TOKENS_MAX);
        return false;
    }
    bool done = tokens_write(path, tokens, message);

    if (done && replaces) {
        fprintf(stderr, "The token that %s had is worth nothing any more.\n", token.user);
    }
    if (done) {
        say_token(arguments->ctl, &token, text);
    }
    sodium_memzero(text, sizeof text);
    return done;
}

static bool take_away(const struct token_arguments *arguments, const char *path, struct tokens *tokens, char message[TOKENS_MESSAGE_SIZE]) {
    if (!tokens_remove(tokens, arguments->user)) {
        snprintf(message, TOKENS_MESSAGE_SIZE, "there is no token of %.64s", arguments->user);
        return false;
    }
    return tokens_write(path, tokens, message);
}

static json_t *texts_json(const struct access_texts *texts) {
    json_t *list = json_array();

    for (size_t i = 0; i < texts->count; i++) {
        (void)json_array_append_new(list, json_string(texts->at[i]));
    }
    return list;
}

static json_t *roles_json(unsigned roles) {
    json_t *list = json_array();

    for (int role = 0; role < ACCESS_ROLE_COUNT; role++) {
        if ((roles & ACCESS_BIT(role)) != 0) {
            (void)json_array_append_new(list, json_string(access_role_name((enum access_role)role)));
        }
    }
    return list;
}

/* "north south", for a cell */
static void put_list(struct table *table, json_t *list) {
    char text[ACCESS_TEXTS_MAX * (NAME_MAX_BYTES + 1) + 1] = "";
    size_t i, used = 0;
    const json_t *each;

    json_array_foreach(list, i, each) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "", json_string_value(each));
    }
    table_text(table, text[0] == '\0' ? NULL : text);
    json_decref(list);
}

static void list(const struct ctl_context *ctl, const struct tokens *tokens) {
    static const struct column columns[] = {{"user", "USER", COLUMN_TEXT},       {"roles", "ROLES", COLUMN_TEXT},
                                            {"teams", "TEAMS", COLUMN_TEXT},     {"made", "MADE", COLUMN_TEXT},
                                            {"expires", "EXPIRES", COLUMN_TEXT}, {"state", "STATE", COLUMN_TEXT}};
    struct table *table = table_create(columns, sizeof columns / sizeof columns[0]);
    json_t *rows = json_array();

    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->at[i];
        const char *state = token->expires > wall_clock() ? "good" : "expired";
        char made[INSTANT_SIZE], expires[INSTANT_SIZE];

        instant_format(token->made, made);
        instant_format(token->expires, expires);
        table_text(table, token->user);
        put_list(table, roles_json(token->rights.roles));
        put_list(table, texts_json(&token->rights.teams));
        table_text(table, made);
        table_text(table, expires);
        table_text(table, state);
        (void)json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "user", token->user, "roles",
                                                    roles_json(token->rights.roles), "teams", texts_json(&token->rights.teams), "made",
                                                    made, "expires", expires, "state", state));
    }
    if (ctl->format == FORMAT_JSON) {
        (void)json_dumpf(rows, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        table_print(table, ctl->format, stdout);
    }
    json_decref(rows);
    table_destroy(&table);
}

static bool act(const struct token_arguments *arguments, const char *path, char message[TOKENS_MESSAGE_SIZE]) {
    struct tokens tokens = {0};
    bool done;

    if (arguments->action == ACTION_LIST) {
        done = tokens_read(path, &tokens, message);
        if (done) {
            list(arguments->ctl, &tokens);
        }
        tokens_clear(&tokens);
        return done;
    }
    int lock = tokens_take(path, &tokens, message);

    done = lock >= 0 && (arguments->action == ACTION_ADD ? add : take_away)(arguments, path, &tokens, message);
    tokens_clear(&tokens);
    tokens_release(lock);
    return done;
}

int command_token(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "How to answer:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .args_doc = "add USER\nlist\nremove USER",
        .doc = "The tokens by which people and programs are known to the dashboard. The file holds no token, only hashes; a new token is "
               "shown once. Adding one for a user who has one replaces it. The dashboard notices a change within a second.\v"
               "Example:\n  waitlistctl token add j.smith --role manager --team north --days 90\n",
        .children = children};
    struct token_arguments arguments = {.ctl = ctl};
    char message[TOKENS_MESSAGE_SIZE] = "";

    ctl_parse(&argp, "token", argc, argv, &arguments);
    char *path = path_of(&arguments);

    if (path == NULL) {
        return CTL_USAGE;
    }
    bool done = act(&arguments, path, message);

    free(path);
    if (!done) {
        ctl_complain("%s", message);
    }
    return done ? CTL_DONE : CTL_REFUSED;
}
