/* The global options of waitlistctl, and where the daemon is by them. */
#include "client/ctl/keys.h"

#include "daemon/offline/offline.h"
#include "daemon/security/keyfile.h"

#include <errno.h>
#include <libconfig.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_JOURNAL "/var/lib/waitlistd/journal.db"
#define TIMEOUT_S_MAX 86400.0

enum { KEY_ENDPOINT = 0x100, KEY_INGEST, KEY_PUBLISH, KEY_QUERY, KEY_FORMAT, KEY_TIMEOUT, KEY_JOURNAL, KEY_KEY, KEY_SERVER_KEY };

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "take the endpoints from the daemon's configuration (default: " DEFAULT_CONFIG " if it is there)", 0},
    {"endpoint", KEY_ENDPOINT, "DIRECTORY", 0, "the daemon's run directory, with or without ipc:// (default: " WAITLIST_RUN_DIRECTORY ")",
     0},
    {"ingest-endpoint", KEY_INGEST, "LIST", 0, "where events are sent, as tcp://host:5871; alternatives with commas", 0},
    {"publish-endpoint", KEY_PUBLISH, "LIST", 0, "where alerts and positions are published", 0},
    {"query-endpoint", KEY_QUERY, "LIST", 0, "where questions are answered", 0},
    {"key", KEY_KEY, "FILE", 0, "this side's own key for tcp:// endpoints, made by 'waitlistctl keygen --curve'", 0},
    {"server-key", KEY_SERVER_KEY, "FILE|KEY", 0, "the daemon's public key: its file, or the 40 characters themselves", 0},
    {"format", KEY_FORMAT, "table|json|csv", 0, "how to answer (default: table)", 0},
    {"journal", KEY_JOURNAL, "FILE", 0, "answer from this journal's file, without a daemon; it is only read", 0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "how long to wait for an answer (default: 30)", 0},
    {0}};

void ctl_complain(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    fputs("waitlistctl: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void ctl_complain_line(void *context, const char *line) {
    (void)context;
    ctl_complain("%s", line);
}

static void replace(char **text, const char *with) {
    char *copy = strdup(with);

    if (copy == NULL) {
        abort();
    }
    free(*text);
    *text = copy;
}

static void in_directory(struct ctl_context *ctl, const char *directory, struct argp_state *state) {
    const char *path = strncmp(directory, "ipc://", 6) == 0 ? directory + 6 : directory;
    const char *const sockets[] = {WAITLIST_INGEST_SOCKET, WAITLIST_PUBLISH_SOCKET, WAITLIST_QUERY_SOCKET};
    char **const lists[] = {&ctl->ingest, &ctl->publish, &ctl->query};

    if (path[0] != '/') {
        argp_error(state, "--endpoint wants the absolute path of a directory, not '%s'", directory);
    }
    for (int i = 0; i < 3; i++) {
        char uri[4096];

        snprintf(uri, sizeof uri, "ipc://%s/%s", path, sockets[i]);
        replace(lists[i], uri);
    }
}

static void set_format(struct ctl_context *ctl, const char *name, struct argp_state *state) {
    static const char *const names[] = {[FORMAT_TABLE] = "table", [FORMAT_JSON] = "json", [FORMAT_CSV] = "csv"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            ctl->format = (enum table_format)i;
            return;
        }
    }
    argp_error(state, "--format is table, json or csv, not '%s'", name);
}

