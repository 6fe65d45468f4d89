/* Keeping a register that is being replayed, and taking it up again. */
#include "daemon/core/preserve.h"

#include "daemon/core/memory.h"
#include "daemon/core/register_internal.h"

#include <stdlib.h>
#include <string.h>

/* A file may say anything: these are the widest values that a fold can give. */
enum { COMPLETES_ON_NOTHING = 0xff, IMPACT_MAX = 5, LEVEL_MAX = 1 << 20, ALERTS_A_WAIT_MAX = 4096 };
static const instant_t latest_instant = 253402300799999; /* the end of the year 9999 */

/* What can be set in a replay: nothing is counted or touched yet, and nothing lies in the future. */
#define REPLAY_FLAGS (RECORD_HAS_SEQUENCE | RECORD_EXCLUDED | RECORD_STALE | RECORD_REACHES_BACK)

struct loading {
    struct waiting_register *reg;
    struct bytes_in *in;
    uint64_t seq;
    uint64_t alert_seq;
    uint32_t names;
    unsigned char *sound; /* by name: whether it is known to be a list of dimensions */
};

static uint64_t add_to_digest(uint64_t digest, int64_t number) {
    char bytes[sizeof number];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(unsigned char)((uint64_t)number >> (8 * i));
    return text_hash((struct text){bytes, sizeof bytes}, digest);
}

/* The calendar: where its days begin and end, and those that are not what most are: with another length, or a weekday without work. */
static uint64_t calendar_digest(const struct calendar *calendar) {
    enum { USUAL_LENGTH_MS = 86400000 };
    day_t last = calendar_last_day(calendar);
    uint64_t digest = add_to_digest(add_to_digest(0, calendar_day_start(calendar, 0)), last);
    for (day_t day = 1; day <= last; day++) {
        instant_t length = calendar_day_start(calendar, day) - calendar_day_start(calendar, day - 1);
        bool is_worked = calendar_working_index(calendar, day) > calendar_working_index(calendar, day - 1);
        if (length != USUAL_LENGTH_MS || is_worked != (day_of_week(day) < 5))
            digest = add_to_digest(add_to_digest(digest, day), 2 * length + is_worked);
    }
    return digest;
}

static uint8_t completes_on(const struct waiting_register *reg, uint32_t number) {
    const struct pathway_policy *pathway = reg->pathways[number - 1];
    return pathway == NULL ? COMPLETES_ON_NOTHING : (uint8_t)pathway->completes_on;
}

static void save_rules(const struct waiting_register *reg, struct bytes_out *out) {
    bytes_put_u64(out, calendar_digest(reg->calendar));
    bytes_put_u32(out, names_count(reg->pathway_names));
    for (uint32_t number = 1; number <= names_count(reg->pathway_names); number++) {
        bytes_put_text(out, names_text(reg->pathway_names, number));
        bytes_put_u8(out, completes_on(reg, number));
    }
}

/* Pathways that were added since have the numbers after those that were there. */
static bool same_rules(const struct waiting_register *reg, struct bytes_in *in) {
    bool same = bytes_get_u64(in) == calendar_digest(reg->calendar);
    uint32_t count = bytes_get_u32(in);
    same = same && count <= names_count(reg->pathway_names);
    for (uint32_t number = 1; number <= count && same; number++) {
        same = text_equal(bytes_get_text(in), names_text(reg->pathway_names, number));
        same = bytes_get_u8(in) == completes_on(reg, number) && same;
    }
    return same;
}

static void save_state(const struct wait_state *state, struct bytes_out *out) {
    const uint32_t names[] = {state->team, state->district, state->client_group, state->worker, state->dimensions, state->end_code};
    const day_t days[] = {state->start, state->ended, state->started, state->last_contact, state->paused_since, state->changed_on};
    const uint16_t counts[] = {state->paused_days, state->paused_working_days, state->paused_days_at_start_of_assessment,
                               state->paused_working_days_at_start_of_assessment, state->exceptions};
    const uint8_t others[] = {state->pathway, state->priority, state->impact, state->likelihood, state->stage};
    bytes_put_i64(out, state->last_event_at);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        bytes_put_u32(out, names[i]);
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        bytes_put_i32(out, days[i]);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        bytes_put_u16(out, counts[i]);
    bytes_put(out, others, sizeof others);
}

