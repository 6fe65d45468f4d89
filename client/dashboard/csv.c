/* Answers as CSV, with the cells of waitlistctl, page by page for as long as there are pages, all known at the same moment. */
#include "client/dashboard/gateway.h"

#include "client/dashboard/question.h"
#include "client/tables/answers.h"
#include "daemon/config/config.h"
#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS 1000 /* the daemon's own limit */

struct csv {
    struct gateway *gateway;
    struct exchange *exchange;
    json_t *question;
    bool goes_on;  /* all pages are wanted, not one */
    bool is_begun; /* the head of the answer went out */
    bool is_asking;
    bool is_over;
    bool is_broken; /* the rest cannot be had: the download must not look whole */
    char *page;
    size_t page_size, page_done;
    uint64_t rows;
};

static void free_csv(struct csv *csv) {
    json_decref(csv->question);
    free(csv->page);
    free(csv);
}

static void set(json_t *object, const char *name, json_t *value) {
    ENSURE(value != NULL && json_object_set_new(object, name, value) == 0);
}

static const char *op_of(const struct csv *csv) {
    return json_string_value(json_object_get(csv->question, "op"));
}

static bool is_op(const struct csv *csv, const char *op) {
    return strcmp(op_of(csv), op) == 0;
}

/* ---- What it is called: waits-ot_assessment-north-2025-07-31.csv */

static void append_name(char *name, size_t size, const json_t *part) {
    size_t used = strlen(name);
    const char *text = json_string_value(part);

    /* Only what every file system takes; anything else is left out of the name. */
    if (text != NULL && text[0] != '\0' && used + strlen(text) + 8 < size &&
        text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0') {
        snprintf(name + used, size - used, "-%s", text);
    }
}

static void say_name(const struct csv *csv, const json_t *reply) {
    const json_t *filter = json_object_get(csv->question, "filter");
    char name[160], header[240];

    snprintf(name, sizeof name, "%s", op_of(csv));
    append_name(name, sizeof name, json_object_get(filter, "pathway"));
    append_name(name, sizeof name, json_object_get(filter, "team"));
    append_name(name, sizeof name, json_object_get(csv->question, "subject"));
    append_name(name, sizeof name, json_object_get(reply, "from"));
    append_name(name, sizeof name, json_object_get(reply, "to"));
    append_name(name, sizeof name, json_object_get(reply, "as_at"));
    append_name(name, sizeof name, json_object_get(csv->question, "day"));
    snprintf(header, sizeof header, "attachment; filename=\"%s.csv\"", name);
    exchange_set_header(csv->exchange, "Content-Disposition", header);
}

/* ---- Pages */

/* Makes the question that of the next page; false when this was the last one. */
static bool turn_page(struct csv *csv, const json_t *reply) {
    const json_t *next = json_object_get(reply, "next");

    if (!csv->goes_on) {
        return false;
    }
    if (is_op(csv, WAITLIST_OP_ALERTS)) {
        const json_t *through = json_object_get(reply, "through");

        if (json_array_size(json_object_get(reply, "rows")) == 0 &&
            json_integer_value(through) <= json_integer_value(json_object_get(csv->question, "since"))) {
            return false;
        }
        set(csv->question, "since", json_integer(json_integer_value(through)));
        return true;
    }
    if (json_is_null(next) || next == NULL) {
        return false;
    }
    if (is_op(csv, WAITLIST_OP_QUARANTINE)) {
        set(csv->question, "after", json_integer(json_integer_value(next)));
        return true;
    }
    set(csv->question, "cursor", json_string(json_string_value(next)));
    if (json_object_get(csv->question, "known_at") == NULL && json_is_integer(json_object_get(reply, "known_at"))) {
        set(csv->question, "known_at", json_integer(json_integer_value(json_object_get(reply, "known_at"))));
    }
    return true;
}

static bool ask(struct csv *csv);

/* Breaks the download off: its last piece never comes, so that no browser takes it for whole. */
static void break_off(struct csv *csv) {
    csv->is_broken = true;
    csv->is_over = true;
}

static void keep_page(struct csv *csv, const json_t *reply) {
    FILE *out;

    free(csv->page);
    csv->page = NULL;
    csv->page_done = 0;
    out = open_memstream(&csv->page, &csv->page_size);
    ENSURE(out != NULL);
    ENSURE(answers_print(csv->question, reply, csv->is_begun ? FORMAT_CSV_ROWS : FORMAT_CSV, out));
    ENSURE(fclose(out) == 0);
    csv->rows += json_array_size(json_object_get(reply, "rows"));
    if (csv->rows > (uint64_t)csv->gateway->config->csv_rows) {
        break_off(csv);
    } else {
        csv->is_over = !turn_page(csv, reply);
    }
}

/* The http_source's read. */
static ssize_t read_csv(void *context, char *buffer, size_t size) {
    struct csv *csv = context;
    size_t left = csv->page_size - csv->page_done;
    size_t count = left < size ? left : size;

    if (count > 0) {
        memcpy(buffer, csv->page + csv->page_done, count);
        csv->page_done += count;
        return (ssize_t)count;
    }
    if (csv->is_over) {
        return csv->is_broken ? HTTP_BROKEN : HTTP_END;
    }
    if (!csv->is_asking && !ask(csv)) {
        return HTTP_BROKEN;
    }
    return csv->page_done < csv->page_size ? read_csv(context, buffer, size) : csv->is_broken ? HTTP_BROKEN : 0;
}

