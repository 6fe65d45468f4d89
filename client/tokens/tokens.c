/* The file of tokens: reading it with distrust, writing it whole. */
#include "client/tokens/tokens.h"

#include "daemon/core/memory.h"
#include "daemon/security/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "wait_"
#define VERSION 1
#define NEW_MODE 0640

_Static_assert(TOKENS_MESSAGE_SIZE == KEYFILE_MESSAGE_SIZE, "one reason fits the other");

/* ---- One token */

void token_make(char text[TOKEN_SIZE]) {
    unsigned char random[TOKEN_HASH_BYTES];

    ENSURE(sodium_init() >= 0);
    randombytes_buf(random, sizeof random);
    memcpy(text, PREFIX, strlen(PREFIX));
    ENSURE(sodium_bin2base64(text + strlen(PREFIX), TOKEN_SIZE - strlen(PREFIX), random, sizeof random,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) != NULL);
    sodium_memzero(random, sizeof random);
}

void token_hash(const char *text, size_t size, unsigned char hash[TOKEN_HASH_BYTES]) {
    ENSURE(crypto_hash_sha256(hash, (const unsigned char *)text, size) == 0);
}

bool token_user_is_good(const char *user) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";
    size_t length = strlen(user);

    return length > 0 && length <= TOKEN_USER_BYTES_MAX && strspn(user, letters) == length;
}

const struct token *tokens_find(const struct tokens *tokens, const unsigned char hash[TOKEN_HASH_BYTES], instant_t now) {
    const struct token *found = NULL;

    for (size_t i = 0; i < tokens->count; i++) {
        if (sodium_memcmp(tokens->at[i].hash, hash, TOKEN_HASH_BYTES) == 0) {
            found = &tokens->at[i];
        }
    }
    return found != NULL && found->expires > now ? found : NULL;
}

/* ---- The list */

static void clear_token(struct token *token) {
    for (size_t i = 0; i < token->rights.teams.count; i++) {
        free(token->rights.teams.at[i]);
    }
    free(token->rights.teams.at);
}

void tokens_clear(struct tokens *tokens) {
    for (size_t i = 0; i < tokens->count; i++) {
        clear_token(&tokens->at[i]);
    }
    free(tokens->at);
    *tokens = (struct tokens){0};
}

static struct token *find_user(const struct tokens *tokens, const char *user) {
    for (size_t i = 0; i < tokens->count; i++) {
        if (strcmp(tokens->at[i].user, user) == 0) {
            return &tokens->at[i];
        }
    }
    return NULL;
}

const struct token *tokens_of_user(const struct tokens *tokens, const char *user) {
    return find_user(tokens, user);
}

bool tokens_put(struct tokens *tokens, const struct token *token) {
    struct token *place = find_user(tokens, token->user);

    if (place != NULL) {
        clear_token(place);
    } else if (tokens->count == TOKENS_MAX) {
        return false;
    } else {
        memory_reserve((void **)&tokens->at, &tokens->capacity, tokens->count + 1, sizeof *tokens->at);
        place = &tokens->at[tokens->count++];
    }
    *place = *token;
    return true;
}

bool tokens_remove(struct tokens *tokens, const char *user) {
    struct token *place = find_user(tokens, user);

    if (place == NULL) {
        return false;
    }
    clear_token(place);
    size_t behind = tokens->count - (size_t)(place - tokens->at) - 1;

    memmove(place, place + 1, behind * sizeof *place);
    tokens->count--;
    return true;
}

/* ---- Reading */

static bool read_roles(const json_t *list, unsigned *roles) {
    size_t i;
    const json_t *name;

    json_array_foreach(list, i, name) {
        enum access_role role = json_is_string(name) ? access_role_of(text_of(json_string_value(name))) : ACCESS_ROLE_COUNT;

        if (role == ACCESS_ROLE_COUNT || role == ACCESS_PRODUCER) { /* events come from systems, which have keys */
            return false;
        }
        *roles |= ACCESS_BIT(role);
    }
    return *roles != 0;
}

