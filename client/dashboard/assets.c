/* The files of the pages in memory. */
#include "client/dashboard/assets.h"

#include "daemon/core/memory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define DEPTH_MAX 4
#define PATH_SIZE 1024
#define HASH_LENGTH_MIN 8

struct assets {
    struct asset *at; /* by path */
    size_t count, capacity;
    size_t bytes;
};

static const struct {
    const char *ending;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

static bool ends_with(const char *text, const char *ending) {
    size_t length = strlen(text), own = strlen(ending);

    return length > own && strcmp(text + length - own, ending) == 0;
}

static const char *type_of(const char *path) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (ends_with(path, types[i].ending)) {
            return types[i].type;
        }
    }
    return NULL;
}

/* "main-K3XW5QZ2.js": what a name with a hash looks like. */
static bool has_hash(const char *path) {
    const char *dash = strrchr(path, '-');
    size_t length = 0;

    while (dash != NULL && isalnum((unsigned char)dash[1 + length])) {
        length++;
    }
    return strncmp(path, "/assets/", 8) == 0 && length >= HASH_LENGTH_MIN && dash[1 + length] == '.';
}

static struct asset *find_or_add(struct assets *assets, const char *path) {
    for (size_t i = 0; i < assets->count; i++) {
        if (strcmp(assets->at[i].path, path) == 0) {
            return &assets->at[i];
        }
    }
    memory_reserve((void **)&assets->at, &assets->capacity, assets->count + 1, sizeof *assets->at);
    struct asset *asset = &assets->at[assets->count++];

    memset(asset, 0, sizeof *asset);
    asset->path = strdup(path);
    ENSURE(asset->path != NULL);
    asset->type = type_of(path);
    asset->is_immutable = has_hash(path);
    return asset;
}

static bool read_whole(int file, char *bytes, size_t size) {
    size_t done = 0;

    while (done < size) {
        ssize_t count = read(file, bytes + done, size - done);

        if (count <= 0 && errno != EINTR) {
            return false;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

/* Takes over `file`. */
static bool take_file(struct assets *assets, int file, const char *path, size_t size, char message[ASSETS_MESSAGE_SIZE]) {
    bool is_gzip = ends_with(path, ".gz"), is_brotli = ends_with(path, ".br");
    char base[PATH_SIZE];
    bool done = false;

    snprintf(base, sizeof base, "%.*s", (int)(strlen(path) - (is_gzip || is_brotli ? 3 : 0)), path);
    if (type_of(base) == NULL) {
        done = true;
    } else if (size > ASSETS_FILE_BYTES_MAX || size > ASSETS_BYTES_MAX - assets->bytes) {
        snprintf(message, ASSETS_MESSAGE_SIZE, "the pages are larger than 64 MiB, or one file than 8 MiB: %.200s", path);
    } else if (assets->count == ASSETS_FILES_MAX) {
        snprintf(message, ASSETS_MESSAGE_SIZE, "the pages have more than %d files", ASSETS_FILES_MAX);
    } else {
        struct asset *asset = find_or_add(assets, base);
        struct asset_bytes *bytes = is_gzip ? &asset->gzip : is_brotli ? &asset->brotli : &asset->plain;

        bytes->bytes = memory_new(size + 1, 1);
        bytes->size = size;
        assets->bytes += size;
        done = read_whole(file, bytes->bytes, size);
        if (!done) {
            snprintf(message, ASSETS_MESSAGE_SIZE, "%.200s cannot be read: %s", path, strerror(errno));
        }
    }
    (void)close(file);
    return done;
}

static bool take_folder(struct assets *assets, int folder, const char *path, int depth, char message[ASSETS_MESSAGE_SIZE]);

static bool take_entry(struct assets *assets, int folder, const char *path, const char *name, int depth,
                       char message[ASSETS_MESSAGE_SIZE]) {
    char below[PATH_SIZE];
    struct stat status;

    if (name[0] == '.' || snprintf(below, sizeof below, "%s/%s", path, name) >= (int)sizeof below) {
        return true;
    }
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (file < 0 || fstat(file, &status) != 0) {
        snprintf(message, ASSETS_MESSAGE_SIZE, "%.200s cannot be read: %s", below, strerror(errno));
        if (file >= 0) {
            (void)close(file);
        }
        return false;
    }
    if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX) {
        return take_folder(assets, file, below, depth + 1, message);
    }
    if (S_ISREG(status.st_mode)) {
        return take_file(assets, file, below, (size_t)status.st_size, message);
    }
    (void)close(file);
    return true;
}

/* Takes over `folder`. */
static bool take_folder(struct assets *assets, int folder, const char *path, int depth, char message[ASSETS_MESSAGE_SIZE]) {
    DIR *stream = fdopendir(folder);
    const struct dirent *entry;
    bool taken = stream != NULL;

    if (!taken) {
        snprintf(message, ASSETS_MESSAGE_SIZE, "%.200s/ cannot be read: %s", path, strerror(errno));
        (void)close(folder);
        return false;
    }
    while (taken && (entry = readdir(stream)) != NULL) {
        taken = take_entry(assets, folder, path, entry->d_name, depth, message);
    }
    (void)closedir(stream);
    return taken;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct asset *)a)->path, ((const struct asset *)b)->path);
}

