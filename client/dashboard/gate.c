/* Who asks, by a session's cookie, a token, or the reverse proxy's word. */
#include "client/dashboard/gate.h"

#include "client/dashboard/headers.h"
#include "client/dashboard/proxy.h"
#include "client/tokens/tokens.h"
#include "daemon/core/memory.h"
#include "daemon/security/keyfile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_MS 1000 /* between two looks at the file of tokens */
#define COOKIE_BYTES_MAX 128
#define MINUTE_MS INT64_C(60000)
/* A page says by it that nobody is there: what it asks by itself keeps no session from growing old. */
#define UNATTENDED "X-Unattended"
#define STREAM_PATH "/api/v1/stream"

_Static_assert((int)SESSION_HASH_BYTES == (int)TOKEN_HASH_BYTES, "a session is proved by a token's hash");

/* A token with whom it names, for programs that show it with every request. */
struct known {
    unsigned char hash[TOKEN_HASH_BYTES];
    struct identity *identity;
};

struct gate {
    const struct dashboard_config *config;
    struct log *log;
    struct sessions *sessions;
    struct failures *failures;
    struct tokens tokens;
    struct known known[TOKENS_MAX]; /* as many as there are tokens, in their order */
    struct identity *everybody;     /* where nobody signs in */
    struct stat file;               /* as it was read; st_ino 0: there was none */
    bool is_read;                   /* it was looked at once */
    int64_t look_ms;                /* when to look again */
    int64_t now_ms;
    bool has_ended;
    struct complaint foreign, broken; /* headers from elsewhere; headers that are none */
};

