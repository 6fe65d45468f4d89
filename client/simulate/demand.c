/* What the county's queues are asked to do. The published figures are points of these curves; what lies between is drawn to lead there.
 *
 * Published: older people waiting for a needs assessment about 1,850 in April 2025 and 1,075 in July 2025, those over 28 days down 48 per
 * cent; OT over 28 days down 50 per cent; completed reviews up 8 per cent; in February 2025 just over 2,000 waiting for assessments, the
 * longest 226 days, OT up to 262, DoLS up to 405, over 3,500 overdue reviews; at the end of 2023 2,697 people over 28 days for
 * assessment, reassessment or OT. */
#include "client/simulate/demand.h"

#include "client/simulate/british.h"
#include "daemon/core/memory.h"

const struct stream_fact demand_streams[STREAM_COUNT] = {
    [STREAM_TRIAGE] =
        {PATHWAY_TRIAGE, 8000, 7, 24, 0.10, 1.0, 0.10, false, false, {{20220401, 115, 16}, {20250430, 118, 18}, {20250731, 96, 9}}},
    [STREAM_NEEDS_OLDER] = {PATHWAY_NEEDS,
                            9000,
                            28,
                            226,
                            0.14,
                            1.0,
                            0.05,
                            false,
                            false,
                            {{20220401, 1500, 980},
                             {20231001, 1900, 1370},
                             {20231231, 1960, 1420},
                             {20240701, 1780, 1230},
                             {20241231, 1660, 1120},
                             {20250215, 1700, 1165},
                             {20250430, 1850, 1285},
                             {20250731, 1075, 668},
                             {20251031, 960, 560}}},
    [STREAM_NEEDS_WORKING_AGE] =
        {PATHWAY_NEEDS,
         2300,
         28,
         220,
         0.12,
         1.0,
         0.05,
         false,
         false,
         {{20220401, 350, 215}, {20231231, 380, 245}, {20250215, 345, 210}, {20250430, 350, 215}, {20250731, 240, 125}}},
    [STREAM_OT] = {PATHWAY_OT,
                   5300,
                   28,
                   262,
                   0.12,
                   1.0,
                   0.02,
                   false,
                   true,
                   {{20220401, 1250, 920},
                    {20231231, 1350, 1030},
                    {20250215, 1180, 830},
                    {20250430, 1120, 760},
                    {20250731, 720, 380},
                    {20251031, 660, 335}}},
    [STREAM_CARERS] =
        {PATHWAY_CARERS, 1500, 28, 170, 0.15, 1.2, 0.02, false, false, {{20220401, 260, 165}, {20250430, 255, 160}, {20250731, 190, 100}}},
    [STREAM_REVIEW] =
        {PATHWAY_REVIEW,
         6200,
         28,
         620,
         0.05,
         1.6,
         0.0,
         false,
         false,
         {{20220401, 4000, 3600}, {20240401, 4250, 3850}, {20250215, 4280, 3880}, {20250430, 4200, 3800}, {20250731, 3950, 3550}}},
    [STREAM_CARE_START] =
        {PATHWAY_CARE_START, 4000, 28, 110, 0.12, 0.8, 0.05, false, false, {{20220401, 340, 95}, {20250430, 330, 90}, {20250731, 280, 60}}},
    [STREAM_DOLS] = {PATHWAY_DOLS,
                     3300,
                     21,
                     405,
                     0.12,
                     2.5,
                     0.02,
                     false,
                     false,
                     {{20220401, 1450, 1300}, {20240401, 1560, 1400}, {20250215, 1520, 1360}, {20250731, 1440, 1280}}},
    [STREAM_SAFEGUARDING] = {PATHWAY_SAFEGUARDING, 1200, 14, 80, 0.08, 0.6, 0.45, true, false, {{20220401, 44, 11}, {20250731, 38, 8}}},
    [STREAM_DISCHARGE] = {PATHWAY_DISCHARGE, 1500, 7, 45, 0.06, 0.5, 0.55, true, false, {{20220401, 29, 7}, {20250731, 25, 5}}},
};

