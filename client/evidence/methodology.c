/* How the figures of a pack are made: every definition with the version of its rules, and what cannot be concluded. */
#include "client/evidence/national.h"
#include "client/evidence/report.h"

#include <string.h>

/* A heading, and paragraphs of plain words. */
struct passage {
    const char *title;
    const char *paragraphs[6];
};

static const struct passage passages[] = {
    {"What is counted",
     {"A wait is one person waiting for one thing: a pathway. It is counted in days, from the clock start (the day of the "
      "referral, or an earlier "
      "or later one that the record gives) to the clock stop. The day of the start is day 0.",
      "Somebody waits on a day who was referred, whose clock has started and has not stopped by the end of that day. A wait "
      "stops when what was "
      "waited for is completed, or when it is closed for another reason; on pathways where the clock stops when the "
      "assessment starts, then. A "
      "reopening lets the clock go on as if it had never stopped.",
      "Days are calendar days, or working days (Monday to Friday without bank holidays) on pathways that say so. Paused days "
      "count, except on "
      "pathways that leave them out; the table of standards says which.",
      "Waits that were recorded twice or in error count nowhere, on no day.",
      "A person who waits for two things is two waits. Waits are told apart by pseudonymous references; names were never "
      "recorded.",
      NULL}},
    {"Standards",
     {"Over standard means waiting for more days than the council's own standard for the pathway and priority. It is no "
      "statutory limit: the law "
      "sets none for an assessment under the Care Act.",
      "Each day is judged by the standards that were in force on it, as they were written down in the journal at the time. "
      "Which of a wait's events "
      "stops the clock is judged by the newest of the standards known.",
      "Contact in time means that no more days have passed since the start or the last contact than the council's interval.", NULL}},
    {"Statistics",
     {"The median is the middle of the days, and the mean of the middle two when their number is even. The 90th percentile "
      "is the smallest number of "
      "days that nine in ten have not waited longer than. The mean and percentages are given to one decimal, half rounded "
      "up. Where nobody is "
      "counted there is no statistic, rather than a 0.",
      "Groups are those that a person belongs to at the end of the day, or on the day on which something counts. Without a "
      "record they are unknown, "
      "so that the groups make up the whole.",
      NULL}},
    {"What is known",
     {"All figures are by one knowledge: the events that had been received, and what else had been written to the journal, "
      "by one instant. The "
      "manifest names it. Records that came later, and corrections, are not in it; the same pack comes out whenever it is made again.",
      "What was reported of a day at its midnight never changes; what is known of the day does, as records come late. The "
      "table that holds the two "
      "against each other says by how much.",
      NULL}},
    {"What cannot be concluded",
     {"Why anybody waited. A difference between groups says who waits longer, and not that they are treated differently: "
      "needs, priorities and "
      "places differ too. With few people a difference may be chance.",
      "How good an assessment was, or what became of people after it.",
      "How long people wait from the days of those who were completed alone: while old cases are cleared these rise, and "
      "while they are left they "
      "fall. They belong beside those who still wait.",
      "What was not recorded, or not yet. The tables of data quality say what is missing and late. For days before the "
      "journal began there is only "
      "what was brought in from elsewhere.",
      "How one council compares with another: standards, and what counts as a referral, are local.", NULL}},
};

/* What the pack can say of the national measure: with its files, without them though some were imported, and without any. */
static const struct passage national_given = {
    "The national measure",
    {"It is computed from the files of Client Level Data below, by DHSC's method as this release reads it, and not from the "
     "journal: by what "
     "the files say, whatever was known when. Whoever has the same files can compute it again.",
     "It counts finished waits of new clients of 25 and over who asked for support, from the request to the start of the first "
     "assessment or "
     "service. The other tables count waits on the council's pathways, to their end, and people who still wait. So the two do not "
     "add up to "
     "each other, and the national measure says nothing of who is still waiting: clearing old cases raises it, leaving them lowers it.",
     NULL}};
static const struct passage national_lacking = {
    "The national measure",
    {"Waits were imported from Client Level Data, and stand among the completed and the closed of the other tables. DHSC's "
     "national measure of "
     "waiting times is not in this pack: the journal does not hold what it is computed from, and no file of Client Level Data was "
     "given when "
     "the pack was made. So nothing can be concluded from this pack about the council's national figures.",
     NULL}};
