/* One table of options drives reading, ranges and defaults; every error of the file is told with its line, in one run. */
#include "client/relay/settings.h"

#include "daemon/config/check.h"
#include "daemon/config/complain.h"
#include "daemon/config/source.h"
#include "daemon/core/memory.h"
#include "daemon/security/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <waitlist/client.h>

enum option_kind { OPTION_NAME, OPTION_TEXT, OPTION_PATH, OPTION_KEY, OPTION_WORDS, OPTION_ENDPOINTS, OPTION_INTEGER, OPTION_BOOLEAN };
enum option_place { PLACE_RELAY, PLACE_ENDPOINTS, PLACE_CLIENT, PLACE_ROUTE, PLACE_MATCH };

/* For which routes an option means something. */
enum {
    FOR_ALERTMANAGER = 1,
    FOR_WEBHOOK = 2,
    FOR_COMMAND = 4,
    FOR_FOLDER = 8,
    FOR_EVENTS = 6,
    FOR_HTTP = 3,
    FOR_ALL = 15,
    FOR_DIGEST = 16,
    FOR_ALERTS = 32
};

struct option {
    const char *name;
    enum option_place place;
    enum option_kind kind;
    size_t offset;
    int minimum, maximum;
    const char *otherwise; /* the default; NULL: none */
    unsigned meaning;      /* of FOR_ */
};

#define OF_RELAY(member) offsetof(struct relay_settings, member)
#define OF_ROUTE(member) offsetof(struct route_settings, member)
#define ANYWHERE (FOR_ALL | FOR_DIGEST | FOR_ALERTS)