static void load_state(struct wait_state *state, struct bytes_in *in) {
    uint32_t *const names[] = {&state->team, &state->district, &state->client_group, &state->worker, &state->dimensions, &state->end_code};
    day_t *const days[] = {&state->start, &state->ended, &state->started, &state->last_contact, &state->paused_since, &state->changed_on};
    uint16_t *const counts[] = {&state->paused_days, &state->paused_working_days, &state->paused_days_at_start_of_assessment,
                                &state->paused_working_days_at_start_of_assessment, &state->exceptions};
    uint8_t *const others[] = {&state->pathway, &state->priority, &state->impact, &state->likelihood, &state->stage};
    state->last_event_at = bytes_get_i64(in);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        *names[i] = bytes_get_u32(in);
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        *days[i] = bytes_get_i32(in);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = bytes_get_u16(in);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        *others[i] = bytes_get_u8(in);
}

static bool is_instant(instant_t instant) {
    return instant == INSTANT_NONE || (instant >= 0 && instant <= latest_instant);
}

static bool is_day(const struct loading *loading, day_t day) {
    return day >= 0 && day <= calendar_last_day(loading->reg->calendar);
}

/* At most sixteen times "name=value", as wait_state_apply writes it. */
static bool are_dimensions(struct text text) {
    size_t count = 0;
    for (uint32_t at = 0; at < text.length; count++) {
        uint32_t equals = at, end;
        while (equals < text.length && text.at[equals] != '=' && text.at[equals] != ';')
            equals++;
        if (equals == text.length || text.at[equals] != '=' || equals - at > NAME_MAX_BYTES)
            return false;
        for (end = equals + 1; end < text.length && text.at[end] != ';'; end++)
            ;
        if (end - equals - 1 > NAME_MAX_BYTES)
            return false;
        at = end + 1;
    }
    return count > 0 && count <= EVENT_DIMENSIONS_MAX;
}

/* The same dimensions stand at many waits. */
static bool dimensions_are_sound(const struct loading *loading, uint32_t name) {
    if (name != NAME_ABSENT && !loading->sound[name])
        loading->sound[name] = are_dimensions(names_text(loading->reg->names, name));
    return name == NAME_ABSENT || loading->sound[name];
}

static bool names_are_sound(const struct loading *loading, const struct wait_state *state) {
    const uint32_t names[] = {state->team, state->district, state->client_group, state->worker, state->dimensions, state->end_code};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i] > loading->names)
            return false;
    return dimensions_are_sound(loading, state->dimensions);
}

static bool days_are_sound(const struct loading *loading, const struct wait_state *state) {
    const day_t days[] = {state->start, state->ended, state->started, state->last_contact, state->paused_since, state->changed_on};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        if (days[i] != DAY_NONE && !is_day(loading, days[i]))
            return false;
    return is_instant(state->last_event_at);
}

/* Pauses lie between the start and the last event, or the pause that is open: so no wait has waited fewer than no days. */
static bool pauses_are_sound(const struct loading *loading, const struct wait_state *state) {
    const struct calendar *calendar = loading->reg->calendar;
    day_t until = state->paused_since != DAY_NONE ? state->paused_since : calendar_day_of(calendar, state->last_event_at);
    int32_t days = until > state->start ? until - state->start : 0;
    int32_t working_days = days > 0 ? calendar_working_index(calendar, until) - calendar_working_index(calendar, state->start) : 0;
    return state->paused_days <= days && state->paused_working_days <= working_days;
}

static bool state_is_sound(const struct loading *loading, const struct wait_state *state) {
    if (!names_are_sound(loading, state) || !days_are_sound(loading, state) || state->priority >= PRIORITY_COUNT ||
        state->impact > IMPACT_MAX || state->likelihood > IMPACT_MAX || state->stage >= STAGE_COUNT)
        return false;
    if (state->stage == STAGE_NONE)
        return true;
    bool ended = state->stage == STAGE_COMPLETED || state->stage == STAGE_CLOSED;
    return state->pathway < names_count(loading->reg->pathway_names) && loading->reg->pathways[state->pathway] != NULL &&
           state->team != NAME_ABSENT && state->start != DAY_NONE && (state->ended != DAY_NONE) == ended &&
           (state->started != DAY_NONE || state->stage != STAGE_IN_PROGRESS) && pauses_are_sound(loading, state);
}

/* A byte says whether there is one. */
static void save_acknowledgement(const struct waiting_register *reg, const struct alert_node *node, struct bytes_out *out) {
    bytes_put_u8(out, node->acknowledgement != 0);
    if (node->acknowledgement == 0)
        return;
    const struct acknowledgement_node *noted = &reg->acknowledgements[node->acknowledgement - 1];
    bytes_put_u64(out, noted->alert_seq);
    bytes_put_i64(out, noted->at);
    bytes_put_i32(out, noted->expected_by);
    bytes_put_u8(out, noted->is_overdue);
    bytes_put_text(out, texts_at(reg->notes, noted->by));
    bytes_put_text(out, texts_at(reg->notes, noted->note));
}

