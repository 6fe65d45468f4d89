/* How the C examples find the daemon, and their keys: by a path or an address, and by files that the environment names. */
#ifndef WAITLIST_EXAMPLE_CONNECT_H
#define WAITLIST_EXAMPLE_CONNECT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <waitlist/client.h>

/* The file of the client's secret key is WAITLIST_KEY, the daemon's public key, or its file, WAITLIST_SERVER_KEY. */
static inline bool example_use_keys(struct waitlist_client *client) {
    const char *key = getenv("WAITLIST_KEY");
    const char *server_key = getenv("WAITLIST_SERVER_KEY");
    char problem[WAITLIST_PROBLEM_SIZE] = "the keys cannot be used";
    struct waitlist_keys keys;

    if (key == NULL || server_key == NULL) {
        return true; /* only this machine can be reached without */
    }
    bool is_done =
        waitlist_keys_load(&keys, key, server_key, problem) == WAITLIST_OK && waitlist_client_use_keys(client, &keys) == WAITLIST_OK;

    waitlist_keys_forget(&keys); /* the client has its own copy, and wipes it */
    if (!is_done) {
        fprintf(stderr, "%s\n", problem);
    }
    return is_done;
}

/* A client of the daemon at `where`: its run directory, or "tcp://host:port" of its ingest endpoint, after which publish and query have the
 * next two ports. NULL after saying why not. */
static inline struct waitlist_client *example_client(const char *where) {
    char ingest[256], publish[256], query[256];
    const struct waitlist_endpoints endpoints = {ingest, publish, query};
    const char *colon = strrchr(where, ':');
    bool is_tcp = strncmp(where, "tcp://", 6) == 0 && colon > where + 6;
    long port = is_tcp ? strtol(colon + 1, NULL, 10) : 0;
    int host = is_tcp ? (int)(colon - where) : 0;

    snprintf(ingest, sizeof ingest, "%.*s:%ld", host, where, port);
    snprintf(publish, sizeof publish, "%.*s:%ld", host, where, port + 1);
    snprintf(query, sizeof query, "%.*s:%ld", host, where, port + 2);
    struct waitlist_client *client = is_tcp ? waitlist_client_create(&endpoints) : waitlist_client_create_in(where);

    if (client == NULL) {
        perror(where);
    } else if (!example_use_keys(client)) {
        waitlist_client_destroy(&client);
    }
    return client;
}

#endif