static const struct option options[] = {
    {"name", PLACE_RELAY, OPTION_NAME, OF_RELAY(name), 1, 40, "relay", ANYWHERE},
    {"state", PLACE_RELAY, OPTION_PATH, OF_RELAY(state), 1, 4000, "/var/lib/waitlist-relay", ANYWHERE},
    {"dashboard", PLACE_RELAY, OPTION_TEXT, OF_RELAY(dashboard), 0, 1000, "", ANYWHERE},
    {"source", PLACE_RELAY, OPTION_TEXT, OF_RELAY(source), 1, 200, "urn:waitlistd", ANYWHERE},
    {"timezone", PLACE_RELAY, OPTION_TEXT, OF_RELAY(timezone), 1, 64, "Europe/London", ANYWHERE},
    {"publish", PLACE_ENDPOINTS, OPTION_ENDPOINTS, OF_RELAY(publish), 1, 8, NULL, ANYWHERE},
    {"query", PLACE_ENDPOINTS, OPTION_ENDPOINTS, OF_RELAY(query), 1, 8, NULL, ANYWHERE},
    {"key", PLACE_CLIENT, OPTION_PATH, OF_RELAY(key), 0, 4000, NULL, ANYWHERE},
    {"server_key", PLACE_CLIENT, OPTION_KEY, OF_RELAY(server_key), 0, 4000, NULL, ANYWHERE},
    {"name", PLACE_ROUTE, OPTION_NAME, OF_ROUTE(name), 1, 20, NULL, ANYWHERE},
    {"to", PLACE_ROUTE, OPTION_TEXT, OF_ROUTE(to_name), 1, 20, NULL, ANYWHERE},
    {"send", PLACE_ROUTE, OPTION_TEXT, OF_ROUTE(send_name), 1, 20, "alerts", ANYWHERE},
    {"references", PLACE_ROUTE, OPTION_BOOLEAN, OF_ROUTE(references), 0, 1, "false", ANYWHERE},
    {"url", PLACE_ROUTE, OPTION_TEXT, OF_ROUTE(url), 1, 1000, NULL, FOR_HTTP | FOR_DIGEST | FOR_ALERTS},
    {"allow_plain_http", PLACE_ROUTE, OPTION_BOOLEAN, OF_ROUTE(allow_plain_http), 0, 1, "false", FOR_HTTP | FOR_DIGEST | FOR_ALERTS},
    {"secret_file", PLACE_ROUTE, OPTION_PATH, OF_ROUTE(secret_file), 1, 4000, NULL, FOR_WEBHOOK | FOR_DIGEST | FOR_ALERTS},
    {"token_file", PLACE_ROUTE, OPTION_PATH, OF_ROUTE(token_file), 1, 4000, NULL, FOR_HTTP | FOR_DIGEST | FOR_ALERTS},
    {"ca_file", PLACE_ROUTE, OPTION_PATH, OF_ROUTE(ca_file), 1, 4000, NULL, FOR_HTTP | FOR_DIGEST | FOR_ALERTS},
    {"command", PLACE_ROUTE, OPTION_WORDS, OF_ROUTE(command), 1, RELAY_WORDS_MAX, NULL, FOR_COMMAND | FOR_DIGEST | FOR_ALERTS},
    {"folder", PLACE_ROUTE, OPTION_PATH, OF_ROUTE(folder), 1, 4000, NULL, FOR_FOLDER | FOR_DIGEST},
    {"timeout_s", PLACE_ROUTE, OPTION_INTEGER, OF_ROUTE(timeout_s), 1, 600, "10", FOR_HTTP | FOR_COMMAND | FOR_DIGEST | FOR_ALERTS},
    {"retry_first_ms", PLACE_ROUTE, OPTION_INTEGER, OF_ROUTE(retry_first_ms), 10, 60000, "1000", ANYWHERE},
    {"retry_last_s", PLACE_ROUTE, OPTION_INTEGER, OF_ROUTE(retry_last_s), 1, 3600, "300", ANYWHERE},
    {"attempts", PLACE_ROUTE, OPTION_INTEGER, OF_ROUTE(attempts), 1, 100, "10", FOR_EVENTS | FOR_DIGEST | FOR_ALERTS},
    {"dead_letters", PLACE_ROUTE, OPTION_INTEGER, OF_ROUTE(dead_letters), 0, 100000, "1000", FOR_EVENTS | FOR_DIGEST | FOR_ALERTS},
    {"group_wait_s", PLACE_ROUTE, OPTION_INTEGER, OF_ROUTE(group_wait_s), 0, 3600, "0", FOR_EVENTS | FOR_ALERTS},
    {"late_wait_s", PLACE_ROUTE, OPTION_INTEGER, OF_ROUTE(late_wait_s), 0, 3600, "30", FOR_EVENTS | FOR_ALERTS},
    {"resend_s", PLACE_ROUTE, OPTION_INTEGER, OF_ROUTE(resend_s), 1, 3600, "60", FOR_ALERTMANAGER | FOR_ALERTS},
    {"hold_s", PLACE_ROUTE, OPTION_INTEGER, OF_ROUTE(hold_s), 0, 86400, "900", FOR_ALERTMANAGER | FOR_ALERTS},
    {"at", PLACE_ROUTE, OPTION_TEXT, OF_ROUTE(at), 5, 5, "07:30", FOR_EVENTS | FOR_FOLDER | FOR_DIGEST},
    {"rule", PLACE_MATCH, OPTION_WORDS, OF_ROUTE(match.rule), 0, RELAY_WORDS_MAX, NULL, ANYWHERE},
    {"severity", PLACE_MATCH, OPTION_WORDS, OF_ROUTE(match.severity), 0, RELAY_WORDS_MAX, NULL, ANYWHERE},
    {"pathway", PLACE_MATCH, OPTION_WORDS, OF_ROUTE(match.pathway), 0, RELAY_WORDS_MAX, NULL, ANYWHERE},
    {"team", PLACE_MATCH, OPTION_WORDS, OF_ROUTE(match.team), 0, RELAY_WORDS_MAX, NULL, ANYWHERE},
    {"transition", PLACE_MATCH, OPTION_WORDS, OF_ROUTE(match.transition), 0, RELAY_WORDS_MAX, NULL, ANYWHERE},
};
#define OPTION_COUNT (sizeof options / sizeof options[0])

static const char *const target_names[] = {"alertmanager", "webhook", "command", "folder"};

struct reading {
    struct relay_settings *settings;
    char *folder;
    config_report *report;
    void *context;
    size_t errors;
};

__attribute__((format(printf, 3, 4))) static void complain(struct reading *reading, unsigned line, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    config_complain_list(reading->report, reading->context, reading->settings->path, line, format, arguments);
    va_end(arguments);
    reading->errors++;
}

static unsigned line_of(const config_setting_t *setting) {
    unsigned line = (unsigned)config_setting_source_line(setting);

    return line > 0 ? line : 1;
}

const char *relay_option_name(size_t index) {
    return index < OPTION_COUNT ? options[index].name : NULL;
}

/* ---- Values */

static bool is_name(const char *text) {
    return text[0] != '\0' && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(text);
}

