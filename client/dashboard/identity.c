/* Who asks, and what the daemon is told of it. */
#include "client/dashboard/identity.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <waitlist/protocol.h>

struct identity *identity_create(const char *user, const struct access_rights *rights) {
    struct identity *identity = memory_new(1, sizeof *identity);

    ENSURE(strlen(user) <= IDENTITY_USER_BYTES_MAX);
    identity->holders = 1;
    identity->ends_ms = INT64_MAX;
    memcpy(identity->user, user, strlen(user) + 1);
    identity->rights.teams.at = memory_new(ACCESS_TEXTS_MAX, sizeof *identity->rights.teams.at);
    ENSURE(identity_add(identity, rights->roles, &rights->teams));
    return identity;
}

struct identity *identity_hold(struct identity *identity) {
    identity->holders++;
    return identity;
}

void identity_release(struct identity **identity) {
    struct identity *held = *identity;

    *identity = NULL;
    if (held == NULL || --held->holders > 0) {
        return;
    }
    for (size_t i = 0; i < held->rights.teams.count; i++) {
        free(held->rights.teams.at[i]);
    }
    free(held->rights.teams.at);
    free(held);
}

static bool has_team(const struct access_texts *teams, const char *team) {
    for (size_t i = 0; i < teams->count; i++) {
        if (strcmp(teams->at[i], team) == 0) {
            return true;
        }
    }
    return false;
}

bool identity_add(struct identity *identity, unsigned roles, const struct access_texts *teams) {
    struct access_texts *own = &identity->rights.teams;

    identity->rights.roles |= roles & ~ACCESS_BIT(ACCESS_PRODUCER); /* events come from systems */
    for (size_t i = 0; i < teams->count; i++) {
        if (has_team(own, teams->at[i])) {
            continue;
        }
        if (own->count == ACCESS_TEXTS_MAX) {
            return false;
        }
        own->at[own->count] = strdup(teams->at[i]);
        ENSURE(own->at[own->count] != NULL);
        own->count++;
    }
    return true;
}

bool identity_is_over(const struct identity *identity, int64_t now_ms) {
    return identity->has_ended || identity->ends_ms <= now_ms;
}

json_t *identity_roles(const struct identity *identity) {
    json_t *list = json_array();

    for (int role = 0; role < ACCESS_ROLE_COUNT; role++) {
        if ((identity->rights.roles & ACCESS_BIT(role)) != 0) {
            ENSURE(json_array_append_new(list, json_string(access_role_name((enum access_role)role))) == 0);
        }
    }
    return list;
}

json_t *identity_teams(const struct identity *identity) {
    json_t *list = json_array();

    for (size_t i = 0; i < identity->rights.teams.count; i++) {
        ENSURE(json_array_append_new(list, json_string(identity->rights.teams.at[i])) == 0);
    }
    return list;
}

/* ---- On whose behalf */

static bool is_among(const char *const *names, const char *name) {
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

/* Whether a name under which people are grouped or chosen leads to single people: a viewer may not use it. */
static bool leads_to_people(const char *name) {
    static const char *const names[] = {"worker", "subject", "subject_prefix", "person", NULL};

    return name == NULL || is_among(names, name);
}

static bool is_about_people(const json_t *question) {
    const char *name;
    json_t *value;
    size_t i;

    json_object_foreach(json_object_get(question, "filter"), name, value) {
        if (leads_to_people(name)) {
            return true;
        }
    }
    json_array_foreach(json_object_get(question, "group_by"), i, value) {
        if (leads_to_people(json_string_value(value))) {
            return true;
        }
    }
    return false;
}

static bool is_of_counts(const json_t *question) {
    static const char *const counts[] = {WAITLIST_OP_SUMMARY, WAITLIST_OP_DISTRIBUTION, WAITLIST_OP_FLOW, WAITLIST_OP_SERIES, NULL};

    return is_among(counts, json_string_value(json_object_get(question, "op"))) && !is_about_people(question);
}

static bool is_of_circumstances(const json_t *question) {
    static const char *const circumstances[] = {WAITLIST_OP_HEALTH, WAITLIST_OP_CONFIG, WAITLIST_OP_POLICIES, NULL};

    return is_among(circumstances, json_string_value(json_object_get(question, "op")));
}

bool identity_shows_people(const json_t *question) {
    return !is_of_counts(question) && !is_of_circumstances(question);
}

void identity_ask_for(const struct identity *identity, json_t *question) {
    json_t *behalf;

    if (identity->user[0] == '\0' && access_has(&identity->rights, ACCESS_ADMIN)) {
        return;
    }
    if (is_of_counts(question)) {
        behalf = json_pack("{s:[s]}", "roles", access_role_name(ACCESS_VIEWER));
    } else if (is_of_circumstances(question)) {
        behalf = json_pack("{s:o}", "roles", identity_roles(identity));
    } else if (identity->user[0] == '\0') {
        behalf = json_pack("{s:o, s:o}", "roles", identity_roles(identity), "teams", identity_teams(identity));
    } else {
        behalf = json_pack("{s:s, s:o, s:o}", "user", identity->user, "roles", identity_roles(identity), "teams", identity_teams(identity));
    }
    ENSURE(behalf != NULL && json_object_set_new(question, "on_behalf_of", behalf) == 0);
}