static void free_asset(struct asset *asset) {
    free(asset->path);
    free(asset->plain.bytes);
    free(asset->gzip.bytes);
    free(asset->brotli.bytes);
}

/* A variant without its file is nothing. */
static void finish(struct assets *assets) {
    size_t kept = 0;

    for (size_t i = 0; i < assets->count; i++) {
        struct asset *asset = &assets->at[i];

        if (asset->plain.bytes == NULL) {
            free_asset(asset);
            continue;
        }
        snprintf(asset->tag, sizeof asset->tag, "%016llx", (unsigned long long)XXH3_64bits(asset->plain.bytes, asset->plain.size));
        assets->at[kept++] = *asset;
    }
    assets->count = kept;
    qsort(assets->at, assets->count, sizeof *assets->at, by_path);
}

struct assets *assets_load(const char *folder, char message[ASSETS_MESSAGE_SIZE]) {
    struct assets *assets = memory_new(1, sizeof *assets);
    int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool loaded = false;

    if (opened < 0) {
        snprintf(message, ASSETS_MESSAGE_SIZE, "the folder of the pages, %.200s, cannot be opened: %s", folder, strerror(errno));
    } else {
        loaded = take_folder(assets, opened, "", 0, message);
        finish(assets);
    }
    if (loaded && assets_find(assets, "/index.html") == NULL) {
        snprintf(message, ASSETS_MESSAGE_SIZE, "the folder of the pages, %.200s, holds no index.html", folder);
        loaded = false;
    }
    if (!loaded) {
        assets_destroy(&assets);
    }
    return assets;
}

void assets_destroy(struct assets **assets) {
    if (*assets == NULL) {
        return;
    }
    for (size_t i = 0; i < (*assets)->count; i++) {
        free_asset(&(*assets)->at[i]);
    }
    free((*assets)->at);
    free(*assets);
    *assets = NULL;
}

const struct asset *assets_find(const struct assets *assets, const char *path) {
    struct asset wanted = {.path = (char *)(uintptr_t)path}; /* only compared */

    return assets->count == 0 ? NULL : bsearch(&wanted, assets->at, assets->count, sizeof *assets->at, by_path);
}

size_t assets_count(const struct assets *assets) {
    return assets->count;
}

/* Whether a list such as "gzip;q=0.5, br" takes the encoding. */
static bool accepts(const char *accepted, const char *encoding) {
    size_t length = strlen(encoding);

    for (const char *at = accepted; at != NULL && *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " \t");
        if (strncasecmp(at, encoding, length) == 0 && (at[length] == '\0' || strchr(",; \t", at[length]) != NULL)) {
            const char *weight = at + length + strspn(at + length, "; \t");

            return strncasecmp(weight, "q=0", 3) != 0 || weight[3 + strspn(weight + 3, ".0")] > '0';
        }
    }
    return false;
}

const struct asset_bytes *asset_choose(const struct asset *asset, const char *accepted, const char **encoding) {
    if (asset->brotli.bytes != NULL && accepts(accepted, "br")) {
        *encoding = "br";
        return &asset->brotli;
    }
    if (asset->gzip.bytes != NULL && accepts(accepted, "gzip")) {
        *encoding = "gzip";
        return &asset->gzip;
    }
    *encoding = NULL;
    return &asset->plain;
}
