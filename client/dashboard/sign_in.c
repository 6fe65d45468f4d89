/* Signing in and out, who is signed in, and what somebody gets who is not. */
#include "client/dashboard/gateway.h"

#include "client/dashboard/plain_page.h"
#include "daemon/core/memory.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BACK_BYTES_MAX 2000 /* of the address to go back to; of a longer one it is the overview */
#define CHALLENGE "Bearer realm=\"waitlistd\""
#define GROUPS_NAMED_MAX 20 /* on the page of somebody who is in none of them */

static bool wants_page(const struct exchange *exchange) {
    const char *accepted = exchange_header(exchange, "Accept");
    enum http_method method = exchange_method(exchange);

    return (method == HTTP_GET || method == HTTP_HEAD) && accepted != NULL && strstr(accepted, "text/html") != NULL;
}

/* ---- Where to go back to */

/* An address of this gateway, and of nobody else: "//elsewhere" and "/\elsewhere" are not. */
static bool is_own_address(const char *text) {
    size_t size = strlen(text);

    if (size == 0 || size > BACK_BYTES_MAX || text[0] != '/' || text[1] == '/' || text[1] == '\\') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= 0x20 || text[i] > 0x7e || text[i] == '\\') {
            return false;
        }
    }
    return strncmp(text, SIGN_IN_PATH, strlen(SIGN_IN_PATH)) != 0 && strncmp(text, SIGN_OUT_PATH, strlen(SIGN_OUT_PATH)) != 0;
}

static const char *way_back(const char *asked) {
    return asked != NULL && is_own_address(asked) ? asked : "/";
}

static void redirect(struct exchange *exchange, const char *to) {
    exchange_set_header(exchange, "Location", to);
    exchange_answer(exchange, 303, NULL, NULL, 0);
}

/* "/sign-in?to=%2Fqueue" */
static char *sign_in_address(const char *back) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    ENSURE(out != NULL);
    fputs(SIGN_IN_PATH, out);
    if (strcmp(back, "/") != 0) {
        fputs("?to=", out);
        for (; *back != '\0'; back++) {
            bool is_plain = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", *back) != NULL;

            fprintf(out, is_plain ? "%c" : "%%%02X", (unsigned char)*back);
        }
    }
    ENSURE(fclose(out) == 0);
    return text;
}

/* ---- The page */

enum sign_in_error { SIGN_IN_FINE, SIGN_IN_EMPTY, SIGN_IN_UNKNOWN, SIGN_IN_BUSY, SIGN_IN_FULL };

static const char *error_of(enum sign_in_error error) {
    static const char *const texts[] = {
        [SIGN_IN_FINE] = NULL,
        [SIGN_IN_EMPTY] = "Enter your token",
        [SIGN_IN_UNKNOWN] = "This token is not known here. It may be mistyped, have expired, or have been taken back",
        [SIGN_IN_BUSY] = "Too many attempts to sign in fail at the moment. Try again in a minute",
        [SIGN_IN_FULL] = "As many people as may be are signed in. Try again later",
    };

    return texts[error];
}

static void write_error(struct plain_page *page, const char *error) {
    FILE *out = plain_page_body(page);

    fputs("<div class=\"govuk-error-summary\"><div role=\"alert\"><h2 class=\"govuk-error-summary__title\">There is a problem</h2><div "
          "class=\"govuk-error-summary__body\"><ul class=\"govuk-list govuk-error-summary__list\"><li><a href=\"#token\">",
          out);
    plain_page_text(page, error);
    fputs("</a></li></ul></div></div></div>\n", out);
}