static char *resolved(const struct reading *reading, const char *path) {
    return path[0] == '/' ? config_text_copy(path) : config_text_format("%s/%s", reading->folder, path);
}

static void set_text(char **place, char *text) {
    free(*place);
    *place = text;
}

static void read_text(struct reading *reading, const struct option *option, const config_setting_t *setting, char **place) {
    const char *text = config_setting_get_string(setting);
    size_t length = text != NULL ? strlen(text) : 0;
    const char *wrong = text != NULL ? config_check_printable(text) : NULL;

    if (text == NULL) {
        complain(reading, line_of(setting), "%s must be text in \"double quotes\"", option->name);
    } else if (wrong != NULL) {
        complain(reading, line_of(setting), "%s: %s", option->name, wrong);
    } else if (length < (size_t)option->minimum || length > (size_t)option->maximum) {
        complain(reading, line_of(setting), "%s must have %d to %d bytes", option->name, option->minimum, option->maximum);
    } else if (option->kind == OPTION_NAME && !is_name(text)) {
        complain(reading, line_of(setting), "%s must be of A-Z a-z 0-9 _ -, not \"%s\"", option->name, text);
    } else {
        bool is_path = option->kind == OPTION_PATH || (option->kind == OPTION_KEY && !keyfile_is_key(text));

        set_text(place, length == 0 ? NULL : is_path ? resolved(reading, text) : config_text_copy(text));
    }
}

static void add_word(struct word_list *list, const char *word) {
    list->at = memory_resize(list->at, list->count + 2, sizeof *list->at);
    list->at[list->count++] = config_text_copy(word);
    list->at[list->count] = NULL; /* as execve wants it */
}

static void read_words(struct reading *reading, const struct option *option, const config_setting_t *setting, struct word_list *list) {
    bool several = config_setting_is_array(setting) || config_setting_is_list(setting);
    int count = several ? config_setting_length(setting) : 1;

    if (count < option->minimum || count > option->maximum) {
        complain(reading, line_of(setting), "%s must be %d to %d texts", option->name, option->minimum, option->maximum);
        return;
    }
    for (int i = 0; i < count; i++) {
        const char *word = several ? config_setting_get_string_elem(setting, i) : config_setting_get_string(setting);

        if (word == NULL || word[0] == '\0') {
            complain(reading, line_of(setting), "%s must be a text in \"double quotes\", or several in [ ]", option->name);
            return;
        }
        add_word(list, word);
    }
}

static void read_endpoints(struct reading *reading, const struct option *option, const config_setting_t *setting, char **place) {
    struct word_list list = {0, NULL};
    char *joined = NULL;

    read_words(reading, option, setting, &list);
    for (size_t i = 0; i < list.count; i++) {
        if (strncmp(list.at[i], "ipc:///", 7) != 0 && strncmp(list.at[i], "tcp://", 6) != 0) {
            complain(reading, line_of(setting), "an endpoint is ipc:///path or tcp://host:port, not \"%s\"", list.at[i]);
        }
        char *longer = joined == NULL ? config_text_copy(list.at[i]) : config_text_format("%s,%s", joined, list.at[i]);

        set_text(&joined, longer);
        free(list.at[i]);
    }
    free(list.at);
    set_text(place, joined);
}

static void read_value(struct reading *reading, const struct option *option, const config_setting_t *setting, void *object) {
    void *place = (char *)object + option->offset;
    int number = config_setting_get_int(setting);

    switch (option->kind) {
    case OPTION_NAME:
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_KEY:
        read_text(reading, option, setting, place);
        break;
    case OPTION_WORDS:
        read_words(reading, option, setting, place);
        break;
    case OPTION_ENDPOINTS:
        read_endpoints(reading, option, setting, place);
        break;
    case OPTION_INTEGER:
        if (config_setting_type(setting) != CONFIG_TYPE_INT || number < option->minimum || number > option->maximum) {
            complain(reading, line_of(setting), "%s must be a whole number from %d to %d", option->name, option->minimum, option->maximum);
        } else {
            *(int *)place = number;
        }
        break;
    case OPTION_BOOLEAN:
        if (config_setting_type(setting) != CONFIG_TYPE_BOOL) {
            complain(reading, line_of(setting), "%s must be true or false", option->name);
        } else {
            *(bool *)place = config_setting_get_bool(setting) == CONFIG_TRUE;
        }
        break;
    }
}

