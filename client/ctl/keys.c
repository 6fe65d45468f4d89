/* The keys of waitlistctl: which it needs, where they are from, and giving them to the client. */
#include "client/ctl/keys.h"

#include "daemon/security/keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_endpoint(const char *list, const char *scheme) {
    return list != NULL && strstr(list, scheme) != NULL;
}

/* TCP is somewhere the only way. Where a list has an IPC socket too, whoever may use that needs no key. */
static bool are_needed(const struct ctl_context *ctl) {
    const char *const lists[] = {ctl->ingest, ctl->publish, ctl->query};
    bool needed = false;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        needed = needed || (has_endpoint(lists[i], "tcp://") && !has_endpoint(lists[i], "ipc://"));
    }
    return needed;
}

static bool are_of_use(const struct ctl_context *ctl) {
    return has_endpoint(ctl->ingest, "tcp://") || has_endpoint(ctl->publish, "tcp://") || has_endpoint(ctl->query, "tcp://");
}

static bool give(struct ctl_context *ctl, char problem[WAITLIST_PROBLEM_SIZE]) {
    struct waitlist_keys keys;

    if (ctl->key == NULL || ctl->server_key == NULL) {
        snprintf(problem, WAITLIST_PROBLEM_SIZE, "%s",
                 ctl->key == NULL ? "--server-key goes with --key, this side's own key (client.key in the configuration)"
                                  : "--key goes with --server-key, by which the daemon is known (client.server_key in the configuration)");
        return false;
    }
    enum waitlist_status status = waitlist_keys_load(&keys, ctl->key, ctl->server_key, problem);

    if (status == WAITLIST_OK) {
        status = waitlist_client_use_keys(ctl->client, &keys);
        if (status != WAITLIST_OK) {
            snprintf(problem, WAITLIST_PROBLEM_SIZE, "the keys cannot be used: the installed libzmq was built without CURVE");
        }
    }
    waitlist_keys_forget(&keys);
    return status == WAITLIST_OK;
}

bool ctl_use_keys(struct ctl_context *ctl) {
    char problem[WAITLIST_PROBLEM_SIZE];

    if ((ctl->key == NULL && ctl->server_key == NULL) || (!ctl->is_key_chosen && !are_of_use(ctl))) {
        return true;
    }
    bool given = give(ctl, problem);

    if (!given && (ctl->is_key_chosen || are_needed(ctl))) {
        ctl_complain("%s", problem);
        return false;
    }
    return true;
}
