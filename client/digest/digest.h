/* The morning list of a team: who breached since the last one, who will this week, who has had no contact; as JSON, text and HTML. */
#ifndef WAITLIST_DIGEST_DIGEST_H
#define WAITLIST_DIGEST_DIGEST_H

#include <jansson.h>
#include <stdbool.h>

/* Rows of one list; the counts are of all. */
#define DIGEST_ROWS_MAX 500
/* Waits in breach that are looked through for new ones; beyond it "complete" is false. */
#define DIGEST_BREACHES_MAX 20000

/* Asks the daemon; takes the request. The reply when it is ok, else NULL. */
typedef json_t *digest_ask(void *context, json_t *request);

/* {"v":1,"team","day","since","at","journal_seq","rule_version","position","pathways":[…],"new_breaches":{"count","complete","rows"},
 *  "due":{…},"no_contact":{…}}. Rows have subject, person and worker only with `references`. `since`: the first day of new breaches, or
 * NULL: the day itself, and on a Monday the Saturday before. NULL when a question was not answered, or `*hides_team`: the daemon shows
 * whoever asks nobody of this team, so that a list would say wrongly that there is nobody. */
json_t *digest_compose(digest_ask *ask, void *context, const char *team, const char *since, bool references, bool *hides_team);

/* The caller frees with free(). */
char *digest_text(const json_t *digest);
char *digest_html(const json_t *digest);

/* The day before or after: "2025-08-01" and -1 give "2025-07-31". False when `day` is no date. */
bool digest_day_add(const char *day, int days, char out[16]);

#endif
