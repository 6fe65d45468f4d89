/* What the pages of a pack share: a self-contained page, cells as people read them, tables. */
#include "client/evidence/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Own fonts of the reader, dark text on white, tables that scroll by themselves on a narrow screen and break between rows on paper. */
static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;color:#0b0c0c;background:#fff;margin:0 auto;max-width:60rem;padding:1rem;"
    "overflow-wrap:break-word}"
    "h1{font-size:2rem;line-height:1.2}h2{font-size:1.5rem;margin-top:2.5rem;border-top:2px solid #0b0c0c;padding-top:.5rem}"
    "h3{font-size:1.15rem}"
    "a{color:#1d70b8}a:focus,summary:focus,.scroll:focus{outline:3px solid #0b0c0c;outline-offset:2px}"
    ".mark{border:3px solid #942514;color:#942514;font-weight:700;padding:.5rem 1rem;margin:1rem 0}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;margin:1rem 0;font-size:.9rem}"
    "caption{text-align:left;font-weight:700;padding-bottom:.25rem}th,td{border-bottom:1px solid #b1b4b6;padding:.25rem "
    ".75rem .25rem 0;vertical-align:top}"
    "th{text-align:left}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
    "summary{cursor:pointer;color:#1d70b8;padding:.25rem 0;min-height:24px}dt{font-weight:700}dd{margin:0 0 .5rem 1.5rem}"
    ".chart{width:100%;height:auto;margin:.5rem 0}.chart text{font-size:14px;fill:#0b0c0c}.chart .grid{stroke:#b1b4b6;fill:none}"
    ".chart .line{fill:none;stroke-width:2.5}.s0{fill:#12436d}.s1{fill:#a8440f}.s2{fill:#0b7a70}"
    ".l0{stroke:#12436d}.l1{stroke:#a8440f;stroke-dasharray:8 4}.l2{stroke:#0b7a70;stroke-dasharray:2 4}"
    ".risk td{border:1px solid #b1b4b6;padding:.5rem;text-align:center;min-width:3rem}"
    "@page{size:A4 landscape;margin:12mm}"
    "@media print{body{max-width:none;font-size:10pt;padding:0}.scroll{overflow:visible}table{font-size:8pt}"
    "th,td{padding-right:.5rem}.chart{max-width:75%}"
    "section>p{break-after:avoid}tbody>tr:first-child{break-before:avoid}h2{break-after:avoid}tr,svg{break-inside:avoid}"
    "details::details-content{content-visibility:visible;display:block}summary{display:block}nav{display:none}}";

/* In the margin of every sheet of paper: sheets get separated. */
static const char sensitive_style[] = "@page{@bottom-center{content:\"" EVIDENCE_SENSITIVE "\";font:700 8pt sans-serif;color:#942514}}";

void html_put(struct evidence_text *text, const char *piece) {
    for (const char *at = piece; *at != '\0'; at++) {
        const char plain[2] = {*at, '\0'};
        evidence_put(text, *at == '<' ? "&lt;" : *at == '>' ? "&gt;" : *at == '&' ? "&amp;" : *at == '"' ? "&quot;" : plain);
    }
}

void html_begin(const struct evidence *evidence, const char *title, struct evidence_text *text) {
    const char *council = evidence_parameters(evidence)->council;

    evidence_put(text, "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>");
    html_put(text, title);
    evidence_print(text, "</title>\n<style>%s%s</style>\n</head>\n<body>\n", style,
                   evidence_parameters(evidence)->publish ? "" : sensitive_style);
    evidence_put(text, "<header>\n");
    if (!evidence_parameters(evidence)->publish) {
        evidence_put(text, "<p class=\"mark\">" EVIDENCE_SENSITIVE "</p>\n");
    }
    if (council != NULL) {
        evidence_put(text, "<p>");
        html_put(text, council);
        evidence_put(text, "</p>\n");
    }
    evidence_put(text, "<h1>");
    html_put(text, title);
    evidence_put(text, "</h1>\n</header>\n");
}

void html_end(struct evidence_text *text) {
    evidence_put(text, "</body>\n</html>\n");
}

/* ---- Cells */

/* A whole number with commas between thousands. */
static void put_whole(struct evidence_text *text, int64_t number) {
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)(number < 0 ? -number : number));

    evidence_put(text, number < 0 ? "\xe2\x88\x92" : ""); /* a minus sign */
    for (int i = 0; i < length; i++) {
        const char piece[3] = {digits[i], i + 1 < length && (length - i - 1) % 3 == 0 ? ',' : '\0', '\0'};
        evidence_put(text, piece);
    }
}

static void put_tenths(struct evidence_text *text, int64_t tenths) {
    int64_t size = tenths < 0 ? -tenths : tenths;

    if (tenths < 0) {
        evidence_put(text, "\xe2\x88\x92");
    }
    put_whole(text, size / 10);
    evidence_print(text, ".%lld", (long long)(size % 10));
}