static void set_timeout(struct ctl_context *ctl, const char *text, struct argp_state *state) {
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds > 0 && seconds <= TIMEOUT_S_MAX)) {
        argp_error(state, "--timeout is a number of seconds up to 86400, not '%s'", text);
    }
    ctl->timeout_ms = (int)lround(seconds * 1000);
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct ctl_context *ctl = state->input;

    switch (key) {
    case 'c':
        ctl->config_path = argument;
        return 0;
    case KEY_ENDPOINT:
        in_directory(ctl, argument, state);
        return 0;
    case KEY_INGEST:
        replace(&ctl->ingest, argument);
        return 0;
    case KEY_PUBLISH:
        replace(&ctl->publish, argument);
        return 0;
    case KEY_QUERY:
        replace(&ctl->query, argument);
        return 0;
    case KEY_KEY:
        replace(&ctl->key, argument);
        ctl->is_key_chosen = true;
        return 0;
    case KEY_SERVER_KEY:
        replace(&ctl->server_key, argument);
        ctl->is_key_chosen = true;
        return 0;
    case KEY_FORMAT:
        set_format(ctl, argument, state);
        return 0;
    case KEY_JOURNAL:
        ctl->journal = argument;
        return 0;
    case KEY_TIMEOUT:
        set_timeout(ctl, argument, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* In the environment and not among the words, which every user of the machine can read. */
bool ctl_take_behalf(struct ctl_context *ctl) {
    const char *text = getenv("WAITLIST_ON_BEHALF_OF");

    if (text == NULL || text[0] == '\0') {
        return true;
    }
    ctl->behalf = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(ctl->behalf)) {
        return true;
    }
    ctl_complain("WAITLIST_ON_BEHALF_OF in the environment is no JSON object of user, roles and teams");
    return false;
}

const struct argp ctl_global_argp = {.options = options, .parser = take_option};

void ctl_parse(const struct argp *argp, const char *name, int argc, char **argv, void *input) {
    char shown[64];

    snprintf(shown, sizeof shown, "waitlistctl %s", name);
    argv[0] = shown;
    (void)argp_parse(argp, argc, argv, 0, NULL, input);
    argv[0] = (char *)(uintptr_t)name;
}

static const struct argp_option *global_option(const char *word) {
    if (word[0] == '-' && word[1] == 'c') {
        return &options[0];
    }
    if (strncmp(word, "--", 2) != 0) {
        return NULL;
    }
    for (const struct argp_option *option = options; option->name != NULL; option++) {
        size_t size = strlen(option->name);

        if (strncmp(word + 2, option->name, size) == 0 && (word[2 + size] == '\0' || word[2 + size] == '=')) {
            return option;
        }
    }
    return NULL;
}

int ctl_take_globals(struct ctl_context *ctl, int argc, char **argv) {
    char *taken[64] = {argv[0]};
    int taken_count = 1;
    int kept = 1;

    for (int i = 1; i < argc; i++) {
        const struct argp_option *option = global_option(argv[i]);

        if (option == NULL || taken_count + 3 > 64 || (option->key == KEY_FORMAT)) {
            argv[kept++] = argv[i];
            continue;
        }
        bool has_value = argv[i][1] == 'c' ? argv[i][2] != '\0' : strchr(argv[i], '=') != NULL;

        taken[taken_count++] = argv[i];
        if (!has_value && i + 1 < argc) {
            taken[taken_count++] = argv[++i];
        }
    }
    argv[kept] = NULL;
    (void)argp_parse(&ctl_global_argp, taken_count, taken, 0, NULL, ctl);
    return kept;
}

/* ---- The daemon's configuration */

/* Where a daemon listens on every address, this machine reaches it on its own. */
static void append_endpoint(char *list, size_t size, const char *bound) {
    const char *port = strrchr(bound, ':');
    bool everywhere =
        strncmp(bound, "tcp://*:", 8) == 0 || strncmp(bound, "tcp://0.0.0.0:", 14) == 0 || strncmp(bound, "tcp://[::]:", 11) == 0;
    size_t used = strlen(list);

    if (used > 0) {
        used += (size_t)snprintf(list + used, size - used, ",");
    }
    if (used < size) {
        snprintf(list + used, size - used, "%s%s", everywhere ? "tcp://127.0.0.1" : bound, everywhere ? port : "");
    }
}

static void endpoints_from(const config_t *config, const char *name, char **list) {
    char path[64];
    char joined[4096] = "";

    snprintf(path, sizeof path, "endpoints.%s", name);
    const config_setting_t *setting = config_lookup(config, path);

    for (int i = 0; setting != NULL && i < config_setting_length(setting); i++) {
        const char *uri = config_setting_get_string_elem(setting, i);

        if (uri != NULL) {
            append_endpoint(joined, sizeof joined, uri);
        }
    }
    if (*list == NULL && joined[0] != '\0') {
        replace(list, joined);
    }
}

/* A relative path begins at the folder of the configuration. */
static void key_from(const config_t *config, const char *name, const char *file, char **place) {
    const char *slash = strrchr(file, '/');
    const char *text = "";
    char path[4096];

    if (*place != NULL || config_lookup_string(config, name, &text) != CONFIG_TRUE || text[0] == '\0') {
        return;
    }
    bool beside = text[0] != '/' && slash != NULL && !keyfile_is_key(text);

    snprintf(path, sizeof path, "%.*s%s", beside ? (int)(slash - file) + 1 : 0, file, text);
    replace(place, path);
}

static bool read_config(struct ctl_context *ctl, const char *path) {
    config_t config;

    config_init(&config);
    bool read = config_read_file(&config, path) == CONFIG_TRUE;

    if (read) {
        endpoints_from(&config, "ingest", &ctl->ingest);
        endpoints_from(&config, "publish", &ctl->publish);
        endpoints_from(&config, "query", &ctl->query);
        key_from(&config, "client.key", path, &ctl->key);
        key_from(&config, "client.server_key", path, &ctl->server_key);
    } else if (config_error_type(&config) == CONFIG_ERR_PARSE) {
        ctl_complain("%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
    } else {
        ctl_complain("%s: %s", path, strerror(errno));
    }
    config_destroy(&config);
    return read;
}

char *ctl_journal_path(const struct ctl_context *ctl) {
    const char *file = ctl->config_path != NULL ? ctl->config_path : DEFAULT_CONFIG;
    const char *path = NULL;
    char *found = NULL;
    config_t config;

    config_init(&config);
    errno = 0;
    if (config_read_file(&config, file) != CONFIG_TRUE) {
        ctl_complain("which journal? %s: %s", file,
                     config_error_type(&config) == CONFIG_ERR_PARSE ? config_error_text(&config) : strerror(errno));
    } else {
        bool is_said = config_lookup_string(&config, "journal.path", &path) == CONFIG_TRUE;
        const char *slash = strrchr(file, '/');
        bool beside = is_said && path[0] != '/' && slash != NULL; /* a relative path begins at the file's folder */

        if (asprintf(&found, "%.*s%s", beside ? (int)(slash - file) + 1 : 0, file, is_said ? path : DEFAULT_JOURNAL) < 0) {
            abort();
        }
    }
    config_destroy(&config);
    return found;
}

/* The configuration, where one is named, only says which names are known: the file answers for all else. */
struct offline *ctl_offline(struct ctl_context *ctl) {
    char message[OFFLINE_MESSAGE_SIZE];

    if (ctl->offline != NULL) {
        return ctl->offline;
    }
    if (ctl->config_path != NULL && ctl->config == NULL) {
        ctl->config = config_load(ctl->config_path, ctl_complain_line, NULL);
        if (ctl->config == NULL) {
            return NULL;
        }
    }
    ctl->offline = offline_open(ctl->journal, ctl->config, message);
    if (ctl->offline == NULL) {
        ctl_complain("%s", message);
    }
    return ctl->offline;
}

struct waitlist_client *ctl_client(struct ctl_context *ctl) {
    const char *path = ctl->config_path;

    if (ctl->journal != NULL) {
        ctl_complain("this needs a running daemon: --journal answers questions about what was recorded");
        return NULL;
    }

    if (ctl->client != NULL) {
        return ctl->client;
    }
    bool all_given = ctl->ingest != NULL && ctl->publish != NULL && ctl->query != NULL;

    if (path == NULL && !all_given && access(DEFAULT_CONFIG, R_OK) == 0) {
        path = DEFAULT_CONFIG;
    }
    errno = 0;
    if (path != NULL && !read_config(ctl, path)) {
        return NULL;
    }
    const struct waitlist_endpoints endpoints = {ctl->ingest, ctl->publish, ctl->query};

    ctl->client = waitlist_client_create(&endpoints);
    if (ctl->client == NULL) {
        ctl_complain("the endpoints cannot be used (ipc:///path or tcp://host:port, at most %d in a list): %s", WAITLIST_ENDPOINTS_MAX,
                     strerror(errno));
    } else if (!ctl_use_keys(ctl)) {
        waitlist_client_destroy(&ctl->client);
    }
    return ctl->client;
}

void ctl_context_clear(struct ctl_context *ctl) {
    offline_close(&ctl->offline);
    config_free(&ctl->config);
    waitlist_client_destroy(&ctl->client);
    free(ctl->ingest);
    free(ctl->publish);
    free(ctl->query);
    free(ctl->key);
    free(ctl->server_key);
    json_decref(ctl->behalf);
}
