/* The report of a pack: one page that stands by itself, with a chart beside its table in each section. */
#include "client/evidence/report.h"

#include "client/evidence/svg.h"

#include <stdio.h>
#include <string.h>

/* ---- Which rows */

static const struct evidence_cell *cell_of(const struct evidence_table *table, size_t row, const char *column) {
    return evidence_table_look(table, row, evidence_column_place(evidence_table_shape(table), column));
}

static bool says(const struct evidence_table *table, size_t row, const char *column, const char *text) {
    const char *found = cell_of(table, row, column)->text;

    return found != NULL && strcmp(found, text) == 0;
}

static bool is_at_end(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    return cell_of(table, row, "day")->number == evidence_parameters(evidence)->to;
}

static bool of_all(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    (void)evidence;
    return says(table, row, "breakdown", "all");
}

#define AT_END_BY(name, wanted)                                                                                                            \
    static bool name(const struct evidence *evidence, const struct evidence_table *table, size_t row) {                                    \
        return is_at_end(evidence, table, row) && says(table, row, "breakdown", wanted);                                                   \
    }
AT_END_BY(end_by_pathway, "pathway")
AT_END_BY(end_by_team, "team")
AT_END_BY(end_by_district, "district")
AT_END_BY(end_by_client_group, "client_group")
AT_END_BY(end_by_priority, "priority")
AT_END_BY(end_of_all, "all")

/* From the start of the period, not from the month ends between. */
static bool from_start(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    bool is_start = cell_of(table, row, "from_day")->number == evidence_parameters(evidence)->from - 1;

    return is_start && (says(table, row, "breakdown", "all") || says(table, row, "breakdown", "pathway") ||
                        says(table, row, "breakdown", "pathway_and_client_group"));
}

static bool changes_of_all(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    (void)evidence;
    return says(table, row, "breakdown", "all") || says(table, row, "breakdown", "pathway");
}

static bool months_of_all(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    return of_all(evidence, table, row) && says(table, row, "period", "month");
}

static bool whole_by_pathway(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    (void)evidence;
    return says(table, row, "period", "whole") && (says(table, row, "breakdown", "all") || says(table, row, "breakdown", "pathway"));
}

static bool by_pathway(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    (void)evidence;
    return says(table, row, "breakdown", "all") || says(table, row, "breakdown", "pathway");
}

static bool whole_deaths(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    (void)evidence;
    return says(table, row, "period", "whole");
}

static bool of_every_pathway(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    (void)evidence;
    return says(table, row, "pathway", "all");
}

static bool contact_at_end(const struct evidence *evidence, const struct evidence_table *table, size_t row) {
    return is_at_end(evidence, table, row) && (says(table, row, "breakdown", "all") || says(table, row, "breakdown", "pathway"));
}

/* ---- Charts */

static void label_of(struct evidence *evidence, const struct evidence_table *table, size_t row, const char *column, char label[96]) {
    struct evidence_text text = {NULL, 0, 0};

    html_cell(evidence, table, row, evidence_column_place(evidence_table_shape(table), column), &text);
    snprintf(label, 96, "%.95s", text.at == NULL ? "" : text.at);
    for (char *at = label; (at = strstr(at, "&amp;")) != NULL; at++) { /* it is escaped once more when it is drawn */
        memmove(at + 1, at + 5, strlen(at + 5) + 1);
    }
    evidence_text_free(&text);
}

static struct svg_chart *chart_of(struct evidence *evidence, const char *name, html_wants *wants, const char *label,
                                  const char *const *columns, size_t column_count, const char *title, struct svg_chart *chart) {
    const struct evidence_table *table = evidence_table_named(evidence, name);
    const struct evidence_shape *shape = evidence_table_shape(table);

    memset(chart, 0, sizeof *chart);
    chart->title = title;
    chart->series_count = column_count;
    for (size_t s = 0; s < column_count; s++) {
        chart->series[s].name = shape->columns[evidence_column_place(shape, columns[s])].title;
    }
    for (size_t row = 0; row < evidence_table_rows(table) && chart->point_count < SVG_POINTS_MAX; row++) {
        if (!wants(evidence, table, row)) {
            continue;
        }
        label_of(evidence, table, row, label, chart->labels[chart->point_count]);
        for (size_t s = 0; s < column_count; s++) {
            const struct evidence_cell *cell = cell_of(table, row, columns[s]);
            chart->series[s].is_told[chart->point_count] = cell->state == EVIDENCE_VALUE;
            chart->series[s].values[chart->point_count] = cell->number;
        }
        chart->point_count++;
    }
    return chart;
}