static bool read_teams(const json_t *list, struct access_texts *teams) {
    size_t i, count = json_array_size(list);
    const json_t *name;

    if ((list != NULL && !json_is_array(list)) || count > ACCESS_TEXTS_MAX) {
        return false;
    }
    teams->at = count == 0 ? NULL : memory_new(count, sizeof *teams->at);
    json_array_foreach(list, i, name) {
        if (!json_is_string(name) || json_string_length(name) == 0 || json_string_length(name) > NAME_MAX_BYTES) {
            return false;
        }
        teams->at[i] = strdup(json_string_value(name));
        ENSURE(teams->at[i] != NULL);
        teams->count++;
    }
    return true;
}

static bool read_instant(const json_t *object, const char *name, instant_t *instant) {
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL && instant_parse(text_of(text), instant);
}

static bool read_token(const json_t *object, struct token *token) {
    const char *user = json_string_value(json_object_get(object, "user"));
    const char *hash = json_string_value(json_object_get(object, "sha256"));
    const char *end;
    size_t size = 0;
    bool is_good = user != NULL && token_user_is_good(user) && hash != NULL && strlen(hash) == 2 * sizeof token->hash &&
                   sodium_hex2bin(token->hash, sizeof token->hash, hash, strlen(hash), NULL, &size, &end) == 0 && *end == '\0' &&
                   read_roles(json_object_get(object, "roles"), &token->rights.roles) && read_instant(object, "made", &token->made) &&
                   read_instant(object, "expires", &token->expires) && read_teams(json_object_get(object, "teams"), &token->rights.teams);

    if (is_good) {
        memcpy(token->user, user, strlen(user) + 1);
    } else {
        clear_token(token);
    }
    return is_good;
}

/* 0, or the number of the entry that is wrong, counted from 1. */
static size_t read_list(const json_t *list, struct tokens *tokens) {
    size_t i;
    const json_t *object;

    json_array_foreach(list, i, object) {
        struct token token = {.user = ""};

        if (!read_token(object, &token)) {
            return i + 1;
        }
        if (find_user(tokens, token.user) != NULL || !tokens_put(tokens, &token)) {
            clear_token(&token);
            return i + 1;
        }
    }
    return 0;
}

bool tokens_read(const char *path, struct tokens *tokens, char message[TOKENS_MESSAGE_SIZE]) {
    char *text = memory_new(TOKENS_BYTES_MAX, 1);
    long length = keyfile_read_text(path, true, text, TOKENS_BYTES_MAX, message);
    json_t *file = length < 0 ? NULL : json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(file, "tokens");
    size_t wrong = 0;
    bool is_good = json_is_array(list) && json_integer_value(json_object_get(file, "v")) == VERSION;

    *tokens = (struct tokens){0};
    if (is_good) {
        wrong = read_list(list, tokens);
        is_good = wrong == 0;
    }
    if (wrong > 0) {
        snprintf(message, TOKENS_MESSAGE_SIZE,
                 "%.300s: entry %zu of tokens is none, the user has two, or there are more than %d: make it by waitlistctl token", path,
                 wrong, TOKENS_MAX);
    } else if (!is_good && length >= 0) {
        snprintf(message, TOKENS_MESSAGE_SIZE, "%.300s is no file of tokens of version %d: make it by waitlistctl token", path, VERSION);
    }
    if (!is_good) {
        tokens_clear(tokens);
    }
    json_decref(file);
    free(text);
    return is_good;
}

/* ---- Writing */

static bool say_system(char message[TOKENS_MESSAGE_SIZE], const char *path) {
    snprintf(message, TOKENS_MESSAGE_SIZE, "%.300s: %s", keyfile_shown(path), strerror(errno));
    return false;
}