static day_t day_of_number(int32_t date) {
    return day_from_civil(date / 10000, date / 100 % 100, date % 100);
}

/* Winter pressure and the August dip, per cent of the mean month. */
static const int32_t season[12] = {108, 102, 102, 98, 100, 100, 98, 90, 100, 104, 104, 94};

double demand_referrals(enum stream stream, day_t day) {
    const struct stream_fact *fact = &demand_streams[stream];
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    /* 253 working and 112 free days a year; Mondays bring a fifth more than Fridays */
    double of_a_working_day = fact->referrals_a_year / (253.0 + 112.0 * fact->weekend_part);
    double weight = british_working_day(day) ? 1.10 - 0.05 * day_of_week(day) : fact->weekend_part;
    return of_a_working_day * weight * season[month - 1] / 100.0;
}

struct demand_point demand_target(enum stream stream, day_t day) {
    const struct demand_point *points = demand_streams[stream].points;
    if (day <= day_of_number(points[0].date)) {
        return points[0];
    }
    size_t next = 1;
    while (next < DEMAND_POINTS_MAX && points[next].date != 0 && day_of_number(points[next].date) < day) {
        next++;
    }
    const struct demand_point *before = &points[next - 1];
    if (next == DEMAND_POINTS_MAX || points[next].date == 0) {
        return *before;
    }
    day_t begins = day_of_number(before->date);
    double part = (double)(day - begins) / (double)(day_of_number(points[next].date) - begins);
    return (struct demand_point){
        .date = 0,
        .waiting = before->waiting + (int32_t)((points[next].waiting - before->waiting) * part),
        .waiting_long = before->waiting_long + (int32_t)((points[next].waiting_long - before->waiting_long) * part),
    };
}

static int32_t distance(day_t a, day_t b) {
    return a < b ? b - a : a - b;
}

int32_t demand_days_to_published(day_t day) {
    int32_t april = distance(day, day_from_civil(2025, 4, 30));
    int32_t july = distance(day, day_from_civil(2025, 7, 31));
    return april < july ? april : july;
}

int32_t demand_longest(enum stream stream, day_t day) {
    int32_t longest = demand_streams[stream].longest;
    day_t visit = day_from_civil(2025, 2, 28);
    if (day <= visit || (stream != STREAM_NEEDS_OLDER && stream != STREAM_NEEDS_WORKING_AGE && stream != STREAM_OT)) {
        return longest;
    }
    int32_t since = day - visit > 150 ? 150 : day - visit;
    return longest - longest * since / 600; /* a quarter less after five months */
}

#define REVIEWS_A_WORKING_DAY 23

void demand_plan_reviews(struct review_plan *plan, struct random *random) {
    *plan = (struct review_plan){.year = 0};
    plan->in_2024 = random_between(random, 1880, 1980);
    plan->in_2025 = (plan->in_2024 * 108 + 50) / 100;
}

static int32_t working_days_between(day_t first, day_t last) {
    int32_t count = 0;
    for (day_t day = first; day <= last; day++) {
        count += british_working_day(day);
    }
    return count;
}

int32_t demand_reviews_today(struct review_plan *plan, day_t day, struct random *random) {
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    double noise = 1.0 + 0.15 * random_normal(random);
    noise = noise < 0.4 ? 0.4 : noise;
    if (month < 4 || month > 7 || year < 2024 || year > 2025) {
        return (int32_t)(REVIEWS_A_WORKING_DAY * noise * season[month - 1] / 100.0);
    }
    if (plan->year != year) {
        plan->year = year;
        plan->done = 0;
    }
    int32_t left = (year == 2024 ? plan->in_2024 : plan->in_2025) - plan->done;
    int32_t days_left = working_days_between(day, day_from_civil(year, 7, 31));
    if (left <= 0) {
        return 0;
    }
    int32_t today = days_left <= 1 ? left : (int32_t)((double)left / days_left * noise + 0.5);
    return today < left ? today : left;
}