/* ---- Sections */

static void section(const char *id, const char *title, const char *about, struct evidence_text *text) {
    evidence_print(text, "<section id=\"%s\">\n<h2>", id);
    html_put(text, title);
    evidence_put(text, "</h2>\n<p>");
    html_put(text, about);
    evidence_put(text, "</p>\n");
}

/* The section that a table begins: its title and what it is about are the table's. */
static void begin_section(struct evidence *evidence, const char *name, struct evidence_text *text) {
    const struct evidence_shape *shape = evidence_table_shape(evidence_table_named(evidence, name));

    section(name, shape->title, shape->about, text);
}

static void end_section(struct evidence_text *text) {
    evidence_put(text, "</section>\n");
}

static void table_in_details(struct evidence *evidence, const char *name, html_wants *wants, const char *columns, const char *caption,
                             struct evidence_text *text) {
    evidence_put(text, "<details><summary>");
    html_put(text, caption);
    evidence_put(text, "</summary>\n");
    html_table(evidence, evidence_table_named(evidence, name), wants, columns, caption, text);
    evidence_put(text, "</details>\n");
}

static void put_table(struct evidence *evidence, const char *name, html_wants *wants, const char *columns, const char *caption,
                      struct evidence_text *text) {
    html_table(evidence, evidence_table_named(evidence, name), wants, columns, caption, text);
}

static const char position_columns[] =
    "waiting over_standard over_standard_percent due unallocated median p90 longest over_6_months over_12_months";

static void put_positions(struct evidence *evidence, struct evidence_text *text) {
    static const char *const counts[] = {"waiting", "over_standard"};
    struct svg_chart chart;
    char columns[256];

    begin_section(evidence, "position", text);
    svg_lines(
        chart_of(evidence, "position", of_all, "day", counts, 2, "Waiting and over standard at the start, month ends and the end", &chart),
        text);
    snprintf(columns, sizeof columns, "day %s", position_columns);
    put_table(evidence, "position", of_all, columns, "All pathways", text);
    evidence_put(text, "<h3>By pathway at the end</h3>\n");
    svg_bars(chart_of(evidence, "position", end_by_pathway, "group", counts, 2, "Waiting and over standard at the end, by pathway", &chart),
             text);
    snprintf(columns, sizeof columns, "group %s", position_columns);
    put_table(evidence, "position", end_by_pathway, columns, "By pathway, at the end", text);
    table_in_details(evidence, "position", end_by_team, columns, "By team, at the end", text);
    table_in_details(evidence, "position", end_by_district, columns, "By district, at the end", text);
    table_in_details(evidence, "position", end_by_client_group, columns, "By client group, at the end", text);
    table_in_details(evidence, "position", end_by_priority, columns, "By priority, at the end", text);
    end_section(text);
}

static void put_changes(struct evidence *evidence, struct evidence_text *text) {
    begin_section(evidence, "change", text);
    put_table(evidence, "change", from_start,
              "group subgroup waiting_from waiting_to waiting_change waiting_change_percent over_standard_from over_standard_to "
              "over_standard_change over_standard_change_percent",
              "From the start of the period to its end", text);
    table_in_details(evidence, "change", changes_of_all, "", "From every month end to the end, by pathway", text);
    end_section(text);
    begin_section(evidence, "bands", text);
    put_table(evidence, "bands", end_of_all, "from_days to_days waiting", "All pathways, at the end", text);
    end_section(text);
}

static void put_flows(struct evidence *evidence, struct evidence_text *text) {
    static const char *const counts[] = {"started", "completed", "closed"};
    struct svg_chart chart;

    begin_section(evidence, "flow", text);
    svg_lines(chart_of(evidence, "flow", months_of_all, "to_day", counts, 3, "Started, completed and removed, by month", &chart), text);
    put_table(evidence, "flow", months_of_all,
              "from_day to_day started started_year_before started_change_percent completed completed_year_before completed_change_percent "
              "closed reopened",
              "All pathways, by month", text);
    put_table(evidence, "flow", whole_by_pathway,
              "group started started_year_before started_change_percent completed completed_year_before completed_change_percent closed "
              "reopened contacts",
              "The whole period, by pathway", text);
    end_section(text);
    begin_section(evidence, "completed", text);
    put_table(evidence, "completed", by_pathway, "group completed within_standard within_standard_percent median mean p90 longest",
              "By pathway", text);
    end_section(text);
    begin_section(evidence, "removals", text);
    put_table(evidence, "removals", NULL, "pathway reason removed", "By pathway and reason", text);
    end_section(text);
    begin_section(evidence, "deaths", text);
    put_table(evidence, "deaths", whole_deaths, "pathway died", "In the whole period, by pathway", text);
    end_section(text);
}

