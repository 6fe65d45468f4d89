/* Who may come in: sessions, tokens, what the reverse proxy says, and what becomes of everybody else. */
#ifndef WAITLIST_DASHBOARD_GATE_H
#define WAITLIST_DASHBOARD_GATE_H

#include "client/dashboard/failures.h"
#include "client/dashboard/http.h"
#include "client/dashboard/identity.h"
#include "client/dashboard/sessions.h"
#include "daemon/config/config.h"

struct gate;

struct gate_setup {
    const struct dashboard_config *config; /* outlives the gate */
    struct log *log;
    int64_t now_ms;
};

struct gate *gate_create(const struct gate_setup *setup);
/* After gate_release. */
void gate_destroy(struct gate **gate);
/* Whoever waits is answered, before the server ends. */
void gate_release(struct gate *gate);

/* Takes notice of a changed file of tokens, ends what is over, and answers those who failed and have waited for it. True when somebody's
 * time has ended, so that nothing more may be sent to them. */
bool gate_run(struct gate *gate, int64_t now_ms);
/* When it has to be called although nothing came. */
int64_t gate_due_ms(const struct gate *gate);

enum gate_finding {
    GATE_KNOWN,
    GATE_NOBODY,    /* nothing says who asks */
    GATE_BAD_TOKEN, /* a token that nobody has: to be answered late, by gate_refuse_late */
    GATE_NO_ROLE,   /* the proxy knows them, but they may do nothing here */
    GATE_REFUSED,   /* headers that cannot be believed; this was logged */
};
/* `*identity` is the caller's to release when KNOWN; `*detail` a sentence when REFUSED or NO_ROLE. */
enum gate_finding gate_find(struct gate *gate, const struct exchange *exchange, struct identity **identity, const char **detail);
/* False when as many wait as may. */
bool gate_refuse_late(struct gate *gate, struct exchange *exchange, void (*answer)(void *context, struct exchange *exchange),
                      void *context);

/* Begins a session with a person's token; the session that the browser had ends in any case. NULL, or the value of Set-Cookie, the
 * caller's; `*is_full`: the token is good, but there are as many sessions as may be. */
char *gate_sign_in(struct gate *gate, const struct exchange *exchange, const char *token, bool *is_full);
/* Ends the session, if there is one. The value of Set-Cookie that takes the cookie away, the caller's. */
char *gate_sign_out(struct gate *gate, const struct exchange *exchange);
/* Whether the request brings a cookie of a session, good or not. */
bool gate_has_cookie(const struct gate *gate, const struct exchange *exchange);

struct gate_figures {
    struct sessions_figures sessions;
    uint64_t failed; /* tokens that nobody has */
};
void gate_figures(const struct gate *gate, struct gate_figures *figures);

#endif
