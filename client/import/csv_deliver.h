/* Sending an import's events: windowed, patient while the daemon is read-only, ended by a signal or when nothing moves. */
#ifndef WAITLIST_IMPORT_CSV_DELIVER_H
#define WAITLIST_IMPORT_CSV_DELIVER_H

#include "client/ctl/ctl.h"
#include "client/import/csv_report.h"
#include "daemon/core/text.h"

enum delivery_state { DELIVERY_GOING, DELIVERY_DONE, DELIVERY_INTERRUPTED, DELIVERY_STUCK };

struct delivery;

/* `stop`: a descriptor that becomes readable when it must end; `file_bytes`: for the bar. NULL when there can be no client (said). */
struct delivery *delivery_create(struct ctl_context *ctl, struct csv_report *report, int stop, int64_t file_bytes);
void delivery_destroy(struct delivery **delivery);

/* Sends an event of a line. False when the delivery has ended. */
bool delivery_send(struct delivery *delivery, struct text json, uint64_t line, uint64_t bytes_done);
/* Waits for all answers. */
enum delivery_state delivery_finish(struct delivery *delivery);
void delivery_interrupt(struct delivery *delivery);
/* The exit code, after saying why when the daemon could not be reached or did not answer. */
int delivery_conclude(struct delivery *delivery, struct waitlist_sender_totals *totals, bool *reached);

#endif