/* ---- People */

static const struct evidence_cell *risk_cell(const struct evidence_table *table, int impact, int likelihood) {
    char impact_text[12], likelihood_text[12];

    snprintf(impact_text, sizeof impact_text, "%d", impact);
    snprintf(likelihood_text, sizeof likelihood_text, "%d", likelihood);
    for (size_t row = 0; row < evidence_table_rows(table); row++) {
        if (says(table, row, "impact", impact_text) && says(table, row, "likelihood", likelihood_text)) {
            return cell_of(table, row, "waiting");
        }
    }
    return NULL;
}

static void put_matrix(struct evidence *evidence, struct evidence_text *text) {
    const struct evidence_table *table = evidence_table_named(evidence, "risk");

    evidence_put(
        text, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Risk matrix\"><table class=\"risk\"><caption>Waiting by "
              "impact and likelihood</caption>\n<thead><tr><th scope=\"col\">Impact</th>");
    for (int likelihood = 1; likelihood <= 5; likelihood++) {
        evidence_print(text, "<th scope=\"col\">Likelihood %d</th>", likelihood);
    }
    evidence_put(text, "</tr></thead>\n<tbody>\n");
    for (int impact = 5; impact >= 1; impact--) {
        evidence_print(text, "<tr><th scope=\"row\">%d</th>", impact);
        for (int likelihood = 1; likelihood <= 5; likelihood++) {
            const struct evidence_cell *cell = risk_cell(table, impact, likelihood);

            if (cell != NULL && cell->state == EVIDENCE_HIDDEN) {
                evidence_put(text, "<td>*</td>");
            } else {
                evidence_print(text, "<td>%lld</td>", cell == NULL ? 0LL : (long long)cell->number);
            }
        }
        evidence_put(text, "</tr>\n");
    }
    evidence_put(text, "</tbody></table></div>\n");
}

static void put_people(struct evidence *evidence, struct evidence_text *text) {
    begin_section(evidence, "contact", text);
    put_table(evidence, "contact", contact_at_end, "group waiting in_contact in_contact_percent no_contact longest_without_contact",
              "At the end, by pathway", text);
    end_section(text);
    begin_section(evidence, "risk", text);
    put_matrix(evidence, text);
    table_in_details(evidence, "risk", NULL, "", "With those whose risk was not recorded, and those over the standard", text);
    end_section(text);
    begin_section(evidence, "equity", text);
    put_table(evidence, "equity", of_every_pathway, "dimension value waiting over_standard over_standard_percent median", "All pathways",
              text);
    put_table(evidence, "equity_gap", NULL,
              "dimension pathway shortest_group shortest_waiting shortest_median longest_group longest_waiting longest_median gap_days",
              "Between the groups that wait shortest and longest", text);
    table_in_details(evidence, "equity", NULL, "dimension pathway value waiting over_standard over_standard_percent median", "By pathway",
                     text);
    end_section(text);
    begin_section(evidence, "caseloads", text);
    put_table(evidence, "caseloads", NULL, "team workers waiting_with_worker median_caseload largest_caseload waiting_without_worker",
              "By team", text);
    end_section(text);
}

static void put_records(struct evidence *evidence, struct evidence_text *text) {
    begin_section(evidence, "data_quality", text);
    put_table(evidence, "data_quality", NULL, "", "Records", text);
    put_table(evidence, "lateness", NULL, "", "How late the records of the period came", text);
    put_table(evidence, "completeness", of_every_pathway, "field with of percent", "How complete the records are, all pathways", text);
    end_section(text);
    begin_section(evidence, "restatement", text);
    put_table(evidence, "restatement", by_pathway, "", "At the start and the month ends", text);
    end_section(text);
    begin_section(evidence, "alerts", text);
    put_table(evidence, "alerts", NULL, "", "By pathway and rule", text);
    end_section(text);
    if (evidence_table_named(evidence, "national_measure") != NULL) {
        begin_section(evidence, "national_measure", text);
        put_table(evidence, "national_measure", NULL,
                  "metric la_code from_day to_day age_band n median by_assessment own_median own_within_28_days_percent",
                  "By quarter and age", text);
        end_section(text);
    }
    begin_section(evidence, "standards", text);
    put_table(evidence, "standards", NULL, "", "By pathway", text);
    end_section(text);
}

