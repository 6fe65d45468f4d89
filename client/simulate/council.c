/* The county that is simulated: 12 districts, 27 teams, 9 pathways, 39 queues. */
#include "client/simulate/council.h"

#define COMPLETED "asc.assessment.completed"

const struct pathway_fact council_pathways[PATHWAY_COUNT] = {
    [PATHWAY_TRIAGE] = {"triage", "triage-", "urn:las", COMPLETED},
    [PATHWAY_NEEDS] = {"needs_assessment", "needs-", "urn:las", COMPLETED},
    [PATHWAY_OT] = {"ot_assessment", "ot-", "urn:las", COMPLETED},
    [PATHWAY_CARERS] = {"carers_assessment", "carers-", "urn:las", COMPLETED},
    [PATHWAY_REVIEW] = {"review", "review-", "urn:las", "asc.review.completed"},
    [PATHWAY_CARE_START] = {"care_start", "care-", "urn:las", "asc.service.started"},
    [PATHWAY_DOLS] = {"dols", "dols-", "urn:dols-register", COMPLETED},
    [PATHWAY_SAFEGUARDING] = {"safeguarding", "safeguard-", "urn:las", COMPLETED},
    [PATHWAY_DISCHARGE] = {"hospital_discharge", "discharge-", "urn:hospital-flow", "asc.service.started"},
};

const char *const council_client_groups[CLIENT_GROUP_COUNT] = {"older_people", "working_age", "carer"};

/* Social work teams come first, in the order of the districts. */
enum { TEAM_OT = 12, TEAM_REVIEW = 15, TEAM_HOSPITAL = 18, TEAM_TRIAGE = 23, TEAM_CARERS = 24, TEAM_DOLS = 25, TEAM_SAFEGUARDING = 26 };

const char *const council_teams[TEAM_COUNT] = {
    "sw_burnley",         "sw_chorley",         "sw_fylde",         "sw_hyndburn",        "sw_lancaster",       "sw_pendle",
    "sw_preston",         "sw_ribble_valley",   "sw_rossendale",    "sw_south_ribble",    "sw_west_lancashire", "sw_wyre",
    "ot_north",           "ot_central",         "ot_east",          "review_north",       "review_central",     "review_east",
    "hospital_lancaster", "hospital_blackpool", "hospital_preston", "hospital_blackburn", "hospital_ormskirk",  "customer_access",
    "carers_service",     "dols_team",          "safeguarding_hub",
};

enum { NORTH, CENTRAL, EAST };
enum { LANCASTER_INFIRMARY = TEAM_HOSPITAL, BLACKPOOL_VICTORIA, ROYAL_PRESTON, ROYAL_BLACKBURN, ORMSKIRK };

/* Weights and deprivation follow the shape of the mid-2021 population estimates and the Indices of Deprivation 2019, rounded. */
const struct district_fact council_districts[DISTRICT_COUNT] = {
    {"burnley", 74, {46, 21, 15, 11, 7}, TEAM_OT + EAST, TEAM_REVIEW + EAST, ROYAL_BLACKBURN},
    {"chorley", 94, {11, 16, 18, 23, 32}, TEAM_OT + CENTRAL, TEAM_REVIEW + CENTRAL, ROYAL_PRESTON},
    {"fylde", 68, {8, 16, 21, 27, 28}, TEAM_OT + NORTH, TEAM_REVIEW + NORTH, BLACKPOOL_VICTORIA},
    {"hyndburn", 63, {39, 22, 17, 14, 8}, TEAM_OT + EAST, TEAM_REVIEW + EAST, ROYAL_BLACKBURN},
    {"lancaster", 117, {20, 18, 22, 22, 18}, TEAM_OT + NORTH, TEAM_REVIEW + NORTH, LANCASTER_INFIRMARY},
    {"pendle", 72, {38, 20, 15, 15, 12}, TEAM_OT + EAST, TEAM_REVIEW + EAST, ROYAL_BLACKBURN},
    {"preston", 115, {34, 20, 16, 15, 15}, TEAM_OT + CENTRAL, TEAM_REVIEW + CENTRAL, ROYAL_PRESTON},
    {"ribble_valley", 50, {1, 6, 17, 32, 44}, TEAM_OT + EAST, TEAM_REVIEW + EAST, ROYAL_BLACKBURN},
    {"rossendale", 56, {20, 25, 22, 19, 14}, TEAM_OT + EAST, TEAM_REVIEW + EAST, ROYAL_BLACKBURN},
    {"south_ribble", 89, {7, 14, 22, 26, 31}, TEAM_OT + CENTRAL, TEAM_REVIEW + CENTRAL, ROYAL_PRESTON},
    {"west_lancashire", 94, {18, 13, 18, 23, 28}, TEAM_OT + CENTRAL, TEAM_REVIEW + CENTRAL, ORMSKIRK},
    {"wyre", 93, {14, 15, 22, 26, 23}, TEAM_OT + NORTH, TEAM_REVIEW + NORTH, BLACKPOOL_VICTORIA},
};

