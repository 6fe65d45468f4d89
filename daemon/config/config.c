/* The configuration as a whole: loading one file, all of it or nothing, and letting it go. */
#include "daemon/config/config.h"

#include "daemon/config/check.h"
#include "daemon/config/complain.h"
#include "daemon/config/read.h"
#include "daemon/config/source.h"
#include "daemon/core/memory.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

/* The absolute folder of a file, which may not be there; the caller frees. */
static char *folder_of(const char *path) {
    char *copy = config_text_copy(path);
    const char *folder = dirname(copy);
    char *absolute = realpath(folder, NULL);
    char *result = config_text_copy(absolute ? absolute : folder);
    free(absolute);
    free(copy);
    return result;
}

/* False when the file cannot be parsed, reported. */
static bool parse(config_t *tree, const char *path, const char *folder, config_report *report, void *context) {
    config_set_include_dir(tree, folder);
    if (config_read_file(tree, path))
        return true;
    char *file = config_source_name(config_error_file(tree), path, folder);
    const char *text = config_error_text(tree);
    int line = config_error_line(tree);
    bool is_syntax = text && strcmp(text, "syntax error") == 0;
    config_complain(report, context, file, line > 0 ? (unsigned int)line : 1, "%s%s", text ? text : "cannot be read",
                    is_syntax ? ": look on this line and the one before for a missing semicolon, comma, quote or bracket" : "");
    free(file);
    return false;
}

struct config *config_load(const char *path, config_report *report, void *context) {
    char *folder = path ? folder_of(path) : config_text_copy(WAITLIST_CONFIG_FOLDER);
    struct config *config = memory_new(1, sizeof *config);
    config_t tree;
    config_init(&tree);
    size_t errors = 0;
    if (path) {
        config->path = config_text_copy(path);
        struct source_findings findings = config_source_check(path, folder, report, context);
        errors = findings.errors;
        if (!findings.unreadable && !parse(&tree, path, folder, report, context))
            findings.unreadable = true;
        if (findings.unreadable)
            errors++;
        else
            errors += config_read_keys(config, config_root_setting(&tree), path, folder, report, context);
    } else {
        errors = config_read_keys(config, NULL, "defaults", folder, report, context);
    }
    config_destroy(&tree);
    free(folder);
    if (errors > 0)
        config_free(&config);
    return config;
}

static void free_names(struct known_names *names) {
    for (size_t i = 0; i < names->count; i++) {
        free(names->at[i].label);
        free(names->at[i].district);
    }
    free(names->at);
}

static void free_endpoints(struct endpoint_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->uri[i]);
}

static void free_texts(struct access_texts *texts) {
    for (size_t i = 0; i < texts->count; i++)
        free(texts->at[i]);
    free(texts->at);
}

static void free_entries(struct access_entry *entries, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(entries[i].key);
        free(entries[i].endpoint);
        free(entries[i].group);
        free_texts(&entries[i].rights.teams);
        free_texts(&entries[i].rights.sources);
    }
    free(entries);
}

void config_free(struct config **config) {
    struct config *old = *config;
    if (!old)
        return;
    *config = NULL;
    free(old->path);
    free(old->council_name);
    free(old->timezone);
    free(old->calendar_path);
    free(old->journal_path);
    free(old->backup_directory);
    free_endpoints(&old->ingest);
    free_endpoints(&old->publish);
    free_endpoints(&old->query);
    for (size_t i = 0; i < POLICY_PATHWAYS_MAX; i++)
        free(old->pathway_labels[i]);
    free_names(&old->teams);
    free_names(&old->districts);
    free_names(&old->client_groups);
    for (size_t i = 0; i < old->dimension_count; i++)
        free_names(&old->dimensions[i].values);
    free(old->dimensions);
    for (size_t i = 0; i < old->source_count; i++) {
        free(old->sources[i].name);
        free(old->sources[i].hours);
    }
    free(old->sources);
    for (size_t i = 0; i < old->queue_limit_count; i++) {
        free(old->queue_limits[i].pathway);
        free(old->queue_limits[i].team);
    }
    free(old->queue_limits);
    for (size_t i = 0; i < old->kpi_count; i++) {
        free(old->kpis[i].label);
        free(old->kpis[i].pathway);
        free(old->kpis[i].team);
        free(old->kpis[i].client_group);
        free(old->kpis[i].benchmark_source);
    }
    free(old->kpis);
    free(old->security.secret_key);
    free(old->security.access_log_directory);
    free_entries(old->security.peers, old->security.peer_count);
    free_entries(old->security.local, old->security.local_count);
    free(old->dashboard.listen);
    free(old->dashboard.host_names);
    free(old->dashboard.tokens);
    free(old->dashboard.user_header);
    free(old->dashboard.groups_header);
    free(old->dashboard.groups_separator);
    free_texts(&old->dashboard.trusted_proxies);
    for (size_t i = 0; i < old->dashboard.group_count; i++) {
        free(old->dashboard.groups[i].group);
        free_texts(&old->dashboard.groups[i].teams);
    }
    free(old->dashboard.groups);
    free(old->dashboard.web);
    free(old->dashboard.evidence.command);
    free(old->dashboard.evidence.key);
    free(old);
}

struct feed_hours config_source_hours(const struct source_config *source) {
    struct feed_hours hours = {0, 0, 0, 0};
    bool is_said = source->hours != NULL && source->hours[0] != '\0';
    ENSURE(!is_said || config_check_hours(source->hours, &hours) == NULL);
    return hours;
}

struct queue_limit config_queue_limit(const struct queue_limit_config *limit) {
    bool is_below = limit->clears_at >= 0 && limit->clears_at < limit->limit;
    return (struct queue_limit){
        .name = text_of(limit->name),
        .pathway = text_of(limit->pathway),
        .team = text_of(limit->team),
        .measure = limit->measure,
        .limit = limit->limit,
        .clears_at = is_below ? limit->clears_at : limit->limit - 1,
    };
}

const struct access_rights *config_rights(const struct config *config, enum access_socket socket, const char *peer) {
    const struct security_config *security = &config->security;
    struct text name = text_of(peer);
    if (text_is(name, ACCESS_LOCAL_NAME))
        return access_default_rights(socket);
    const struct access_entry *entry = access_find(security->peers, security->peer_count, name);
    if (entry == NULL)
        entry = access_find(security->local, security->local_count, name);
    return entry == NULL ? NULL : &entry->rights;
}

static bool has_equal(const struct access_entry *entries, size_t count, const struct access_entry *wanted) {
    const struct access_entry *found = access_find(entries, count, text_of(wanted->name));
    return found != NULL && access_entry_equal(found, wanted);
}

bool config_cuts_peers(const struct config *running, const struct config *next) {
    const struct security_config *old = &running->security, *new = &next->security;
    for (size_t i = 0; i < old->peer_count; i++)
        if (!has_equal(new->peers, new->peer_count, &old->peers[i]))
            return true;
    for (size_t i = 0; i < old->local_count; i++)
        if (!has_equal(new->local, new->local_count, &old->local[i]))
            return true;
    return new->local_count != old->local_count;
}
