/* Pages that the gateway writes itself, for whoever may not see the others yet: whole without a script, in the look of the others. */
#ifndef WAITLIST_DASHBOARD_PLAIN_PAGE_H
#define WAITLIST_DASHBOARD_PLAIN_PAGE_H

#include "client/dashboard/assets.h"
#include "client/dashboard/http.h"

#include <stdio.h>

/* Where the look comes from, from the pages' own list of what they consist of. */
struct plain_style {
    char style[128], icon[128]; /* "": there are no pages, so there is no look */
    const char *council;        /* borrowed */
};

void plain_style_of(struct plain_style *style, const struct assets *assets, const char *council);

struct plain_page;
/* Begins a page; `refresh` NULL, or where the browser goes at once. */
struct plain_page *plain_page_begin(const struct plain_style *style, const char *title, const char *refresh);
/* Its main part, for markup. */
FILE *plain_page_body(struct plain_page *page);
/* Text between tags and in attributes. */
void plain_page_text(struct plain_page *page, const char *text);
/* Gives it as the answer, and frees it. */
void plain_page_answer(struct plain_page **page, struct exchange *exchange, int status);

#endif