static const struct queue_fact queues[QUEUE_COUNT] = {
    {PATHWAY_NEEDS, 0},
    {PATHWAY_NEEDS, 1},
    {PATHWAY_NEEDS, 2},
    {PATHWAY_NEEDS, 3},
    {PATHWAY_NEEDS, 4},
    {PATHWAY_NEEDS, 5},
    {PATHWAY_NEEDS, 6},
    {PATHWAY_NEEDS, 7},
    {PATHWAY_NEEDS, 8},
    {PATHWAY_NEEDS, 9},
    {PATHWAY_NEEDS, 10},
    {PATHWAY_NEEDS, 11},
    {PATHWAY_CARE_START, 0},
    {PATHWAY_CARE_START, 1},
    {PATHWAY_CARE_START, 2},
    {PATHWAY_CARE_START, 3},
    {PATHWAY_CARE_START, 4},
    {PATHWAY_CARE_START, 5},
    {PATHWAY_CARE_START, 6},
    {PATHWAY_CARE_START, 7},
    {PATHWAY_CARE_START, 8},
    {PATHWAY_CARE_START, 9},
    {PATHWAY_CARE_START, 10},
    {PATHWAY_CARE_START, 11},
    {PATHWAY_OT, TEAM_OT + NORTH},
    {PATHWAY_OT, TEAM_OT + CENTRAL},
    {PATHWAY_OT, TEAM_OT + EAST},
    {PATHWAY_REVIEW, TEAM_REVIEW + NORTH},
    {PATHWAY_REVIEW, TEAM_REVIEW + CENTRAL},
    {PATHWAY_REVIEW, TEAM_REVIEW + EAST},
    {PATHWAY_DISCHARGE, LANCASTER_INFIRMARY},
    {PATHWAY_DISCHARGE, BLACKPOOL_VICTORIA},
    {PATHWAY_DISCHARGE, ROYAL_PRESTON},
    {PATHWAY_DISCHARGE, ROYAL_BLACKBURN},
    {PATHWAY_DISCHARGE, ORMSKIRK},
    {PATHWAY_TRIAGE, TEAM_TRIAGE},
    {PATHWAY_CARERS, TEAM_CARERS},
    {PATHWAY_DOLS, TEAM_DOLS},
    {PATHWAY_SAFEGUARDING, TEAM_SAFEGUARDING},
};

const struct queue_fact *council_queues(void) {
    return queues;
}

int8_t council_team_for(enum pathway pathway, int8_t district) {
    const struct district_fact *fact = &council_districts[district];
    switch (pathway) {
    case PATHWAY_OT:
        return fact->ot_team;
    case PATHWAY_REVIEW:
        return fact->review_team;
    case PATHWAY_DISCHARGE:
        return fact->hospital_team;
    case PATHWAY_TRIAGE:
        return TEAM_TRIAGE;
    case PATHWAY_CARERS:
        return TEAM_CARERS;
    case PATHWAY_DOLS:
        return TEAM_DOLS;
    case PATHWAY_SAFEGUARDING:
        return TEAM_SAFEGUARDING;
    default:
        return district;
    }
}

size_t council_teams_of(enum pathway pathway, int8_t *first_team) {
    switch (pathway) {
    case PATHWAY_OT:
        *first_team = TEAM_OT;
        return 3;
    case PATHWAY_REVIEW:
        *first_team = TEAM_REVIEW;
        return 3;
    case PATHWAY_DISCHARGE:
        *first_team = TEAM_HOSPITAL;
        return 5;
    case PATHWAY_NEEDS:
    case PATHWAY_CARE_START:
        *first_team = 0;
        return DISTRICT_COUNT;
    default:
        *first_team = council_team_for(pathway, 0);
        return 1;
    }
}
