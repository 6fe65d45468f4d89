/* What `send` must tell at the end: the lines that were quarantined, refused or too long. */
#ifndef WAITLIST_CTL_SEND_H
#define WAITLIST_CTL_SEND_H

#include "client/ctl/ctl.h"

/* Rows kept for the report; what is over it is only counted, so that a file of rubbish cannot fill the memory. */
#define SEND_REPORT_ROWS_MAX 10000

struct send_report {
    json_t *rows; /* {"line","last_line","id","code","pointer","message"} */
    uint64_t left_out;
    uint64_t too_long; /* lines that were not sent at all */
};

void send_report_init(struct send_report *report);
void send_report_clear(struct send_report *report);
void send_report_add(struct send_report *report, uint64_t line, uint64_t last_line, const struct waitlist_quarantined *why);
/* `done`: everything was sent and answered. */
void send_report_print(const struct send_report *report, const struct waitlist_sender_totals *totals, bool done, enum table_format format);

/* A bar on stderr while something long goes on; nothing unless stderr is a terminal. */
struct progress {
    bool shown;
    int64_t began_at, drawn_at; /* monotonic milliseconds */
    int64_t total;              /* bytes of the file; 0: not known */
    const char *what;           /* is counted; "events durable" unless set after progress_begin */
};
void progress_begin(struct progress *progress, int64_t total);
void progress_draw(struct progress *progress, int64_t done, uint64_t events, const char *note);
void progress_end(struct progress *progress);
int64_t ctl_now(void);

#endif