static instant_t wall_clock(void) {
    struct timespec now;

    ENSURE(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (instant_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- The file of tokens */

static bool same_rights(const struct access_rights *left, const struct access_rights *right) {
    bool same = left->roles == right->roles && left->teams.count == right->teams.count;

    for (size_t i = 0; same && i < left->teams.count; i++) {
        same = strcmp(left->teams.at[i], right->teams.at[i]) == 0;
    }
    return same;
}

/* Whether the token that proved who it is still says the same. */
static bool stays(void *context, const struct identity *identity, const unsigned char proof[SESSION_HASH_BYTES]) {
    const struct gate *gate = context;
    const struct token *token = tokens_find(&gate->tokens, proof, wall_clock());

    return token != NULL && strcmp(token->user, identity->user) == 0 && same_rights(&token->rights, &identity->rights);
}

static struct identity *identity_of(const struct gate *gate, const struct token *token) {
    struct identity *identity = identity_create(token->user, &token->rights);

    identity->until = token->expires;
    identity->ends_ms = gate->now_ms + (token->expires - wall_clock());
    return identity;
}

/* Takes over the tokens; who is no longer named, or named otherwise, is out. */
static void take_tokens(struct gate *gate, struct tokens *tokens) {
    struct known *old = memory_new(TOKENS_MAX, sizeof *old);
    size_t old_count = gate->tokens.count;

    memcpy(old, gate->known, sizeof gate->known);
    memset(gate->known, 0, sizeof gate->known);
    tokens_clear(&gate->tokens);
    gate->tokens = *tokens;
    for (size_t i = 0; i < gate->tokens.count; i++) {
        memcpy(gate->known[i].hash, gate->tokens.at[i].hash, TOKEN_HASH_BYTES);
    }
    for (size_t i = 0; i < old_count; i++) {
        bool kept = old[i].identity != NULL && stays(gate, old[i].identity, old[i].hash);

        for (size_t k = 0; kept && k < gate->tokens.count; k++) {
            if (memcmp(gate->known[k].hash, old[i].hash, TOKEN_HASH_BYTES) == 0) {
                gate->known[k].identity = identity_hold(old[i].identity);
            }
        }
        if (old[i].identity != NULL) {
            old[i].identity->has_ended = !kept;
            identity_release(&old[i].identity);
        }
    }
    free(old);
    sessions_end_unless(gate->sessions, stays, gate);
    gate->has_ended = true;
}

static bool is_same_file(const struct stat *left, const struct stat *right) {
    return left->st_ino == right->st_ino && left->st_dev == right->st_dev && left->st_size == right->st_size &&
           left->st_ctim.tv_sec == right->st_ctim.tv_sec && left->st_ctim.tv_nsec == right->st_ctim.tv_nsec;
}

/* Says when nobody can sign in, and why: a file that cannot be believed counts as one that is not there. */
static void look_at_file(struct gate *gate) {
    const char *path = gate->config->tokens;
    char message[TOKENS_MESSAGE_SIZE];
    struct tokens tokens = {0};
    struct stat file = {0};

    if (path == NULL || gate->config->sign_in == SIGN_IN_NONE) {
        return;
    }
    bool is_there = stat(path, &file) == 0;
    int reason = errno;

    if (gate->is_read && is_same_file(&file, &gate->file)) {
        return;
    }
    gate->file = file;
    gate->is_read = true;
    if (!is_there) {
        if (gate->config->sign_in == SIGN_IN_TOKENS) {
            log_line(gate->log, LOG_LEVEL_WARNING, "there is no file of tokens, so nobody can sign in: waitlistctl token add makes it",
                     LOG_STRING("path", keyfile_shown(path)), LOG_STRING("reason", strerror(reason)));
        }
    } else if (tokens_read(path, &tokens, message)) {
        log_line(gate->log, LOG_LEVEL_NOTICE, "tokens were read", LOG_STRING("path", path), LOG_COUNT("tokens", tokens.count));
    } else {
        log_line(gate->log, LOG_LEVEL_ERROR, "the file of tokens cannot be used, so no token is known", LOG_STRING("reason", message));
    }
    take_tokens(gate, &tokens);
}

/* ---- Its life */

static struct identity *everybody_of(const struct dashboard_config *config) {
    char all[] = ACCESS_EVERY_TEAM, *teams[] = {all};
    enum access_role role = config_open_role(config);
    struct access_rights rights = {.roles = ACCESS_BIT(role), .teams = {role == ACCESS_MANAGER ? 1 : 0, teams}};

    return identity_create("", &rights);
}

struct gate *gate_create(const struct gate_setup *setup) {
    struct gate *gate = memory_new(1, sizeof *gate);
    struct sessions_setup sessions = {.maximum = (size_t)setup->config->sessions,
                                      .idle_ms = setup->config->session_idle_minutes * MINUTE_MS,
                                      .longest_ms = setup->config->session_hours * 60 * MINUTE_MS};

    gate->config = setup->config;
    gate->log = setup->log;
    gate->sessions = sessions_create(&sessions);
    gate->failures = failures_create(setup->log);
    gate->now_ms = setup->now_ms;
    gate->look_ms = setup->now_ms + LOOK_MS;
    if (gate->config->sign_in == SIGN_IN_NONE) {
        gate->everybody = everybody_of(gate->config);
        log_line(gate->log, LOG_LEVEL_WARNING,
                 "nobody signs in (dashboard.sign_in is none): whoever uses this machine may do what dashboard.open_role says",
                 LOG_STRING("open_role", access_role_name(config_open_role(gate->config))));
    }
    look_at_file(gate);
    return gate;
}

void gate_release(struct gate *gate) {
    failures_release(gate->failures);
}

void gate_destroy(struct gate **gate) {
    struct gate *old = *gate;

    if (old == NULL) {
        return;
    }
    *gate = NULL;
    failures_destroy(&old->failures);
    sessions_destroy(&old->sessions);
    for (size_t i = 0; i < old->tokens.count; i++) {
        identity_release(&old->known[i].identity);
    }
    identity_release(&old->everybody);
    tokens_clear(&old->tokens);
    free(old);
}

bool gate_run(struct gate *gate, int64_t now_ms) {
    gate->now_ms = now_ms;
    failures_run(gate->failures, now_ms);
    if (now_ms >= gate->look_ms) {
        gate->look_ms = now_ms + LOOK_MS;
        gate->has_ended = true; /* somebody's time may be over without anybody's doing */
        look_at_file(gate);
        sessions_run(gate->sessions, now_ms);
    }
    bool has_ended = gate->has_ended;

    gate->has_ended = false;
    return has_ended;
}

int64_t gate_due_ms(const struct gate *gate) {
    int64_t due = failures_due_ms(gate->failures);

    return due < gate->look_ms ? due : gate->look_ms;
}

void gate_figures(const struct gate *gate, struct gate_figures *figures) {
    sessions_figures(gate->sessions, &figures->sessions);
    figures->failed = failures_count(gate->failures);
}

bool gate_refuse_late(struct gate *gate, struct exchange *exchange, void (*answer)(void *context, struct exchange *exchange),
                      void *context) {
    return failures_add(gate->failures, exchange, gate->now_ms, answer, context);
}

/* ---- Sessions */

static const char *cookie_name(const struct gate *gate) {
    return gate->config->secure_cookies ? "__Host-waitlist" : "waitlist";
}

/* The key that the browser shows; false: none that could be one. */
static bool take_key(const struct gate *gate, const struct exchange *exchange, char key[COOKIE_BYTES_MAX]) {
    const char *header, *found;
    size_t size;

    /* A browser sends one header; several have come together somewhere on the way, and whose is whose? */
    if (exchange_headers(exchange, "Cookie", &header) != 1) {
        return false;
    }
    found = headers_cookie(header, cookie_name(gate), &size);
    if (found == NULL || size == 0 || size >= COOKIE_BYTES_MAX) {
        return false;
    }
    memcpy(key, found, size);
    key[size] = '\0';
    return true;
}

bool gate_has_cookie(const struct gate *gate, const struct exchange *exchange) {
    char key[COOKIE_BYTES_MAX];

    return take_key(gate, exchange, key);
}

static char *set_cookie(const struct gate *gate, const char *key) {
    char *text = NULL;

    ENSURE(asprintf(&text, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_name(gate), key,
                    gate->config->secure_cookies ? "; Secure" : "", key[0] == '\0' ? "; Max-Age=0" : "") > 0);
    return text;
}

static void end_session(struct gate *gate, const struct exchange *exchange) {
    char key[COOKIE_BYTES_MAX];

    if (take_key(gate, exchange, key)) {
        sessions_end(gate->sessions, key);
        gate->has_ended = true;
    }
}

char *gate_sign_in(struct gate *gate, const struct exchange *exchange, const char *token, bool *is_full) {
    unsigned char hash[TOKEN_HASH_BYTES];
    char key[SESSION_KEY_SIZE];

    *is_full = false;
    token_hash(token, strlen(token), hash);
    const struct token *found = tokens_find(&gate->tokens, hash, wall_clock());

    if (found == NULL) {
        return NULL;
    }
    struct identity *identity = identity_of(gate, found);

    end_session(gate, exchange); /* a key that was there before is worth nothing afterwards */
    identity->is_ambient = true;
    *is_full = !sessions_begin(gate->sessions, identity, hash, gate->now_ms, key);
    identity->until = wall_clock() + (identity->ends_ms - gate->now_ms);
    identity_release(&identity);
    return *is_full ? NULL : set_cookie(gate, key);
}

char *gate_sign_out(struct gate *gate, const struct exchange *exchange) {
    end_session(gate, exchange);
    return set_cookie(gate, "");
}

/* ---- Who asks */

static enum gate_finding find_token(struct gate *gate, const char *text, size_t size, struct identity **identity) {
    unsigned char hash[TOKEN_HASH_BYTES];

    token_hash(text, size, hash);
    const struct token *token = tokens_find(&gate->tokens, hash, wall_clock());

    if (token == NULL) {
        return GATE_BAD_TOKEN;
    }
    struct known *known = &gate->known[token - gate->tokens.at];

    if (known->identity == NULL) {
        known->identity = identity_of(gate, token);
    }
    *identity = identity_hold(known->identity);
    return GATE_KNOWN;
}

static enum gate_finding find_by_token(struct gate *gate, const struct exchange *exchange, struct identity **identity) {
    const char *header, *token;
    size_t size, count = exchange_headers(exchange, "Authorization", &header);

    if (count == 0 || (token = headers_bearer(header, &size)) == NULL) {
        return GATE_NOBODY; /* of another scheme it is for somebody on the way */
    }
    return count > 1 ? GATE_BAD_TOKEN : find_token(gate, token, size, identity);
}

static enum gate_finding find_by_session(struct gate *gate, const struct exchange *exchange, struct identity **identity) {
    char key[COOKIE_BYTES_MAX];
    /* A stream is opened by the page again and again, whoever sits there. */
    bool is_used = exchange_header(exchange, UNATTENDED) == NULL && strcmp(target_path(exchange_target(exchange)), STREAM_PATH) != 0;
    struct identity *found = take_key(gate, exchange, key) ? sessions_find(gate->sessions, key, is_used, gate->now_ms) : NULL;

    if (found == NULL) {
        return GATE_NOBODY;
    }
    *identity = identity_hold(found);
    return GATE_KNOWN;
}

static void complain(struct gate *gate, struct complaint *complaint, const char *message, const unsigned char address[16]) {
    char text[INET6_ADDRSTRLEN] = "";

    (void)inet_ntop(AF_INET6, address, text, sizeof text);
    log_complaint(gate->log, complaint, (uint64_t)gate->now_ms, LOG_LEVEL_WARNING, message, LOG_STRING("address", text));
}

static size_t read_said(const struct gate *gate, const struct exchange *exchange, struct proxy_said *said) {
    const char *user = gate->config->user_header, *groups = gate->config->groups_header;
    size_t users = user == NULL ? 0 : exchange_headers(exchange, user, &said->user);
    size_t lists = groups == NULL ? 0 : exchange_headers(exchange, groups, &said->groups);

    exchange_address(exchange, said->address);
    said->is_repeated = users > 1 || lists > 1;
    return users + lists;
}

static enum gate_finding find_by_proxy(struct gate *gate, const struct exchange *exchange, struct identity **identity,
                                       const char **detail) {
    struct proxy_said said = {.user = NULL};

    (void)read_said(gate, exchange, &said);
    switch (proxy_judge(gate->config, &said, identity)) {
    case PROXY_KNOWN:
        (*identity)->ends_ms = gate->now_ms + gate->config->session_idle_minutes * MINUTE_MS; /* then the proxy is to say it anew */
        return GATE_KNOWN;
    case PROXY_NOBODY:
        return find_by_token(gate, exchange, identity);
    case PROXY_FOREIGN:
        *detail = "only the reverse proxy may say who asks, and this came from somewhere else";
        complain(gate, &gate->foreign, "headers that say who asks came from an address that is none of dashboard.trusted_proxies",
                 said.address);
        return GATE_REFUSED;
    case PROXY_NO_GROUP:
        *detail = "none of your groups may do anything here";
        return GATE_NO_ROLE;
    case PROXY_MANY_TEAMS:
        *detail = "your groups together have more teams than one person may see: 64";
        return GATE_NO_ROLE;
    case PROXY_BROKEN:
        break;
    }
    *detail = "what the reverse proxy says of who asks is no name, or is there twice";
    complain(gate, &gate->broken, "the headers that say who asks are there twice, or hold no name", said.address);
    return GATE_REFUSED;
}

enum gate_finding gate_find(struct gate *gate, const struct exchange *exchange, struct identity **identity, const char **detail) {
    enum gate_finding finding;

    *identity = NULL;
    *detail = NULL;
    switch (gate->config->sign_in) {
    case SIGN_IN_NONE:
        *identity = identity_hold(gate->everybody);
        return GATE_KNOWN;
    case SIGN_IN_PROXY:
        return find_by_proxy(gate, exchange, identity, detail);
    case SIGN_IN_TOKENS:
        finding = find_by_token(gate, exchange, identity);
        return finding != GATE_NOBODY ? finding : find_by_session(gate, exchange, identity);
    }
    memory_broken();
}