static void set_defaults(struct reading *reading, enum option_place place, void *object) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options[i];
        void *at = (char *)object + option->offset;

        if (option->place != place || option->otherwise == NULL) {
            continue;
        }
        if (option->kind == OPTION_INTEGER) {
            *(int *)at = (int)strtol(option->otherwise, NULL, 10);
        } else if (option->kind == OPTION_BOOLEAN) {
            *(bool *)at = strcmp(option->otherwise, "true") == 0;
        } else if (option->otherwise[0] != '\0') {
            set_text(at, option->kind == OPTION_PATH ? resolved(reading, option->otherwise) : config_text_copy(option->otherwise));
        }
    }
}

static const struct option *find_option(enum option_place place, const char *name) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options[i].place == place && strcmp(options[i].name, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

/* The members of a group into an object; `also`: a member that is read elsewhere. */
static void read_group(struct reading *reading, enum option_place place, const config_setting_t *group, void *object, const char *also) {
    if (!config_setting_is_group(group)) {
        complain(reading, line_of(group), "a group in { } is needed here");
        return;
    }
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(member);
        const struct option *option = find_option(place, name);

        if (option != NULL) {
            read_value(reading, option, member, object);
        } else if (also == NULL || strcmp(name, also) != 0) {
            complain(reading, line_of(member), "there is no option '%s' here", name);
        }
    }
}

/* ---- Routes */

static bool is_loopback(const char *url) {
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *host = strstr(url, "://");

    for (size_t i = 0; host != NULL && i < sizeof hosts / sizeof hosts[0]; i++) {
        size_t length = strlen(hosts[i]);

        if (strncasecmp(host + 3, hosts[i], length) == 0 && strchr(":/?", host[3 + length]) != NULL) {
            return true;
        }
    }
    return false;
}

static void check_url(struct reading *reading, const struct route_settings *route, unsigned line) {
    const char *url = route->url;
    bool is_plain = strncmp(url, "http://", 7) == 0;
    size_t host = is_plain ? 7 : 8;

    if ((!is_plain && strncmp(url, "https://", 8) != 0) || strlen(url) <= host || strchr(":/?", url[host]) != NULL) {
        complain(reading, line, "url must be http:// or https:// with a host (it is not repeated here: it may be a secret)");
    } else if (memchr(url + host, '@', strcspn(url + host, "/?")) != NULL) {
        complain(reading, line, "url must not hold a password: put it into token_file");
    } else if (is_plain && !is_loopback(url) && !route->allow_plain_http) {
        complain(reading, line, "http:// leaves this machine unencrypted: use https://, or set allow_plain_http = true");
    }
}

static bool is_time_of_day(const char *text, int *minute) {
    struct tm parsed = {0};
    const char *end = strlen(text) == 5 && strspn(text, "0123456789:") == 5 ? strptime(text, "%H:%M", &parsed) : NULL;
    bool is = end != NULL && *end == '\0';

    *minute = is ? parsed.tm_hour * 60 + parsed.tm_min : 0;
    return is;
}

static void check_meanings(struct reading *reading, const struct route_settings *route, const config_setting_t *group) {
    unsigned kind = 1u << route->to;
    unsigned what = route->is_digest ? FOR_DIGEST : FOR_ALERTS;

    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        const struct option *option = find_option(PLACE_ROUTE, config_setting_name(member));

        if (option != NULL && ((option->meaning & kind) == 0 || (option->meaning & what) == 0)) {
            complain(reading, line_of(member), "%s means nothing for a route to a %s that sends %s", option->name, route->to_name,
                     route->send_name);
        }
    }
}

static void check_needs(struct reading *reading, const struct route_settings *route) {
    bool over_http = route->to == TARGET_ALERTMANAGER || route->to == TARGET_WEBHOOK;

    if (over_http && route->url == NULL) {
        complain(reading, route->line, "a route to a %s needs a url", route->to_name);
    } else if (over_http) {
        check_url(reading, route, route->line);
    }
    if (route->to == TARGET_COMMAND && route->command.count == 0) {
        complain(reading, route->line, "a route to a command needs a command");
    } else if (route->to == TARGET_COMMAND && route->command.at[0][0] != '/') {
        complain(reading, route->line, "a command begins with the absolute path of a program, not \"%s\"", route->command.at[0]);
    }
    if (route->to == TARGET_FOLDER && route->folder == NULL) {
        complain(reading, route->line, "a route to a folder needs a folder");
    }
    if (route->to == TARGET_FOLDER && !route->is_digest) {
        complain(reading, route->line, "only a digest goes to a folder: send = \"digest\"");
    }
    if (route->to == TARGET_ALERTMANAGER && route->match.transition.count > 0) {
        complain(reading, route->line, "an Alertmanager is told what is open and what is over: match by transition means nothing to it");
    }
    if (route->to == TARGET_ALERTMANAGER && route->is_digest) {
        complain(reading, route->line, "a digest does not go to an Alertmanager");
    }
}