static void close_csv(void *context) {
    struct csv *csv = context;

    upstream_forget(csv->gateway->upstream, csv);
    free_csv(csv);
}

static void begin(struct csv *csv, const json_t *reply) {
    static const struct http_source form = {read_csv, close_csv, NULL};
    struct http_source source = form;

    source.context = csv;
    say_name(csv, reply);
    keep_page(csv, reply);
    csv->is_begun = true;
    exchange_answer_pieces(csv->exchange, 200, "text/csv; charset=utf-8", &source);
}

static void refuse(struct csv *csv, enum upstream_outcome outcome, const struct answer *answer) {
    api_refuse(csv->exchange, outcome, answer);
    free_csv(csv);
}

static void told(void *context, enum upstream_outcome outcome, struct answer *answer) {
    struct csv *csv = context;
    bool ok = outcome == UPSTREAM_ANSWERED && answer_is_ok(answer);
    json_t *reply = ok ? json_loadb(answer_bytes(answer), answer_size(answer), 0, NULL) : NULL;

    csv->is_asking = false;
    if (!csv->is_begun && reply == NULL) {
        refuse(csv, outcome, answer);
        return;
    }
    if (!csv->is_begun && csv->goes_on && json_integer_value(json_object_get(reply, "count")) > csv->gateway->config->csv_rows) {
        exchange_problem(csv->exchange, 400, "too_many_rows", "these are more rows than one download may have: narrow it down", NULL);
        free_csv(csv);
    } else if (!csv->is_begun) {
        begin(csv, reply);
    } else if (reply == NULL) {
        break_off(csv);
        exchange_wake(csv->exchange);
    } else {
        keep_page(csv, reply);
        exchange_wake(csv->exchange);
    }
    json_decref(reply);
}

/* False at the limit of questions. */
static bool ask(struct csv *csv) {
    char *text = json_dumps(csv->question, JSON_COMPACT);

    ENSURE(text != NULL);
    csv->is_asking = true;
    bool taken = upstream_ask(csv->gateway->upstream, text, strlen(text), csv->gateway->now_ms, told, csv);

    free(text);
    return taken;
}

/* Whether the op's answer comes in pages, and the question did not ask for one of them. */
static bool goes_on(const json_t *question) {
    static const char *const paged[] = {WAITLIST_OP_WAITS, WAITLIST_OP_ALERTS, WAITLIST_OP_EXCEPTIONS, WAITLIST_OP_QUARANTINE,
                                        WAITLIST_OP_ACCESS};
    static const char *const single[] = {"limit", "cursor", "after", "id"};
    const char *op = json_string_value(json_object_get(question, "op"));
    bool is_paged = false;

    for (size_t i = 0; i < sizeof paged / sizeof paged[0]; i++) {
        is_paged = is_paged || strcmp(paged[i], op) == 0;
    }
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        is_paged = is_paged && json_object_get(question, single[i]) == NULL;
    }
    return is_paged;
}

/* What waitlistctl asks for when nothing else is said, so that the same question gives the same file. */
static void add_defaults(json_t *question) {
    const char *op = json_string_value(json_object_get(question, "op"));

    if (strcmp(op, WAITLIST_OP_SUMMARY) == 0 && json_object_get(question, "group_by") == NULL) {
        set(question, "group_by", json_pack("[s, s]", "pathway", "team"));
    }
    if (strcmp(op, WAITLIST_OP_WAITS) == 0) {
        json_t *filter = json_object_get(question, "filter");

        if (filter == NULL) {
            filter = json_object();
            set(question, "filter", filter);
        }
        if (json_object_get(filter, "status") == NULL) {
            set(filter, "status", json_string("waiting"));
        }
    }
}

void csv_answer(struct gateway *gateway, struct exchange *exchange, const char *name) {
    struct question_fault fault;
    json_t *question = question_of(name, exchange_target(exchange), &fault);
    struct csv *csv;

    if (question == NULL) {
        exchange_problem(exchange, fault.is_unknown ? 404 : 400, fault.is_unknown ? "not_found" : "bad_request", fault.message,
                         fault.is_unknown ? NULL : fault.pointer);
        return;
    }
    if (!answers_has_table(question)) {
        exchange_problem(exchange, 404, "not_found", "this answer is no table: ask for it without .csv", NULL);
        json_decref(question);
        return;
    }
    add_defaults(question);
    identity_ask_for(gateway->who, question);
    csv = memory_new(1, sizeof *csv);
    csv->gateway = gateway;
    csv->exchange = exchange;
    csv->question = question;
    csv->goes_on = goes_on(question);
    if (csv->goes_on) {
        set(question, "limit", json_integer(PAGE_ROWS));
    }
    if (!ask(csv)) {
        exchange_problem(exchange, 503, "busy", "as many questions as are taken at once wait for their answers: ask again", NULL);
        free_csv(csv);
    }
}
