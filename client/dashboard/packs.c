/* The queue of packs, and the program that makes the first of it: "waitlistctl export cqc", in a folder that is gone afterwards. */
#include "client/dashboard/packs.h"

#include "client/dashboard/child.h"
#include "daemon/core/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <waitlist/protocol.h>

#define COMPLAINT "waitlistctl: "
#define BEHALF_VARIABLE "WAITLIST_ON_BEHALF_OF" /* of waitlistctl */
#define PACK_NAME "pack.zip"
#define ANSWER_TIMEOUT "300" /* seconds for one answer: the daemon takes its time when others ask for much */

struct packs {
    struct packs_setup setup;
    struct pack at[PACKS_MAX]; /* in the order in which they were asked for */
    size_t count;
    struct child child; /* makes the pack that is PACK_MAKING */
    char *folder;       /* it does so there; NULL: nothing is made */
};

struct packs *packs_create(const struct packs_setup *setup) {
    struct packs *packs = memory_new(1, sizeof *packs);

    packs->setup = *setup;
    packs->child = (struct child){.exited = -1, .said = -1};
    return packs;
}

bool packs_are_signed(const struct packs *packs) {
    return packs->setup.key != NULL;
}

/* ---- The folder in which one is made */

static char *make_folder(void) {
    const char *parent = getenv("TMPDIR");
    char *path = NULL;

    ENSURE(asprintf(&path, "%s/waitlist-evidence-XXXXXX", parent != NULL && parent[0] == '/' ? parent : "/tmp") > 0);
    if (mkdtemp(path) == NULL) {
        free(path);
        return NULL;
    }
    return path;
}

/* It holds files alone: the pack, or what was written of it. */
static void remove_folder(struct packs *packs) {
    DIR *folder = packs->folder == NULL ? NULL : opendir(packs->folder);

    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0); /* fails for . and .. alone */
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    if (packs->folder != NULL && rmdir(packs->folder) != 0) {
        log_line(packs->setup.log, LOG_LEVEL_WARNING, "a folder of a pack of evidence could not be removed",
                 LOG_STRING("path", packs->folder), LOG_STRING("reason", strerror(errno)));
    }
    free(packs->folder);
    packs->folder = NULL;
}

/* ---- What becomes of one */

static void set_state(struct packs *packs, struct pack *pack, enum pack_state state, int64_t now_ms) {
    static const char *const said[] = {[PACK_WAITING] = "a pack of evidence was asked for",
                                       [PACK_MAKING] = "a pack of evidence is being made",
                                       [PACK_DONE] = "a pack of evidence is done",
                                       [PACK_FAILED] = "a pack of evidence could not be made"};

    pack->state = state;
    pack->since_ms = now_ms;
    log_line(packs->setup.log, LOG_LEVEL_NOTICE, said[state], LOG_STRING("from", pack->request.from), LOG_STRING("to", pack->request.to),
             LOG_STRING("audience", pack->request.publish ? "publish" : "sensitive"),
             LOG_STRING("reason", state == PACK_FAILED ? pack->message : ""));
}

static void fail(struct packs *packs, struct pack *pack, const char *message, int64_t now_ms) {
    if (pack->message[0] == '\0') {
        snprintf(pack->message, sizeof pack->message, "%s", message);
    }
    set_state(packs, pack, PACK_FAILED, now_ms);
}

static void forget(struct packs *packs, size_t place) {
    struct pack *pack = &packs->at[place];

    if (pack->state == PACK_MAKING) {
        child_end(&packs->child);
        remove_folder(packs);
    }
    if (pack->file >= 0) {
        (void)close(pack->file);
    }
    free(pack->behalf);
    memmove(pack, pack + 1, (packs->count - place - 1) * sizeof *pack);
    packs->count--;
}

static bool is_over(const struct pack *pack) {
    return pack->state == PACK_DONE || pack->state == PACK_FAILED;
}

/* The one that was over first; false when none is. */
static bool forget_oldest(struct packs *packs) {
    size_t oldest = packs->count;

    for (size_t i = 0; i < packs->count; i++) {
        if (is_over(&packs->at[i]) && (oldest == packs->count || packs->at[i].since_ms < packs->at[oldest].since_ms)) {
            oldest = i;
        }
    }
    if (oldest == packs->count) {
        return false;
    }
    forget(packs, oldest);
    return true;
}

static size_t bytes_kept(const struct packs *packs) {
    size_t bytes = 0;

    for (size_t i = 0; i < packs->count; i++) {
        bytes += packs->at[i].bytes;
    }
    return bytes;
}