static void write_form(struct plain_page *page, const char *back, const char *error) {
    FILE *out = plain_page_body(page);

    fprintf(out,
            "<form action=\"" SIGN_IN_PATH "\" method=\"post\" novalidate>\n<div class=\"govuk-form-group%s\"><label class=\"govuk-label "
            "govuk-label--m\" for=\"token\">Your token</label>\n<div id=\"token-hint\" class=\"govuk-hint\">It begins with wait_. Whoever "
            "looks after this service in your council gives it to you.</div>\n",
            error == NULL ? "" : " govuk-form-group--error");
    if (error != NULL) {
        fputs("<p id=\"token-error\" class=\"govuk-error-message\"><span class=\"govuk-visually-hidden\">Error:</span> ", out);
        plain_page_text(page, error);
        fputs("</p>\n", out);
    }
    fprintf(out,
            "<input class=\"govuk-input govuk-!-width-two-thirds%s\" id=\"token\" name=\"token\" type=\"password\" "
            "autocomplete=\"current-password\" autocapitalize=\"none\" spellcheck=\"false\" aria-describedby=\"token-hint%s\"%s></div>\n"
            "<input type=\"hidden\" name=\"to\" value=\"",
            error == NULL ? "" : " govuk-input--error", error == NULL ? "" : " token-error", error == NULL ? " autofocus" : "");
    plain_page_text(page, back);
    fputs("\">\n<button type=\"submit\" class=\"govuk-button\">Sign in</button>\n</form>\n"
          "<p class=\"govuk-body-s\">Do not give your token to anybody. What you look at is recorded in your name.</p>\n",
          out);
}

static void answer_page(struct gateway *gateway, struct exchange *exchange, const char *back, enum sign_in_error error, const char *note) {
    static const int statuses[] = {
        [SIGN_IN_FINE] = 200, [SIGN_IN_EMPTY] = 400, [SIGN_IN_UNKNOWN] = 401, [SIGN_IN_BUSY] = 503, [SIGN_IN_FULL] = 503};
    const char *text = error_of(error);
    struct plain_page *page = plain_page_begin(&gateway->style, text == NULL ? "Sign in" : "Error: Sign in", NULL);
    FILE *out = plain_page_body(page);

    if (text != NULL) {
        write_error(page, text);
    }
    if (note != NULL) {
        fprintf(out, "<div class=\"govuk-inset-text\" role=\"status\"><p class=\"govuk-body govuk-!-margin-bottom-0\">%s</p></div>\n",
                note);
    }
    fputs("<h1 class=\"govuk-heading-l\">Sign in</h1>\n", out);
    write_form(page, back, text);
    if (statuses[error] == 401) {
        exchange_set_header(exchange, "WWW-Authenticate", CHALLENGE);
    } else if (statuses[error] == 503) {
        exchange_set_header(exchange, "Retry-After", "60");
    }
    plain_page_answer(&page, exchange, statuses[error]);
}

static const char *note_of(const struct target *target) {
    const char *why = target_value(target, "ended");

    if (why == NULL) {
        return NULL;
    }
    return strcmp(why, "out") == 0 ? "You have signed out."
                                   : "You have been signed out, as your time here was over. Sign in to go on where you were.";
}

/* ---- Signing in */

/* What a form sent, as if it were parameters of an address. NULL: it is no form. */
static struct target *read_form(const struct exchange *exchange) {
    size_t size;
    const char *body = exchange_body(exchange, &size), *wrong;
    char *text = memory_new(size + 3, 1);

    text[0] = '/';
    text[1] = '?';
    if (size > 0) {
        memcpy(text + 2, body, size);
    }
    struct target *form = target_parse(text, size + 2, &wrong);

    explicit_bzero(text, size + 2); /* it holds the token */
    free(text);
    return form;
}

static void answer_unknown(void *context, struct exchange *exchange) {
    struct target *form = read_form(exchange);

    answer_page(context, exchange, way_back(form == NULL ? NULL : target_value(form, "to")), SIGN_IN_UNKNOWN, NULL);
    target_destroy(&form);
}

static bool is_form(const char *type) {
    static const char form[] = "application/x-www-form-urlencoded";

    return type != NULL && strncasecmp(type, form, strlen(form)) == 0 && strchr("; \t", type[strlen(form)]) != NULL;
}

static void try_token(struct gateway *gateway, struct exchange *exchange, const char *token, const char *back) {
    bool is_full;
    char *cookie = gate_sign_in(gateway->gate, exchange, token, &is_full);

    if (cookie != NULL) {
        exchange_set_header(exchange, "Set-Cookie", cookie);
        redirect(exchange, back);
    } else if (is_full) {
        answer_page(gateway, exchange, back, SIGN_IN_FULL, NULL);
    } else if (!gate_refuse_late(gateway->gate, exchange, answer_unknown, gateway)) {
        answer_page(gateway, exchange, back, SIGN_IN_BUSY, NULL);
    }
    free(cookie);
}

