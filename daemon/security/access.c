/* Roles and the rights of a peer. */
#include "daemon/security/access.h"

#include <string.h>

static const char *const role_names[ACCESS_ROLE_COUNT] = {
    [ACCESS_PRODUCER] = "producer", [ACCESS_VIEWER] = "viewer", [ACCESS_MANAGER] = "manager",
    [ACCESS_ANALYST] = "analyst",   [ACCESS_ADMIN] = "admin",
};

const char *access_socket_name(enum access_socket socket) {
    static const char *const names[] = {[ACCESS_INGEST] = "ingest", [ACCESS_PUBLISH] = "publish", [ACCESS_QUERY] = "query"};
    return names[socket];
}

const char *access_role_name(enum access_role role) {
    return role_names[role];
}

enum access_role access_role_of(struct text name) {
    int role = 0;
    while (role < ACCESS_ROLE_COUNT && !text_is(name, role_names[role]))
        role++;
    return (enum access_role)role;
}

const struct access_rights *access_default_rights(enum access_socket socket) {
    static const struct access_rights to_send = {.roles = ACCESS_BIT(ACCESS_PRODUCER)};
    static const struct access_rights all = {.roles = ACCESS_BIT(ACCESS_ADMIN), .speaks_for_others = true};
    return socket == ACCESS_INGEST ? &to_send : &all;
}

const struct access_entry *access_find(const struct access_entry *entries, size_t count, struct text name) {
    for (size_t i = 0; i < count; i++)
        if (text_is(name, entries[i].name))
            return &entries[i];
    return NULL;
}

const struct access_entry *access_find_key(const struct access_entry *entries, size_t count, struct text key) {
    for (size_t i = 0; i < count; i++)
        if (entries[i].key != NULL && text_is(key, entries[i].key))
            return &entries[i];
    return NULL;
}

const struct access_entry *access_find_endpoint(const struct access_entry *entries, size_t count, const char *endpoint) {
    for (size_t i = 0; i < count; i++)
        if (entries[i].endpoint != NULL && strcmp(entries[i].endpoint, endpoint) == 0)
            return &entries[i];
    return NULL;
}

static bool has_text(const struct access_texts *texts, struct text wanted) {
    for (size_t i = 0; i < texts->count; i++)
        if (text_is(wanted, texts->at[i]))
            return true;
    return false;
}

static bool same_texts(const struct access_texts *left, const struct access_texts *right) {
    for (size_t i = 0; i < left->count; i++)
        if (!has_text(right, text_of(left->at[i])))
            return false;
    return left->count == right->count;
}

static bool same_text(const char *left, const char *right) {
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

bool access_entry_equal(const struct access_entry *left, const struct access_entry *right) {
    return strcmp(left->name, right->name) == 0 && same_text(left->key, right->key) && same_text(left->endpoint, right->endpoint) &&
           left->mode == right->mode && same_text(left->group, right->group) && left->rights.roles == right->rights.roles &&
           left->rights.speaks_for_others == right->rights.speaks_for_others && same_texts(&left->rights.teams, &right->rights.teams) &&
           same_texts(&left->rights.sources, &right->rights.sources);
}

bool access_has(const struct access_rights *rights, enum access_role role) {
    static const unsigned including[ACCESS_ROLE_COUNT] = {
        [ACCESS_PRODUCER] = ACCESS_BIT(ACCESS_PRODUCER) | ACCESS_BIT(ACCESS_ADMIN),
        [ACCESS_VIEWER] = ACCESS_BIT(ACCESS_VIEWER) | ACCESS_BIT(ACCESS_MANAGER) | ACCESS_BIT(ACCESS_ANALYST) | ACCESS_BIT(ACCESS_ADMIN),
        [ACCESS_MANAGER] = ACCESS_BIT(ACCESS_MANAGER) | ACCESS_BIT(ACCESS_ANALYST) | ACCESS_BIT(ACCESS_ADMIN),
        [ACCESS_ANALYST] = ACCESS_BIT(ACCESS_ANALYST) | ACCESS_BIT(ACCESS_ADMIN),
        [ACCESS_ADMIN] = ACCESS_BIT(ACCESS_ADMIN),
    };
    return (rights->roles & including[role]) != 0;
}

static bool manages(const struct access_rights *rights, struct text team) {
    return (rights->roles & ACCESS_BIT(ACCESS_MANAGER)) != 0 &&
           (has_text(&rights->teams, text_of(ACCESS_EVERY_TEAM)) || (team.at != NULL && has_text(&rights->teams, team)));
}

bool access_sees_everybody(const struct access_rights *rights) {
    return access_has(rights, ACCESS_ANALYST) || manages(rights, TEXT_ABSENT);
}

bool access_sees_team(const struct access_rights *rights, struct text team) {
    return access_has(rights, ACCESS_ANALYST) || manages(rights, team);
}

bool access_acts_for_team(const struct access_rights *rights, struct text team) {
    return access_has(rights, ACCESS_ADMIN) || manages(rights, team);
}

bool access_sends(const struct access_rights *rights, struct text source) {
    if ((rights->roles & ACCESS_BIT(ACCESS_ADMIN)) != 0)
        return true;
    return access_has(rights, ACCESS_PRODUCER) && (rights->sources.count == 0 || has_text(&rights->sources, source));
}

bool access_sends_every_source(const struct access_rights *rights) {
    return (rights->roles & ACCESS_BIT(ACCESS_ADMIN)) != 0 || (access_has(rights, ACCESS_PRODUCER) && rights->sources.count == 0);
}

void access_limit(const struct access_rights *named, const struct access_rights *peer, char *kept[ACCESS_TEXTS_MAX],
                  struct access_rights *result) {
    *result = (struct access_rights){.teams = {0, kept}};
    bool is_admin = access_has(peer, ACCESS_ADMIN);
    if (access_has(named, ACCESS_VIEWER) && access_has(peer, ACCESS_VIEWER))
        result->roles |= ACCESS_BIT(ACCESS_VIEWER);
    for (int role = ACCESS_MANAGER; role < ACCESS_ROLE_COUNT; role++)
        if ((named->roles & ACCESS_BIT(role)) != 0 && (is_admin || (peer->roles & ACCESS_BIT(role)) != 0))
            result->roles |= ACCESS_BIT(role);
    for (size_t i = 0; i < named->teams.count && i < ACCESS_TEXTS_MAX; i++)
        if (is_admin || manages(peer, text_of(named->teams.at[i])))
            kept[result->teams.count++] = named->teams.at[i];
}
