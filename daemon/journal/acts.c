/* What the chain covers beside events, read from its tables. */
#include "daemon/journal/journal_internal.h"

static const char *const texts[] = {
    [CHAIN_ALERT] = "SELECT after_seq, previous_alert_seq, 0, 0, '', body FROM alert WHERE alert_seq = ?1",
    [CHAIN_RECORD] = "SELECT after_seq, at, 0, 0, kind, body FROM record WHERE record_id = ?1",
    [CHAIN_REPORT] = "SELECT after_seq, at, reconstructed, rule_version, '', body FROM report WHERE day = ?1",
};

enum journal_status act_reader_open(struct act_reader *reader, struct store *store) {
    enum journal_status status = JOURNAL_OK;

    *reader = (struct act_reader){.store = store};
    for (int what = CHAIN_ALERT; what <= CHAIN_REPORT && status == JOURNAL_OK; what++)
        status = store_status(store, sqlite3_prepare_v2(store->database, texts[what], -1, &reader->statements[what], NULL),
                              "reading what the chain covers");
    return status;
}

void act_reader_close(struct act_reader *reader) {
    for (int what = CHAIN_ALERT; what <= CHAIN_REPORT; what++)
        (void)sqlite3_finalize(reader->statements[what]);
}

static struct text column(sqlite3_stmt *statement, int which) {
    const char *at = (const char *)sqlite3_column_text(statement, which);

    return (struct text){at, (uint32_t)sqlite3_column_bytes(statement, which)};
}

enum journal_status act_read(struct act_reader *reader, struct chain_act *act) {
    sqlite3_stmt *statement = reader->statements[act->what];
    int code;

    (void)sqlite3_reset(statement);
    (void)sqlite3_bind_int64(statement, 1, act->key);
    code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        (void)sqlite3_reset(statement);
        return code == SQLITE_DONE ? JOURNAL_NOT_FOUND : store_status(reader->store, code, "reading what the chain covers");
    }
    act->after_seq = (uint64_t)sqlite3_column_int64(statement, 0);
    for (int i = 0; i < 3; i++)
        act->numbers[i] = sqlite3_column_int64(statement, i + 1);
    act->kind = column(statement, 4);
    act->body = column(statement, 5);
    return JOURNAL_OK;
}

enum journal_status journal_insert_link(struct store *store, sqlite3_stmt *statement, uint64_t place, const struct chain_act *act,
                                        const struct chain_digest *head) {
    (void)sqlite3_bind_int64(statement, 1, (int64_t)place);
    (void)sqlite3_bind_int64(statement, 2, act->what);
    (void)sqlite3_bind_int64(statement, 3, act->key);
    (void)sqlite3_bind_int64(statement, 4, (int64_t)act->after_seq);
    (void)sqlite3_bind_blob(statement, 5, head->bytes, sizeof head->bytes, SQLITE_STATIC);
    return store_finish(store, statement, "writing a link of the chain");
}