/* A form of another site must sign nobody in: who is signed in as somebody else does not notice whose name is used. */
static bool is_from_our_page(const struct exchange *exchange) {
    return guard_is_own_origin(exchange_header(exchange, "Sec-Fetch-Site"), exchange_header(exchange, "Origin"),
                               exchange_header(exchange, "Host"), true);
}

static void take_form(struct gateway *gateway, struct exchange *exchange) {
    struct target *form = NULL;

    if (!is_from_our_page(exchange)) {
        exchange_problem(exchange, 403, "forbidden", "another site's page may sign nobody in", NULL);
    } else if (!is_form(exchange_header(exchange, "Content-Type"))) {
        exchange_problem(exchange, 415, "bad_type", "the page sends application/x-www-form-urlencoded", NULL);
    } else if ((form = read_form(exchange)) == NULL) {
        exchange_problem(exchange, 400, "bad_request", "this is no form", NULL);
    } else {
        const char *token = target_value(form, "token"), *back = way_back(target_value(form, "to"));

        if (token == NULL || token[0] == '\0') {
            answer_page(gateway, exchange, back, SIGN_IN_EMPTY, NULL);
        } else {
            try_token(gateway, exchange, token, back);
        }
    }
    target_destroy(&form);
}

void sign_in_answer(struct gateway *gateway, struct exchange *exchange) {
    const struct target *target = exchange_target(exchange);
    const char *back = way_back(target_value(target, "to")), *detail;
    struct identity *who = NULL;

    if (gateway->config->sign_in != SIGN_IN_TOKENS) {
        redirect(exchange, back); /* where nobody signs in by hand, whoever comes here is or is not */
    } else if (exchange_method(exchange) == HTTP_POST) {
        take_form(gateway, exchange);
    } else if (gate_find(gateway->gate, exchange, &who, &detail) == GATE_KNOWN) {
        redirect(exchange, back);
    } else {
        answer_page(gateway, exchange, back, SIGN_IN_FINE, note_of(target));
    }
    identity_release(&who);
}

void sign_in_out(struct gateway *gateway, struct exchange *exchange) {
    if (!is_from_our_page(exchange)) {
        exchange_problem(exchange, 403, "forbidden", "another site's page may sign nobody out", NULL);
        return;
    }
    if (gateway->config->sign_in != SIGN_IN_TOKENS) {
        redirect(exchange, "/");
        return;
    }
    char *cookie = gate_sign_out(gateway->gate, exchange);

    exchange_set_header(exchange, "Set-Cookie", cookie);
    free(cookie);
    redirect(exchange, SIGN_IN_PATH "?ended=out");
}

/* ---- Who is signed in */

void sign_in_tell(struct gateway *gateway, struct exchange *exchange) {
    static const char *const manners[] = {[SIGN_IN_TOKENS] = "tokens", [SIGN_IN_PROXY] = "proxy", [SIGN_IN_NONE] = "none"};
    const struct identity *who = gateway->who;
    char until[INSTANT_SIZE];

    instant_format(who->until, until);
    json_t *me =
        json_pack("{s:s?, s:o, s:o, s:s?, s:s}", "user", who->user[0] == '\0' ? NULL : who->user, "roles", identity_roles(who), "teams",
                  identity_teams(who), "until", who->until == 0 ? NULL : until, "sign_in", manners[gateway->config->sign_in]);
    char *text = me == NULL ? NULL : json_dumps(me, JSON_COMPACT);

    ENSURE(text != NULL);
    json_decref(me);
    exchange_answer(exchange, 200, "application/json", text, strlen(text));
}

/* ---- Who is not */

static void write_groups(struct plain_page *page, const struct dashboard_config *config) {
    FILE *out = plain_page_body(page);

    if (config->group_count == 0) {
        return;
    }
    fputs("<p class=\"govuk-body\">These groups have access:</p>\n<ul class=\"govuk-list govuk-list--bullet\">\n", out);
    for (size_t i = 0; i < config->group_count && i < GROUPS_NAMED_MAX; i++) {
        fputs("<li>", out);
        plain_page_text(page, config->groups[i].group);
        fputs("</li>\n", out);
    }
    fputs(config->group_count > GROUPS_NAMED_MAX ? "<li>and others</li>\n</ul>\n" : "</ul>\n", out);
}