/* Opens the folder of the file; -1 with errno. */
static int open_folder(const char *path) {
    char copy[PATH_MAX];

    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int tokens_take(const char *path, struct tokens *tokens, char message[TOKENS_MESSAGE_SIZE]) {
    int folder = open_folder(path);
    struct stat status;

    *tokens = (struct tokens){0};
    if (folder < 0 || flock(folder, LOCK_EX) != 0) {
        (void)say_system(message, path);
    } else if ((lstat(path, &status) != 0 && errno == ENOENT) || tokens_read(path, tokens, message)) {
        return folder;
    }
    tokens_release(folder);
    return -1;
}

void tokens_release(int lock) {
    if (lock >= 0) {
        (void)close(lock);
    }
}

static json_t *token_json(const struct token *token) {
    char hash[2 * TOKEN_HASH_BYTES + 1], made[INSTANT_SIZE], expires[INSTANT_SIZE];
    json_t *roles = json_array(), *teams = json_array();

    for (int role = 0; role < ACCESS_ROLE_COUNT; role++) {
        if ((token->rights.roles & ACCESS_BIT(role)) != 0) {
            ENSURE(json_array_append_new(roles, json_string(access_role_name((enum access_role)role))) == 0);
        }
    }
    for (size_t i = 0; i < token->rights.teams.count; i++) {
        ENSURE(json_array_append_new(teams, json_string(token->rights.teams.at[i])) == 0);
    }
    instant_format(token->made, made);
    instant_format(token->expires, expires);
    return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s}", "user", token->user, "sha256",
                     sodium_bin2hex(hash, sizeof hash, token->hash, sizeof token->hash), "roles", roles, "teams", teams, "made", made,
                     "expires", expires);
}

static bool write_whole(int file, const char *text) {
    size_t size = strlen(text), done = 0;

    while (done < size) {
        ssize_t count = write(file, text + done, size - done);

        if (count < 0 && errno != EINTR) {
            return false;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

/* Owner, group and mode of the file that it takes the place of; of a new one the folder's group, which is let in to read. */
static bool set_owner(const char *path, int folder, int file) {
    struct stat old, about;

    if (stat(path, &old) == 0) {
        return fchown(file, old.st_uid, old.st_gid) == 0 && fchmod(file, old.st_mode & 0777) == 0;
    }
    if (fstat(folder, &about) != 0) {
        return false;
    }
    /* Where the group cannot be given it stays that of whoever writes, who then has to choose. */
    return fchmod(file, fchown(file, (uid_t)-1, about.st_gid) == 0 ? NEW_MODE : 0600) == 0;
}

bool tokens_write(const char *path, const struct tokens *tokens, char message[TOKENS_MESSAGE_SIZE]) {
    char draft[PATH_MAX];
    json_t *list = json_array();
    int folder = open_folder(path);

    for (size_t i = 0; i < tokens->count; i++) {
        ENSURE(json_array_append_new(list, token_json(&tokens->at[i])) == 0);
    }
    json_t *whole = json_pack("{s:i, s:o}", "v", VERSION, "tokens", list);
    char *text = whole == NULL ? NULL : json_dumps(whole, JSON_INDENT(1));

    ENSURE(text != NULL);
    json_decref(whole);
    errno = ENAMETOOLONG;
    int file = folder >= 0 && snprintf(draft, sizeof draft, "%s.XXXXXX", path) < (int)sizeof draft ? mkstemp(draft) : -1;
    bool done = file >= 0 && set_owner(path, folder, file) && write_whole(file, text) && write_whole(file, "\n") && fsync(file) == 0 &&
                rename(draft, path) == 0 && fsync(folder) == 0;

    if (!done) {
        (void)say_system(message, path);
        if (file >= 0) {
            (void)unlink(draft);
        }
    }
    if (file >= 0) {
        (void)close(file);
    }
    tokens_release(folder);
    free(text);
    return done;
}
