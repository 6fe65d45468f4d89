/* The events a council sends: names, members and limits of the CloudEvents that waitlistd accepts (docs/protocol.md, "Events"). */
#ifndef WAITLIST_EVENT_H
#define WAITLIST_EVENT_H

/* `type`, one of these. The completing type of a pathway is the council's choice; the default is assessment.completed. */
#define WAITLIST_REFERRAL_RECEIVED "asc.referral.received"
#define WAITLIST_REFERRAL_TRIAGED "asc.referral.triaged"
#define WAITLIST_WAIT_TRANSFERRED "asc.wait.transferred"
#define WAITLIST_WAIT_UNALLOCATED "asc.wait.unallocated"
#define WAITLIST_WAIT_ALLOCATED "asc.wait.allocated"
#define WAITLIST_WAIT_PAUSED "asc.wait.paused"
#define WAITLIST_WAIT_RESUMED "asc.wait.resumed"
#define WAITLIST_CONTACT_MADE "asc.contact.made"
#define WAITLIST_ASSESSMENT_STARTED "asc.assessment.started"
#define WAITLIST_ASSESSMENT_COMPLETED "asc.assessment.completed"
#define WAITLIST_REVIEW_COMPLETED "asc.review.completed"
#define WAITLIST_SERVICE_STARTED "asc.service.started"
#define WAITLIST_WAIT_CLOSED "asc.wait.closed"
#define WAITLIST_WAIT_REOPENED "asc.wait.reopened"
#define WAITLIST_EVENT_RETRACTED "asc.event.retracted"

/* CloudEvents attributes: `specversion` is always this text. */
#define WAITLIST_SPECVERSION "1.0"

/* Limits, in bytes unless said; whatever is over them is quarantined, never cut. */
#define WAITLIST_EVENT_BYTES_MAX 16384 /* one event as sent */
#define WAITLIST_EVENT_NESTING_MAX 8   /* objects and arrays inside each other */
#define WAITLIST_ID_BYTES_MAX 128      /* `id` */
#define WAITLIST_SOURCE_BYTES_MAX 256  /* `source` */
#define WAITLIST_SUBJECT_BYTES_MAX 128 /* `subject`, `data.person`, `data.worker`: of A-Z a-z 0-9 . _ : / - */
#define WAITLIST_SEQUENCE_BYTES_MAX 32 /* `sequence`: the sender's order within one instant */
#define WAITLIST_NAME_BYTES_MAX 64     /* pathways, teams, districts, client groups, dimensions, reasons, methods, outcomes */
#define WAITLIST_DIMENSIONS_MAX 16     /* members of `data.dimensions` */
#define WAITLIST_PRIORITY_MAX 4        /* `data.priority` is 1 (at once) to 4 */
#define WAITLIST_RISK_SCORE_MAX 5      /* `data.impact` and `data.likelihood` are 1 to 5 */

#endif
