/* The op follow.report: a follower of the alerts says how far it is. */
#include "daemon/query/ops.h"

#include "daemon/ingest/personal.h"

static bool is_name(struct text name) {
    if (name.length < 1 || name.length > FOLLOWER_NAME_MAX)
        return false;
    for (uint32_t i = 0; i < name.length; i++) {
        char letter = name.at[i];
        bool allowed = (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                       letter == '_' || letter == '-';
        if (!allowed)
            return false;
    }
    return true;
}

json_t *op_follow_report(struct question *question) {
    const struct daemon_state *state = question->state;
    struct journal *journal = ledger_journal(state->ledger);
    int64_t newest = (int64_t)journal_last_alert_seq(journal);
    struct text name = TEXT_ABSENT, epoch = TEXT_ABSENT;
    int64_t alert_seq = -1;
    if (!argument_text(question, "name", &name) || !argument_text(question, "epoch", &epoch))
        return NULL;
    if (name.at == NULL || !is_name(name))
        return question_refuse(question, "bad_request", "must be 1 to 64 of A-Z a-z 0-9 _ -", "/name");
    if (personal_is_in_name(name))
        return question_refuse(question, "bad_request", "must not hold an NHS number: it is shown to everybody who asks for health",
                               "/name");
    if (epoch.at != NULL && !text_is(epoch, journal_epoch(journal)))
        return question_refuse(question, "bad_request", "this daemon keeps another journal: follow from the beginning", "/epoch");
    if (!argument_number(question, "alert_seq", 0, newest, &alert_seq))
        return NULL;
    if (alert_seq < 0)
        return question_refuse(question, "bad_request", "must say how far the follower is", "/alert_seq");
    if (!followers_report(state->followers, question->asker->peer, name, (uint64_t)alert_seq, state->monotonic_ms))
        return question_refuse(question, "conflict", "another peer reports under this name: choose another", "/name");
    json_t *reply = wire_reply();
    json_object_set_new(reply, "lag", json_integer(newest - alert_seq));
    json_object_set_new(reply, "alert_seq", json_integer(newest));
    json_object_set_new(reply, "epoch", json_string(journal_epoch(journal)));
    return reply;
}

json_t *followers_json(const struct daemon_state *state) {
    json_t *rows = json_array();
    uint64_t newest = journal_last_alert_seq(ledger_journal(state->ledger));
    for (size_t i = 0; i < followers_count(state->followers); i++) {
        struct follower_figures figures;
        followers_at(state->followers, i, &figures);
        json_t *row = json_object();
        json_object_set_new(row, "name", json_string(figures.name));
        json_object_set_new(row, "alert_seq", json_integer((json_int_t)figures.alert_seq));
        json_object_set_new(row, "lag", json_integer((json_int_t)(newest - figures.alert_seq)));
        json_object_set_new(row, "age_s", json_integer((json_int_t)((state->monotonic_ms - figures.at_ms) / 1000)));
        json_array_append_new(rows, row);
    }
    return rows;
}
