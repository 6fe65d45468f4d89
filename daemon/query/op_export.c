/* The op export: says before figures leave, as a pack or a report, who takes them and which; it is refused early, and leaves a trace. */
#include "daemon/query/ops.h"

json_t *op_export(struct question *question) {
    static const char *const kinds[] = {"cqc", "kpi", "download"};
    struct journal *journal = question_journal(question);
    struct text kind = TEXT_ABSENT;
    struct when when;
    day_t from = DAY_NONE, to = DAY_NONE;
    bool is_known = false;
    if (!argument_text(question, "kind", &kind))
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        is_known = is_known || text_is(kind, kinds[i]);
    if (!is_known)
        return question_refuse(question, "bad_request", "must be cqc, kpi or download", "/kind");
    if (!argument_day(question, "from", &from) || !argument_day(question, "to", &to) || !argument_when_known(question, &when))
        return NULL;
    if (from == DAY_NONE || to == DAY_NONE || to < from)
        return question_refuse(question, "bad_request", "from and to are required, to not before from", from == DAY_NONE ? "/from" : "/to");
    json_t *reply = wire_reply();
    json_object_set_new(reply, "kind", wire_text(kind));
    json_object_set_new(reply, "from", wire_day(from));
    json_object_set_new(reply, "to", wire_day(to));
    json_object_set_new(reply, "epoch", json_string(journal_epoch(journal)));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)journal_last_seq(journal)));
    return reply;
}