/* ---- The page */

static void put_summary(struct evidence *evidence, struct evidence_text *text) {
    const struct evidence_parameters *parameters = evidence_parameters(evidence);
    const json_t *ground = evidence_ground(evidence);
    day_t known = DAY_NONE;

    (void)date_parse((struct text){json_string_value(json_object_get(ground, "asked_at")), DATE_SIZE - 1}, &known);
    evidence_put(text, "<p>The waiting lists from ");
    html_day(text, parameters->from);
    evidence_put(text, " to ");
    html_day(text, parameters->to);
    evidence_put(text, ", by everything that was known on ");
    html_day(text, known);
    evidence_put(
        text, ". Every figure can be computed again from the council's journal: <a href=\"methodology.html\">how they are made, and what "
              "cannot be concluded from them</a>.</p>\n");
    if (parameters->publish) {
        evidence_put(text,
                     "<p>For publication: a count of 1 to 7 is shown as *, and so is a larger one where a smaller could be worked out from "
                     "it; others are given to the nearest 5.</p>\n");
    }
    if (evidence_lacks_national(evidence)) {
        evidence_put(text,
                     "<p>The national measure of waiting times is not in this pack, though waits were imported from Client Level Data: no "
                     "file of it was given.</p>\n");
    }
    put_table(evidence, "foi", NULL, "pathway waiting median longest completed completed_median died",
              "In short: who waits at the end, and what was completed in the period", text);
}

static void put_contents(struct evidence *evidence, struct evidence_text *text) {
    static const char *const sections[] = {"position",         "change",   "bands",  "flow",      "completed",    "removals",    "deaths",
                                           "contact",          "risk",     "equity", "caseloads", "data_quality", "restatement", "alerts",
                                           "national_measure", "standards"};

    evidence_put(text, "<nav aria-label=\"Contents\"><h2>Contents</h2><ul>\n");
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const struct evidence_table *table = evidence_table_named(evidence, sections[i]);

        if (table != NULL) { /* not every pack has a national measure */
            evidence_print(text, "<li><a href=\"#%s\">", sections[i]);
            html_put(text, evidence_table_shape(table)->title);
            evidence_put(text, "</a></li>\n");
        }
    }
    evidence_put(text, "</ul></nav>\n");
}

static void put_ground(const struct evidence *evidence, struct evidence_text *text) {
    const json_t *ground = evidence_ground(evidence);

    evidence_print(
        text,
        "<section id=\"ground\"><h2>What it stands on</h2>\n<dl><dt>Journal</dt><dd>%s</dd><dt>Events known</dt><dd>up to seq %lld"
        "</dd><dt>Hash chain there</dt><dd style=\"overflow-wrap:anywhere\">%s</dd><dt>Program</dt><dd>waitlistctl %s</dd></dl>\n"
        "<p>The tables in full are in the CSV files and in evidence.xlsx; columns.csv says what each column means. manifest.json "
        "has the digest of every file, and manifest.sig its signature.</p></section>\n",
        json_string_value(json_object_get(ground, "epoch")), (long long)json_integer_value(json_object_get(ground, "known_at")),
        json_string_value(json_object_get(ground, "chain")), WAITLIST_VERSION);
}

void evidence_report(struct evidence *evidence, struct evidence_files *files) {
    struct evidence_text text = {NULL, 0, 0};

    html_begin(evidence, "Waiting lists: evidence", &text);
    evidence_put(&text, "<main>\n");
    put_summary(evidence, &text);
    put_contents(evidence, &text);
    put_positions(evidence, &text);
    put_changes(evidence, &text);
    put_flows(evidence, &text);
    put_people(evidence, &text);
    put_records(evidence, &text);
    put_ground(evidence, &text);
    evidence_put(&text, "</main>\n");
    html_end(&text);
    evidence_files_take(files, "index.html", &text);
}
