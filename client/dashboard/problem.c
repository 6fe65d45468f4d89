/* Problems: one shape for everything that is refused or fails. */
#include "client/dashboard/problem.h"

#include "daemon/core/memory.h"

#include <jansson.h>
#include <string.h>
#include <waitlist/protocol.h>

static const struct {
    int status;
    const char *title;
} titles[] = {
    {200, "OK"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

static const struct {
    const char *code;
    int status;
} statuses[] = {
    {WAITLIST_ERROR_BAD_REQUEST, 400}, {WAITLIST_ERROR_UNKNOWN_OP, 404}, {WAITLIST_ERROR_FORBIDDEN, 403}, {WAITLIST_ERROR_NOT_FOUND, 404},
    {WAITLIST_ERROR_CONFLICT, 409},    {WAITLIST_ERROR_TOO_LARGE, 413},  {WAITLIST_ERROR_BUSY, 503},      {WAITLIST_ERROR_READ_ONLY, 503},
    {WAITLIST_ERROR_INTERNAL, 500},    {WAITLIST_ERROR_CONFLICT, 409},
};

const char *problem_title(int status) {
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return "Error";
}

int problem_status(const char *code) {
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (strcmp(statuses[i].code, code) == 0) {
            return statuses[i].status;
        }
    }
    return 500;
}

char *problem_text(int status, const char *code, const char *detail, const char *pointer, size_t *size) {
    json_t *problem = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s?}", "type", "about:blank", "title", problem_title(status), "status", status,
                                "detail", detail, "code", code, "pointer", pointer);
    char *text = problem == NULL ? NULL : json_dumps(problem, JSON_COMPACT);

    ENSURE(text != NULL); /* every text was checked to be UTF-8 when it came in */
    json_decref(problem);
    *size = strlen(text);
    return text;
}
