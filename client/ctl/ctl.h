/* What the commands of waitlistctl share: the context they run in, how they ask, and how they say what went wrong. */
#ifndef WAITLIST_CTL_CTL_H
#define WAITLIST_CTL_CTL_H

#include "client/tables/table.h"

#include <argp.h>
#include <jansson.h>
#include <waitlist/client.h>

/* Exit codes of every command. */
enum ctl_exit { CTL_DONE = 0, CTL_REFUSED = 1, CTL_USAGE = 2, CTL_UNREACHABLE = 3, CTL_OTHER_JOURNAL = 4 };

/* Where the configuration is when nobody names one. */
#define DEFAULT_CONFIG "/etc/waitlistd/waitlistd.conf"

/* What the global options say; the client is made when a command first needs it. */
struct ctl_context {
    enum table_format format;
    const char *config_path;        /* -c; NULL: the default file if it is there */
    char *ingest, *publish, *query; /* endpoint lists; NULL: not chosen */
    char *key, *server_key;         /* of the client; NULL: not chosen. Files, or for server_key the key itself */
    bool is_key_chosen;             /* by an option, not by the configuration */
    int timeout_ms;
    json_t *behalf;      /* on whose behalf every question is asked; NULL: on its own */
    const char *journal; /* --journal: this file answers, and no daemon; NULL: the daemon does */
    struct waitlist_client *client;
    bool told_restriction;   /* that answers are limited to teams was said, or is not to be */
    struct offline *offline; /* the open journal, with the configuration that it borrows */
    struct config *config;
};

void ctl_context_clear(struct ctl_context *ctl);
/* The client, or NULL after having said why not (usage). */
struct waitlist_client *ctl_client(struct ctl_context *ctl);

/* The answers of the journal that --journal names, or NULL after having said why not. */
struct offline *ctl_offline(struct ctl_context *ctl);

/* The journal of the configuration, for commands that work on it while no daemon runs: a copy, or NULL after having said why not. */
char *ctl_journal_path(const struct ctl_context *ctl);

/* The global options; its input is a struct ctl_context *. A child of every command's own parser. */
extern const struct argp ctl_global_argp;
/* Parses a command's arguments; `name` is shown as "waitlistctl name". Ends the process on --help (0) and wrong usage (2). */
void ctl_parse(const struct argp *argp, const char *name, int argc, char **argv, void *input);
/* Takes the global options out of argv for a command that parses the rest itself. Returns the new argc. */
int ctl_take_globals(struct ctl_context *ctl, int argc, char **argv);

/* A command: argv[0] is its name; returns an exit code. */
struct ctl_command {
    const char *name;
    int (*run)(struct ctl_context *ctl, int argc, char **argv);
    const char *summary; /* one line of the general help */
};

/* Reads on whose behalf questions are asked from the environment; false after having said what is wrong with it. */
bool ctl_take_behalf(struct ctl_context *ctl);
/* Said behind a refusal for want of a role, the daemon's error; else "". */
const char *ctl_forbidden_help(const json_t *error);

/* "waitlistctl: …" on stderr. */
void ctl_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same of a whole line: a config_report. */
void ctl_complain_line(void *context, const char *line);
/* Whether keys stand between this side and the daemon: there is no point in waiting. */
bool ctl_is_about_keys(enum waitlist_status status);
/* Says why there is no answer, and gives the exit code for it. */
int ctl_explain(enum waitlist_status status, const char *endpoints);
/* Says what the daemon refused, from its reply. */
void ctl_explain_refusal(const json_t *reply);

/* Asks; consumes `request`. CTL_DONE: `*reply` is the caller's. In the JSON format the reply is printed, and `*reply` is NULL: nothing is
 * left to do. Otherwise the complaint has been made. */
int ctl_ask(struct ctl_context *ctl, json_t *request, json_t **reply);
/* The same, but nothing is printed except complaints, and the question is sent only once: it may change something. */
int ctl_ask_quietly(struct ctl_context *ctl, json_t *request, json_t **reply);

/* Members by kind; the text of a member, or "" */
const char *ctl_text(const json_t *object, const char *member);
int64_t ctl_int(const json_t *object, const char *member);

/* Who is logged in here; NULL: nobody knows. */
const char *ctl_login_name(void);

int command_access(struct ctl_context *ctl, int argc, char **argv);
int command_ack(struct ctl_context *ctl, int argc, char **argv);
int command_status(struct ctl_context *ctl, int argc, char **argv);
int command_summary(struct ctl_context *ctl, int argc, char **argv);
int command_distribution(struct ctl_context *ctl, int argc, char **argv);
int command_flow(struct ctl_context *ctl, int argc, char **argv);
int command_exceptions(struct ctl_context *ctl, int argc, char **argv);
int command_data_quality(struct ctl_context *ctl, int argc, char **argv);
int command_series(struct ctl_context *ctl, int argc, char **argv);
int command_restatement(struct ctl_context *ctl, int argc, char **argv);
int command_waits(struct ctl_context *ctl, int argc, char **argv);
int command_wait(struct ctl_context *ctl, int argc, char **argv);
int command_watch(struct ctl_context *ctl, int argc, char **argv);
int command_digest(struct ctl_context *ctl, int argc, char **argv);
int command_alerts(struct ctl_context *ctl, int argc, char **argv);
int command_quarantine(struct ctl_context *ctl, int argc, char **argv);
int command_send(struct ctl_context *ctl, int argc, char **argv);
int command_import(struct ctl_context *ctl, int argc, char **argv);
int command_simulate(struct ctl_context *ctl, int argc, char **argv);
int command_report(struct ctl_context *ctl, int argc, char **argv);
int command_export(struct ctl_context *ctl, int argc, char **argv);
int command_keygen(struct ctl_context *ctl, int argc, char **argv);
int command_token(struct ctl_context *ctl, int argc, char **argv);
int command_redact(struct ctl_context *ctl, int argc, char **argv);
int command_retention(struct ctl_context *ctl, int argc, char **argv);
int command_verify(struct ctl_context *ctl, int argc, char **argv);
int command_backup(struct ctl_context *ctl, int argc, char **argv);
int command_restore(struct ctl_context *ctl, int argc, char **argv);
int command_completion(struct ctl_context *ctl, int argc, char **argv);

#endif
