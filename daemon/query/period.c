/* Which days a question is about, and in which steps. */
#include "daemon/query/ops.h"

#include <stdio.h>

day_t question_epoch(const struct question *question) {
    return question->chronicle != NULL ? question->terms->epoch : ledger_config(question->state->ledger)->epoch;
}

bool argument_period(struct question *question, const struct period_limits *limits, day_t *from, day_t *to) {
    char message[96];
    *from = *to = DAY_NONE;
    if (!argument_day(question, "from", from) || !argument_day(question, "to", to))
        return false;
    snprintf(message, sizeof message, "must be fewer than %d days behind from", limits->days);
    if (*from == DAY_NONE)
        question_refuse(question, "bad_request", "from is required", "/from");
    else if (*to == DAY_NONE)
        question_refuse(question, "bad_request", "to is required", "/to");
    else if (*from < question_epoch(question))
        question_refuse(question, "bad_request", "must not be before council.epoch", "/from");
    else if (*to > limits->last)
        question_refuse(question, "bad_request", limits->beyond, "/to");
    else if (*to < *from)
        question_refuse(question, "bad_request", "must not be before from", "/to");
    else if (limits->days > 0 && *to - *from >= limits->days)
        question_refuse(question, "bad_request", message, "/to");
    else
        return true;
    return false;
}

bool argument_step(struct question *question, enum flow_step *step) {
    struct text name = text_of(flow_step_name(*step));
    if (!argument_text(question, "step", &name))
        return false;
    for (int i = 0; i < FLOW_STEP_COUNT; i++)
        if (text_is(name, flow_step_name((enum flow_step)i))) {
            *step = (enum flow_step)i;
            return true;
        }
    question_refuse(question, "bad_request", "must be day, week, month, quarter or all", "/step");
    return false;
}