static void drop_old(struct packs *packs, int64_t now_ms) {
    for (size_t i = packs->count; i-- > 0;) {
        const struct pack *pack = &packs->at[i];

        if (is_over(pack) ? now_ms - pack->since_ms >= PACKS_KEPT_MS : now_ms - pack->seen_ms >= PACKS_ABANDONED_MS) {
            forget(packs, i);
        }
    }
    while (bytes_kept(packs) > PACKS_BYTES_MAX && forget_oldest(packs)) {
    }
}

static struct pack *in_the_making(struct packs *packs) {
    for (size_t i = 0; i < packs->count; i++) {
        if (packs->at[i].state == PACK_MAKING) {
            return &packs->at[i];
        }
    }
    return NULL;
}

/* ---- Asking */

static void name(struct pack *pack) {
    unsigned char random[(PACK_ID_SIZE - 1) / 2];

    ENSURE(getrandom(random, sizeof random, 0) == (ssize_t)sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        snprintf(pack->id + 2 * i, 3, "%02x", random[i]);
    }
}

/* What the program asks is asked for them; every question about people, as it is for the whole pack. */
static char *behalf_of(const struct identity *who) {
    json_t *question = json_pack("{s:s}", "op", WAITLIST_OP_WAITS);

    identity_ask_for(who, question);
    const json_t *behalf = json_object_get(question, "on_behalf_of");
    char *text = behalf == NULL ? NULL : json_dumps(behalf, JSON_COMPACT);

    json_decref(question);
    return text;
}

const struct pack *packs_ask(struct packs *packs, const struct pack_request *request, const struct identity *who, int64_t now_ms) {
    size_t unfinished = 0;

    for (size_t i = 0; i < packs->count; i++) {
        unfinished += is_over(&packs->at[i]) ? 0 : 1;
    }
    if (unfinished > PACKS_WAITING_MAX) {
        return NULL;
    }
    if (packs->count == PACKS_MAX) {
        (void)forget_oldest(packs); /* there is one: fewer than that many are unfinished */
    }
    struct pack *pack = &packs->at[packs->count++];

    *pack = (struct pack){.request = *request, .behalf = behalf_of(who), .file = -1, .seen_ms = now_ms};
    memcpy(pack->user, who->user, sizeof pack->user);
    name(pack);
    set_state(packs, pack, PACK_WAITING, now_ms);
    packs_run(packs, now_ms);
    return packs_find(packs, packs->at[packs->count - 1].id, now_ms);
}

const struct pack *packs_find(struct packs *packs, const char *id, int64_t now_ms) {
    for (size_t i = 0; i < packs->count; i++) {
        if (strcmp(packs->at[i].id, id) == 0) {
            packs->at[i].seen_ms = now_ms;
            return &packs->at[i];
        }
    }
    return NULL;
}

size_t packs_before(const struct packs *packs, const struct pack *pack) {
    size_t before = 0;

    for (const struct pack *other = packs->at; pack->state == PACK_WAITING && other < pack; other++) {
        before += is_over(other) ? 0 : 1;
    }
    return before;
}

void packs_cancel(struct packs *packs, const char *id, int64_t now_ms) {
    for (size_t i = 0; i < packs->count; i++) {
        if (strcmp(packs->at[i].id, id) == 0) {
            forget(packs, i);
            packs_run(packs, now_ms);
            return;
        }
    }
}

/* ---- Making */

/* "progress 12 96", or why it fails: the last complaint says that nothing was written, the first one why. */
static void take_line(void *context, const char *line) {
    struct pack *pack = context;

    if (sscanf(line, "progress %u %u", &pack->asked, &pack->questions) != 2 && strncmp(line, COMPLAINT, strlen(COMPLAINT)) == 0 &&
        pack->message[0] == '\0') {
        snprintf(pack->message, sizeof pack->message, "%s", line + strlen(COMPLAINT));
    }
}

static char *word_of(const char *option, const char *value) {
    char *word = NULL;

    ENSURE(asprintf(&word, "%s%s", option, value) > 0);
    return word;
}

