/* Who asks a question on the query socket, on whose behalf, and whose people and alerts the answer may hold (docs/protocol.md, Rights).
 *
 * An asker is made for each question before its handler runs, from the name that came with the message, the configuration in force and the
 * request's `on_behalf_of`; all that it borrows lives until the question is answered. What the access log tells of a question is here and
 * in struct question: `peer` and `user`, the op's name (`question->op_name`), the request as it was asked (subject, filter, days), and what
 * came of it: `question->refusal`, or the reply. A question about another day is answered by the other thread, whose asker has rights but
 * neither peer nor user: what is to be told of these is known when it is handed over. */
#ifndef WAITLIST_QUERY_ASKER_H
#define WAITLIST_QUERY_ASKER_H

#include "daemon/past/past.h"
#include "daemon/security/access.h"

#define ASKER_USER_MAX 128

struct asker {
    struct text peer;            /* by its name in the configuration; absent in the thread of the past */
    struct text user;            /* on whose behalf it asks, borrowed from the request; absent: on its own */
    struct access_rights rights; /* in force for this question */
    bool is_limited;             /* not everybody is shown: only people and alerts of `teams` */
    struct access_texts teams;   /* of one who is limited: names only, none where the rights have none */
    char *kept[ACCESS_TEXTS_MAX];
    char *texts; /* of the thread of the past, its own copy of the teams; NULL in the loop */
};

/* Who may ask an op. An asker holds its own texts: it is never copied. */
enum asker_need {
    ASKER_COUNTS,    /* a viewer: what has no person in it */
    ASKER_PEOPLE,    /* a manager, limited to its teams */
    ASKER_FOLLOWS,   /* the same, of what shows nobody */
    ASKER_ALL,       /* an analyst: what no team limits */
    ASKER_ACTS,      /* a manager for its teams, or an admin; an analyst changes nothing */
    ASKER_EVERYTHING /* an admin */
};
bool asker_may(const struct asker *asker, enum asker_need need);
/* "the roles manager, analyst and admin" */
const char *asker_needed(enum asker_need need);

/* A peer on its own behalf, or with `named` what is left of that (access_limit). `named` NULL or its texts must live as long. */
void asker_init(struct asker *asker, struct text peer, const struct access_rights *rights, const struct access_rights *named);
/* What the thread of the past needs to know of the asker, in the terms of its question: `teams` is for the caller to free. */
char *asker_to_terms(const struct asker *asker, struct past_terms *terms);
/* False where the terms have no asker: a journal's file answers whoever may read it. */
bool asker_from_terms(struct asker *asker, const struct past_terms *terms);
void asker_free(struct asker *asker);

/* Whether it may see a person or an alert of the team. NULL: no daemon, no limits. */
bool asker_sees(const struct asker *asker, struct text team);

#endif
