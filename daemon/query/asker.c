/* Who asks: rights in force, and how they travel to the thread of the past. */
#include "daemon/query/asker.h"

#include "daemon/core/memory.h"
#include "daemon/core/selection.h"

#include <stdlib.h>
#include <string.h>

bool asker_may(const struct asker *asker, enum asker_need need) {
    const struct access_rights *rights = &asker->rights;
    switch (need) {
    case ASKER_COUNTS:
        return access_has(rights, ACCESS_VIEWER);
    case ASKER_PEOPLE:
    case ASKER_FOLLOWS:
        return access_has(rights, ACCESS_MANAGER);
    case ASKER_ALL:
        return access_has(rights, ACCESS_ANALYST);
    case ASKER_ACTS:
        return (rights->roles & (ACCESS_BIT(ACCESS_MANAGER) | ACCESS_BIT(ACCESS_ADMIN))) != 0;
    case ASKER_EVERYTHING:
        break;
    }
    return access_has(rights, ACCESS_ADMIN);
}

const char *asker_needed(enum asker_need need) {
    static const char *const roles[] = {
        [ASKER_COUNTS] = "the roles viewer, manager, analyst and admin",
        [ASKER_PEOPLE] = "the roles manager, analyst and admin",
        [ASKER_FOLLOWS] = "the roles manager, analyst and admin",
        [ASKER_ALL] = "the roles analyst and admin",
        [ASKER_ACTS] = "the roles manager and admin",
        [ASKER_EVERYTHING] = "the role admin",
    };
    return roles[need];
}

/* Keeps the names of teams: "*" sees everybody or, with another role than a manager's, nobody; what has no team, which filters call
 * unknown, is for those who see everybody. */
static void limit(struct asker *asker) {
    const struct access_texts from = asker->rights.teams;
    asker->teams = (struct access_texts){0, asker->kept};
    asker->is_limited = !access_sees_everybody(&asker->rights);
    if (!asker->is_limited || !access_has(&asker->rights, ACCESS_MANAGER))
        return;
    for (size_t i = 0; i < from.count && asker->teams.count < ACCESS_TEXTS_MAX; i++)
        if (strcmp(from.at[i], ACCESS_EVERY_TEAM) != 0 && strcmp(from.at[i], KEY_UNKNOWN) != 0)
            asker->kept[asker->teams.count++] = from.at[i];
    asker->rights.teams = asker->teams;
}

void asker_init(struct asker *asker, struct text peer, const struct access_rights *rights, const struct access_rights *named) {
    asker->peer = peer;
    asker->user = TEXT_ABSENT;
    asker->texts = NULL;
    if (named == NULL)
        asker->rights = *rights;
    else
        access_limit(named, rights, asker->kept, &asker->rights);
    limit(asker);
}

char *asker_to_terms(const struct asker *asker, struct past_terms *terms) {
    size_t size = 0;
    terms->has_asker = true;
    terms->roles = asker->rights.roles;
    for (size_t i = 0; i < asker->rights.teams.count; i++)
        size += strlen(asker->rights.teams.at[i]) + 1;
    char *texts = memory_new(size + 1, 1);
    for (size_t i = 0, used = 0; i < asker->rights.teams.count; i++) {
        size_t length = strlen(asker->rights.teams.at[i]) + 1;
        memcpy(texts + used, asker->rights.teams.at[i], length);
        used += length;
    }
    terms->teams = (struct text){texts, (uint32_t)size};
    return texts;
}

bool asker_from_terms(struct asker *asker, const struct past_terms *terms) {
    if (!terms->has_asker)
        return false;
    struct access_rights rights = {.roles = terms->roles};
    char *names[ACCESS_TEXTS_MAX];
    char *texts = memory_new(terms->teams.length + 1U, 1);
    if (terms->teams.length > 0)
        memcpy(texts, terms->teams.at, terms->teams.length);
    for (size_t used = 0; used < terms->teams.length && rights.teams.count < ACCESS_TEXTS_MAX; used += strlen(texts + used) + 1)
        names[rights.teams.count++] = texts + used;
    rights.teams.at = names;
    asker_init(asker, TEXT_ABSENT, &rights, NULL);
    asker->rights.teams = asker->teams;
    asker->texts = texts;
    return true;
}

void asker_free(struct asker *asker) {
    free(asker->texts);
    asker->texts = NULL;
}

bool asker_sees(const struct asker *asker, struct text team) {
    if (asker == NULL || !asker->is_limited)
        return true;
    for (size_t i = 0; team.at != NULL && i < asker->teams.count; i++)
        if (text_is(team, asker->teams.at[i]))
            return true;
    return false;
}