static bool load_acknowledgement(const struct loading *loading, struct alert_node *node) {
    struct bytes_in *in = loading->in;
    struct texts *notes = loading->reg->notes;
    struct acknowledgement_node noted = {0};
    uint8_t any = bytes_get_u8(in);
    if (in->failed || any > 1)
        return false;
    if (any == 0)
        return true;
    noted.alert_seq = bytes_get_u64(in);
    noted.at = bytes_get_i64(in);
    noted.expected_by = bytes_get_i32(in);
    uint8_t is_overdue = bytes_get_u8(in);
    noted.is_overdue = is_overdue == 1;
    struct text by = bytes_get_text(in);
    if (in->failed || by.at == NULL || by.length > ACKNOWLEDGED_BY_MAX)
        return false;
    noted.by = texts_keep(notes, by);
    struct text note = bytes_get_text(in);
    if (in->failed || note.length > ACKNOWLEDGED_NOTE_MAX)
        return false;
    noted.note = note.at == NULL ? 0 : texts_keep(notes, note);
    if (noted.alert_seq <= node->raised_seq || noted.alert_seq > loading->alert_seq || noted.at == INSTANT_NONE || !is_instant(noted.at) ||
        (noted.expected_by != DAY_NONE && !is_day(loading, noted.expected_by)) || is_overdue > 1)
        return false;
    register_note_acknowledgement(loading->reg, node, &noted);
    return true;
}

static void save_node(const struct alert_node *node, struct bytes_out *out) {
    const uint8_t others[] = {node->pathway, node->rule, node->severity, node->late};
    bytes_put_u64(out, node->raised_seq);
    bytes_put_i64(out, node->at);
    bytes_put_u32(out, node->team);
    bytes_put_i32(out, node->days);
    bytes_put_i32(out, node->standard);
    bytes_put_i32(out, node->level);
    bytes_put_i32(out, node->occurred_on);
    bytes_put(out, others, sizeof others);
}

/* From the last to the first, so that opening them one after the other gives the same list. */
static void save_alerts(const struct waiting_register *reg, const struct record *record, struct bytes_out *out) {
    uint32_t alerts[ALERTS_A_WAIT_MAX];
    uint16_t count = 0;
    for (uint32_t alert = record->first_alert; alert != 0 && count < ALERTS_A_WAIT_MAX; alert = register_alert(reg, alert)->next)
        alerts[count++] = alert;
    bytes_put_u16(out, count);
    while (count > 0) {
        const struct alert_node *node = register_alert(reg, alerts[--count]);
        save_node(node, out);
        save_acknowledgement(reg, node, out);
    }
}

static bool node_is_sound(const struct loading *loading, const struct alert_node *node) {
    return node->raised_seq > 0 && node->raised_seq <= loading->alert_seq && node->at != INSTANT_NONE && is_instant(node->at) &&
           node->team <= loading->names && node->level >= 0 && node->level <= LEVEL_MAX && is_day(loading, node->occurred_on) &&
           node->rule < ALERT_RULE_COUNT;
}

static bool load_node(const struct loading *loading, struct alert_node *node) {
    struct bytes_in *in = loading->in;
    node->raised_seq = bytes_get_u64(in);
    node->at = bytes_get_i64(in);
    node->team = bytes_get_u32(in);
    node->days = bytes_get_i32(in);
    node->standard = bytes_get_i32(in);
    node->level = bytes_get_i32(in);
    node->occurred_on = bytes_get_i32(in);
    node->pathway = bytes_get_u8(in);
    node->rule = bytes_get_u8(in);
    unsigned severity = bytes_get_u8(in);
    unsigned late = bytes_get_u8(in);
    node->severity = severity & 0xf;
    node->late = late & 1;
    return !in->failed && node_is_sound(loading, node) && severity <= SEVERITY_CRITICAL && late <= 1;
}

static bool load_alert(const struct loading *loading, uint32_t wait) {
    struct alert_node node = {.wait = wait};
    if (!load_node(loading, &node) || !alert_rule_is_about_waits((enum alert_rule)node.rule) ||
        node.pathway >= names_count(loading->reg->pathway_names))
        return false;
    return load_acknowledgement(loading, register_open_alert(loading->reg, &node));
}

static void save_standing(const struct waiting_register *reg, struct bytes_out *out) {
    bytes_put_u32(out, (uint32_t)reg->standing_count);
    for (size_t i = 0; i < reg->standing_count; i++) {
        const struct standing_alert *alert = &reg->standing[i];
        save_node(&alert->node, out);
        bytes_put_text(out, texts_at(reg->notes, alert->subject));
        bytes_put_text(out, texts_at(reg->notes, alert->pathway));
        bytes_put_text(out, texts_at(reg->notes, alert->team));
        save_acknowledgement(reg, &alert->node, out);
    }
}

