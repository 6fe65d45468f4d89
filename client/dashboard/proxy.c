/* Whom to believe, and what their groups mean. */
#include "client/dashboard/proxy.h"

#include "client/dashboard/headers.h"
#include "daemon/config/check.h"
#include "daemon/core/memory.h"

#include <string.h>

#define AT " at "

static bool is_in(const struct network *network, const unsigned char address[16]) {
    unsigned whole = network->bits / 8, left = network->bits % 8;
    unsigned char mask = (unsigned char)(0xff00u >> left);

    return memcmp(network->address, address, whole) == 0 && (left == 0 || ((network->address[whole] ^ address[whole]) & mask) == 0);
}

static bool is_trusted(const struct dashboard_config *config, const unsigned char address[16]) {
    struct network network;

    for (size_t i = 0; i < config->trusted_proxies.count; i++) {
        ENSURE(config_check_network(config->trusted_proxies.at[i], &network) == NULL);
        if (is_in(&network, address)) {
            return true;
        }
    }
    return false;
}

/* False when it is no name, or too long. */
static bool take_user(const char *said, char user[IDENTITY_USER_BYTES_MAX + 1]) {
    size_t size = strlen(said), used = 0;

    if (!headers_is_name(said, size, IDENTITY_USER_BYTES_MAX)) {
        return false;
    }
    for (const char *at = said; *at != '\0'; at++) {
        size_t wide = *at == '@' ? strlen(AT) : 1;

        if (used + wide > IDENTITY_USER_BYTES_MAX) {
            return false;
        }
        memcpy(user + used, *at == '@' ? AT : at, wide);
        used += wide;
    }
    user[used] = '\0';
    return true;
}

static const struct group_config *find_group(const struct dashboard_config *config, const char *name, size_t size) {
    for (size_t i = 0; i < config->group_count; i++) {
        if (strlen(config->groups[i].group) == size && memcmp(config->groups[i].group, name, size) == 0) {
            return &config->groups[i];
        }
    }
    return NULL;
}

static enum proxy_verdict add_groups(const struct dashboard_config *config, const char *said, struct identity *identity) {
    size_t count = 0, size;

    for (const char *rest = said, *name; (name = headers_next(&rest, config->groups_separator, &size)) != NULL;) {
        const struct group_config *group = find_group(config, name, size);

        if (++count > PROXY_GROUPS_MAX) {
            return PROXY_BROKEN;
        }
        if (group != NULL && !identity_add(identity, group->roles, &group->teams)) {
            return PROXY_MANY_TEAMS;
        }
    }
    return identity->rights.roles == 0 ? PROXY_NO_GROUP : PROXY_KNOWN;
}

enum proxy_verdict proxy_judge(const struct dashboard_config *config, const struct proxy_said *said, struct identity **identity) {
    static const struct access_rights nothing = {.roles = 0};
    char user[IDENTITY_USER_BYTES_MAX + 1];

    *identity = NULL;
    if (said->user == NULL && said->groups == NULL) {
        return PROXY_NOBODY;
    }
    if (!is_trusted(config, said->address)) {
        return PROXY_FOREIGN;
    }
    if (said->user == NULL) {
        return PROXY_NOBODY;
    }
    if (said->is_repeated || !take_user(said->user, user)) {
        return PROXY_BROKEN;
    }
    struct identity *who = identity_create(user, &nothing);
    enum proxy_verdict verdict = said->groups == NULL ? PROXY_NO_GROUP : add_groups(config, said->groups, who);

    who->is_ambient = true;
    if (verdict == PROXY_KNOWN) {
        *identity = who;
    } else {
        identity_release(&who);
    }
    return verdict;
}