/* One of a few words; false is reported. */
static bool choose(struct reading *reading, const struct route_settings *route, const char *option, const char *word,
                   const char *const *words, size_t count, size_t *chosen) {
    for (size_t i = 0; word != NULL && i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            *chosen = i;
            return true;
        }
    }
    if (word == NULL) {
        complain(reading, route->line, "a route needs %s", option);
    } else {
        complain(reading, route->line, "%s cannot be \"%s\"", option, word);
    }
    return false;
}

static void check_secret(struct reading *reading, const struct route_settings *route, const char *option, const char *path) {
    char *secret = path != NULL ? relay_secret_read(path) : NULL;

    bool is_there = errno == 0 || errno == EACCES || errno == EISDIR;

    if (path != NULL && secret == NULL && !is_there) {
        complain(reading, route->line, "%s: %s (what it names is not repeated here: it may be the secret itself)", option, strerror(errno));
    } else if (path != NULL && secret == NULL) {
        complain(reading, route->line, "%s %s: %s", option, path, errno != 0 ? strerror(errno) : "its first line is empty or too long");
    }
    if (secret != NULL) {
        explicit_bzero(secret, strlen(secret));
    }
    free(secret);
}

static void check_route(struct reading *reading, struct route_settings *route, const config_setting_t *group) {
    static const char *const sends[] = {"alerts", "digest"};
    size_t to = 0, send = 0;

    if (route->name == NULL) {
        complain(reading, route->line, "a route needs a name");
    }
    for (size_t i = 0; route->name != NULL && i + 1 < reading->settings->route_count; i++) {
        if (reading->settings->routes[i].name != NULL && strcmp(reading->settings->routes[i].name, route->name) == 0) {
            complain(reading, route->line, "there is a route named %s already", route->name);
        }
    }
    if (!choose(reading, route, "to", route->to_name, target_names, sizeof target_names / sizeof target_names[0], &to) ||
        !choose(reading, route, "send", route->send_name, sends, 2, &send)) {
        return;
    }
    route->to = (enum relay_target)to;
    route->is_digest = send == 1;
    check_needs(reading, route);
    check_meanings(reading, route, group);
    if (!is_time_of_day(route->at, &route->at_minute)) {
        complain(reading, route->line, "at must be a time of day as \"07:30\", not \"%s\"", route->at);
    }
    check_secret(reading, route, "secret_file", route->secret_file);
    check_secret(reading, route, "token_file", route->token_file);
}

static void read_routes(struct reading *reading, const config_setting_t *list) {
    struct relay_settings *settings = reading->settings;

    if (list == NULL || !config_setting_is_list(list) || config_setting_length(list) < 1 ||
        config_setting_length(list) > RELAY_ROUTES_MAX) {
        complain(reading, list != NULL ? line_of(list) : 0, "routes = ( { … } ) with 1 to %d routes is needed", RELAY_ROUTES_MAX);
        return;
    }
    settings->routes = memory_new((size_t)config_setting_length(list), sizeof *settings->routes);
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        struct route_settings *route = &settings->routes[settings->route_count++];
        const config_setting_t *match = config_setting_is_group(group) ? config_setting_get_member(group, "match") : NULL;

        route->line = line_of(group);
        set_defaults(reading, PLACE_ROUTE, route);
        read_group(reading, PLACE_ROUTE, group, route, "match");
        if (match != NULL) {
            read_group(reading, PLACE_MATCH, match, route, NULL);
        }
        if (config_setting_is_group(group)) {
            check_route(reading, route, group);
        }
    }
}

/* ---- The file */

static void check_keys(struct reading *reading, unsigned line) {
    const struct relay_settings *settings = reading->settings;
    char problem[WAITLIST_PROBLEM_SIZE];
    struct waitlist_keys keys;

    if ((settings->key == NULL) != (settings->server_key == NULL)) {
        complain(reading, line, "key and server_key go together: the relay's own key, and the daemon's");
    } else if (settings->key != NULL && waitlist_keys_load(&keys, settings->key, settings->server_key, problem) != WAITLIST_OK) {
        complain(reading, line, "%s", problem);
    }
    waitlist_keys_forget(&keys);
}

