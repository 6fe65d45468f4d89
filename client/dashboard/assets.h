/* The pages: every file of the web folder, read into memory at the start; nothing is looked up on disk when somebody asks. */
#ifndef WAITLIST_DASHBOARD_ASSETS_H
#define WAITLIST_DASHBOARD_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

#define ASSETS_FILES_MAX 1000
#define ASSETS_FILE_BYTES_MAX (8u * 1024 * 1024)
#define ASSETS_BYTES_MAX (64u * 1024 * 1024)
#define ASSETS_MESSAGE_SIZE 512

struct assets;

struct asset_bytes {
    char *bytes; /* NULL: there is no such variant */
    size_t size;
};

struct asset {
    char *path; /* "/assets/main-K3XW5QZ2.js" */
    const char *type;
    struct asset_bytes plain, gzip, brotli;
    char tag[24];      /* of its content, for ETag, without quotes */
    bool is_immutable; /* its name has a hash of its content */
};

/* NULL with a sentence in `message` when the folder or its index.html is not there, cannot be read, or holds more than the limits. Files of
 * unknown types and those whose names begin with a full stop are left out. NAME.br and NAME.gz are variants of NAME. */
struct assets *assets_load(const char *folder, char message[ASSETS_MESSAGE_SIZE]);
void assets_destroy(struct assets **assets);

/* NULL: there is none at that path. "/index.html" is always there. */
const struct asset *assets_find(const struct assets *assets, const char *path);
size_t assets_count(const struct assets *assets);

/* The smallest variant that an Accept-Encoding header (NULL: none) allows; `*encoding` is its name, or NULL. */
const struct asset_bytes *asset_choose(const struct asset *asset, const char *accepted, const char **encoding);

#endif
