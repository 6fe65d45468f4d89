/* Pages without a script. */
#include "client/dashboard/plain_page.h"

#include "daemon/core/memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct plain_page {
    FILE *out;
    char *text;
    size_t size;
};

static void copy_address(char address[128], const json_t *value) {
    const char *text = json_string_value(value);

    snprintf(address, 128, "%s", text != NULL && strncmp(text, "/assets/", 8) == 0 && strlen(text) < 128 ? text : "");
}

void plain_style_of(struct plain_style *style, const struct assets *assets, const char *council) {
    const struct asset *list = assets == NULL ? NULL : assets_find(assets, "/manifest.json");
    json_t *manifest = list == NULL ? NULL : json_loadb(list->plain.bytes, list->plain.size, 0, NULL);

    *style = (struct plain_style){.council = council};
    copy_address(style->style, json_object_get(manifest, "style"));
    copy_address(style->icon, json_object_get(manifest, "icon"));
    json_decref(manifest);
}

void plain_page_text(struct plain_page *page, const char *text) {
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", page->out);
            break;
        case '<':
            fputs("&lt;", page->out);
            break;
        case '>':
            fputs("&gt;", page->out);
            break;
        case '"':
            fputs("&quot;", page->out);
            break;
        case '\'':
            fputs("&#39;", page->out);
            break;
        default:
            fputc(*text, page->out);
        }
    }
}

static void write_attribute(struct plain_page *page, const char *before, const char *value, const char *after) {
    if (value != NULL && value[0] != '\0') {
        fputs(before, page->out);
        plain_page_text(page, value);
        fputs(after, page->out);
    }
}

struct plain_page *plain_page_begin(const struct plain_style *style, const char *title, const char *refresh) {
    struct plain_page *page = memory_new(1, sizeof *page);

    page->out = open_memstream(&page->text, &page->size);
    ENSURE(page->out != NULL);
    fputs("<!DOCTYPE html>\n<html lang=\"en-GB\" class=\"govuk-template\">\n<head>\n<meta charset=\"utf-8\">\n<title>", page->out);
    plain_page_text(page, title);
    fputs(" – Waiting lists</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n",
          page->out);
    write_attribute(page, "<meta http-equiv=\"refresh\" content=\"0;url=", refresh, "\">\n");
    write_attribute(page, "<link rel=\"icon\" href=\"", style->icon, "\" type=\"image/svg+xml\">\n");
    write_attribute(page, "<link rel=\"stylesheet\" href=\"", style->style, "\">\n");
    fputs("</head>\n<body class=\"govuk-template__body\">\n<a href=\"#main-content\" class=\"govuk-skip-link\">Skip to main content</a>\n"
          "<header class=\"app-header\">\n<div class=\"app-header__council\"><div class=\"govuk-width-container\">",
          page->out);
    plain_page_text(page, style->council == NULL ? "" : style->council);
    fputs("</div></div>\n<section class=\"govuk-service-navigation\" aria-label=\"Service information\">\n<div "
          "class=\"govuk-width-container\">\n<div class=\"govuk-service-navigation__container\"><span "
          "class=\"govuk-service-navigation__service-name\"><a href=\"/\" class=\"govuk-service-navigation__link\">Waiting lists</a></span>"
          "</div>\n</div>\n</section>\n</header>\n<div class=\"govuk-width-container app-page\">\n<main class=\"govuk-main-wrapper\" "
          "id=\"main-content\">\n",
          page->out);
    return page;
}

FILE *plain_page_body(struct plain_page *page) {
    return page->out;
}

void plain_page_answer(struct plain_page **page, struct exchange *exchange, int status) {
    struct plain_page *whole = *page;

    *page = NULL;
    fputs("</main>\n</div>\n</body>\n</html>\n", whole->out);
    ENSURE(fclose(whole->out) == 0);
    exchange_answer(exchange, status, "text/html; charset=utf-8", whole->text, whole->size);
    free(whole);
}
