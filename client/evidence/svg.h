/* Simple charts as SVG inside a page: lines over days, bars beside names. Each has a title for who cannot see it, and stands beside its
 * table. */
#ifndef WAITLIST_EVIDENCE_SVG_H
#define WAITLIST_EVIDENCE_SVG_H

#include "client/evidence/files.h"

#define SVG_POINTS_MAX 128
#define SVG_SERIES_MAX 3

struct svg_series {
    const char *name;
    int64_t values[SVG_POINTS_MAX];
    bool is_told[SVG_POINTS_MAX]; /* false: a gap */
};

struct svg_chart {
    const char *title;
    size_t point_count;
    char labels[SVG_POINTS_MAX][96];
    size_t series_count;
    struct svg_series series[SVG_SERIES_MAX];
};

/* Lines, each with marks of its own shape and its name at its end: colour is not the only sign. */
void svg_lines(const struct svg_chart *chart, struct evidence_text *text);
/* A row of bars for each label, with the value behind each. */
void svg_bars(const struct svg_chart *chart, struct evidence_text *text);

#endif