static const struct passage national_none = {
    "The national measure",
    {"DHSC's national measure of waiting times is not in this pack: no file of Client Level Data was given, and none had been "
     "imported by then. So "
     "nothing can be concluded from this pack about the council's national figures.",
     NULL}};

static const struct passage published = {
    "How few people are protected",
    {"A count of 1 to 7 is shown as *, 0 as 0, and every other to the nearest 5. Percentages and changes are made of these "
     "counts, so they may differ "
     "by more than their decimals suggest.",
     "A * may also stand for a larger count: where a small one could be worked out from sums, differences and parts, another "
     "is hidden with it. "
     "Whatever is told together leaves at least three values for every hidden count.",
     "Medians and means of fewer than 8 people are not given; 90th percentiles and longest waits are told as a band of days. "
     "There is no list of "
     "waits.",
     NULL}};

static void put_passage(const struct passage *passage, struct evidence_text *text) {
    evidence_put(text, "<section><h2>");
    html_put(text, passage->title);
    evidence_put(text, "</h2>\n");
    for (size_t i = 0; i < 6 && passage->paragraphs[i] != NULL; i++) {
        evidence_put(text, "<p>");
        html_put(text, passage->paragraphs[i]);
        evidence_put(text, "</p>\n");
    }
    evidence_put(text, "</section>\n");
}

static void put_national(const struct evidence *evidence, struct evidence_text *text) {
    const struct national *national = evidence_parameters(evidence)->national;

    if (national == NULL) {
        put_passage(evidence_lacks_national(evidence) ? &national_lacking : &national_none, text);
        return;
    }
    put_passage(&national_given, text);
    evidence_put(text, "<dl>\n");
    for (size_t i = 0; i < national_file_count(national); i++) {
        evidence_put(text, "<dt>");
        html_put(text, national_file_name(national, i));
        evidence_print(text, "</dt><dd style=\"overflow-wrap:anywhere\">SHA-256 %s</dd>\n", national_file_digest(national, i));
    }
    evidence_put(text, "</dl>\n");
}

static void put_definitions(const struct evidence_table *table, struct evidence_text *text) {
    const struct evidence_shape *shape = evidence_table_shape(table);

    evidence_print(text, "<section id=\"%s\"><h3>", shape->name);
    html_put(text, shape->title);
    evidence_print(text, " (%s.csv)</h3>\n<p>", shape->name);
    html_put(text, shape->about);
    evidence_print(text, " Rules of the %s, version %d.</p>\n<dl>\n",
                   strcmp(shape->figure, "data_quality") == 0 ? "data quality"
                   : strcmp(shape->figure, "dhsc") == 0       ? "national waiting times"
                                                              : shape->figure,
                   evidence_table_rule_version(table));
    for (size_t i = 0; i < shape->column_count; i++) {
        evidence_put(text, "<dt>");
        html_put(text, shape->columns[i].title);
        evidence_print(text, " <small>(%s)</small></dt><dd>", shape->columns[i].name);
        html_put(text, shape->columns[i].definition);
        evidence_put(text, "</dd>\n");
    }
    evidence_put(text, "</dl></section>\n");
}

void evidence_methodology(struct evidence *evidence, struct evidence_files *files) {
    struct evidence_text text = {NULL, 0, 0};

    html_begin(evidence, "Waiting lists: how the figures are made", &text);
    evidence_put(&text, "<main>\n<p><a href=\"index.html\">The report</a></p>\n");
    for (size_t i = 0; i < sizeof passages / sizeof passages[0]; i++) {
        put_passage(&passages[i], &text);
    }
    put_national(evidence, &text);
    if (evidence_parameters(evidence)->publish) {
        put_passage(&published, &text);
    }
    evidence_put(&text, "<section><h2>Every table and column</h2>\n</section>\n");
    for (size_t i = 0; i < evidence_table_count(evidence); i++) {
        put_definitions(evidence_table_at(evidence, i), &text);
    }
    evidence_put(&text, "</main>\n");
    html_end(&text);
    evidence_files_take(files, "methodology.html", &text);
}
