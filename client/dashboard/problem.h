/* What went wrong, as RFC 9457 has it: application/problem+json. */
#ifndef WAITLIST_DASHBOARD_PROBLEM_H
#define WAITLIST_DASHBOARD_PROBLEM_H

#include <stddef.h>

#define PROBLEM_TYPE "application/problem+json"

/* The text of a problem, which the caller frees with free(). `code` is the protocol's or the gateway's own; `pointer` may be NULL. */
char *problem_text(int status, const char *code, const char *detail, const char *pointer, size_t *size);
/* "Not Found" for 404. */
const char *problem_title(int status);
/* The HTTP status of a code with which the daemon refuses. */
int problem_status(const char *code);

#endif
