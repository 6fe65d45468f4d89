/* What the checks of the configuration share: a folder with the file that is loaded, and the complaints about it. */
#ifndef WAITLIST_TESTS_CONFIG_FIXTURE_H
#define WAITLIST_TESTS_CONFIG_FIXTURE_H

#include "daemon/config/config.h"

enum { COMPLAINTS_MAX = 64 };

struct complaints {
    size_t count;
    char *lines[COMPLAINTS_MAX];
};

void keep(void *context, const char *line); /* a config_report into a struct complaints */
void clear(struct complaints *complaints);
void expect_none(struct complaints *complaints);

/* A folder of its own for each test, with the file that is loaded. */
extern char config_folder[64];
extern char config_file[96];
void set_up(void);
void tear_down(void);

char *path_of(const char *name); /* in the folder; the caller frees */
void write_text(const char *name, const char *text);
char *read_whole(const char *path); /* the caller frees */

struct config *load_text(const char *text, struct complaints *complaints);
struct config *load_good(const char *text); /* loads without a complaint */

#endif