static void answer_no_access(struct gateway *gateway, struct exchange *exchange, enum gate_finding finding, const char *detail) {
    bool has_no_role = finding == GATE_NO_ROLE;
    struct plain_page *page = plain_page_begin(&gateway->style, has_no_role ? "You do not have access yet" : "You are not signed in", NULL);
    FILE *out = plain_page_body(page);

    fprintf(out, "<h1 class=\"govuk-heading-l\">%s</h1>\n<p class=\"govuk-body\">",
            has_no_role ? "You do not have access yet" : "You are not signed in");
    if (has_no_role) {
        fprintf(out, "The council’s sign-in knows you, but %s.</p>\n", detail);
        fputs("<p class=\"govuk-body\">Ask your IT service desk to add you to the group for your work. Say that it is for the waiting "
              "lists of adult social care, which teams’ people you need to see, and who your manager is. Then sign out of the council’s "
              "sign-in and in again.</p>\n",
              out);
        write_groups(page, gateway->config);
    } else {
        fputs("The council’s sign-in did not say who you are.</p>\n<p class=\"govuk-body\">Open this service by its usual address, "
              "and sign in there. If you see this page again, tell your IT service desk: “the dashboard of the waiting lists is not "
              "told who asks”.</p>\n",
              out);
    }
    plain_page_answer(&page, exchange, 403);
}

/* A browser keeps the session's cookie back when another site's page has led to us, a mail in the browser say: the page goes to itself once
 * more, from here. */
static bool leads_from_elsewhere(const struct gateway *gateway, const struct exchange *exchange) {
    const char *site = exchange_header(exchange, "Sec-Fetch-Site");

    return site != NULL && (strcmp(site, "cross-site") == 0 || strcmp(site, "same-site") == 0) && !gate_has_cookie(gateway->gate, exchange);
}

static void lead_to_sign_in(struct gateway *gateway, struct exchange *exchange) {
    const char *target = exchange_target_text(exchange), *back = way_back(target);

    if (leads_from_elsewhere(gateway, exchange) && is_own_address(target)) {
        struct plain_page *page = plain_page_begin(&gateway->style, "Going on", back);

        fputs("<p class=\"govuk-body\"><a class=\"govuk-link\" href=\"", plain_page_body(page));
        plain_page_text(page, back);
        fputs("\">Go on to the waiting lists</a></p>\n", plain_page_body(page));
        plain_page_answer(&page, exchange, 200);
        return;
    }
    char *address = sign_in_address(back);

    redirect(exchange, address);
    free(address);
}

static void refuse_unsigned(void *context, struct exchange *exchange) {
    (void)context;
    exchange_set_header(exchange, "WWW-Authenticate", CHALLENGE);
    exchange_problem(exchange, 401, "not_signed_in", "nobody is signed in, or not any more", NULL);
}

static void refuse_token(void *context, struct exchange *exchange) {
    (void)context;
    exchange_set_header(exchange, "WWW-Authenticate", CHALLENGE ", error=\"invalid_token\"");
    exchange_problem(exchange, 401, "not_signed_in", "this token is not known, or has expired", NULL);
}

static void refuse(struct gateway *gateway, struct exchange *exchange, enum gate_finding finding, const char *detail) {
    bool is_page = wants_page(exchange), by_hand = gateway->config->sign_in == SIGN_IN_TOKENS;

    if (finding == GATE_BAD_TOKEN) {
        if (!gate_refuse_late(gateway->gate, exchange, refuse_token, NULL)) {
            exchange_set_header(exchange, "Retry-After", "60");
            exchange_problem(exchange, 503, "busy", "too many attempts to sign in fail at the moment: try again later", NULL);
        }
    } else if (finding == GATE_REFUSED) {
        exchange_problem(exchange, 403, "forbidden", detail, NULL);
    } else if (is_page && finding == GATE_NOBODY && by_hand) {
        lead_to_sign_in(gateway, exchange);
    } else if (is_page) {
        answer_no_access(gateway, exchange, finding, detail);
    } else if (finding == GATE_NO_ROLE) {
        exchange_problem(exchange, 403, "no_role", detail, NULL);
    } else {
        refuse_unsigned(NULL, exchange);
    }
}

struct identity *sign_in_demand(struct gateway *gateway, struct exchange *exchange) {
    struct identity *who;
    const char *detail;
    enum gate_finding finding = gate_find(gateway->gate, exchange, &who, &detail);

    if (finding == GATE_KNOWN) {
        return who;
    }
    refuse(gateway, exchange, finding, detail);
    return NULL;
}
