/* Which day and which date of knowledge is asked for, and the register that answers for it. */
#include "daemon/query/ops.h"

#include <stdio.h>

static bool refuse_at(struct question *question, const char *message, const char *pointer) {
    question_refuse(question, "bad_request", message, pointer);
    return false;
}

static struct waiting_register *live_register(const struct question *question) {
    return ledger_register(question->state->ledger);
}

day_t question_today(const struct question *question) {
    return question->chronicle != NULL ? question->terms->today : register_today(live_register(question));
}

struct journal *question_journal(const struct question *question) {
    return question->chronicle != NULL ? chronicle_journal(question->chronicle) : ledger_journal(question->state->ledger);
}

bool question_knows(const struct question *question, instant_t at) {
    return question->chronicle == NULL || question->terms->asked_at == INSTANT_NONE || at <= question->terms->asked_at;
}

bool argument_asked_at(struct question *question, struct past_terms *terms) {
    struct text text = TEXT_ABSENT;
    if (!argument_text(question, "asked_at", &text))
        return false;
    if (text.at != NULL && !instant_parse(text, &terms->asked_at))
        return refuse_at(question, "must be an instant, as 2025-04-30T23:00:00Z", "/asked_at");
    if (!chronicle_look_from(question->chronicle, terms->asked_at))
        return text.at == NULL ? refuse_at(question, "the journal has no policy yet: no daemon has run on it", NULL)
                               : refuse_at(question, "lies before the journal began", "/asked_at");
    if (text.at != NULL)
        terms->today = chronicle_day_of(question->chronicle, terms->asked_at);
    return true;
}

static bool argument_as_at(struct question *question, day_t *as_at) {
    day_t today = question_today(question);
    day_t epoch = question_epoch(question);
    if (!argument_day(question, "as_at", as_at))
        return false;
    if (*as_at >= epoch && *as_at <= today + DAYS_AHEAD_MAX)
        return true;
    char first[DATE_SIZE], last[DATE_SIZE], message[120];
    date_format(epoch, first);
    date_format(today + DAYS_AHEAD_MAX, last);
    snprintf(message, sizeof message, "must be a day from %s (council.epoch) to %s (%d days ahead)", first, last, DAYS_AHEAD_MAX);
    return refuse_at(question, message, "/as_at");
}

static bool argument_known_at(struct question *question, struct when *when) {
    static const char wrong[] = "must be a journal seq from 0, or an instant, as 2025-04-30T23:00:00Z";
    const json_t *value = json_object_get(question->request, "known_at");
    when->has_known_at = value != NULL;
    when->known_instant = INSTANT_NONE;
    if (value == NULL)
        return true;
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        when->known_seq = (uint64_t)json_integer_value(value);
        if (when->known_seq <= journal_last_seq(question_journal(question)))
            return true;
        return refuse_at(question, "the journal has not come to this seq yet", "/known_at");
    }
    struct text text = {json_string_value(value), (uint32_t)json_string_length(value)};
    return (text.at != NULL && instant_parse(text, &when->known_instant)) || refuse_at(question, wrong, "/known_at");
}

bool argument_basis(struct question *question, bool *is_reported) {
    struct text basis = TEXT_ABSENT;
    if (!argument_text(question, "basis", &basis))
        return false;
    *is_reported = basis.at != NULL && text_is(basis, "reported");
    return *is_reported || basis.at == NULL || text_is(basis, "known") ||
           refuse_at(question, "must be \"known\" or \"reported\"", "/basis");
}

static bool reported_is_possible(struct question *question, const struct when *when) {
    if (when->has_known_at)
        return refuse_at(question, "what was reported is what was known then: the basis \"reported\" takes no known_at", "/known_at");
    return when->as_at < question_today(question) ||
           refuse_at(question, "must be a day before today: a day is reported when it ends", "/as_at");
}

bool argument_when(struct question *question, struct when *when) {
    *when = (struct when){.as_at = question_today(question)};
    if (!argument_as_at(question, &when->as_at) || !argument_known_at(question, when) || !argument_basis(question, &when->is_reported))
        return false;
    return !when->is_reported || reported_is_possible(question, when);
}

bool argument_when_known(struct question *question, struct when *when) {
    *when = (struct when){.as_at = question_today(question)};
    return argument_known_at(question, when);
}

static bool look_from_the_past(struct question *question, const struct when *when, struct standpoint *standpoint) {
    struct journal *journal = chronicle_journal(question->chronicle);
    instant_t asked_at = question->terms->asked_at;
    uint64_t known_at = journal_last_seq(journal), asked_seq = known_at;
    if ((when->known_instant != INSTANT_NONE && journal_seq_at(journal, when->known_instant, &known_at) != JOURNAL_OK) ||
        (asked_at != INSTANT_NONE && journal_seq_at(journal, asked_at, &asked_seq) != JOURNAL_OK)) {
        question_refuse(question, "internal", journal_failure(journal), NULL);
        return false;
    }
    if (when->has_known_at && when->known_instant == INSTANT_NONE)
        known_at = when->known_seq;
    if (known_at > asked_seq)
        known_at = asked_seq;
    *standpoint = (struct standpoint){
        .journal = journal,
        .calendar = chronicle_calendar(question->chronicle, when->as_at),
        .is_past = true,
        .as_at = when->as_at,
        .known_at = known_at,
        .journal_seq = journal_last_seq(journal),
        .known_instant = when->known_instant,
    };
    return true;
}

static bool stand_in_the_past(struct question *question, const struct when *when, struct standpoint *standpoint) {
    if (!look_from_the_past(question, when, standpoint))
        return false;
    standpoint->reg = chronicle_register(question->chronicle, standpoint->as_at, standpoint->known_at);
    return true;
}

bool question_look_back(struct question *question, const struct when *when, struct standpoint *standpoint) {
    question->is_for_the_past = question->chronicle == NULL;
    return question->chronicle != NULL && look_from_the_past(question, when, standpoint);
}

bool question_stand(struct question *question, const struct when *when, bool reads_all, struct standpoint *standpoint) {
    if (question->chronicle != NULL)
        return stand_in_the_past(question, when, standpoint);
    question->is_for_the_past = reads_all || when->has_known_at || when->as_at != question_today(question);
    if (question->is_for_the_past)
        return false;
    struct ledger *ledger = question->state->ledger;
    uint64_t seq = journal_last_seq(ledger_journal(ledger));
    *standpoint = (struct standpoint){
        .reg = live_register(question),
        .journal = ledger_journal(ledger),
        .calendar = ledger_calendar(ledger),
        .as_at = when->as_at,
        .known_at = seq,
        .journal_seq = seq,
        .known_instant = INSTANT_NONE,
    };
    return true;
}

void set_rule_version(json_t *reply, uint32_t version) {
    json_object_set_new(reply, "rule_version", json_integer(version));
}

void set_standpoint(json_t *reply, const struct standpoint *standpoint) {
    json_object_set_new(reply, "as_at", wire_day(standpoint->as_at));
    json_object_set_new(reply, "known_at", json_integer((json_int_t)standpoint->known_at));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)standpoint->journal_seq));
}
