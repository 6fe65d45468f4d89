/* One stream of events out of either scenario. */
#include "client/simulate/simulate.h"

#include <stdlib.h>

#include "client/simulate/lancashire.h"
#include "client/simulate/load.h"
#include "daemon/core/memory.h"

struct simulation {
    struct lancashire *county; /* one of these two */
    struct load *load;
    instant_t last_arrival;
    struct record_writer writer;
    char bytes[RECORD_BYTES_MAX];
};

void simulate_default(enum simulate_scenario scenario, struct simulate_options *options) {
    *options = (struct simulate_options){
        .scenario = scenario,
        .seed = 1,
        .begin = day_from_civil(2023, 10, 1),
        .until = day_from_civil(2025, 7, 31),
    };
}

const char *simulate_check(const struct simulate_options *options) {
    return options->scenario == SIMULATE_LOAD ? load_check(options) : lancashire_check(options);
}

struct simulation *simulate_create(const struct simulate_options *options) {
    ENSURE(simulate_check(options) == NULL);
    struct simulation *simulation = memory_new(1, sizeof(*simulation));
    simulation->last_arrival = INSTANT_NONE;
    if (options->scenario == SIMULATE_LOAD) {
        simulation->load = load_create(options);
    } else {
        simulation->county = lancashire_create(options);
    }
    record_writer_start(&simulation->writer, options->scenario == SIMULATE_LOAD);
    return simulation;
}

void simulate_destroy(struct simulation **simulation) {
    if (*simulation == NULL) {
        return;
    }
    if ((*simulation)->load != NULL) {
        load_destroy(&(*simulation)->load);
    }
    if ((*simulation)->county != NULL) {
        lancashire_destroy(&(*simulation)->county);
    }
    free(*simulation);
    *simulation = NULL;
}

bool simulate_next(struct simulation *simulation, struct simulated_event *out) {
    struct record record;
    if (simulation->load != NULL ? !load_next(simulation->load, &record) : !lancashire_next(simulation->county, &record)) {
        return false;
    }
    ENSURE(record.arrival >= simulation->last_arrival && record.time <= record.arrival);
    simulation->last_arrival = record.arrival;
    out->arrival = record.arrival;
    out->length = record_write(&simulation->writer, &record, simulation->bytes);
    out->bytes = simulation->bytes;
    return true;
}

double simulate_progress(const struct simulation *simulation) {
    return simulation->load != NULL ? load_progress(simulation->load) : lancashire_progress(simulation->county);
}
