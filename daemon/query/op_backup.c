/* The ops about backups: backup begins one, backup.status tells how far it is. */
#include "daemon/query/ops.h"

#include "daemon/ingest/personal.h"

#include <string.h>

static const char *const state_names[] = {[BACKUPS_NONE] = "none",
                                          [BACKUPS_COPIES] = "copying",
                                          [BACKUPS_CHECKS] = "checking",
                                          [BACKUPS_DONE] = "done",
                                          [BACKUPS_FAILED] = "failed"};

static json_t *count(uint64_t number) {
    return json_integer((json_int_t)number);
}

static json_t *status_reply(struct backups *backups) {
    struct backups_status status;
    json_t *reply = wire_reply();
    backups_status(backups, &status);
    bool any = status.state != BACKUPS_NONE, done = status.state == BACKUPS_DONE;
    json_object_set_new(reply, "state", json_string(state_names[status.state]));
    json_object_set_new(reply, "directory", json_string(backups_directory(backups)));
    json_object_set_new(reply, "name", any ? json_string(status.name) : json_null());
    json_object_set_new(reply, "with_key", any ? json_boolean(status.with_key) : json_null());
    json_object_set_new(reply, "began", any ? wire_instant(status.began) : json_null());
    json_object_set_new(reply, "progress",
                        done               ? json_real(1)
                        : status.total > 0 ? json_real((double)status.done / (double)status.total)
                                           : json_null());
    json_object_set_new(reply, "bytes", done ? count(status.summary.bytes) : json_null());
    json_object_set_new(reply, "epoch", done ? json_string(status.summary.epoch) : json_null());
    json_object_set_new(reply, "journal_seq", done ? count(status.summary.last_seq) : json_null());
    json_object_set_new(reply, "alert_seq", done ? count(status.summary.last_alert_seq) : json_null());
    json_object_set_new(reply, "message", status.state == BACKUPS_FAILED ? json_string(status.message) : json_null());
    return reply;
}

json_t *op_backup_status(struct question *question) {
    return status_reply(question->state->backups);
}

json_t *op_backup(struct question *question) {
    struct daemon_state *state = question->state;
    struct text name = TEXT_ABSENT;
    char copy[JOURNAL_BACKUP_NAME_MAX + 1] = "";
    const json_t *with_key = json_object_get(question->request, "with_key");
    if (!argument_text(question, "name", &name))
        return NULL;
    if (name.at != NULL && name.length <= JOURNAL_BACKUP_NAME_MAX && memchr(name.at, '\0', name.length) == NULL)
        memcpy(copy, name.at, name.length);
    if (!journal_backup_name_is_good(copy))
        return question_refuse(
            question, "bad_request",
            "must be the name of a file in the backups' folder: 1 to 128 of A-Z a-z 0-9 . _ -, beginning with a letter or "
            "digit, and none that ends as a file of the daemon's",
            "/name");
    if (personal_is_in_name(text_of(copy)))
        return question_refuse(question, "bad_request", "must not hold an NHS number: names of files are seen by many", "/name");
    if (with_key != NULL && !json_is_boolean(with_key))
        return question_refuse(question, "bad_request", "must be true or false", "/with_key");
    if (!backups_begin(state->backups, copy, json_is_true(with_key), state->now))
        return question_refuse(question, "busy", "a backup is being made: ask backup.status how far it is", NULL);
    return status_reply(state->backups);
}
