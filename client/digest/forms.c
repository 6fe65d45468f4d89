/* The morning list for people: plain text of at most 100 columns, and a page of HTML that needs nothing else and prints well. */
#include "client/digest/digest.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct section {
    const char *name, *heading, *nobody;
} sections[] = {
    {"new_breaches", "New breaches: waited more days than the standard since", "Nobody has newly breached."},
    {"due", "Due this week: will breach within seven days", "Nobody will breach within seven days."},
    {"no_contact", "No contact: longer without contact than agreed", "Everybody has had contact in time."},
};
#define SECTION_COUNT (sizeof sections / sizeof sections[0])

static const struct column {
    const char *name, *heading;
    int width;
    bool is_number;
} columns[] = {
    {"subject", "Wait", 20, false},
    {"pathway", "Pathway", 20, false},
    {"priority", "Priority", 8, true},
    {"stage", "Stage", 12, false},
    {"days", "Days", 5, true},
    {"standard", "Standard", 8, true},
    {"breach_on", "Breach on", 10, false},
    {"last_contact", "Last contact", 12, false},
};
#define COLUMN_COUNT (sizeof columns / sizeof columns[0])

static const char *text_of(const json_t *value, char room[32]) {
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (json_is_number(value)) {
        snprintf(room, 32, json_is_integer(value) ? "%.0f" : "%.1f", json_number_value(value));
        return room;
    }
    return "-";
}

static bool has_column(const json_t *rows, const char *name) {
    return json_object_get(json_array_get(rows, 0), name) != NULL;
}

static long long number(const json_t *object, const char *name) {
    return (long long)json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name) {
    const char *found = json_string_value(json_object_get(object, name));

    return found != NULL ? found : "-";
}

/* ---- Text */

static void text_rows(FILE *out, const json_t *rows) {
    size_t i;
    const json_t *row;
    char room[32];

    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        if (has_column(rows, columns[c].name)) {
            fprintf(out, columns[c].is_number ? "  %*s" : "  %-*s", columns[c].width, columns[c].heading);
        }
    }
    fputc('\n', out);
    json_array_foreach(rows, i, row) {
        for (size_t c = 0; c < COLUMN_COUNT; c++) {
            if (has_column(rows, columns[c].name)) {
                fprintf(out, columns[c].is_number ? "  %*s" : "  %-*s", columns[c].width,
                        text_of(json_object_get(row, columns[c].name), room));
            }
        }
        fputc('\n', out);
    }
}

char *digest_text(const json_t *digest) {
    const json_t *position = json_object_get(digest, "position");
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size);

    ENSURE(out != NULL);
    fprintf(out, "Team %s, %s\n\n", text(digest, "team"), text(digest, "day"));
    fprintf(out, "%lld waiting, %lld unallocated, %lld in breach, %lld due within seven days, %lld without contact\n",
            number(position, "waiting"), number(position, "unallocated"), number(position, "breach"), number(position, "due"),
            number(position, "no_contact"));
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const json_t *list = json_object_get(digest, sections[i].name);
        const json_t *rows = json_object_get(list, "rows");
        long long left_out = number(list, "count") - (long long)json_array_size(rows);

        fprintf(out, "\n%s%s%s (%lld)\n", sections[i].heading, i == 0 ? " " : "", i == 0 ? text(digest, "since") : "",
                number(list, "count"));
        if (number(list, "count") == 0) {
            fprintf(out, "  %s\n", sections[i].nobody);
        } else {
            text_rows(out, rows);
        }
        if (left_out > 0) {
            fprintf(out, "  and %lld more\n", left_out);
        }
    }
    fprintf(out, "\nAs known at %s, journal seq %lld, rule version %lld. The standard is the council's own.\n", text(digest, "at"),
            number(digest, "journal_seq"), number(digest, "rule_version"));
    ENSURE(fclose(out) == 0);
    return written;
}

/* ---- HTML */

static void escape(FILE *out, const char *raw) {
    for (; *raw != '\0'; raw++) {
        switch (*raw) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*raw, out);
        }
    }
}

static void html_cells(FILE *out, const json_t *rows, const json_t *row) {
    char room[32];
    bool first = true;

    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        if (!has_column(rows, columns[c].name)) {
            continue;
        }
        const char *element = row == NULL || first ? "th" : "td";

        fprintf(out, "<%s%s%s>", element,
                row == NULL ? " scope=\"col\""
                : first     ? " scope=\"row\""
                            : "",
                columns[c].is_number ? " class=\"number\"" : "");
        escape(out, row == NULL ? columns[c].heading : text_of(json_object_get(row, columns[c].name), room));
        fprintf(out, "</%s>", element);
        first = false;
    }
}

static void html_section(FILE *out, const json_t *digest, size_t index) {
    const json_t *list = json_object_get(digest, sections[index].name);
    const json_t *rows = json_object_get(list, "rows");
    long long count = number(list, "count");
    size_t i;
    const json_t *row;

    fprintf(out, "<section>\n<h2>%s%s", sections[index].heading, index == 0 ? " " : "");
    escape(out, index == 0 ? text(digest, "since") : "");
    fprintf(out, " (%lld)</h2>\n", count);
    if (count == 0) {
        fprintf(out, "<p>%s</p>\n", sections[index].nobody);
    } else {
        fprintf(out, "<table>\n<caption>%s</caption>\n<thead><tr>", sections[index].heading);
        html_cells(out, rows, NULL);
        fputs("</tr></thead>\n<tbody>\n", out);
        json_array_foreach(rows, i, row) {
            fputs("<tr>", out);
            html_cells(out, rows, row);
            fputs("</tr>\n", out);
        }
        fputs("</tbody>\n</table>\n", out);
    }
    if (count > (long long)json_array_size(rows)) {
        fprintf(out, "<p>and %lld more</p>\n", count - (long long)json_array_size(rows));
    }
    fputs("</section>\n", out);
}

static const char style[] =
    "body{font-family:system-ui,sans-serif;line-height:1.4;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#0b0c0c;background:#fff}"
    "table{border-collapse:collapse;width:100%;margin:0 0 1rem}caption{position:absolute;left:-999rem}"
    "th,td{text-align:left;padding:.4rem .6rem .4rem 0;border-bottom:1px solid #b1b4b6;font-variant-numeric:tabular-nums}"
    ".number{text-align:right}tbody th{font-weight:400}tr{break-inside:avoid}"
    "@media print{body{margin:0;max-width:none}}";

char *digest_html(const json_t *digest) {
    const json_t *position = json_object_get(digest, "position");
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size);

    ENSURE(out != NULL);
    fputs("<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Team ",
          out);
    escape(out, text(digest, "team"));
    fputs(", ", out);
    escape(out, text(digest, "day"));
    fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>Team ", style);
    escape(out, text(digest, "team"));
    fputs(", ", out);
    escape(out, text(digest, "day"));
    fprintf(out, "</h1>\n<p>%lld waiting, %lld unallocated, %lld in breach, %lld due within seven days, %lld without contact</p>\n",
            number(position, "waiting"), number(position, "unallocated"), number(position, "breach"), number(position, "due"),
            number(position, "no_contact"));
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        html_section(out, digest, i);
    }
    fputs("<p>As known at ", out);
    escape(out, text(digest, "at"));
    fprintf(out, ", journal seq %lld, rule version %lld. The standard is the council's own.</p>\n</main>\n</body>\n</html>\n",
            number(digest, "journal_seq"), number(digest, "rule_version"));
    ENSURE(fclose(out) == 0);
    return written;
}
