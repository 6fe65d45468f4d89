/* Charts as SVG. */
#include "client/evidence/svg.h"

#include "client/evidence/report.h"

#include <stdio.h>

enum {
    WIDTH = 900,
    LINE_HEIGHT = 320,
    LEFT = 70,
    RIGHT = 190,
    TOP = 20,
    BOTTOM = 40,
    TICKS = 4,
    NAME_HEIGHT = 16,
    BAR = 16,
    BAR_LEFT = 260,
    BAR_GAP = 12,
    BAR_RIGHT = 90
};

static int64_t largest(const struct svg_chart *chart) {
    int64_t most = 0;

    for (size_t s = 0; s < chart->series_count; s++) {
        for (size_t i = 0; i < chart->point_count; i++) {
            if (chart->series[s].is_told[i] && chart->series[s].values[i] > most) {
                most = chart->series[s].values[i];
            }
        }
    }
    return most;
}

/* 1, 2, 2½ or 5 and zeros, whole: the step of a scale of TICKS ticks up to `most`. */
static int64_t step_of(int64_t most) {
    static const int64_t tenths[] = {10, 20, 25, 50};

    for (int64_t tens = 1;; tens *= 10) {
        for (int i = 0; i < 4; i++) {
            int64_t step = tenths[i] * tens / 10;

            if (step * TICKS >= most && step * 10 == tenths[i] * tens) {
                return step;
            }
        }
    }
}

static void begin(const struct svg_chart *chart, int height, struct evidence_text *text) {
    evidence_print(text, "<svg viewBox=\"0 0 %d %d\" role=\"img\" class=\"chart\"><title>", WIDTH, height);
    html_put(text, chart->title);
    evidence_put(text, "</title>\n");
}

static void put_text(struct evidence_text *text, double x, double y, const char *anchor, const char *content) {
    evidence_print(text, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    html_put(text, content);
    evidence_put(text, "</text>\n");
}

/* ---- Lines */

static void put_mark(struct evidence_text *text, size_t series, double x, double y) {
    if (series == 0) {
        evidence_print(text, "<circle class=\"s0\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", x, y);
    } else if (series == 1) {
        evidence_print(text, "<path class=\"s1\" d=\"M%.1f %.1fm-4 -4h8v8h-8z\"/>\n", x, y);
    } else {
        evidence_print(text, "<path class=\"s2\" d=\"M%.1f %.1fm0 -5l5 9h-10z\"/>\n", x, y);
    }
}

static double x_of(const struct svg_chart *chart, size_t point) {
    double width = WIDTH - LEFT - RIGHT;

    return chart->point_count < 2 ? LEFT + width / 2 : LEFT + width * (double)point / (double)(chart->point_count - 1);
}

static double y_of(int64_t value, int64_t top) {
    double height = LINE_HEIGHT - TOP - BOTTOM;

    return TOP + height - (top == 0 ? 0 : height * (double)value / (double)top);
}

/* The line's name behind its last point, lower than the names that were put there already. */
static void put_name(double taken[SVG_SERIES_MAX], size_t s, double x, double y, const char *name, struct evidence_text *text) {
    for (size_t i = 0; i < s; i++) {
        if (y > taken[i] - NAME_HEIGHT && y < taken[i] + NAME_HEIGHT) {
            y = taken[i] + NAME_HEIGHT;
        }
    }
    taken[s] = y;
    put_text(text, x + 10, y + 5, "start", name);
}

static void put_series(const struct svg_chart *chart, size_t s, int64_t top, double taken[SVG_SERIES_MAX], struct evidence_text *text) {
    const struct svg_series *series = &chart->series[s];
    bool is_open = false;
    double x = 0, y = 0;

    evidence_print(text, "<path class=\"line l%zu\" d=\"", s);
    for (size_t i = 0; i < chart->point_count; i++) {
        if (series->is_told[i]) {
            x = x_of(chart, i);
            y = y_of(series->values[i], top);
            evidence_print(text, "%s%.1f %.1f", is_open ? "L" : "M", x, y);
        }
        is_open = series->is_told[i];
    }
    evidence_put(text, "\"/>\n");
    for (size_t i = 0; i < chart->point_count; i++) {
        if (series->is_told[i]) {
            put_mark(text, s, x_of(chart, i), y_of(series->values[i], top));
        }
    }
    taken[s] = -NAME_HEIGHT;
    if (x > 0) {
        put_name(taken, s, x, y, series->name, text);
    }
}

void svg_lines(const struct svg_chart *chart, struct evidence_text *text) {
    int64_t step = step_of(largest(chart)), top = step * TICKS;
    size_t every = chart->point_count / 8 + 1;
    double taken[SVG_SERIES_MAX];

    begin(chart, LINE_HEIGHT, text);
    for (int tick = 0; tick <= TICKS; tick++) {
        double y = y_of(step * tick, top);
        char label[32];

        snprintf(label, sizeof label, "%lld", (long long)(step * tick));
        evidence_print(text, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n", LEFT, y, WIDTH - RIGHT);
        put_text(text, LEFT - 8, y + 5, "end", label);
    }
    for (size_t i = 0; i < chart->point_count; i += every) {
        put_text(text, x_of(chart, i), LINE_HEIGHT - 12, "middle", chart->labels[i]);
    }
    for (size_t s = 0; s < chart->series_count; s++) {
        put_series(chart, s, top, taken, text);
    }
    evidence_put(text, "</svg>\n");
}

/* ---- Bars */

static void put_bar(const struct svg_chart *chart, size_t s, size_t point, double y, int64_t most, struct evidence_text *text) {
    const struct svg_series *series = &chart->series[s];
    double width = WIDTH - BAR_LEFT - BAR_RIGHT;
    double length = series->is_told[point] && most > 0 ? width * (double)series->values[point] / (double)most : 0;
    char label[64];

    if (series->is_told[point]) {
        snprintf(label, sizeof label, "%lld", (long long)series->values[point]);
        evidence_print(text, "<rect class=\"s%zu\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>\n", s, BAR_LEFT, y, length, BAR - 2);
    } else {
        snprintf(label, sizeof label, "*");
    }
    put_text(text, BAR_LEFT + length + 6, y + BAR - 4, "start", label);
}

static void put_legend(const struct svg_chart *chart, double y, struct evidence_text *text) {
    double x = BAR_LEFT;

    for (size_t s = 0; s < chart->series_count; s++) {
        evidence_print(text, "<rect class=\"s%zu\" x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"14\"/>\n", s, x, y);
        put_text(text, x + 20, y + 12, "start", chart->series[s].name);
        x += 180;
    }
}

void svg_bars(const struct svg_chart *chart, struct evidence_text *text) {
    int64_t most = largest(chart);
    double group = (double)chart->series_count * BAR + BAR_GAP, y = 34;

    begin(chart, (int)(y + (double)chart->point_count * group), text);
    put_legend(chart, 6, text);
    for (size_t i = 0; i < chart->point_count; i++) {
        put_text(text, BAR_LEFT - 8, y + (group - BAR_GAP) / 2 + 5, "end", chart->labels[i]);
        for (size_t s = 0; s < chart->series_count; s++) {
            put_bar(chart, s, i, y + (double)s * BAR, most, text);
        }
        y += group;
    }
    evidence_put(text, "</svg>\n");
}
