/* The county that is simulated: its districts, teams, pathways and queues, as config/lancashire-2025.conf names them. */
#ifndef WAITLIST_SIMULATE_COUNCIL_H
#define WAITLIST_SIMULATE_COUNCIL_H

#include <stddef.h>
#include <stdint.h>

enum pathway {
    PATHWAY_TRIAGE,
    PATHWAY_NEEDS,
    PATHWAY_OT,
    PATHWAY_CARERS,
    PATHWAY_REVIEW,
    PATHWAY_CARE_START,
    PATHWAY_DOLS,
    PATHWAY_SAFEGUARDING,
    PATHWAY_DISCHARGE,
    PATHWAY_COUNT
};

enum client_group { CLIENT_OLDER, CLIENT_WORKING_AGE, CLIENT_CARER, CLIENT_GROUP_COUNT };

#define DISTRICT_COUNT 12
#define TEAM_COUNT 27
#define QUEUE_COUNT 39 /* pathway and team */
#define DEPRIVATION_COUNT 5

struct pathway_fact {
    const char *name;
    const char *subject_prefix;
    const char *source;
    const char *completing_type;
};

struct district_fact {
    const char *name;
    int32_t weight;                         /* adults, in thousands: who refers how often */
    int32_t deprivation[DEPRIVATION_COUNT]; /* per cent of people in each fifth, 1 = most deprived */
    int8_t ot_team;
    int8_t review_team;
    int8_t hospital_team;
};

struct queue_fact {
    enum pathway pathway;
    int8_t team;
};

extern const struct pathway_fact council_pathways[PATHWAY_COUNT];
extern const struct district_fact council_districts[DISTRICT_COUNT];
extern const char *const council_teams[TEAM_COUNT];
extern const char *const council_client_groups[CLIENT_GROUP_COUNT];

/* All 39 queues, in a fixed order. */
const struct queue_fact *council_queues(void);
/* The team that takes people of a district on a pathway. */
int8_t council_team_for(enum pathway pathway, int8_t district);
/* How many teams a person on this pathway can be transferred between; 1 when there is only one. */
size_t council_teams_of(enum pathway pathway, int8_t *first_team);

#endif