static void start(struct packs *packs, struct pack *pack, int64_t now_ms) {
    const struct packs_setup *setup = &packs->setup;
    char *words[20];
    size_t count = 0;

    packs->folder = make_folder();
    if (packs->folder == NULL) {
        fail(packs, pack, "there is no room for it on the disk of the gateway", now_ms);
        return;
    }
    words[count++] = word_of(setup->command, "");
    words[count++] = word_of("--query-endpoint=", setup->query);
    words[count++] = word_of("--timeout=", ANSWER_TIMEOUT);
    if (setup->client_key != NULL) { /* before the command, which has a --key of its own */
        words[count++] = word_of("--key=", setup->client_key);
        words[count++] = word_of("--server-key=", setup->server_key);
    }
    words[count++] = word_of("export", "");
    words[count++] = word_of("cqc", "");
    words[count++] = word_of("--progress", "");
    words[count++] = word_of("--from=", pack->request.from);
    words[count++] = word_of("--to=", pack->request.to);
    words[count++] = setup->key == NULL ? word_of("--unsigned", "") : word_of("--key=", setup->key);
    if (setup->labels != NULL) {
        words[count++] = word_of("--labels=", setup->labels);
    }
    if (pack->request.known_at[0] != '\0') {
        words[count++] = word_of("--known-at=", pack->request.known_at);
    }
    if (pack->request.publish) {
        words[count++] = word_of("--publish", "");
    }
    ENSURE(asprintf(&words[count++], "--out=%s/" PACK_NAME, packs->folder) > 0);
    words[count] = NULL;
    char *variable = pack->behalf == NULL ? NULL : word_of(BEHALF_VARIABLE "=", pack->behalf);

    if (child_start(&packs->child, words, PACKS_BYTES_MAX, variable)) {
        set_state(packs, pack, PACK_MAKING, now_ms);
    } else {
        snprintf(pack->message, sizeof pack->message, "waitlistctl cannot be started: %s", strerror(errno));
        remove_folder(packs);
        fail(packs, pack, "", now_ms);
    }
    free(variable);
    while (count > 0) {
        free(words[--count]);
    }
}

/* Opens the pack that was made; its name goes with the folder. */
static bool take_file(struct packs *packs, struct pack *pack) {
    struct stat about;
    char *path = NULL;

    ENSURE(asprintf(&path, "%s/" PACK_NAME, packs->folder) > 0);
    pack->file = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (pack->file >= 0 && fstat(pack->file, &about) == 0 && S_ISREG(about.st_mode)) {
        pack->bytes = (size_t)about.st_size;
        return true;
    }
    return false;
}

static void finish(struct packs *packs, struct pack *pack, int status, int64_t now_ms) {
    bool is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0 && take_file(packs, pack);

    remove_folder(packs);
    if (is_done) {
        pack->message[0] = '\0';
        set_state(packs, pack, PACK_DONE, now_ms);
    } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) {
        fail(packs, pack, "it would be larger than 256 MiB: choose a shorter period", now_ms);
    } else {
        fail(packs, pack, "waitlistctl ended without having made it; the log of the gateway says when", now_ms);
    }
}

static void go_on(struct packs *packs, struct pack *pack, int64_t now_ms) {
    int status;
    bool has_ended = child_has_ended(&packs->child, &status);

    child_listen(&packs->child, take_line, pack);
    if (has_ended) {
        child_end(&packs->child);
        finish(packs, pack, status, now_ms);
    } else if (now_ms - pack->since_ms >= packs->setup.time_limit_ms) {
        child_end(&packs->child);
        remove_folder(packs);
        pack->message[0] = '\0';
        fail(packs, pack, "it took longer than it may (dashboard.evidence.time_limit_s): choose a shorter period", now_ms);
    }
}

int packs_poll(const struct packs *packs, zmq_pollitem_t items[PACKS_POLL_ITEMS]) {
    int count = 0;

    if (packs->folder != NULL) {
        items[count++] = (zmq_pollitem_t){.fd = packs->child.exited, .events = ZMQ_POLLIN};
        if (packs->child.said >= 0) {
            items[count++] = (zmq_pollitem_t){.fd = packs->child.said, .events = ZMQ_POLLIN};
        }
    }
    return count;
}

void packs_run(struct packs *packs, int64_t now_ms) {
    struct pack *pack = in_the_making(packs);

    if (pack != NULL) {
        go_on(packs, pack, now_ms);
    }
    drop_old(packs, now_ms);
    for (size_t i = 0; i < packs->count && packs->folder == NULL; i++) {
        if (packs->at[i].state == PACK_WAITING) {
            start(packs, &packs->at[i], now_ms);
        }
    }
}

void packs_destroy(struct packs **packs) {
    if (*packs == NULL) {
        return;
    }
    while ((*packs)->count > 0) {
        forget(*packs, (*packs)->count - 1);
    }
    free(*packs);
    *packs = NULL;
}