/* A text that a name can be, out of what is overwritten by the next one. */
struct short_text {
    char bytes[STANDING_SUBJECT_MAX];
    struct text text;
};

static bool load_short_text(struct bytes_in *in, uint32_t most, struct short_text *out) {
    struct text text = bytes_get_text(in);
    if (in->failed || text.length > most)
        return false;
    if (text.at != NULL)
        memcpy(out->bytes, text.at, text.length);
    out->text = text.at == NULL ? TEXT_ABSENT : (struct text){out->bytes, text.length};
    return true;
}

static bool load_one_standing(const struct loading *loading) {
    struct waiting_register *reg = loading->reg;
    struct alert_node node = {.wait = 0};
    struct short_text subject, pathway, team;
    if (!load_node(loading, &node) || alert_rule_is_about_waits((enum alert_rule)node.rule) ||
        !load_short_text(loading->in, STANDING_SUBJECT_MAX, &subject) || !load_short_text(loading->in, NAME_MAX_BYTES, &pathway) ||
        !load_short_text(loading->in, NAME_MAX_BYTES, &team) || subject.text.length == 0 ||
        register_is_standing(reg, (enum alert_rule)node.rule, subject.text))
        return false;
    return load_acknowledgement(loading, &register_open_standing(reg, &node, subject.text, pathway.text, team.text)->node);
}

static bool load_standing(const struct loading *loading) {
    uint32_t count = bytes_get_u32(loading->in);
    bool sound = !loading->in->failed;
    for (uint32_t i = 0; i < count && sound; i++)
        sound = load_one_standing(loading);
    return sound;
}

static void save_record(const struct waiting_register *reg, uint32_t wait, struct bytes_out *out) {
    const struct record *record = register_record(reg, wait);
    save_state(&record->state, out);
    bytes_put_u32(out, record->newest_seq);
    bytes_put_u32(out, record->newest_alert_seq);
    bytes_put_u16(out, record->event_count);
    bytes_put_u16(out, record->retraction_exceptions);
    bytes_put_u8(out, record->last_rank);
    bytes_put_u8(out, record->flags);
    bytes_put_text(out, texts_at(reg->people, record->state.person));
    save_alerts(reg, record, out);
}

static bool load_record(const struct loading *loading, uint32_t wait) {
    struct bytes_in *in = loading->in;
    struct record *record = register_record(loading->reg, wait);
    load_state(&record->state, in);
    record->newest_seq = bytes_get_u32(in);
    record->newest_alert_seq = bytes_get_u32(in);
    record->event_count = bytes_get_u16(in);
    record->retraction_exceptions = bytes_get_u16(in);
    record->last_rank = bytes_get_u8(in);
    record->flags = bytes_get_u8(in);
    struct text person = bytes_get_text(in);
    if (in->failed || !state_is_sound(loading, &record->state) || record->newest_seq > loading->seq ||
        record->newest_alert_seq > loading->alert_seq || (record->flags & ~REPLAY_FLAGS) != 0)
        return false;
    record->state.person = person.at == NULL ? 0 : texts_keep(loading->reg->people, person);
    bool sound = true;
    for (uint16_t alerts = bytes_get_u16(in); alerts > 0 && sound; alerts--)
        sound = load_alert(loading, wait);
    return sound && !in->failed;
}

void register_save(const struct waiting_register *reg, struct bytes_out *out) {
    ENSURE(!reg->live && reg->today == INT32_MAX);
    save_rules(reg, out);
    names_save(reg->names, out);
    names_save(reg->subjects, out);
    retractions_save(reg->retractions, out);
    for (uint32_t wait = 1; wait <= register_count(reg); wait++)
        save_record(reg, wait, out);
    save_standing(reg, out);
}

enum preserve_result register_load(struct waiting_register *reg, struct bytes_in *in, uint64_t seq, uint64_t alert_seq) {
    ENSURE(!reg->live && reg->today == INT32_MAX && register_count(reg) == 0);
    if (!same_rules(reg, in))
        return in->failed ? PRESERVE_REFUSED : PRESERVE_OTHER_RULES;
    names_load(reg->names, in);
    names_load(reg->subjects, in);
    retractions_load(reg->retractions, in, register_count(reg));
    register_make_records(reg);
    struct loading loading = {reg, in, seq, alert_seq, names_count(reg->names), memory_new(names_count(reg->names) + (size_t)1, 1)};
    bool sound = !in->failed;
    for (uint32_t wait = 1; wait <= register_count(reg) && sound; wait++)
        sound = load_record(&loading, wait);
    sound = sound && load_standing(&loading);
    free(loading.sound);
    return sound ? PRESERVE_LOADED : PRESERVE_REFUSED;
}