/* As people write it: 31 Jan 2025. */
void html_day(struct evidence_text *text, day_t day) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int year, month, date;

    day_to_civil(day, &year, &month, &date);
    evidence_print(text, "%d\xc2\xa0%s\xc2\xa0%d", date, months[month - 1], year);
}

/* Of which kind the names of a column are. */
static const char *kind_of(const struct evidence_table *table, size_t row, const char *column) {
    const struct evidence_shape *shape = evidence_table_shape(table);

    if (strcmp(column, "group") != 0) {
        return column;
    }
    const char *breakdown = evidence_table_look(table, row, evidence_column_place(shape, "breakdown"))->text;

    return strncmp(breakdown, "pathway", 7) == 0 ? "pathway" : breakdown;
}

void html_cell(struct evidence *evidence, const struct evidence_table *table, size_t row, size_t column, struct evidence_text *text) {
    const struct evidence_column *described = &evidence_table_shape(table)->columns[column];
    const struct evidence_cell *cell = evidence_table_look(table, row, column);
    char buffer[EVIDENCE_CELL_SIZE];

    if (cell->state == EVIDENCE_NONE) {
        evidence_put(text, "\xe2\x80\x93"); /* a dash */
    } else if (cell->state != EVIDENCE_VALUE) {
        html_put(text, evidence_cell_text(described, cell, buffer));
    } else if (described->kind == EVIDENCE_TEXT) {
        bool is_name = strcmp(described->name, "source") != 0 && strcmp(described->name, "completes_on") != 0;
        html_put(text, is_name ? evidence_label(evidence, kind_of(table, row, described->name), cell->text) : cell->text);
    } else if (described->kind == EVIDENCE_DAY) {
        html_day(text, (day_t)cell->number);
    } else if (described->kind == EVIDENCE_PERCENT || described->kind == EVIDENCE_GROWTH || described->kind == EVIDENCE_MEDIAN) {
        evidence_put(text, described->kind == EVIDENCE_GROWTH && cell->number > 0 ? "+" : "");
        put_tenths(text, cell->number);
    } else {
        evidence_put(text, described->kind == EVIDENCE_CHANGE && cell->number > 0 ? "+" : "");
        put_whole(text, cell->number);
    }
}

/* ---- Tables */

/* Whether a name stands among names with blanks between. */
static bool is_among(const char *names, const char *name) {
    size_t length = strlen(name);

    if (names[0] == '\0') {
        return true;
    }
    for (const char *at = strstr(names, name); at != NULL; at = strstr(at + 1, name)) {
        if ((at == names || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static void put_heading(const struct evidence_shape *shape, const char *columns, struct evidence_text *text) {
    evidence_put(text, "<thead><tr>");
    for (size_t i = 0; i < shape->column_count; i++) {
        if (is_among(columns, shape->columns[i].name)) {
            evidence_print(text, "<th scope=\"col\"%s title=\"", shape->columns[i].kind == EVIDENCE_TEXT ? "" : " class=\"n\"");
            html_put(text, shape->columns[i].definition);
            evidence_put(text, "\">");
            html_put(text, shape->columns[i].title);
            evidence_put(text, "</th>");
        }
    }
    evidence_put(text, "</tr></thead>\n<tbody>\n");
}

static void put_row(struct evidence *evidence, const struct evidence_table *table, size_t row, const char *columns,
                    struct evidence_text *text) {
    const struct evidence_shape *shape = evidence_table_shape(table);
    bool is_first = true;

    evidence_put(text, "<tr>");
    for (size_t i = 0; i < shape->column_count; i++) {
        if (is_among(columns, shape->columns[i].name)) {
            bool is_text = shape->columns[i].kind == EVIDENCE_TEXT;
            evidence_put(text, is_first ? "<th scope=\"row\">" : is_text ? "<td>" : "<td class=\"n\">");
            html_cell(evidence, table, row, i, text);
            evidence_put(text, is_first ? "</th>" : "</td>");
            is_first = false;
        }
    }
    evidence_put(text, "</tr>\n");
}

void html_table(struct evidence *evidence, const struct evidence_table *table, html_wants *wants, const char *columns, const char *caption,
                struct evidence_text *text) {
    size_t shown = 0;

    evidence_put(text, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
    html_put(text, evidence_table_shape(table)->title); /* two tables may have the same caption, each in its own section */
    evidence_put(text, ": ");
    html_put(text, caption);
    evidence_put(text, "\"><table><caption>");
    html_put(text, caption);
    evidence_put(text, "</caption>\n");
    put_heading(evidence_table_shape(table), columns, text);
    for (size_t row = 0; row < evidence_table_rows(table); row++) {
        if (wants == NULL || wants(evidence, table, row)) {
            put_row(evidence, table, row, columns, text);
            shown++;
        }
    }
    evidence_put(text, "</tbody></table></div>\n");
    if (shown == 0) {
        evidence_put(text, "<p>There is nothing to show.</p>\n");
    }
}
