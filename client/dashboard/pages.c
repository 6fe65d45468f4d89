/* The pages and what belongs to them, from memory. */
#include "client/dashboard/gateway.h"

#include <stdio.h>
#include <string.h>

/* Addresses of views: the page itself finds out which one it shows. */
static const char *const views[] = {"/",          "/queue",        "/people",  "/wait",     "/alerts",
                                    "/caseloads", "/data-quality", "/compare", "/evidence", "/definitions"};

static bool is_view(const char *path) {
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        if (strcmp(path, views[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether If-None-Match names the tag. A weak comparison, as RFC 9110 has it for this header. */
static bool is_known(const struct exchange *exchange, const char *tag) {
    const char *known = exchange_header(exchange, "If-None-Match");

    return known != NULL && strstr(known, tag) != NULL;
}

static void answer_asset(struct exchange *exchange, int status, const struct asset *asset) {
    const char *encoding;
    const struct asset_bytes *chosen = asset_choose(asset, exchange_header(exchange, "Accept-Encoding"), &encoding);
    char tag[48];

    snprintf(tag, sizeof tag, "\"%s%s%s\"", asset->tag, encoding == NULL ? "" : "-", encoding == NULL ? "" : encoding);
    exchange_set_header(exchange, "ETag", tag);
    exchange_set_header(exchange, "Cache-Control", asset->is_immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (asset->gzip.bytes != NULL || asset->brotli.bytes != NULL) {
        exchange_set_header(exchange, "Vary", "Accept-Encoding");
    }
    if (status == 200 && is_known(exchange, tag)) {
        exchange_answer(exchange, 304, NULL, NULL, 0);
        return;
    }
    if (encoding != NULL) {
        exchange_set_header(exchange, "Content-Encoding", encoding);
    }
    exchange_answer_shared(exchange, status, asset->type, chosen->bytes, chosen->size, NULL, NULL);
}

static bool wants_page(const struct exchange *exchange) {
    const char *accepted = exchange_header(exchange, "Accept");

    return accepted != NULL && strstr(accepted, "text/html") != NULL;
}

static void say_missing(struct gateway *gateway, struct exchange *exchange) {
    static const char page[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Waiting lists</title>\n"
                               "<h1>The pages are not installed</h1>\n"
                               "<p>The gateway runs, and answers below <code>/api/v1/</code>, but it found no pages when it started. "
                               "Its log says why. Whoever looks after it sets <code>dashboard.web</code> or <code>--web</code> to the "
                               "folder of the pages and starts it again.</p>\n</html>\n";

    if (wants_page(exchange)) {
        exchange_set_header(exchange, "Retry-After", "60");
        exchange_answer_shared(exchange, 503, "text/html; charset=utf-8", page, strlen(page), NULL, NULL);
    } else {
        exchange_problem(exchange, 503, "no_pages", gateway->assets_reason, NULL);
    }
}

bool pages_are_open(const struct gateway *gateway, const char *path) {
    return strncmp(path, "/assets/", 8) == 0 ||
           (!is_view(path) && strcmp(path, "/index.html") != 0 && gateway->assets != NULL && assets_find(gateway->assets, path) != NULL);
}

void pages_answer(struct gateway *gateway, struct exchange *exchange) {
    const char *path = target_path(exchange_target(exchange));
    bool view = is_view(path);

    if (gateway->assets == NULL) {
        if (view) {
            say_missing(gateway, exchange);
        } else {
            exchange_problem(exchange, 404, "not_found", "there is nothing at this address", NULL);
        }
        return;
    }
    const struct asset *asset = assets_find(gateway->assets, view ? "/index.html" : path);

    if (asset != NULL) {
        answer_asset(exchange, 200, asset);
    } else if (wants_page(exchange)) {
        answer_asset(exchange, 404, assets_find(gateway->assets, "/index.html")); /* which says "page not found" in its own look */
    } else {
        exchange_problem(exchange, 404, "not_found", "there is nothing at this address", NULL);
    }
}
