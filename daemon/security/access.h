/* Roles and the rights of a peer: what each may ask, see, send and subscribe to (docs/protocol.md, Rights). Pure: no I/O, no clock.
 *
 * A peer is whoever is at the other end of a connection: by its CURVE key an entry of security.peers, or by the endpoint it came through
 * one of security.local. Its name travels with each of its messages as libzmq's User-Id, and is looked up anew for each, so that rights
 * are always those of the configuration in force. */
#ifndef WAITLIST_SECURITY_ACCESS_H
#define WAITLIST_SECURITY_ACCESS_H

#include "daemon/core/policy.h"

enum access_role {
    ACCESS_PRODUCER, /* hands in events, and nothing else */
    ACCESS_VIEWER,   /* counts of queues, never a person */
    ACCESS_MANAGER,  /* and the people and alerts of its teams, which it acknowledges */
    ACCESS_ANALYST,  /* reads everything, changes nothing */
    ACCESS_ADMIN,    /* everything */
    ACCESS_ROLE_COUNT
};
#define ACCESS_BIT(role) (1u << (role))

#define ACCESS_PEERS_MAX 1000
#define ACCESS_LOCAL_MAX 24
#define ACCESS_TEXTS_MAX 64 /* teams or sources of one peer */
#define ACCESS_EVERY_TEAM "*"
#define ACCESS_LOCAL_NAME "local" /* of who comes through an endpoint that security.local says nothing about */
#define ACCESS_KEY_LENGTH 40      /* characters of a public key in Z85 */

/* At most ACCESS_TEXTS_MAX; owned by whoever owns the rights. */
struct access_texts {
    size_t count;
    char **at;
};

struct access_rights {
    unsigned roles;              /* ACCESS_BIT of each */
    bool speaks_for_others;      /* its questions may name somebody on whose behalf they are asked */
    struct access_texts teams;   /* of a manager: whose people it sees; "*": everybody's; none: nobody's */
    struct access_texts sources; /* of a producer: for which it may send; none listed: for every one */
};

/* Who may connect to an IPC endpoint: the mode of its file. */
enum access_mode { ACCESS_0600, ACCESS_0660, ACCESS_0666 };

/* One of security.peers (endpoint NULL) or of security.local (key NULL). */
struct access_entry {
    char name[NAME_MAX_BYTES + 1];
    char *key;
    char *endpoint;
    enum access_mode mode; /* of an IPC endpoint, and */
    char *group;           /* whose its file is; NULL: the daemon's own */
    struct access_rights rights;
};

enum access_socket { ACCESS_INGEST, ACCESS_PUBLISH, ACCESS_QUERY };

/* Something that somebody was not allowed. */
struct access_denial {
    enum access_socket socket;
    const char *peer;    /* its name; "": nobody that is known */
    struct text address; /* of a host, ":user:group:process" of a local program, or absent */
    const char *what;    /* "connect", "ingest", "subscribe" */
    const char *why;     /* a sentence without a full stop; nothing in it comes from the peer */
    struct text about;   /* what was asked for, from the peer: a source, a subscription, how a key begins; may be absent */
};
typedef void access_denied(void *context, const struct access_denial *denial);

/* "ingest", "publish", "query". */
const char *access_socket_name(enum access_socket socket);
const char *access_role_name(enum access_role role);
/* ACCESS_ROLE_COUNT when it is none. */
enum access_role access_role_of(struct text name);

/* The rights through an endpoint that security.local says nothing about, which its owner and mode guard: to send on the ingest socket,
 * everything on the others. Static. */
const struct access_rights *access_default_rights(enum access_socket socket);
/* NULL when there is none of the name, key or endpoint. */
const struct access_entry *access_find(const struct access_entry *entries, size_t count, struct text name);
const struct access_entry *access_find_key(const struct access_entry *entries, size_t count, struct text key);
const struct access_entry *access_find_endpoint(const struct access_entry *entries, size_t count, const char *endpoint);
/* Whether all is the same: name, key or endpoint with its mode and group, roles, teams, sources. */
bool access_entry_equal(const struct access_entry *left, const struct access_entry *right);

/* Whether it has at least what the role may: an admin has everything, an analyst what a manager of every team sees (not what he does), a
 * manager what a viewer has. */
bool access_has(const struct access_rights *rights, enum access_role role);
/* Whether it may see the people and alerts of a team (absent: of no team, as a feed's silence). */
bool access_sees_team(const struct access_rights *rights, struct text team);
/* Whether that is so of all teams there are and will be, and of what has none. */
bool access_sees_everybody(const struct access_rights *rights);
/* Whether it may acknowledge an alert of the team: a manager of it, or an admin. */
bool access_acts_for_team(const struct access_rights *rights, struct text team);
/* Whether it may hand in events of the source. */
bool access_sends(const struct access_rights *rights, struct text source);
/* Whether that is so of all sources there are and will be. */
bool access_sends_every_source(const struct access_rights *rights);

/* What somebody has who asks through a peer that speaks for others: what is named, as far as the peer has it itself, an admin all of it.
 * An analyst's eyes are no manager's: through a peer that is only an analyst a manager is a viewer. Nobody sends events for others. The
 * texts of `*result` are borrowed from `named` and lie in `kept`. */
void access_limit(const struct access_rights *named, const struct access_rights *peer, char *kept[ACCESS_TEXTS_MAX],
                  struct access_rights *result);

#endif