static void read_root(struct reading *reading, const config_setting_t *root) {
    static const char *const groups[] = {"relay", "endpoints", "client", "routes"};

    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *member = config_setting_get_elem(root, (unsigned)i);
        const char *name = config_setting_name(member);

        if (strcmp(name, groups[0]) == 0) {
            read_group(reading, PLACE_RELAY, member, reading->settings, NULL);
        } else if (strcmp(name, groups[1]) == 0) {
            read_group(reading, PLACE_ENDPOINTS, member, reading->settings, NULL);
        } else if (strcmp(name, groups[2]) == 0) {
            read_group(reading, PLACE_CLIENT, member, reading->settings, NULL);
            check_keys(reading, line_of(member));
        } else if (strcmp(name, groups[3]) != 0) {
            complain(reading, line_of(member), "there is no option '%s' here", name);
        }
    }
    read_routes(reading, config_setting_get_member(root, groups[3]));
}

struct relay_settings *relay_settings_load(const char *path, config_report *report, void *context) {
    struct relay_settings *settings = memory_new(1, sizeof *settings);
    const char *slash = strrchr(path, '/');
    struct reading reading = {.settings = settings, .report = report, .context = context};
    const char *reason;
    config_t config;

    settings->path = config_text_copy(path);
    reading.folder = slash == NULL ? config_text_copy(".") : config_text_format("%.*s", slash == path ? 1 : (int)(slash - path), path);
    config_init(&config);
    config_set_include_dir(&config, reading.folder);
    struct source_findings findings = config_source_check(path, reading.folder, report, context);

    reading.errors = findings.errors;
    set_defaults(&reading, PLACE_RELAY, settings);
    if (!findings.unreadable && config_read_file(&config, path) != CONFIG_TRUE) {
        complain(&reading, (unsigned)config_error_line(&config), "%s", config_error_text(&config));
    } else if (!findings.unreadable) {
        read_root(&reading, config_root_setting(&config));
        if (!config_timezone_known(settings->timezone, &reason)) {
            complain(&reading, 0, "timezone \"%s\": %s", settings->timezone, reason);
        }
    }
    config_destroy(&config);
    free(reading.folder);
    if (reading.errors > 0) {
        relay_settings_destroy(&settings);
    }
    return settings;
}

static void clear_object(enum option_place place, void *object) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        void *at = (char *)object + options[i].offset;

        if (options[i].place != place || options[i].kind == OPTION_INTEGER || options[i].kind == OPTION_BOOLEAN) {
            continue;
        }
        if (options[i].kind != OPTION_WORDS) {
            free(*(char **)at);
            continue;
        }
        struct word_list *list = at;

        for (size_t k = 0; k < list->count; k++) {
            free(list->at[k]);
        }
        free(list->at);
    }
}

void relay_settings_destroy(struct relay_settings **settings) {
    if (*settings == NULL) {
        return;
    }
    for (size_t i = 0; i < (*settings)->route_count; i++) {
        clear_object(PLACE_ROUTE, &(*settings)->routes[i]);
        clear_object(PLACE_MATCH, &(*settings)->routes[i]);
    }
    free((*settings)->routes);
    clear_object(PLACE_RELAY, *settings);
    clear_object(PLACE_ENDPOINTS, *settings);
    clear_object(PLACE_CLIENT, *settings);
    free((*settings)->path);
    free(*settings);
    *settings = NULL;
}

char *relay_secret_read(const char *path) {
    char text[RELAY_SECRET_BYTES_MAX + 1];
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0) {
        return NULL;
    }
    ssize_t size = read(file, text, sizeof text);
    int reason = size < 0 ? errno : 0;

    (void)close(file);
    errno = reason;
    if (size <= 0 || size == (ssize_t)sizeof text) {
        return NULL;
    }
    text[size] = '\0';
    char *begin = text + strspn(text, " \t");
    size_t length = strcspn(begin, "\r\n");

    while (length > 0 && (begin[length - 1] == ' ' || begin[length - 1] == '\t')) {
        length--;
    }
    char *secret = length > 0 ? config_text_format("%.*s", (int)length, begin) : NULL;

    explicit_bzero(text, sizeof text);
    return secret;
}
