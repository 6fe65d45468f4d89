/* What the checks of the configuration share: a folder with the file that is loaded, and the complaints about it. */
#include "tests/unit/config_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void keep(void *context, const char *line) {
    struct complaints *complaints = context;
    ck_assert_uint_lt(complaints->count, COMPLAINTS_MAX);
    complaints->lines[complaints->count++] = strdup(line);
}

void clear(struct complaints *complaints) {
    for (size_t i = 0; i < complaints->count; i++)
        free(complaints->lines[i]);
    complaints->count = 0;
}

void expect_none(struct complaints *complaints) {
    ck_assert_msg(complaints->count == 0, "complains: %s", complaints->count > 0 ? complaints->lines[0] : "");
}

/* A folder of its own for each test, with the file that is loaded. */
char config_folder[64];
char config_file[96];

void set_up(void) {
    strcpy(config_folder, "/tmp/waitlist-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(config_folder));
    snprintf(config_file, sizeof config_file, "%s/test.conf", config_folder);
}

char *path_of(const char *name) {
    char *path;
    ck_assert_int_gt(asprintf(&path, "%s/%s", config_folder, name), 0);
    return path;
}

void tear_down(void) {
    static const char *const names[] = {"test.conf", "part.conf", "holidays.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = path_of(names[i]);
        unlink(path);
        free(path);
    }
    char *inner = path_of("inner");
    rmdir(inner);
    free(inner);
    ck_assert_int_eq(rmdir(config_folder), 0);
}

void write_text(const char *name, const char *text) {
    char *path = path_of(name);
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
    free(path);
}

struct config *load_text(const char *text, struct complaints *complaints) {
    write_text("test.conf", text);
    return config_load(config_file, keep, complaints);
}

/* The text loads without a complaint. */
struct config *load_good(const char *text) {
    struct complaints complaints = {0};
    struct config *config = load_text(text, &complaints);
    expect_none(&complaints);
    ck_assert_ptr_nonnull(config);
    return config;
}

char *read_whole(const char *path) {
    FILE *in = fopen(path, "r");
    ck_assert_msg(in != NULL, "cannot open %s", path);
    char *text = calloc(1, 1 << 20);
    size_t length = fread(text, 1, (1 << 20) - 1, in);
    ck_assert_uint_gt(length, 0);
    fclose(in);
    return text;
}
